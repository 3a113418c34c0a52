import { timeout } from "recloser/machines"
import { describe, expect, test } from "vitest"
import type { AnyMachineSnapshot } from "xstate"
import { nextTimeout } from "../../machines/timing.ts"
import type { Circuit } from "../../machines/vocabulary/circuit.ts"
import type { Slice } from "../../machines/vocabulary/signal.ts"
import { type Chart, restored, saveOf, startChart } from "../support/charts.ts"
import fc from "../support/property.ts"
import { adviserSteps, slices, take } from "../support/walks.ts"

const quick: Slice = {
  startedAt: 0,
  success: 1000,
  failure: 0,
  timedOut: 0,
  ignored: 0,
  slow: 0,
  late: 0,
  latency: { samples: 1000, p50: 20, p90: 40, p99: 80, p999: 100, max: 120 },
}

const bounds = { min: 50, max: 10_000 }
const timeoutOf = (chart: Chart) => chart.advice().demand.timeoutMs ?? Number.NaN
const learnedOf = (chart: Chart) => chart.context<{ readonly timeoutMs: number }>().timeoutMs
const hear = (chart: Chart, slice: Partial<Slice>, count = 1) => {
  for (let sent = 0; sent < count; sent++) chart.send({ type: "slice.closed", epoch: 0, slice: { ...quick, ...slice } })
}
const move = (chart: Chart, from: Circuit, to: Circuit) =>
  chart.send({
    type: "circuit.moved",
    breaker: "service",
    from,
    to,
    epoch: 0,
    reason: "",
    rule: "",
    statistics: undefined,
  })

/** A timeout that has settled at twice the 99.9th percentile of the quick service. */
function settled(): Chart {
  const chart = startChart(timeout, { options: bounds })
  hear(chart, {}, 60)
  expect(timeoutOf(chart)).toBe(200)
  return chart
}

describe("timeout", () => {
  test("timeout law 1: it stays within its bounds and moves by bounded steps, on every walk", () => {
    const limits = fc
      .tuple(fc.integer({ min: 1, max: 5000 }), fc.nat(60_000))
      .map(([min, more]) => ({ min, max: min + more }))
    return fc.assert(
      fc.asyncProperty(limits, fc.array(adviserSteps, { maxLength: 40 }), async (options, walk) => {
        const chart = startChart(timeout, { options })
        let before = learnedOf(chart)
        for (const step of walk) {
          await take(chart, step)
          const after = learnedOf(chart)
          expect(after).toBeGreaterThanOrEqual(options.min)
          expect(timeoutOf(chart)).toBeGreaterThanOrEqual(after)
          expect(timeoutOf(chart)).toBeLessThanOrEqual(options.max)
          if (step.type === "slice.closed") {
            expect(after).toBeLessThanOrEqual(before * 1.5 + 1e-9)
            expect(after).toBeGreaterThanOrEqual(before / 1.25 - 1e-9)
          }
          before = after
        }
      }),
    )
  })

  test("timeout law 1: without evidence it is as long as it may be", () => {
    const chart = startChart(timeout, { options: bounds })
    expect(timeoutOf(chart)).toBe(10_000)
    hear(chart, { latency: { ...quick.latency, samples: 99 } }, 10)
    expect(timeoutOf(chart)).toBe(10_000)
  })

  test("timeout law 1: it comes down to twice the 99.9th percentile, step by step", () => {
    const chart = startChart(timeout, { options: bounds })
    hear(chart, {})
    expect(timeoutOf(chart)).toBe(8000)
    hear(chart, {}, 60)
    expect(timeoutOf(chart)).toBe(200)
  })

  test("timeout law 1: a bare duration is fixed, whatever happens", () => {
    return fc.assert(
      fc.asyncProperty(fc.array(adviserSteps, { maxLength: 20 }), async (walk) => {
        const chart = startChart(timeout, { options: "2 seconds" })
        for (const step of walk) await take(chart, step)
        expect(chart.advice()).toEqual({ demand: { timeoutMs: 2000 }, lines: {} })
      }),
    )
  })

  test("timeout law 2: failures never shorten it", () => {
    fc.assert(
      fc.property(slices, fc.integer({ min: 50, max: 10_000 }), fc.nat(10_000), (slice, timeoutMs, failure) => {
        expect(nextTimeout(bounds, timeoutMs, { ...slice, failure })).toBe(nextTimeout(bounds, timeoutMs, slice))
      }),
    )
  })

  test("timeout law 2: a service that only fails, and fails fast, keeps its timeout", () => {
    const chart = settled()
    hear(chart, { success: 0, failure: 5000, latency: { ...quick.latency, samples: 0 } }, 50)
    expect(timeoutOf(chart)).toBe(200)
  })

  test("timeout law 3: calls that hang beside quick successes do not lengthen it", () => {
    const chart = settled()
    const trials = []
    for (let slice = 0; slice < 50; slice++) {
      hear(chart, { timedOut: 300, success: 700, latency: { ...quick.latency, p99: 40, p999: 100 } })
      expect(learnedOf(chart)).toBe(200)
      if (timeoutOf(chart) !== 200) trials.push(timeoutOf(chart))
    }
    expect(trials.length).toBeLessThanOrEqual(3)
  })

  test("timeout law 3: a service that has become slow is given more time, although its slowest calls are cut off", () => {
    const chart = settled()
    const cutOff = { samples: 1000, p50: 150, p90: 190, p99: 198, p999: 199, max: 200 }
    hear(chart, { timedOut: 200, success: 800, latency: cutOff })
    expect(timeoutOf(chart)).toBe(300)
  })

  test("timeout law 4: it learns nothing while the circuit is not closed", () => {
    const chart = settled()
    move(chart, "closed", "open")
    hear(chart, { latency: { ...quick.latency, p999: 5000 } }, 20)
    expect(timeoutOf(chart)).toBe(200)
    move(chart, "open", "halfOpen")
    move(chart, "halfOpen", "closed")
    hear(chart, { latency: { ...quick.latency, p999: 5000 } })
    expect(timeoutOf(chart)).toBe(300)
  })

  test("timeout law 4: each further probe round is given twice the time, up to the longest", () => {
    const chart = settled()
    move(chart, "closed", "open")
    const given: number[] = []
    for (let round = 0; round < 8; round++) {
      move(chart, "open", "halfOpen")
      given.push(timeoutOf(chart))
      move(chart, "halfOpen", "open")
    }
    expect(given).toEqual([200, 400, 800, 1600, 3200, 6400, 10_000, 10_000])
  })

  test("timeout law 4: rounds are counted anew after a close", () => {
    const chart = settled()
    for (const incident of [1, 2]) {
      move(chart, "closed", "open")
      move(chart, "open", "halfOpen")
      expect(timeoutOf(chart), `incident ${incident}`).toBe(200)
      move(chart, "halfOpen", "closed")
    }
  })

  test("timeout law 5: reading it has no side effect", () => {
    const chart = settled()
    const look = () => [
      timeoutOf(chart),
      timeout.report?.(chart.snapshot(), 0),
      saveOf(timeout, chart),
      chart.snapshot(),
    ]
    const first = look()
    for (let time = 0; time < 50; time++) expect(look()).toEqual(first)
  })

  /** A slice in which a twentieth times out, far above the successes. */
  const cut = { success: 95, timedOut: 5, latency: { ...quick.latency, p50: 20, p99: 80, p999: 100 } }
  const stateOf = (chart: Chart) => String((chart.snapshot() as AnyMachineSnapshot).value)

  test("timeout law 6: while too many calls time out, calls are given four times as long for a slice, and late ones are counted", () => {
    const chart = settled()
    hear(chart, cut)
    hear(chart, cut)
    expect(stateOf(chart)).toBe("exploring")
    expect(timeoutOf(chart)).toBe(800)
    expect(chart.advice().lines).toMatchObject({ lateAfterMs: 200 })
    hear(chart, cut)
    expect(stateOf(chart)).toBe("listening")
    expect(timeoutOf(chart)).toBe(200)
    expect(chart.advice().lines).toMatchObject({ lateAfterMs: 200 })
  })

  test.each(["exploring", "listening"])(
    "timeout law 6: late successes heard while %s lengthen it, step by step, to what they need",
    (when) => {
      const chart = settled()
      hear(chart, cut, when === "exploring" ? 2 : 3)
      expect(stateOf(chart)).toBe(when)
      hear(chart, { ...cut, late: 2, latency: { ...cut.latency, max: 320 } })
      expect(stateOf(chart)).toBe("tracking")
      const learned: number[] = []
      for (let slice = 0; slice < 4; slice++) {
        hear(chart, { ...cut, latency: { ...cut.latency, max: 320 } })
        learned.push(learnedOf(chart))
      }
      expect(learned).toEqual([300, 450, 640, 640])
    },
  )

  test("timeout law 6: a trial never lengthens it beyond the time that the trial gave", () => {
    const chart = settled()
    hear(chart, cut, 2)
    hear(chart, { ...cut, late: 1, latency: { ...cut.latency, max: 9000 } })
    let longest = 0
    for (let slice = 0; slice < 6; slice++) {
      hear(chart, { ...cut, timedOut: 0 })
      longest = Math.max(longest, learnedOf(chart))
    }
    expect(longest).toBe(800)
  })

  test("timeout law 6: a trial that finds nothing leaves the timeout as it was", async () => {
    const chart = settled()
    hear(chart, cut, 3)
    await chart.clock.advance(799)
    hear(chart, cut)
    expect(stateOf(chart)).toBe("listening")
    await chart.clock.advance(1)
    hear(chart, cut)
    expect(stateOf(chart)).toBe("tracking")
    expect(timeoutOf(chart)).toBe(200)
  })

  test("timeout law 6: where hardly any call times out, nothing is tried", () => {
    const chart = settled()
    hear(chart, { timedOut: 1 }, 200)
    expect(stateOf(chart)).toBe("tracking")
  })

  test("timeout law 7: each longer trial is made half as often as the one below it", async () => {
    const chart = settled()
    const tried = new Map<number, number>()
    for (let slice = 0; slice < 20_000; slice++) {
      const before = stateOf(chart)
      hear(chart, cut)
      if (stateOf(chart) === "exploring" && before !== "exploring") {
        tried.set(timeoutOf(chart), (tried.get(timeoutOf(chart)) ?? 0) + 1)
      }
      await chart.clock.advance(1000)
    }
    const trials = [800, 3200, 10_000].map((ms) => tried.get(ms) ?? 0)
    expect(trials[2]).toBeGreaterThan(10)
    expect([...tried.keys()].sort((one, other) => one - other)).toEqual([800, 3200, 10_000])
    const [short = 0, middle = 0, long = 0] = trials
    expect(Math.abs(short - middle - long)).toBeLessThanOrEqual(1)
    expect(Math.abs(middle - long)).toBeLessThanOrEqual(1)
  })

  test("timeout law 7: a trial that the circuit breaks off is over", () => {
    const chart = settled()
    hear(chart, cut, 2)
    move(chart, "closed", "open")
    expect(timeoutOf(chart)).toBe(200)
    move(chart, "open", "closed")
    expect(stateOf(chart)).toBe("tracking")
  })

  test("timeout law 7: nothing is tried when the same slice has taught it the longest", () => {
    const chart = startChart(timeout, { options: bounds })
    hear(chart, { success: 90, timedOut: 1, latency: { samples: 100, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 } })
    expect(learnedOf(chart)).toBe(8000)
    const slowest = { samples: 100, p50: 0, p90: 0, p99: 0, p999: 40_000, max: 40_000 }
    hear(chart, { success: 0, latency: slowest })
    expect(stateOf(chart)).toBe("tracking")
    expect(saveOf(timeout, chart)).toEqual({ timeoutMs: 10_000 })
  })

  test("timeout law 7: a trial that is restored ends with its first slice", () => {
    const chart = startChart(timeout, { options: bounds })
    chart.send(restored({ timeout: { timeoutMs: 200, trialMs: 800 } }))
    expect(timeoutOf(chart)).toBe(800)
    hear(chart, {})
    expect(timeoutOf(chart)).toBe(200)
  })

  test("timeout law 8: after it was lengthened it waits for latency that was measured with the longer time", () => {
    const chart = settled()
    const slow = { ...quick.latency, p50: 150, p90: 190, p99: 198, p999: 199, max: 200 }
    hear(chart, { timedOut: 200, success: 800, latency: slow })
    expect(learnedOf(chart)).toBe(300)
    const ordinary = { success: 400, latency: { ...quick.latency, samples: 1000 } }
    hear(chart, ordinary, 2)
    expect(learnedOf(chart)).toBe(300)
    hear(chart, ordinary)
    expect(learnedOf(chart)).toBe(240)
  })

  test("is restored to what it had learned, within its bounds; what was set, or not learned yet, is nothing to keep", () => {
    const chart = startChart(timeout, { options: bounds })
    chart.send(restored({ timeout: saveOf(timeout, settled()) }))
    expect(timeoutOf(chart)).toBe(200)
    for (const timeoutMs of [Number.NaN, -1, "200", null]) chart.send(restored({ timeout: { timeoutMs } }))
    expect(timeoutOf(chart)).toBe(200)
    chart.send(restored({ timeout: { timeoutMs: 10_001 } }))
    expect(timeoutOf(chart)).toBe(10_000)
    chart.send(restored({ timeout: { timeoutMs: 49 } }))
    expect(timeoutOf(chart)).toBe(50)
    expect(saveOf(timeout, startChart(timeout, { options: bounds }))).toBeUndefined()
    expect(saveOf(timeout, startChart(timeout, { options: 500 }))).toBeUndefined()
  })
})
