/** What a gate refuses with: who holds it, since when, why, and when it makes sense to come back. Worked out once for each gate. */
import { describe, expect, test } from "vitest"
import { type Demand, type Gate, type Holder, idleGate, tighten, unrestricted } from "../../machines/vocabulary/gate.ts"
import { setLimits, tightenedLimit } from "../../machines/vocabulary/limits.ts"
import type { Layer } from "../../machines/vocabulary/rejection.ts"
import { Refusals } from "../../src/data-plane/refusals.ts"

const holder = (by: string, layer: Layer, demand: Demand, since = 10): Holder => ({
  ...{ by, layer, since, demand, reason: `${by} says so`, rule: `rule of ${by}` },
  statistics: { calls: 9, failures: 8, slow: 1 },
})
const gateOf = (...holders: readonly Holder[]): Gate => ({
  ...idleGate,
  phase: "active",
  circuit: "open",
  restriction: holders.reduce((all, { demand }) => tighten(all, demand), unrestricted),
  holders,
})
function refusalsOf(...holders: readonly Holder[]): Refusals {
  const refusals = new Refusals("payments", idleGate)
  refusals.adopt(gateOf(...holders))
  return refusals
}
const told = { admitted: false, breaker: "payments", circuit: "open", retryAfterMs: undefined }
const by = (name: string) => ({
  ...{ heldBy: [name], since: 10, reason: `${name} says so`, rule: `rule of ${name}` },
  statistics: { calls: 9, failures: 8, slow: 1 },
})

describe("a refusal", () => {
  test("by an idle breaker is its lifecycle's", () => {
    expect(new Refusals("payments", idleGate).byShare(5, 0)).toEqual({
      ...{ admitted: false, breaker: "payments", circuit: "closed", layer: "lifecycle", retryAfterMs: undefined },
      ...{ heldBy: ["lifecycle"], since: 0, reason: "the breaker is idle", rule: "phase", statistics: undefined },
    })
  })

  test("by a share names who holds it so low, the strictest layer first, and no others", () => {
    const refusals = refusalsOf(
      holder("health", "health", { share: 0.2 }, 30),
      holder("gradual", "circuit", { share: 0.2, retryAt: 500 }),
      holder("prediction", "prediction", { share: 0.5 }),
    )
    const strictest = { ...told, layer: "circuit", ...by("gradual"), heldBy: ["gradual", "health"] }
    expect(refusals.byShare(100, 0.2)).toEqual({ ...strictest, retryAfterMs: 400 })
    expect(refusals.byShare(900, 0.2).retryAfterMs).toBe(0)
    expect(refusals.byShare(900, 0.5).heldBy).toEqual(["prediction"])
    expect(refusals.byShare(900, 0.2).heldBy).toEqual(["gradual", "health"])
  })

  test("by the share of a cohort names who asked for that", () => {
    const refusals = refusalsOf(holder("gradual", "circuit", { cohortShare: 0.8 }))
    expect(refusals.byShare(100, 0.8)).toEqual({ ...told, layer: "circuit", ...by("gradual") })
  })

  test("by a limit is the limit's, whoever has set it", () => {
    const refusals = refusalsOf(
      holder("gradual", "circuit", { limit: 3 }),
      holder("priority", "priority", { limit: 9 }),
    )
    expect(refusals.byLimit(100)).toEqual({ ...told, layer: "limit", ...by("gradual") })
  })

  test("by probes says that their places are taken, and when to come back", () => {
    const refusals = refusalsOf(holder("graph", "circuit", { probes: 2 }))
    const reason = "graph says so and every probe place is taken"
    expect(refusals.byProbes(100, 350)).toEqual({ ...told, layer: "probe", ...by("graph"), reason, retryAfterMs: 250 })
    const spared = { reason: "half-open, and the first probe is left to a call that matters less", rule: "spared" }
    expect(refusals.bySparing(100, 350)).toMatchObject({
      layer: "probe",
      heldBy: ["graph"],
      retryAfterMs: 250,
      ...spared,
    })
    const halfOpen = new Refusals("payments", idleGate)
    halfOpen.adopt({ ...gateOf(holder("gradual", "circuit", { probes: 2 })), circuit: "halfOpen" })
    expect(halfOpen.byProbes(100, 350).reason).toBe("half-open and every probe place is taken")
  })

  test("by slots, by the floor and in line says which", () => {
    const refusals = refusalsOf(holder("priority", "priority", { slots: 4, queue: 2, floor: 3 }))
    const own = { ...told, ...by("priority") }
    expect(refusals.bySlots(0)).toEqual({ ...own, layer: "limit", reason: "every slot is taken", rule: "slots" })
    const reason = "priority says so: high calls and above may enter"
    expect(refusals.byFloor(0)).toEqual({ ...own, layer: "priority", reason, rule: "floor" })
    const inLine = (["full", "gaveWay", "waited"] as const).map((why) => refusals.inLine(why, 0))
    expect(inLine).toEqual([
      { ...own, layer: "queue", rule: "full", reason: "every slot is taken, and as many calls wait as may" },
      {
        ...own,
        layer: "queue",
        rule: "gaveWay",
        reason: "gave way in the line to a call that matters more, or has more time",
      },
      { ...own, layer: "queue", rule: "waited", reason: "no slot became free in time" },
    ])
  })

  test("by a cell says for what: so many failures in a row now, or what it was condemned for", () => {
    const cell = { ...told, layer: "cell", heldBy: ["cells"], rule: "cell" }
    const now = refusalsOf().byCell("a", 3, 100, 350)
    expect(now).toMatchObject({
      ...cell,
      since: 100,
      retryAfterMs: 250,
      statistics: { calls: 3, failures: 3, slow: 0 },
    })
    const convict = { since: 40, calls: 7, failures: 5, slow: 2, more: 1 } as unknown as Parameters<
      Refusals["byCell"]
    >[1]
    const condemned = refusalsOf().byCell("a", convict, 100, 350)
    expect(condemned).toMatchObject({
      ...cell,
      since: 40,
      retryAfterMs: 250,
      statistics: { calls: 7, failures: 5, slow: 2 },
    })
    expect(condemned.reason).toContain('"a" is held back')
  })

  test("by a feature says what holds it back", () => {
    const bound = { share: 0, retryAt: 700, reason: "pay has failed" }
    const refusals = refusalsOf(
      holder("recovery", "feature", { features: { pay: bound } }),
      holder("gradual", "circuit", { share: 0.5 }),
    )
    expect(refusals.byFeature(bound, 100)).toEqual({
      ...{ ...told, layer: "feature", ...by("recovery"), reason: "pay has failed", retryAfterMs: 600 },
    })
  })
})

describe("a refusal by a rate", () => {
  const line = { limit: 10, intervalMs: 1000, burst: 5 }
  const [set, keyed] = setLimits({ rates: [line, { ...line, keys: 50 }] })
  const spent = (limit: typeof set, more: object = {}) =>
    ({ limit, retryAt: 300, since: 40, spent: 4.2, isShared: false, ...more }) as Parameters<Refusals["byRate"]>[1]
  const own = {
    ...{ ...told, layer: "rateLimit", heldBy: ["rateLimit"], since: 40, retryAfterMs: 200 },
    statistics: { calls: 5, failures: 0, slow: 0 },
  }

  test("that was set says which, since when, and what is spent of it", () => {
    const refusals = refusalsOf(holder("gradual", "circuit", { share: 0.5 }))
    const reason = "10 calls in 1 s are spent"
    expect(refusals.byRate(100, spent(set))).toEqual({ ...own, reason, rule: "rate" })
    expect(refusals.byRate(150, spent(set))).toEqual({ ...own, reason, rule: "rate", retryAfterMs: 150 })
    const each = "10 calls in 1 s for each key are spent"
    expect(refusals.byRate(100, spent(keyed))).toEqual({ ...own, reason: each, rule: "perKey" })
  })

  test("that is shared says so; a call that costs more than the burst can never enter, whoever shares", () => {
    const refusals = refusalsOf()
    const shared =
      "10 calls in 1 s for each key are spent, together with other new keys: 50 are told apart, and all of them owe something"
    expect(refusals.byRate(100, spent(keyed, { isShared: true }))).toEqual({ ...own, reason: shared, rule: "perKey" })
    const reason = "it costs more than the burst of 5: it can never enter"
    const never = { retryAt: Number.POSITIVE_INFINITY, isShared: true }
    expect(refusals.byRate(100, spent(keyed, never))).toEqual({
      ...own,
      reason,
      rule: "burst",
      retryAfterMs: undefined,
    })
  })

  test("that actors have tightened names them", () => {
    const rateLimit = holder("rateLimit", "rateLimit", { rate: 2, burst: 5 })
    const refusals = refusalsOf(rateLimit, holder("other", "health", { rate: 7 }))
    const limit = tightenedLimit({ rate: 2, burst: 5 })
    expect(refusals.byRate(100, spent(limit as typeof set))).toEqual({
      ...{ ...own, reason: "rateLimit says so", rule: "tightened", heldBy: ["rateLimit"] },
    })
  })
})

test("templates are made once for each gate, and anew for the next", () => {
  const refusals = refusalsOf(
    holder("priority", "priority", { share: 0.5, limit: 1, probes: 1, slots: 1, floor: 1, queue: 1, rate: 1 }),
  )
  const [limit] = setLimits({ rates: [{ limit: 10, intervalMs: 1000, burst: 5 }] })
  const rate = { limit, retryAt: 1, since: 1, spent: 1, isShared: false } as Parameters<Refusals["byRate"]>[1]
  const all = () => [
    refusals.byShare(0, 0.5),
    refusals.byLimit(0),
    refusals.byProbes(0, 1),
    refusals.bySlots(0),
    refusals.byFloor(0),
    refusals.inLine("full", 0),
    refusals.byRate(0, rate),
  ]
  const [first, second] = [all(), all()]
  for (const [at, one] of first.entries()) expect(one.heldBy).toBe(second[at]?.heldBy)
  refusals.adopt({
    ...gateOf(holder("other", "health", { share: 0.5, limit: 1, probes: 1, slots: 1, floor: 1, queue: 1, rate: 1 })),
  })
  expect(all().map(({ heldBy }) => heldBy[0])).toEqual([...Array<string>(6).fill("other"), "rateLimit"])
})

describe("who holds a gate less is not named", () => {
  test("by slots, the floor, the line, and probes", () => {
    const [most, less] = [
      { slots: 4, queue: 2, floor: 3, probes: 2 },
      { slots: 9, queue: 9, floor: 1, probes: 9 },
    ]
    const refusals = refusalsOf(holder("priority", "priority", most), holder("other", "health", less))
    const all = [refusals.bySlots(0), refusals.byFloor(0), refusals.inLine("full", 0), refusals.byProbes(0, 1)]
    expect(all.map(({ heldBy }) => heldBy)).toEqual(Array(4).fill(["priority"]))
  })

  test("by a rate: who has set it, or its burst", () => {
    const refusals = refusalsOf(
      holder("slower", "rateLimit", { rate: 2, burst: 9 }),
      holder("smaller", "health", { rate: 9, burst: 5 }),
      holder("other", "health", { rate: 9, burst: 9 }),
    )
    const limit = tightenedLimit({ rate: 2, burst: 5 })
    const spent = { limit, retryAt: 1, since: 1, spent: 1, isShared: false } as Parameters<Refusals["byRate"]>[1]
    expect([...refusals.byRate(0, spent).heldBy].sort()).toEqual(["slower", "smaller"])
  })

  test("nobody: then it is the lifecycle's", () => {
    const nobody = {
      layer: "limit",
      heldBy: ["lifecycle"],
      since: 0,
      reason: "the breaker is not active",
      rule: "phase",
    }
    expect(refusalsOf().byLimit(0)).toEqual({ ...told, ...nobody, statistics: undefined })
  })
})

test("a cell is held back for one bad call, or for several", () => {
  const reasons = [1, 2].map((calls) => refusalsOf().byCell("a", calls, 0, 0).reason)
  expect(reasons).toEqual(['"a" is held back: its last call was bad', '"a" is held back: its last 2 calls were bad'])
})

test("a limit is told in calls, and in milliseconds below a second", () => {
  const [limit] = setLimits({ rates: [{ limit: 3, intervalMs: 999, burst: 5 }] })
  const spent = { limit, retryAt: 1, since: 1, spent: 1, isShared: false } as Parameters<Refusals["byRate"]>[1]
  expect(refusalsOf().byRate(0, spent).reason).toBe("3 calls in 999 ms are spent")
})
