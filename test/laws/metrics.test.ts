/** What `metrics()` promises: sketches that add up, a score that only falls for a reason, times that add up, labels that are few. */

import { type BreakerMetrics, createBreaker, mergeMetrics } from "recloser"
import { createVirtualClock } from "recloser/testing"
import { describe, expect, test } from "vitest"
import { metrics, score } from "../../machines/components/metrics.ts"
import { mergeSketches, type SketchCounts, summariseCounts } from "../../machines/vocabulary/latency.ts"
import { priorities } from "../../machines/vocabulary/priority.ts"
import type { Slice } from "../../machines/vocabulary/signal.ts"
import { LatencySketch } from "../../src/data-plane/latency.ts"
import { startChart } from "../support/charts.ts"
import fc from "../support/property.ts"
import { slices } from "../support/walks.ts"

const durations = fc.array(fc.double({ min: 0.02, max: 1e5, noNaN: true }), { maxLength: 300 })

function sketchOf(all: readonly number[]): SketchCounts {
  const sketch = new LatencySketch(0)
  for (const ms of all) sketch.add(ms, 0)
  return sketch.counts(0)
}
const exact = (sorted: readonly number[], share: number) => sorted[Math.ceil(share * sorted.length) - 1] ?? 0

describe("latency sketches", () => {
  test("merged they are the sketch of all samples together, whatever the order and the grouping", () => {
    fc.assert(
      fc.property(durations, durations, durations, (a, b, c) => {
        const [one, two, three] = [sketchOf(a), sketchOf(b), sketchOf(c)]
        const all = sketchOf([...a, ...b, ...c])
        expect(mergeSketches([one, two, three])).toEqual(all)
        expect(mergeSketches([three, mergeSketches([two, one])])).toEqual(all)
        expect(mergeSketches([all, []])).toEqual(all)
      }),
    )
  })

  test("each quantile of what was merged is within a 32nd of that of the samples, after JSON too", () => {
    fc.assert(
      fc.property(fc.array(durations, { minLength: 1, maxLength: 6 }), (parts) => {
        const sorted = parts.flat().sort((one, other) => one - other)
        if (sorted.length === 0) return
        const merged = mergeSketches(JSON.parse(JSON.stringify(parts.map(sketchOf))) as SketchCounts[])
        const { p50, p90, p99, p999, max, samples } = summariseCounts(merged)
        expect(samples).toBe(sorted.length)
        const shares = [0.5, 0.9, 0.99, 0.999, 1]
        for (const [index, got] of [p50, p90, p99, p999, max].entries()) {
          const want = exact(sorted, shares[index] as number)
          expect(Math.abs(got - want) / want).toBeLessThanOrEqual(1 / 32)
        }
      }),
    )
  })

  test("what is no sketch adds nothing", () => {
    const hostile = [[-1, 5], [1.5, 5], [1e9, 5], [7], [3, -2], [3, Number.NaN]] as const
    expect(mergeSketches([...hostile, [3, 2]])).toEqual([3, 2])
  })
})

describe("the score", () => {
  const kept = fc.array(slices, { minLength: 1, maxLength: 8 })
  const inputs = { success: 1, failure: -1, timedOut: -1 } as const

  test("metrics law 3: it lies in 0 to 1 and moves with each input in one direction alone", () => {
    fc.assert(
      fc.property(
        kept,
        fc.constantFrom("success" as const, "failure" as const, "timedOut" as const),
        fc.nat(7),
        fc.nat(50),
        (all, input, which, more) => {
          const index = which % all.length
          const after = all.map((slice: Slice, at) =>
            at === index ? { ...slice, [input]: slice[input] + more } : slice,
          )
          const [before, now] = [score(all), score(after)]
          for (const value of [before, now]) expect(value >= 0 && value <= 1).toBe(true)
          // Without evidence it is 1, and the first call may only lower it.
          if (all.every(({ success, failure, timedOut }) => success + failure + timedOut === 0)) return
          expect(Math.sign(now - before) * inputs[input]).toBeGreaterThanOrEqual(0)
        },
      ),
      { numRuns: 500 },
    )
  })
})

describe("labels", () => {
  const move = (rule: string) =>
    ({
      type: "circuit.moved",
      breaker: "s",
      from: "closed",
      to: "degraded",
      epoch: 0,
      reason: rule,
      rule,
      statistics: undefined,
    }) as const

  test("metrics law 4: of 10 000 rules fifty keep their names, the others are counted together", () => {
    const chart = startChart(metrics)
    for (const rule of ["__proto__", "constructor", "toString"]) chart.send(move(rule))
    for (let n = 0; n < 10_000; n++) chart.send(move(`rule ${n}`))
    const report: unknown = metrics.report?.(chart.snapshot(), 0)
    const { moves } = report as { readonly moves: { readonly [rule: string]: number } }
    expect(Object.keys(moves)).toHaveLength(51)
    expect(Object.values(moves).reduce((sum, count) => sum + count, 0)).toBe(10_003)
    expect(moves["other"]).toBe(10_003 - 50)
  })

  test("10 000 distinct errors, keys and tenants make no label of their own", async () => {
    const shop = createBreaker("shop", { retry: true }, { clock: createVirtualClock() })
    const size = () => JSON.stringify(shop.metrics()).length
    let before = 0
    for (let n = 0; n < 10_000; n++) {
      const run = async () => {
        if (n % 20 === 0) throw Object.assign(new Error(`error ${n}`), { code: `E${n}` })
      }
      await shop.tryExecute(run, { key: `key ${n}`, tenant: `tenant ${n}`, priority: priorities[n % 5] })
      if (n === 200) before = size()
    }
    expect(size()).toBeLessThan(2 * before)
    const { classes, calls } = shop.metrics()
    expect(Object.keys(classes).sort()).toEqual([...priorities].sort())
    const sum = Object.values(classes).reduce((all, { admitted, rejected }) => all + admitted + rejected, 0)
    expect(sum).toBe(calls.admitted + calls.rejected)
    await shop.stop()
  })
})

describe("snapshots", () => {
  const run = async (name: string, calls: number, failures: number): Promise<BreakerMetrics> => {
    const clock = createVirtualClock()
    const breaker = createBreaker(name, {}, { clock })
    for (let n = 0; n < calls; n++) {
      const call = breaker.tryExecute(
        async () => {
          if (n < failures) throw new Error("down")
        },
        { priority: "high" },
      )
      await clock.advance(3)
      await call
    }
    const snapshot = breaker.metrics()
    await breaker.stop()
    return JSON.parse(JSON.stringify(snapshot)) as BreakerMetrics
  }

  test("add up across breakers and processes: counts, classes, times in state, latencies of all together", async () => {
    const all = await Promise.all([run("one", 10, 0), run("two", 30, 3), run("three", 0, 0)])
    const merged = mergeMetrics(all)
    expect(merged).toMatchObject({
      breakers: 3,
      circuits: { closed: 3, open: 0 },
      calls: { admitted: 40, success: 37, failure: 3, rejected: 0 },
      classes: { high: { admitted: 40, rejected: 0 } },
      latency: { samples: 37 },
      msIn: { closed: 120, open: 0 },
    })
    expect(merged.score).toBe(Math.min(...all.map(({ components }) => components.metrics?.score ?? 1)))
    expect(mergeMetrics([...all].reverse())).toEqual(merged)
    expect(mergeMetrics([])).toMatchObject({ breakers: 0, score: 1, latency: { samples: 0 } })
    // As many as there may be keys: they are no arguments of a function, of which there may be a hundred thousand or so.
    const [one] = all
    const many = mergeMetrics(new Array(150_000).fill(one))
    expect([many.breakers, many.score]).toEqual([150_000, mergeMetrics([one as BreakerMetrics]).score])
  })

  test("metrics law 2: in each the times in state add up to the time since the breaker was made", async () => {
    const clock = createVirtualClock()
    const breaker = createBreaker("shop", { strategy: { type: "basic", openFor: "1 second" } }, { clock })
    const startedAt = clock.now()
    for (let round = 0; round < 50; round++) {
      await breaker.tryExecute(async () => {
        if (round % 3 > 0) throw new Error("down")
      })
      await clock.advance(137)
      const { at, components } = breaker.metrics()
      const sum = Object.values(components.metrics?.msIn ?? {}).reduce((all, each) => all + each, 0)
      expect(sum).toBeCloseTo(at - startedAt, 6)
    }
    await breaker.stop()
  })
})
