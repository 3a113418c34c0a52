import fc from "fast-check"
import { timeout } from "recloser/machines"
import { describe, expect, test } from "vitest"
import { nextTimeout } from "../../machines/components/timeout.ts"
import type { Circuit } from "../../machines/vocabulary/circuit.ts"
import type { Slice } from "../../machines/vocabulary/signal.ts"
import { type Chart, restored, saveOf, startChart } from "../support/charts.ts"
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
        let before = timeoutOf(chart)
        for (const step of walk) {
          await take(chart, step)
          const after = timeoutOf(chart)
          expect(after).toBeGreaterThanOrEqual(options.min)
          expect(after).toBeLessThanOrEqual(options.max)
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
    hear(chart, { timedOut: 300, success: 700, latency: { ...quick.latency, p99: 40, p999: 100 } }, 50)
    expect(timeoutOf(chart)).toBe(200)
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

  test("is restored to what it had learned, if that is within its bounds", () => {
    const chart = startChart(timeout, { options: bounds })
    chart.send(restored({ timeout: saveOf(timeout, settled()) }))
    expect(timeoutOf(chart)).toBe(200)
    for (const timeoutMs of [49, 10_001, Number.NaN, "200", null]) chart.send(restored({ timeout: { timeoutMs } }))
    expect(timeoutOf(chart)).toBe(200)
  })
})
