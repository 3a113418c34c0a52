/** What `gradual` tells of each of its moves: where it stands then, since when, for the how-manieth time it entered a state, and why. */
import { describe, expect, test } from "vitest"
import { gradual } from "../../machines/strategies/gradual.ts"
import type { Statistics } from "../../machines/vocabulary/circuit.ts"
import type { AlarmRang } from "../../machines/vocabulary/signal.ts"
import {
  answeredAfter,
  type Chart,
  findingOf,
  forcedOpen,
  probe,
  released,
  restored,
  startChart,
} from "../support/charts.ts"

type Sent = Parameters<Chart["send"]>[0]
/** A signal, or so many milliseconds; the state it leads to; what is told of it. */
type Move = readonly [Sent | number, string, string?, string?, (Statistics | undefined)?]

const rung = (rule: AlarmRang["rule"], calls: number, failures: number, more: object = {}) =>
  ({ type: "alarm.rang", epoch: 0, rule, statistics: { calls, failures, slow: 0 }, ...more }) as Sent
const of = (calls: number, failures: number, slow = 0): Statistics => ({ calls, failures, slow })
const share = (value: number, line: number) => ({ bound: { of: "share", value, line } }) as const
/** 19 to 1 that one probe speaks for the service, as a logarithm. */
const weighed = {
  bound: { of: "evidence" as const, value: expect.closeTo(Math.log(19), 9), line: expect.closeTo(Math.log(19), 9) },
}
const row = { bound: { of: "row", value: 1, line: 1 } } as const

const gone = rung("run", 6, 6)
const partial = rung("excursion", 30, 12)
const [good, bad] = [rung("cohort", 5, 0), rung("cohort", 5, 4)]
const slower = { ...rung("cohort", 5, 0), statistics: of(5, 0, 4) } as Sent
const slow = { ...rung("cohort", 5, 0), statistics: of(5, 0, 3) } as Sent

const toOpen: Move = [gone, "open.waiting", "run", "100 % of 6 calls failed", of(6, 6)]
const toHalfOpen: Move = [1000, "halfOpen", "openFor", "waited 1000 ms"]
const toRamping: Move = [
  probe("succeeded"),
  "ramping",
  "probe.succeeded",
  "a probe succeeded",
  { ...of(1, 0), ...weighed },
]
const toJudging: Move = [partial, "degraded.judging", "excursion", "40 % of 30 calls failed", of(30, 12)]
const toTrying: Move = [rung("cohort", 16, 8), "degraded.trying", "cohort", "50 % of 16 calls failed", of(16, 8)]
const stepLate: Move = [slow, "ramping", "cohort", "60 % of 5 calls were slow", { ...of(5, 0, 3), ...share(0.6, 0.5) }]
const stepUp: Move = [good, "ramping", "cohort", "0 % of 5 calls failed", { ...of(5, 0), ...share(0, 0.5) }]

const moves: readonly (readonly [string, readonly Move[]])[] = [
  [
    "an outage, and the way back",
    [
      toOpen,
      toHalfOpen,
      [probe("failed"), "open.waiting", "probe.failed", "a probe failed", { ...of(1, 1), ...weighed }],
      [1100, "halfOpen", "openFor", "waited 1100 ms"],
      toRamping,
      stepUp,
      stepUp,
      [7, "ramping"],
      [good, "closed", "cohort", "0 % of 5 calls failed", { ...of(5, 0), ...share(0, 0.5) }],
      [good, "closed"],
    ],
  ],
  [
    "probes that hang",
    [
      toOpen,
      toHalfOpen,
      [answeredAfter(10), "halfOpen"],
      [probe("expired"), "open.waiting", "probe.expired", "a probe hung", { ...of(1, 1), ...row }],
    ],
  ],
  [
    "a partial outage that shedding does not help, and that becomes a whole one",
    [
      toJudging,
      toTrying,
      [rung("cohort", 20, 16), "degraded.named", "cohort", "80 % of 20 calls failed", of(20, 16)],
      [gone, "open.waiting", "run", "100 % of 6 calls failed", of(6, 6)],
    ],
  ],
  [
    "a partial outage in which no trial is worth while",
    [toJudging, [rung("cohort", 16, 3), "degraded.named", "cohort", "19 % of 16 calls failed", of(16, 3)]],
  ],
  [
    "a partial outage that shedding helps at first, until load is not to blame",
    [
      toJudging,
      toTrying,
      [rung("cohort", 20, 1), "ramping", "cohort", "5 % of 20 calls failed", { ...of(20, 1), ...share(0.05, 0.2) }],
      [bad, "ramping", "cohort", "80 % of 5 calls failed", { ...of(5, 4), ...share(0.8, 0.5) }],
      [bad, "degraded.named", "cohort", "80 % of 5 calls failed", { ...of(5, 4), ...share(0.8, 0.48) }],
      [bad, "degraded.named"],
    ],
  ],
  [
    "a partial outage that is over",
    [
      toJudging,
      toTrying,
      [
        rung("relief", 400, 8),
        "closed",
        "relief",
        "2 % of 400 calls were bad: that is better, or usual by now",
        of(400, 8),
      ],
    ],
  ],
  ["a ramp that is late", [toOpen, toHalfOpen, toRamping, stepUp, stepLate]],
  [
    "a ramp that is late on its lowest step",
    [
      ...[toOpen, toHalfOpen, toRamping, stepLate, stepLate, [3, "ramping"] as const],
      [slower, "open.waiting", "cohort", "80 % of 5 calls were slow", { ...of(5, 0, 4), ...share(0.8, 0.5) }],
    ],
  ],
  [
    "a ramp on which the service goes again",
    [
      ...[toOpen, toHalfOpen, toRamping, [3, "ramping"] as const],
      [gone, "open.waiting", "run", "100 % of 6 calls failed", of(6, 6)],
    ],
  ],
  [
    "alarms that say nothing of a step, nor of a degraded time",
    [
      ...[toOpen, toHalfOpen, toRamping],
      [rung("excursion", 10, 9), "ramping"],
      [rung("excursion", 10, 0), "ramping"],
      stepUp,
    ],
  ],
  [
    "an alarm that does not judge a degraded time",
    [
      toJudging,
      [rung("excursion", 16, 8), "degraded.judging"],
      toTrying,
      [rung("excursion", 16, 8), "degraded.trying"],
    ],
  ],
  [
    "the operator",
    [
      [5, "closed"],
      [forcedOpen, "open.held", "operator", "operator: maintenance"],
      [released, "halfOpen", "operator", "operator: done"],
    ],
  ],
  ...(
    [
      ["open", "open.waiting"],
      ["halfOpen", "halfOpen"],
      ["ramping", "halfOpen"],
      ["degraded", "degraded.named"],
    ] as const
  ).map(([circuit, state]): readonly [string, readonly Move[]] => [
    `a restart while it was ${circuit}`,
    [
      [5, "closed"],
      [
        restored({ gradual: { circuit, remainingMs: 500, trips: 1 } }),
        state,
        "restored",
        "restored from a saved state",
      ],
    ],
  ]),
]

const stateOf = (chart: Chart): string => {
  const { value } = chart.snapshot() as unknown as { readonly value: string | { readonly [outer: string]: string } }
  return typeof value === "string" ? value : (Object.entries(value)[0] ?? []).join(".")
}
const start = () => startChart(gradual, { options: { openFor: { base: 1000, step: 100, max: 2000, jitter: 0 } } })

describe("gradual tells each of its moves", () => {
  test.each(moves)("%s", async (_, these) => {
    const chart = start()
    let entries = 1
    for (const [what, state, rule, reason, statistics] of these) {
      const before = findingOf(gradual, chart)
      if (typeof what === "number") await chart.clock.advance(what)
      else chart.send(what)
      expect(stateOf(chart)).toBe(state)
      const finding = findingOf(gradual, chart)
      if (rule === undefined) expect(finding).toEqual(before)
      else {
        entries++
        const circuit = state.split(".")[0]
        expect(finding).toEqual({ circuit, entries, at: chart.clock.now(), rule, reason, statistics })
      }
      const { retryAt = 0 } = chart.advice().demand
      if (state === "open.waiting") expect(retryAt - chart.clock.now()).toBeGreaterThanOrEqual(500)
    }
  })
})

describe("gradual gives up a trial", () => {
  test("that is not judged in the time that a probe has, and says no more than before", async () => {
    const chart = start()
    chart.send(partial)
    chart.send(rung("cohort", 16, 8))
    const before = findingOf(gradual, chart)
    await chart.clock.advance(59_999)
    expect(stateOf(chart)).toBe("degraded.trying")
    await chart.clock.advance(1)
    expect(stateOf(chart)).toBe("degraded.named")
    expect(findingOf(gradual, chart)).toEqual({ ...before, entries: before.entries + 1 })
  })
})

describe("gradual weighs probes that are wrong now and then", () => {
  const halfOpen = async () => {
    const chart = startChart(gradual, {
      options: { probes: { wrong: 0.0005 }, openFor: { base: 1000, step: 100, max: 2000, jitter: 0 } },
    })
    chart.send(gone)
    await chart.clock.advance(1000)
    expect(stateOf(chart)).toBe("halfOpen")
    return chart
  }
  /** Sends probes that end so until it moves; answers where to, and how many it took. */
  const until = (chart: Chart, ends: readonly ("succeeded" | "failed")[]): readonly [string, number] => {
    for (const [at, end] of ends.entries()) {
      chart.send(probe(end))
      if (stateOf(chart) !== "halfOpen") return [stateOf(chart), at + 1]
    }
    return ["halfOpen", ends.length]
  }

  test("against each other: each that fails takes one that succeeded back, and the other way round", async () => {
    const [succeeded, failed] = ["succeeded", "failed"] as const
    const all = Array<"succeeded">(9).fill(succeeded)
    // 0.9995 to 0.0005 is e^7.6, and a probe speaks for e^2.9.
    const needed = 3
    expect(until(await halfOpen(), all)).toEqual(["ramping", needed])
    expect(until(await halfOpen(), Array<"failed">(9).fill(failed))).toEqual(["open.waiting", needed])
    expect(until(await halfOpen(), [failed, ...all])).toEqual(["ramping", needed + 2])
    expect(until(await halfOpen(), [succeeded, ...Array<"failed">(9).fill(failed)])).toEqual([
      "open.waiting",
      needed + 2,
    ])
    const mixed = await halfOpen()
    const ends = [failed, ...all].slice(0, needed + 2)
    until(mixed, ends)
    expect(findingOf(gradual, mixed)).toMatchObject({
      reason: `${needed} more probes succeeded than failed, as many as it takes`,
      statistics: { calls: needed + 2, failures: 1 },
    })
  })
})

describe("gradual remembers", () => {
  const options = { slowCalls: { after: "100 millis" }, openFor: { base: 1000, step: 100, max: 2000, jitter: 0 } }
  const patienceOf = (chart: Chart) => chart.advice().lines.patienceMs
  const waitOf = (chart: Chart) => (chart.advice().demand.retryAt ?? 0) - chart.clock.now()
  const close = (chart: Chart): void => {
    for (const signal of [probe("succeeded"), good, good, good]) chart.send(signal)
    expect(stateOf(chart)).toBe("closed")
  }
  const open = async (chart: Chart): Promise<void> => {
    chart.send(gone)
    await chart.clock.advance(waitOf(chart))
    expect(stateOf(chart)).toBe("halfOpen")
  }

  test("each probe that hung, until it has closed: the next gets longer", async () => {
    const chart = startChart(gradual, { options: { ...options, openFor: { ...options.openFor, base: 100, step: 0 } } })
    await open(chart)
    expect(patienceOf(chart)).toBe(100)
    for (const longer of [125, 150]) {
      chart.send(probe("expired"))
      await chart.clock.advance(waitOf(chart))
      expect(patienceOf(chart)).toBe(longer)
    }
    close(chart)
    await open(chart)
    expect(patienceOf(chart)).toBe(100)
  })

  test("when it closed, and not when its ramp began: trips are remembered from then on", async () => {
    const chart = start()
    await open(chart)
    chart.send(probe("failed"))
    await chart.clock.advance(waitOf(chart))
    chart.send(probe("succeeded"))
    await chart.clock.advance(50_000)
    for (const signal of [good, good, good]) chart.send(signal)
    expect(stateOf(chart)).toBe("closed")
    await chart.clock.advance(30_000)
    chart.send(gone)
    expect(waitOf(chart)).toBe(1100)
  })

  test("when load was found not to be to blame: trips are remembered from then on, too", async () => {
    const chart = start()
    await open(chart)
    chart.send(probe("failed"))
    await chart.clock.advance(waitOf(chart))
    chart.send(probe("succeeded"))
    await chart.clock.advance(50_000)
    for (const signal of [bad, bad]) chart.send(signal)
    expect(stateOf(chart)).toBe("degraded.named")
    await chart.clock.advance(30_000)
    chart.send(gone)
    expect(waitOf(chart)).toBe(1100)
  })

  test("nothing of an earlier ramp when another begins", async () => {
    const chart = start()
    await open(chart)
    chart.send(probe("succeeded"))
    const { share: first } = chart.advice().demand
    chart.send(good)
    chart.send(good)
    chart.send(good)
    for (const signal of [partial, rung("cohort", 16, 8), rung("cohort", 20, 1)]) chart.send(signal)
    expect([stateOf(chart), chart.advice().demand.share]).toEqual(["ramping", first])
  })
})
