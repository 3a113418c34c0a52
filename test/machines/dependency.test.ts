/** The graph of the strategy `dependency`, alone: told how dependencies stand, what does it hold back? */

import { dependency, type GraphReport } from "recloser/machines"
import { describe, expect, test } from "vitest"
import type { AnyMachineSnapshot } from "xstate"
import type { Slice } from "../../machines/vocabulary/signal.ts"
import { type GraphFinding, type Need, type Standing, unknownStanding } from "../../machines/vocabulary/standing.ts"
import { type Chart, settingsOf, startChart } from "../support/charts.ts"
import fc from "../support/property.ts"
import { dependencySteps, describeStep, standings, take } from "../support/walks.ts"

const well: Standing = { circuit: "closed", health: 1, reason: "ledger is closed" }
const open: Standing = { circuit: "open", health: 0, cause: "ledger", reason: "ledger is open", retryAt: 5000 }
const probing: Standing = { circuit: "halfOpen", health: 0, probes: 2, cause: "ledger", reason: "ledger is half-open" }
const through: Standing = { circuit: "closed", health: 0, cause: "db", reason: "db is open" }
const ramping: Standing = { circuit: "ramping", health: 0.25, cause: "ledger", reason: "ledger is ramping" }

const begin = (dependencies: { readonly [id: string]: { readonly type: Need; readonly impact?: number } } = {}) =>
  startChart(dependency, { options: { dependencies } })
const move = (chart: Chart, moves: { readonly [id: string]: Standing }, blamed = 0) =>
  chart.send({
    type: "dependency.moved",
    moves: Object.fromEntries(Object.entries(moves).map(([id, standing]) => [id, { standing, blamed }])),
  })
const finding = (chart: Chart) => dependency.finding?.(chart.snapshot()) as GraphFinding

const report = (chart: Chart) => dependency.report?.(chart.snapshot(), chart.clock.now()) as GraphReport

const latency = { samples: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 }
const slice = (success: number, failure: number): { type: "slice.closed"; epoch: number; slice: Slice } => ({
  type: "slice.closed",
  epoch: 0,
  slice: { startedAt: 0, success, failure, timedOut: 0, ignored: 0, slow: 0, late: 0, latency },
})

describe("what one dependency does", () => {
  test.each<[Need, number | undefined, GraphFinding["state"], object]>([
    ["critical", undefined, "blocked", { share: 0, retryAt: 5000 }],
    ["critical", 0.1, "blocked", { share: 0, retryAt: 5000 }],
    ["required", 0.6, "impaired", { share: 0.4 }],
    ["required", 1, "blocked", { share: 0, retryAt: 5000 }],
    ["required", 0, "clear", {}],
    ["optional", 0.9, "clear", {}],
  ])("dependency law 1: open, a %s one of impact %s leaves us %s", (type, impact, state, demand) => {
    const chart = begin({ ledger: { type, ...(impact === undefined ? {} : { impact }) } })
    move(chart, { ledger: open })
    expect(finding(chart).state).toBe(state)
    const told = chart.advice().demand
    expect(Object.keys(told)).toEqual(Object.keys(demand))
    expect(told.share ?? 1).toBeCloseTo((demand as { share?: number }).share ?? 1, 12)
    move(chart, { ledger: well })
    expect(finding(chart).state).toBe("clear")
    expect(chart.advice().demand).toEqual({})
  })

  test("dependency law 3: an unknown one demands nothing, and one that becomes unknown lets go", () => {
    const chart = begin({ ledger: { type: "critical" } })
    expect(chart.advice().demand).toEqual({})
    expect(report(chart)).toMatchObject({
      derived: "clear",
      dependencies: { ledger: { circuit: "unknown", health: 1 } },
    })
    move(chart, { ledger: open })
    expect(chart.advice().demand.share).toBe(0)
    move(chart, { ledger: unknownStanding("ledger") })
    expect(chart.advice().demand).toEqual({})
    move(chart, { stranger: open })
    expect(chart.advice().demand).toEqual({})
  })

  test("dependency law 4: while what blocks it probes, as many calls enter as that lets in", () => {
    const chart = begin({ ledger: { type: "critical" } })
    move(chart, { ledger: open })
    move(chart, { ledger: probing })
    expect(chart.advice().demand).toEqual({ probes: 2 })
    expect(chart.advice().lines.leaseMs).toBeGreaterThan(0)
    move(chart, { ledger: open })
    expect(chart.advice().demand).toEqual({ share: 0, retryAt: 5000 })
  })

  test("dependency law 4: an open one keeps what a probing one would let in, and a share that is left may probe", () => {
    const both = begin({ ledger: { type: "critical" }, cards: { type: "critical" } })
    move(both, { ledger: probing, cards: open })
    expect(both.advice().demand.share).toBe(0)
    const required = begin({ ledger: { type: "required", impact: 0.75 } })
    move(required, { ledger: probing })
    expect(required.advice().demand).toEqual({ share: 0.25 })
  })

  test("dependency law 5: what one sheds by itself is told, and not shed a second time", () => {
    const chart = begin({ ledger: { type: "critical" } })
    move(chart, { ledger: ramping })
    expect(finding(chart)).toMatchObject({ state: "impaired", health: 0.25, share: 1, cause: "ledger" })
    expect(chart.advice().demand).toEqual({})
  })

  test("dependency law 4: slices are counted wherever it stands, and probes have a minute while it probes alone", () => {
    const chart = begin({ ledger: { type: "critical" } })
    const watched: unknown[] = []
    for (const standing of [well, ramping, open, probing, ramping, well]) {
      move(chart, { ledger: standing })
      const { sliceMs, leaseMs } = chart.advice().lines
      watched.push([finding(chart).state, sliceMs, leaseMs])
    }
    expect(watched).toEqual([
      ...[
        ["clear", 1000, undefined],
        ["impaired", 1000, undefined],
        ["blocked", 1000, undefined],
      ],
      ...[
        ["blocked", 1000, 60_000],
        ["impaired", 1000, undefined],
        ["clear", 1000, undefined],
      ],
    ])
  })

  test("dependency law 1: one that blocks without saying until when is not asked to wait for anything", () => {
    const chart = begin({ ledger: { type: "critical" }, mail: { type: "required", impact: 0.4 } })
    move(chart, { ledger: { circuit: "open", health: 0, reason: "ledger is open" } })
    expect(Object.entries(chart.advice().demand)).toEqual([["share", 0]])
    move(chart, { mail: open, ledger: well })
    expect(chart.advice().demand).toEqual({ share: 0.6 })
    move(chart, { mail: well, ledger: probing })
    expect(Object.entries(chart.advice().demand)).toEqual([["probes", 2]])
  })

  test("dependency law 6: the deepest cause is named, and through whom it comes", () => {
    const chart = begin({ cards: { type: "optional" }, ledger: { type: "critical" } })
    move(chart, { ledger: through, cards: open })
    expect(finding(chart)).toMatchObject({ via: "ledger", cause: "db", reason: "db is open" })
    expect(dependency.reason?.(chart.snapshot())).toBe("db is open")
    expect(report(chart)).toMatchObject({
      own: "closed",
      derived: "blocked",
      cause: "db",
      reason: "db is open",
      dependencies: {
        ledger: { type: "critical", circuit: "closed", health: 0, impact: 1, cause: "db" },
        cards: { type: "optional", circuit: "open", health: 0, impact: 0, cause: "ledger" },
      },
    })
  })
})

describe("what it reports of a dependency", () => {
  test("is its kind, how it stands and since when, what decides, and nothing that is not known", async () => {
    const chart = begin({ ledger: { type: "required" }, cards: { type: "required", impact: 0.2 } })
    expect(report(chart)).toStrictEqual({
      ...{ own: "closed", derived: "clear", reason: "" },
      dependencies: {
        ledger: { type: "required", circuit: "unknown", health: 1, since: 0, impact: 0.5 },
        cards: { type: "required", circuit: "unknown", health: 1, since: 0, impact: 0.2, declared: 0.2 },
      },
    })
    await chart.clock.advance(700)
    move(chart, { ledger: open })
    expect(report(chart)).toMatchObject({ derived: "impaired", cause: "ledger", reason: "ledger is open" })
    expect(report(chart).dependencies["ledger"]).toStrictEqual({
      ...{ type: "required", circuit: "open", health: 0, since: 700, impact: 0.5, cause: "ledger" },
    })
    expect(dependency).toMatchObject({
      key: "dependency",
      layer: "circuit",
      standard: false,
      chart: { id: "dependency" },
    })
  })
})

describe("what many do together", () => {
  const named = fc.uniqueArray(fc.tuple(fc.constantFrom("a", "b", "c", "d", "e"), standings), {
    selector: ([id]) => id,
    minLength: 1,
  })
  const table = fc.dictionary(
    fc.constantFrom("a", "b", "c", "d", "e"),
    fc.record({
      type: fc.constantFrom<Need>("critical", "required", "optional"),
      impact: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  )

  test("dependency law 2: the worst decides, whatever the order in which they moved", () => {
    fc.assert(
      fc.property(table, named, fc.infiniteStream(fc.nat(1000)), (dependencies, moves, draws) => {
        const [once, shuffled] = [begin(dependencies), begin(dependencies)]
        move(once, Object.fromEntries(moves))
        const order = moves.map((each) => [draws.next().value as number, each] as const).sort(([a], [b]) => a - b)
        for (const [, [id, standing]] of order) move(shuffled, { [id]: standing })
        expect(shuffled.advice().demand).toEqual(once.advice().demand)
        expect({ ...finding(shuffled), at: 0 }).toEqual({ ...finding(once), at: 0 })
        const share = Math.min(
          1,
          ...moves.map(([id, { health }]) => {
            const one = dependencies[id]
            if (one === undefined || health > 0 || one.type === "optional") return 1
            const left = one.type === "critical" ? 0 : 1 - one.impact
            return left < 0.001 ? 0 : left
          }),
        )
        expect(finding(once).share).toBeCloseTo(share, 12)
      }),
      { seed: 7001, numRuns: 500 },
    )
  })

  test("dependency laws 1 and 3: on every walk what it states and what it demands agree", () => {
    return fc.assert(
      fc.asyncProperty(fc.array(dependencySteps, { maxLength: 40 }), async (walk) => {
        const chart = begin()
        for (const step of walk) {
          await take(chart, step)
          const { state, share, probes } = finding(chart)
          expect((chart.snapshot() as AnyMachineSnapshot).value).toBe(state)
          const { demand } = chart.advice()
          const said = `after ${describeStep(step)}`
          expect(state === "blocked", said).toBe(demand.share === 0 || demand.probes !== undefined)
          if (state === "clear") expect(demand, said).toEqual({})
          if (state === "impaired") expect(demand.share ?? 1, said).toBe(share)
          expect(demand.probes, said).toBe(state === "blocked" ? probes : undefined)
          const { dependencies } = report(chart)
          if (Object.values(dependencies).every(({ health }) => health === 1)) expect(state, said).toBe("clear")
        }
      }),
      { seed: 7002, numRuns: 300 },
    )
  })

  test.each([
    ["", 0],
    ["x".repeat(200), 1],
    ["x".repeat(201), 0],
  ])("may be called %j: %i", (id, may) => {
    const problems: { path: string; value: string; rule: string }[] = []
    dependency.options.read({ dependencies: { [id]: { type: "optional" } } }, "options", problems)
    expect(problems.map(({ rule }) => rule)).toEqual(
      may === 1 ? [] : ["must name breakers by strings of 1 to 200 characters"],
    )
  })

  test("a thousand dependencies can be had, one more cannot", () => {
    const of = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, at) => [`d${at}`, { type: "optional" }]))
    const problems: { path: string; value: string; rule: string }[] = []
    dependency.options.read({ dependencies: of(1000) }, "options", problems)
    expect(problems).toEqual([])
    dependency.options.read({ dependencies: of(1001) }, "options", problems)
    expect(problems).toEqual([{ path: "options.dependencies", value: "1001", rule: "must not be more than 1000" }])
  })
})

describe("impact", () => {
  /** A while in which it stands so, and our calls go thus: its first slice says nothing. */
  const pass = (chart: Chart, standing: Standing, success: number, failure: number, blamed = 0) => {
    move(chart, { ledger: standing }, blamed)
    chart.send(slice(7, 3))
    chart.send(slice(success, failure))
  }

  test("dependency law 7: left out, it is half until it is measured", () => {
    const chart = begin({ ledger: { type: "required" } })
    move(chart, { ledger: open })
    expect(chart.advice().demand).toEqual({ share: 0.5 })
    expect(report(chart).dependencies["ledger"]).toMatchObject({ impact: 0.5 })
    expect(report(chart).dependencies["ledger"]).not.toHaveProperty("measured")
  })

  test("dependency law 7: measured, it is the part of our calls that its loss has cost, and it never blocks", () => {
    const chart = begin({ ledger: { type: "required" } })
    pass(chart, well, 80, 20)
    pass(chart, open, 40, 60)
    // 20 % fail in any case; of the 80 % that would go well, half are lost.
    expect(report(chart).dependencies["ledger"]?.measured).toBeCloseTo(0.5, 12)
    pass(chart, well, 1000, 0)
    pass(chart, open, 0, 5000)
    move(chart, { ledger: open })
    expect(report(chart).dependencies["ledger"]?.measured).toBeGreaterThan(0.95)
    expect(chart.advice().demand.share).toBeCloseTo(0.1, 12)
  })

  test("dependency law 7: failures that were charged to it count as its cost", () => {
    const chart = begin({ ledger: { type: "required" } })
    pass(chart, well, 100, 0)
    pass(chart, open, 25, 0)
    move(chart, { ledger: well }, 75)
    expect(report(chart).dependencies["ledger"]?.measured).toBeCloseTo(0.75, 12)
  })

  test("dependency law 7: a declared impact decides, whatever is measured", () => {
    const chart = begin({ ledger: { type: "required", impact: 0.2 } })
    pass(chart, well, 100, 0)
    pass(chart, open, 0, 100)
    move(chart, { ledger: open })
    expect(report(chart).dependencies["ledger"]).toMatchObject({ declared: 0.2, measured: 1, impact: 0.2 })
    expect(chart.advice().demand).toEqual({ share: 0.8 })
  })

  test("dependency law 7: a slice in which it moved, and one while it is unknown, say nothing", () => {
    const chart = begin({ ledger: { type: "required" } })
    for (let turn = 0; turn < 50; turn++) {
      move(chart, { ledger: turn % 2 === 0 ? well : open })
      chart.send(slice(100, 100))
    }
    expect(report(chart).dependencies["ledger"]).not.toHaveProperty("measured")
    move(chart, { ledger: unknownStanding("ledger") })
    for (let turn = 0; turn < 50; turn++) chart.send(slice(100, 100))
    move(chart, { ledger: well })
    expect(report(chart).dependencies["ledger"]).not.toHaveProperty("measured")
  })

  test("dependency law 7: where every call fails in any case its loss costs nothing", () => {
    const chart = begin({ ledger: { type: "required" } })
    pass(chart, well, 0, 100)
    pass(chart, open, 0, 100)
    expect(report(chart).dependencies["ledger"]).toMatchObject({ measured: 0, impact: 0 })
    expect(chart.advice().demand).toEqual({})
  })

  test.each([
    ["removed", { type: "dependency.removed", id: "ledger" } as const],
    [
      "left out by another config",
      {
        type: "settings.changed",
        settings: settingsOf(dependency, { dependencies: { cards: { type: "critical" } } }),
      } as const,
    ],
  ])(
    "dependency law 7: one that is %s in the slice in which it moved is not measured, and stays away",
    (_how, gone) => {
      const chart = begin({ ledger: { type: "required" }, cards: { type: "critical" } })
      move(chart, { ledger: open, cards: well })
      chart.send(gone)
      chart.send(slice(50, 50))
      expect(Object.keys(report(chart).dependencies)).toEqual(["cards"])
      expect(chart.advice().demand).toEqual({})
    },
  )

  test("dependency law 7: what was measured long ago fades, and what is kept is bounded", () => {
    const chart = begin({ ledger: { type: "required" } })
    pass(chart, well, 1e6, 0)
    pass(chart, open, 0, 1e6)
    for (let turn = 0; turn < 40; turn++) {
      pass(chart, well, 5000, 0)
      pass(chart, open, 5000, 0)
    }
    move(chart, { ledger: well })
    expect(report(chart).dependencies["ledger"]?.measured).toBeLessThan(0.01)
  })

  test("dependency law 8: it states no circuit, and an own circuit that moves is only reported", () => {
    const chart = begin({ ledger: { type: "critical" } })
    const moved = { breaker: "x", epoch: 1, reason: "", rule: "", statistics: undefined } as const
    chart.send({ type: "circuit.moved", from: "closed", to: "open", ...moved })
    expect(report(chart)).toMatchObject({ own: "open", derived: "blocked" })
    expect(chart.advice().demand).toEqual({})
    chart.send({ type: "circuit.moved", from: "open", to: "halfOpen", ...moved })
    expect(report(chart)).toMatchObject({ own: "halfOpen", derived: "impaired" })
    move(chart, { ledger: open })
    expect(report(chart)).toMatchObject({ own: "halfOpen", derived: "blocked" })
    move(chart, { ledger: well })
    chart.send({ type: "circuit.moved", from: "halfOpen", to: "closed", ...moved })
    expect(report(chart)).toMatchObject({ own: "closed", derived: "clear" })
  })
})
