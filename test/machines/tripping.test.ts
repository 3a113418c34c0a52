/** The steps that every strategy takes which trips, by themselves: what is remembered of each fact. */
import { describe, expect, test } from "vitest"
import { basic } from "../../machines/strategies/basic.ts"
import {
  closedBy,
  entered,
  freshTrip,
  operated,
  probed,
  reconfigured,
  restored,
  savedTrip,
  type TripContext,
  tripped,
  trippingPart,
  waited,
} from "../../machines/tripping.ts"
import type { Signal } from "../../machines/vocabulary/signal.ts"
import type { Waits } from "../../machines/waiting.ts"
import { problemsOf, settingsOf } from "../support/charts.ts"

const openFor: Waits = { base: 1000, step: 0, factor: 2, max: 60_000, jitter: 0, memory: 10_000, longestAsked: 300_000 }
const trip = (more: Partial<TripContext> = {}): TripContext => ({
  settings: { openFor },
  seed: 1,
  ...freshTrip(5),
  ...more,
})
const alarm = (at: number, more: object = {}) => ({ type: "alarm.rang", at, ...more }) as Signal
const signal = (type: string, at: number, more: object = {}) => ({ type, at, ...more }) as Signal

test("probes are whole, one at the least and a thousand at the most; their lease is a millisecond to a day", () => {
  const problems = (probes: object) => problemsOf(basic, { probes }).length
  expect([1, 1000, 0, 1001, 1.5].map((atOnce) => problems({ atOnce }))).toEqual([0, 0, 1, 1, 1])
  expect(["1 millis", "1 day", 0, "25 hours"].map((lease) => problems({ lease }))).toEqual([0, 0, 1, 1])
  expect(settingsOf(basic)).toMatchObject({ probes: { atOnce: 1, lease: 60_000 } })
})

test("a trip begins with nothing: never tripped, and never closed", () => {
  expect(freshTrip(5)).toEqual({
    ...{ entries: 0, at: 5, reason: "started", rule: "start", statistics: undefined },
    ...{ trips: 0, draws: 0, closedAt: Number.NEGATIVE_INFINITY, waitMs: 0, isAsked: false, retryAt: 5 },
    ...{ successes: 0, failed: 0 },
  })
})

test("each entry is counted, and what probes have said is over with it", () => {
  expect(entered(trip({ entries: 7, successes: 3, failed: 2 }))).toEqual({ entries: 8, successes: 0, failed: 0 })
})

describe("a circuit that opens", () => {
  test("waits, longer with each trip in a row that is remembered", () => {
    const first = tripped(trip(), alarm(100))
    expect(first).toEqual({ at: 100, trips: 1, draws: 1, waitMs: 1000, isAsked: false, retryAt: 1100 })
    const before = trip({ trips: 2, draws: 2, closedAt: 500 })
    expect(tripped(before, alarm(10_500))).toMatchObject({ trips: 3, draws: 3, waitMs: 4000, retryAt: 14_500 })
    expect(tripped(before, alarm(10_501))).toMatchObject({ trips: 1, draws: 3, waitMs: 1000 })
    // A probe's failure follows no close, unless an operator had opened what was closed.
    const probing = trip({ trips: 2, draws: 2, closedAt: 500, retryAt: 501 })
    expect(tripped(probing, signal("probe.failed", 99_999))).toMatchObject({ trips: 3 })
    const operated = trip({ trips: 2, draws: 2, closedAt: 500, retryAt: 500 })
    expect(tripped(operated, signal("probe.failed", 10_500))).toMatchObject({ trips: 3 })
    expect(tripped(operated, signal("probe.failed", 10_501))).toMatchObject({ trips: 1 })
    expect(tripped(before, alarm(10_500), 2)).toMatchObject({ trips: 2, waitMs: 2000 })
  })

  test("waits as long as the service asks, if that is longer, and no longer than is heeded", () => {
    const asked = (retryAfterMs?: number) => tripped(trip(), alarm(100, { retryAfterMs }))
    expect(asked(1500)).toMatchObject({ waitMs: 1500, isAsked: true, retryAt: 1600 })
    expect(asked(1000)).toMatchObject({ waitMs: 1000, isAsked: false })
    expect(asked(400)).toMatchObject({ waitMs: 1000, isAsked: false })
    expect(asked(1e9)).toMatchObject({ waitMs: 300_000, isAsked: true })
    expect(asked()).toMatchObject({ waitMs: 1000, isAsked: false })
  })
})

test("a wait is over when it was to be, or when the state was entered if that was later", () => {
  const statistics = { calls: 1, failures: 1, slow: 0 }
  const over = waited(trip({ at: 100, retryAt: 1100.4, waitMs: 1000.4, statistics }))
  expect(over).toEqual({ at: 1100.4, rule: "openFor", reason: "waited 1000 ms", statistics: undefined })
  expect(waited(trip({ at: 2000, retryAt: 1100 })).at).toBe(2000)
})

describe("what has closed", () => {
  test("waits for nothing, and remembers the trip that has ended", () => {
    expect(closedBy(trip({ at: 70, trips: 3, closedAt: 10, retryAt: 60 }))).toEqual({
      closedAt: 70,
      retryAt: 70,
      trips: 3,
    })
    expect(closedBy(trip({ at: 70_000, trips: 3, closedAt: 10, retryAt: 11 }))).toMatchObject({ trips: 3 })
  })

  test("once more, with no trip in between, brings no trip back to mind that is forgotten", () => {
    const closed = trip({ trips: 3, closedAt: 500, retryAt: 500 })
    expect(closedBy({ ...closed, at: 10_500 })).toEqual({ closedAt: 10_500, retryAt: 10_500, trips: 3 })
    expect(closedBy({ ...closed, at: 10_501 })).toEqual({ closedAt: 10_501, retryAt: 10_501, trips: 0 })
  })
})

describe("probes", () => {
  test("are told by how many have ended, and how many had to succeed", () => {
    expect(probed(signal("probe.succeeded", 9), 3, { ...trip(), successes: 2, failed: 0 })).toEqual({
      at: 9,
      rule: "probe.succeeded",
      reason: "3 probes succeeded",
      statistics: { calls: 3, failures: 0, slow: 0, bound: { of: "row", value: 3, line: 3 } },
    })
    expect(probed(signal("probe.succeeded", 9), 1, trip()).reason).toBe("a probe succeeded")
  })

  test.each([
    ["probe.failed", "a probe failed"],
    ["probe.expired", "a probe hung"],
  ])("that end by %s decide by themselves", (type, reason) => {
    expect(probed(signal(type, 9), 3, { ...trip(), successes: 2, failed: 0 })).toEqual({
      ...{ at: 9, rule: type, reason },
      statistics: { calls: 3, failures: 1, slow: 0, bound: { of: "row", value: 1, line: 1 } },
    })
  })

  test("that were weighed are told by what they weighed: a failure takes back a success, so two calls each", () => {
    const weighed = { of: "evidence", value: 2.5, line: 2 } as const
    expect(probed(signal("probe.succeeded", 9), 3, { ...trip(), successes: 2, failed: 1 }, weighed)).toMatchObject({
      statistics: { calls: 5, failures: 1, slow: 0, bound: weighed },
    })
    const { statistics } = probed(signal("probe.succeeded", 9), 3, { ...trip(), successes: 2, failed: 1 })
    expect(statistics?.bound).toEqual({ of: "row", value: 1, line: 1 })
  })
})

test("another window is told as that", () => {
  const told = { at: 9, rule: "reconfigured", reason: "reconfigured: another window", statistics: undefined }
  expect(reconfigured(signal("settings.changed", 9))).toEqual(told)
})

test("the operator is told with the word that was given", () => {
  expect(operated(signal("operator.forcedOpen", 20_000, { why: "rain" }))).toEqual({
    ...{ at: 20_000, rule: "operator", reason: "operator: rain", statistics: undefined },
  })
  expect(operated(signal("operator.released", 9, { why: "sun" })).reason).toBe("operator: sun")
})

describe("a saved circuit", () => {
  const saved = { circuit: "open", remainingMs: 800, trips: 3, sinceCloseMs: 50, isAsked: true, draws: 4 } as const
  const event = (part: unknown, elapsedMs = 0) => signal("breaker.restored", 1000, { parts: { own: part }, elapsedMs })

  test("comes back less the time that has passed", () => {
    expect(savedTrip("own", event(saved, 300))).toEqual({ ...saved, remainingMs: 500, sinceCloseMs: 350 })
    expect(savedTrip("own", event(saved, 900))).toMatchObject({ remainingMs: 0, sinceCloseMs: 950 })
    expect(savedTrip("other", event(saved))).toBeUndefined()
  })

  test("may leave out what is not known of it", () => {
    const least = { circuit: "closed", remainingMs: 0, trips: 1, sinceCloseMs: 0, isAsked: false, draws: 0 }
    expect(savedTrip("own", event({ circuit: "closed" }))).toEqual(least)
    expect(savedTrip("own", event({ circuit: "closed", isAsked: "yes" }))).toEqual(least)
    const zeros = { remainingMs: 0, trips: 0, sinceCloseMs: 0, draws: 0 }
    expect(savedTrip("own", event({ circuit: "closed", ...zeros }))).toMatchObject(zeros)
  })

  test.each([null, 7, "open", {}, { circuit: "ajar" }])("is none that is none: %j", (part) => {
    expect(savedTrip("own", event(part))).toBeUndefined()
  })

  test.each(["remainingMs", "trips", "sinceCloseMs", "draws"])("is none with an impossible %s", (name) => {
    for (const value of [-1, "1", Number.NaN, Number.POSITIVE_INFINITY, null])
      expect(savedTrip("own", event({ ...saved, [name]: value }))).toBeUndefined()
  })

  const back = (more: object) => restored(trip(), event(undefined), { ...saved, ...more })

  test("waits for what remained, but no longer than it may by now", () => {
    expect(back({})).toEqual({
      ...{ at: 1000, waitMs: 800, isAsked: true, retryAt: 1800, closedAt: 950, trips: 3, draws: 4 },
      ...{ rule: "restored", reason: "restored from a saved state" },
    })
    expect(back({ remainingMs: 1e9 }).waitMs).toBe(300_000)
    expect(back({ remainingMs: 1e9, isAsked: false }).waitMs).toBe(60_000)
    const patient = trip({ settings: { openFor: { ...openFor, max: 900_000 } } })
    expect(restored(patient, event(undefined), { ...saved, remainingMs: 1e9 }).waitMs).toBe(900_000)
  })

  test("that was closed waits for nothing", () => {
    expect([back({ circuit: "closed" }).retryAt, back({ circuit: "degraded" }).retryAt]).toEqual([950, 950])
    expect([back({ circuit: "ramping" }).retryAt, back({ circuit: "halfOpen" }).retryAt]).toEqual([1800, 1800])
  })

  test("is read from a snapshot: its circuit, what remains, and how long ago it closed", () => {
    const context = trip({ retryAt: 700, trips: 2, closedAt: 100, isAsked: true, draws: 9, entries: 4, reason: "rain" })
    const part = trippingPart(() => context)
    const snapshot = { getMeta: () => ({ open: { circuit: "open" } }) } as never
    expect(part.canRestore(saved)).toBe(true)
    expect(part.canRestore({ ...saved, trips: -1 })).toBe(false)
    expect(part.save(snapshot, 400)).toEqual({
      ...{ circuit: "open", remainingMs: 300, trips: 2, sinceCloseMs: 300, isAsked: true, draws: 9 },
    })
    expect(part.save(snapshot, 50)).toMatchObject({ remainingMs: 650, sinceCloseMs: 0 })
    expect(part.save(snapshot, 900)).toMatchObject({ remainingMs: 0 })
    const closed = trippingPart(() => trip({ trips: 2, closedAt: 100, retryAt: 100 }))
    expect([10_100, 10_101].map((at) => closed.save(snapshot, at).trips)).toEqual([2, 0])
    const never = trippingPart(() => trip())
    expect(never.save(snapshot, 0)).toMatchObject({ sinceCloseMs: Number.MAX_SAFE_INTEGER })
    expect(part.finding(snapshot)).toEqual({
      ...{ circuit: "open", entries: 4, at: 5, reason: "rain", rule: "start", statistics: undefined },
    })
  })
})
