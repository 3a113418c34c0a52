/** Folding: how what the parts say becomes one gate, and what each new word of theirs comes to. */
import { describe, expect, test } from "vitest"
import { type BreakerContext, gateOf, hear, lose, noEntries, nothing, tryHear } from "../../machines/fold.ts"
import { foundSoFar, hearersOf, lasts } from "../../machines/hearing.ts"
import { type AnyPlug, adviceOf, circuitOf, component, only, strategy } from "../../machines/plug.ts"
import type { CircuitFinding } from "../../machines/vocabulary/circuit.ts"
import { type Demand, idleGate, type Lines, unrestricted } from "../../machines/vocabulary/gate.ts"
import type { Signal } from "../../machines/vocabulary/signal.ts"

interface Said {
  readonly demand?: Demand
  readonly lines?: Lines
  readonly finding?: unknown
  readonly status?: string
}
const snapshot = ({ demand, lines, finding, status = "active" }: Said = {}) =>
  ({
    ...{ status, context: { finding } },
    getMeta: () => ({
      one: { ...(demand && { demand: () => demand }), ...(lines && { lines: () => lines }) },
      two: undefined,
    }),
  }) as never
const findingOf = (of: unknown) => (of as { context: { finding: unknown } }).context.finding

const closed: CircuitFinding = {
  circuit: "closed",
  entries: 1,
  at: 5,
  reason: "began",
  rule: "start",
  statistics: undefined,
}
const plug = (kind: "strategy" | "component", key: string, more: object = {}): AnyPlug =>
  ({
    kind,
    key,
    layer: kind === "strategy" ? "circuit" : "limit",
    hears: [],
    finding: findingOf,
    ...more,
  }) as unknown as AnyPlug
const part = (of: AnyPlug) => ({ plug: of, settings: {} }) as unknown as BreakerContext["parts"][number]
const basic = plug("strategy", "basic")
const health = plug("component", "health", {
  ...{ layer: "health", reason: () => "checks fail", hears: ["limit.moved"] },
  tells: (_of: unknown, at: number) => [
    { type: "health.found", at },
    { type: "probe.failed", at },
  ],
})
const mute = plug("component", "mute", { finding: undefined, hears: ["health.found"] })

const begin = (more: object = {}): BreakerContext =>
  ({
    ...{ name: "service", seed: 7, parts: [basic, health, mute].map(part), report: undefined, metered: true, at: 10 },
    ...{
      phase: "active",
      mode: "auto",
      operator: { why: "", since: 0 },
      ready: [],
      voices: {},
      finding: closed,
      epoch: 3,
    },
    ...{
      crashes: {},
      loops: [],
      resuming: undefined,
      failure: undefined,
      reportsHeard: 0,
      gate: { ...idleGate, version: 8 },
      ...more,
    },
  }) as unknown as BreakerContext
const heard = (context: BreakerContext, key: string, said: Said): BreakerContext => ({
  ...context,
  ...hear(context, key, snapshot(said)).next,
})

describe("a gate", () => {
  test("is the meet of what all demand and the union of what all watch, each with its reason", () => {
    const one = heard(begin(), "basic", {
      finding: {
        ...closed,
        entries: 2,
        at: 20,
        reason: "failed",
        rule: "run",
        statistics: { calls: 5, failures: 5, slow: 0 },
      },
      demand: { share: 0.5, retries: 0 },
      lines: { leaseMs: 9 },
    })
    const two = heard(one, "health", { finding: 1, demand: { share: 0.2 }, lines: { leaseMs: 5, sliceMs: 1000 } })
    const three = heard(two, "mute", {})
    const gate = gateOf(three)
    expect(gate).toMatchObject({
      version: 9,
      epoch: 4,
      phase: "active",
      mode: "auto",
      enforcement: "on",
      circuit: "closed",
    })
    expect(gate.restriction).toEqual({ ...unrestricted, share: 0.2, retries: 0 })
    expect([gate.lines.leaseMs, gate.lines.sliceMs]).toEqual([5, 1000])
    expect(gate.holders).toEqual([
      {
        ...{
          by: "basic",
          layer: "circuit",
          since: 20,
          reason: "failed",
          rule: "run",
          demand: { share: 0.5, retries: 0 },
        },
        statistics: { calls: 5, failures: 5, slow: 0 },
      },
      {
        by: "health",
        layer: "health",
        since: 20,
        reason: "checks fail",
        rule: "health",
        statistics: undefined,
        demand: { share: 0.2 },
      },
    ])
    expect([gate, gate.restriction, gate.lines, gate.holders].every(Object.isFrozen)).toBe(true)
  })

  test("is held by the phase, then by the operator, before all others", () => {
    const held = gateOf(begin({ phase: "draining", mode: "forcedOpen", operator: { why: "it burns", since: 4 } }))
    expect(held.holders.map(({ by }) => by)).toEqual([expect.any(String), "operator"])
    expect(held.holders[1]).toEqual({
      ...{
        by: "operator",
        layer: "operator",
        since: 4,
        reason: "it burns",
        rule: "forceOpen",
        statistics: undefined,
        demand: { share: 0 },
      },
    })
    expect([held.restriction.share, held.enforcement]).toEqual([0, "on"])
    expect(gateOf(begin({ mode: "bypassed" })).enforcement).toBe("off")
    expect(gateOf(begin({ mode: "bypassed", phase: "draining" })).enforcement).toBe("on")
    expect(gateOf(begin()).holders).toEqual([])
  })
})

describe("a word of a strategy", () => {
  test("that has entered a state is news: an epoch begins, and a move is told where the circuit is another", () => {
    const opened = { ...closed, circuit: "open" as const, entries: 2, at: 30, reason: "failed", rule: "run" }
    const news = hear(begin(), "basic", snapshot({ finding: opened }))
    expect(news).toMatchObject({
      changed: true,
      stated: opened,
      told: [],
      next: { at: 30, epoch: 4, finding: opened, ready: ["basic"] },
    })
    expect(news.moved).toEqual({
      ...{ type: "circuit.moved", at: 30, breaker: "service", from: "closed", to: "open", epoch: 4 },
      ...{ reason: "failed", rule: "run", statistics: undefined },
    })
    expect(news.next.voices?.["basic"]).toEqual({
      demand: {},
      lines: {},
      since: 30,
      reason: "failed",
      finding: undefined,
      told: [],
    })
    const again = hear(begin(), "basic", snapshot({ finding: { ...closed, entries: 2 } }))
    expect([again.moved, again.next.epoch, again.next.at]).toEqual([undefined, 4, 10])
  })

  test("that demands or watches what it did is none, and changes nothing but what it has found", () => {
    const said = { finding: closed, demand: { share: 0.5 }, lines: { rates: [{ limit: 1, intervalMs: 1, burst: 1 }] } }
    const one = heard(begin(), "basic", said)
    const again = { ...said, lines: { rates: [{ limit: 1, intervalMs: 1, burst: 1 }] } }
    const same = hear(one, "basic", snapshot(again))
    expect(same).toEqual({ next: {}, moved: undefined, stated: undefined, changed: false, told: [] })
    expect(same.next).toBe(nothing)
    const counted = { ...closed, statistics: { calls: 7 } as never }
    expect(hear(one, "basic", snapshot({ ...again, finding: counted })).next).toEqual({
      finding: counted,
      ready: ["basic"],
    })
    // Whoever speaks is ready.
    expect(hear({ ...one, ready: [] }, "basic", snapshot(again)).next).toEqual({ finding: closed, ready: ["basic"] })
    const other = (more: Said) => hear(one, "basic", snapshot({ ...said, ...more }))
    expect([
      other({ demand: { share: 0.4 } }).changed,
      other({ lines: {} }).changed,
      other({ lines: { ...said.lines, leaseMs: 5 } }).changed,
    ]).toEqual([...[true, true, true]])
    expect(other({ demand: { share: 0.4 } })).toMatchObject({
      stated: undefined,
      next: { epoch: 3, voices: { basic: { since: 10 } } },
    })
  })
})

describe("a word of a component", () => {
  test("is news where it has found something else: those who hear it are told, and what lasts is kept for those who come", () => {
    const first = hear(begin(), "health", snapshot({ finding: 1 }))
    expect(first).toMatchObject({ changed: true, stated: undefined, moved: undefined })
    expect(first.told).toEqual([
      { type: "health.found", at: 10 },
      { type: "probe.failed", at: 10 },
    ])
    expect(first.next.voices?.["health"]).toMatchObject({
      finding: 1,
      reason: "checks fail",
      told: [{ type: "health.found", at: 10 }],
    })
    const one = { ...begin(), ...first.next }
    const second = hear(one, "health", snapshot({ finding: 2 }))
    expect([second.stated, second.next.epoch, second.told.length]).toEqual([2, 3, 2])
    const demand = hear(one, "health", snapshot({ finding: 1, demand: { share: 0.1 } }))
    expect([demand.changed, demand.told, demand.stated, demand.next.voices?.["health"]?.told.length]).toEqual([
      true,
      [],
      undefined,
      1,
    ])
    expect(hear(one, "health", snapshot({ finding: 1 })).changed).toBe(false)
  })

  test("that says why of nothing is known by its name", () => {
    expect(hear(begin(), "mute", snapshot({ demand: { share: 0.5 } })).next.voices?.["mute"]).toMatchObject({
      ...{ reason: "mute", finding: undefined, told: [] },
    })
  })

  test("that has found something which nobody else hears tells nobody", () => {
    const quiet = plug("component", "quiet")
    const found = hear(begin({ parts: [quiet].map(part) }), "quiet", snapshot({ finding: 1 }))
    expect([found.changed, found.told, found.next.voices?.["quiet"]?.told]).toEqual([true, [], []])
  })
})

test("who is no part, or has ended, says nothing; who throws is caught", () => {
  const nothing = { next: {}, moved: undefined, stated: undefined, changed: false, told: [] }
  expect(hear(begin(), "stranger", snapshot())).toEqual(nothing)
  expect(hear(begin(), "basic", snapshot({ finding: closed, status: "done" }))).toEqual(nothing)
  const broken = {
    getMeta: () => ({}),
    status: "active",
    get context() {
      throw new Error("trap")
    },
  } as never
  expect(tryHear(begin(), "basic", broken)).toEqual({ error: new Error("trap") })
  expect(tryHear(begin(), "basic", snapshot({ finding: closed }))).toEqual(
    hear(begin(), "basic", snapshot({ finding: closed })),
  )
})

describe("a part that has crashed", () => {
  const crash = (context: BreakerContext, key: string) => lose(context, key)

  test("is silent and begun anew; a strategy begins a new epoch, and away from closed it is waited for", () => {
    const away = begin({ finding: { ...closed, circuit: "open", entries: 7 }, voices: { basic: 1, health: 2 } })
    const lost = crash(away, "basic")
    expect(lost).toMatchObject({ resumes: true, moved: undefined, part: away.parts[0], plug: basic })
    expect(lost.lost).toMatchObject({
      ...{
        voices: { health: 2 },
        epoch: 4,
        resuming: "basic",
        parts: away.parts,
        crashes: { basic: { count: 1, since: 10 } },
      },
      finding: { circuit: "open", entries: noEntries },
    })
    expect(noEntries).toBe(-1)
    const well = crash(begin({ resuming: "other" }), "basic")
    expect([well.resumes, well.lost.resuming, well.lost.epoch]).toEqual([false, "other", 4])
    const component = crash(away, "health")
    expect(component).toMatchObject({
      resumes: false,
      moved: undefined,
      lost: { epoch: 3, finding: away.finding, resuming: undefined, voices: { basic: 1 } },
      part: away.parts[1],
      plug: health,
    })
    // The meter is a child like any, and no part.
    expect(crash(away, "meter")).toMatchObject({
      part: undefined,
      plug: undefined,
      lost: { epoch: 3, parts: away.parts },
    })
  })

  test("more than five times in ten minutes is left out; what it held goes with it", () => {
    const crashed = (count: number, since: number, more: object = {}) =>
      crash(
        begin({ at: 700_000, crashes: { basic: { count, since }, other: { count: 9, since: 9 } }, ...more }),
        "basic",
      )
    expect([
      crashed(4, 100_000).part !== undefined,
      crashed(5, 100_000).part,
      crashed(5, 99_999).part !== undefined,
    ]).toEqual([true, undefined, true])
    expect([crashed(4, 100_000).lost.crashes, crashed(5, 99_999).lost.crashes["basic"]]).toEqual([
      { basic: { count: 5, since: 100_000 }, other: { count: 9, since: 9 } },
      { count: 1, since: 700_000 },
    ])
    const open = crashed(5, 100_000, { finding: { ...closed, circuit: "open", entries: 7 } })
    expect(open.lost.parts.map(({ plug: { key } }) => key)).toEqual(["health", "mute"])
    expect(open.lost.finding).toEqual({
      ...{ circuit: "closed", entries: 8, at: 700_000, reason: "its strategy crashed too often and was left out" },
      ...{ rule: "leftOut", statistics: undefined },
    })
    expect([open.resumes, open.moved?.to, open.moved?.epoch, open.plug]).toEqual([false, "closed", 4, basic])
  })
})

describe("who hears what", () => {
  test("is as each part says, and what was found lasts until another word, but for verdicts on probes", () => {
    expect([
      hearersOf(begin(), { type: "health.found" }),
      hearersOf(begin(), { type: "limit.moved" }),
      hearersOf(begin(), { type: "x" }),
    ]).toEqual([...[["mute"], ["health"], []]])
    const told = (type: string) => ({ type, at: 3 }) as never
    expect([lasts(told("health.found")), lasts(told("probe.failed"))]).toEqual([true, false])
    const voices = { health: { told: [told("health.found"), told("limit.moved")] } } as never
    expect(foundSoFar({ voices, at: 50 }, mute)).toEqual([{ type: "health.found", at: 50 }])
  })

  test("an event is taken for what the chart says that it is, or the chart is wrong", () => {
    const event = { type: "budget.spent" } as Signal
    expect(only(event, "budget.spent")).toBe(event)
    expect(only(event, ["budget.spent", "budget.funded"])).toBe(event)
    expect(() => only(event, "budget.funded")).toThrow()
  })
})

test("a part says of itself which of the two kinds it is of", () => {
  const own = { key: "basic", hears: [] } as never
  expect([strategy(own), component(own)]).toEqual([
    { key: "basic", hears: [], kind: "strategy" },
    { key: "basic", hears: [], kind: "component" },
  ])
})

test("the advice of a chart is that of its active states together; what is no chart advises nothing", () => {
  const meta = {
    one: { demand: () => ({ share: 0.5 }), lines: () => ({ leaseMs: 9 }) },
    two: undefined,
    three: { demand: () => ({ share: 0.3, retries: 2 }), lines: () => ({ leaseMs: 5 }) },
  }
  const { demand, lines } = adviceOf({ getMeta: () => meta, context: {} } as never)
  expect([demand, lines.leaseMs]).toEqual([{ share: 0.3, retries: 2 }, 5])
  expect([adviceOf({ status: "active" } as never), adviceOf({ getMeta: () => ({ one: {} }) } as never)]).toEqual([
    { demand: {}, lines: {} },
    { demand: {}, lines: {} },
  ])
  expect(circuitOf({ getMeta: () => ({ one: undefined, two: {}, three: { circuit: "open" } }) } as never)).toBe("open")
})
