import { describe, expect, it } from "vitest"
import {
  addLatency,
  bucketCount,
  bucketOf,
  emptySketch,
  middleOf,
  quantileOf,
  summarise,
  turn,
} from "../../machines/vocabulary/latency.ts"
import { bucketOfFast, LatencySketch } from "../../src/data-plane/latency.ts"
import fc from "../support/property.ts"

const duration = fc.oneof(
  fc.double({ min: 0.02, max: 1e6, noNaN: true }),
  fc.integer({ min: -6, max: 20 }).map((exponent) => 2 ** exponent),
  fc.constantFrom(0, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e300, 1e-300, 0.9999999999999999, 1.9999999999999998),
)

describe("latency buckets", () => {
  it("an octave begins at its power of two, and nothing below it belongs to it", () => {
    for (let exponent = -6; exponent < 20; exponent++) {
      const power = 2 ** exponent
      const below = power * (1 - Number.EPSILON / 2)
      expect(bucketOf(power)).toBe(1 + (exponent + 6) * 16)
      expect(bucketOf(below)).toBe((exponent + 6) * 16)
    }
  })

  it("bits and arithmetic give the same bucket for every number", () => {
    fc.assert(
      fc.property(fc.oneof(duration, fc.double()), (ms) => {
        expect(bucketOfFast(ms)).toBe(bucketOf(ms))
      }),
      { numRuns: 5000 },
    )
  })

  it("the middle of a bucket is within 1/32 of everything in it", () => {
    fc.assert(
      fc.property(fc.double({ min: 2 ** -6, max: 2 ** 20 - 1, noNaN: true }), (ms) => {
        expect(Math.abs(middleOf(bucketOf(ms)) - ms) / ms).toBeLessThanOrEqual(1 / 32)
      }),
      { numRuns: 5000 },
    )
  })

  it("buckets are ordered and all of them can be reached", () => {
    for (let bucket = 1; bucket < bucketCount; bucket++) {
      expect(bucketOf(middleOf(bucket))).toBe(bucket)
      expect(middleOf(bucket)).toBeGreaterThan(middleOf(bucket - 1))
    }
  })
})

describe("one quantile", () => {
  it("is the middle of the bucket in which the sample of that rank lies, and 0 of nothing", () => {
    const counts = (...filled: readonly (readonly [bucket: number, count: number])[]) => {
      const all = new Array<number>(bucketCount).fill(0)
      for (const [bucket, count] of filled) all[bucket] = count
      return all
    }
    const [older, newer] = [counts([0, 2], [100, 5]), counts([100, 2], [bucketCount - 1, 1])]
    const found = [0.1, 0.2, 0.21, 0.9, 0.91, 1].map((share) => quantileOf(older, newer, share))
    expect(found).toEqual([0, 0, 100, 100, bucketCount - 1, bucketCount - 1].map(middleOf))
    expect(quantileOf(counts(), counts(), 0.5)).toBe(0)
    expect(quantileOf([], [], 0.5)).toBe(0)
  })
})

describe("latency sketch", () => {
  const samples = fc.array(
    fc.record({ ms: duration, gap: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 200_000 })) }),
    { maxLength: 700 },
  )

  it("the mutable and the immutable sketch say the same, forgetting included", () => {
    fc.assert(
      fc.property(samples, fc.integer({ min: 0, max: 2_000_000 }), (all, silence) => {
        let at = 0
        const fast = new LatencySketch(at)
        let naive = emptySketch(at)
        for (const { ms, gap } of all) {
          at += gap
          fast.add(ms, at)
          naive = addLatency(naive, ms, at)
        }
        const later = turn(naive, at + silence)
        expect(fast.summary(at + silence)).toEqual(summarise(later.older, later.newer))
      }),
      { numRuns: 60 },
    )
  })

  it("quantiles are those of the sorted samples, each within its bucket", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0.1, max: 1e5, noNaN: true }), { minLength: 1, maxLength: 300 }), (all) => {
        const sketch = new LatencySketch(0)
        for (const ms of all) sketch.add(ms, 0)
        const sorted = [...all].sort((a, b) => a - b)
        const exact = (quantile: number) => sorted[Math.ceil(quantile * sorted.length) - 1] ?? 0
        const { p50, p90, p99, p999, max, samples } = sketch.summary(0)
        expect(samples).toBe(all.length)
        for (const [got, quantile] of [
          [p50, 0.5],
          [p90, 0.9],
          [p99, 0.99],
          [p999, 0.999],
          [max, 1],
        ] as const) {
          expect(got).toBe(middleOf(bucketOf(exact(quantile))))
        }
      }),
    )
  })

  it("is empty again after ten silent minutes", () => {
    const sketch = new LatencySketch(0)
    for (let call = 0; call < 1000; call++) sketch.add(20, call)
    expect(sketch.summary(599_999).samples).toBe(1000)
    expect(sketch.summary(600_000).samples).toBe(0)
  })

  it("has counted the same whoever asks: what is too old is in no counts either", () => {
    const sketch = new LatencySketch(0)
    for (let call = 0; call < 3; call++) sketch.add(20, call)
    expect(sketch.counts(599_999)).toEqual([bucketOf(20), 3])
    expect(sketch.counts(600_000)).toEqual([])
  })

  it("begins a generation with the call that comes a minute and five hundred calls after the last began", () => {
    const samplesLater = (calls: number, at: number) => {
      const sketch = new LatencySketch(1000)
      for (let call = 0; call < calls; call++) sketch.add(20, 1000)
      sketch.add(20, at)
      // The generation of that call ends five minutes after it began, and what was before it is gone.
      return sketch.summary(at + 300_000).samples
    }
    expect([samplesLater(500, 61_000), samplesLater(499, 61_000), samplesLater(500, 60_999)]).toEqual([1, 500, 501])
  })

  it("holds nothing older than ten minutes, and everything of the last minute, however calls arrive and whenever it is read", () => {
    const gaps = fc.oneof(fc.nat(300), fc.nat(5000), fc.nat(120_000), fc.nat(900_000))
    const bursts = fc.array(fc.record({ gap: gaps, calls: fc.integer({ min: 1, max: 600 }), reads: fc.boolean() }), {
      minLength: 10,
      maxLength: 60,
    })
    let read = 0
    fc.assert(
      fc.property(bursts, (all) => {
        const sketch = new LatencySketch(0)
        let naive = emptySketch(0)
        const times: number[] = []
        let at = 0
        for (const { gap, calls, reads } of all) {
          at += gap
          if (reads) {
            const { samples } = sketch.summary(at)
            naive = turn(naive, at)
            expect(samples).toBe(summarise(naive.older, naive.newer).samples)
            expect(samples).toBeLessThanOrEqual(times.filter((time) => at - time <= 600_000).length)
            expect(samples).toBeGreaterThanOrEqual(times.filter((time) => at - time < 60_000).length)
            read++
          }
          for (let call = 0; call < calls; call++) {
            sketch.add(20, at)
            naive = addLatency(naive, 20, at)
            times.push(at)
          }
        }
      }),
      { seed: 5, numRuns: 60 },
    )
    expect(read).toBeGreaterThan(500)
  })
})
