/**
 * Latency as counts in log-linear buckets: 16 to an octave, so a quantile is off by at most 1/32 (3.2 %) of its
 * value. The layout is that of HdrHistogram (Tene) with 4 significant bits. Sketches of equal layout add up.
 */
import type { LatencySummary } from "./signal.ts"

const perOctave = 16
const lowestExponent = -6
const octaves = 26

/** Bucket 0 holds everything up to 2^-6 ms (16 µs); the last holds everything from 2^20 ms (17 min). */
export const bucketCount = 1 + octaves * perOctave

/** The bucket of a duration in milliseconds. Not a number, negative or tiny: bucket 0. */
export function bucketOf(durationMs: number): number {
  if (!(durationMs >= 2 ** lowestExponent)) return 0
  if (durationMs >= 2 ** (lowestExponent + octaves)) return bucketCount - 1
  // Exact, which a logarithm is not: in units of bucket 0 it is a number of at most 26 bits, whose length says the octave.
  const octave = 31 - Math.clz32(durationMs / 2 ** lowestExponent)
  const step = Math.floor((durationMs / 2 ** (octave + lowestExponent) - 1) * perOctave)
  return 1 + octave * perOctave + step
}

/** The middle of a bucket, in milliseconds. */
export function middleOf(bucket: number): number {
  if (bucket <= 0) return 2 ** lowestExponent / 2
  const exponent = lowestExponent + Math.floor((bucket - 1) / perOctave)
  return 2 ** exponent * (1 + (((bucket - 1) % perOctave) + 0.5) / perOctave)
}

/**
 * A generation of the sketch ends when it is old enough and has enough samples, or when half of the longest memory is over. It
 * is forgotten when it began the longest memory ago, whatever followed it.
 */
export const generation = { minimumMs: 60_000, minimumSamples: 500, memoryMs: 600_000 }

/** Whether a generation that began at `since` with `samples` samples has ended at `at`. */
export const hasEnded = (since: number, samples: number, at: number): boolean =>
  at - since >= generation.memoryMs / 2 || (at - since >= generation.minimumMs && samples >= generation.minimumSamples)

/** Whether a generation that began at `since` is too old to be remembered at `at`. */
export const isForgotten = (since: number, at: number): boolean => at - since >= generation.memoryMs

/** Two generations of counts: the quantiles cover one to two generations, always include now, and nothing older than the memory. */
export interface Sketch {
  readonly older: readonly number[]
  readonly newer: readonly number[]
  readonly samples: number
  /** When the newer generation began, and the older. */
  readonly since: number
  readonly olderSince: number
}

const empty: readonly number[] = Object.freeze(new Array<number>(bucketCount).fill(0))

export const emptySketch = (at: number): Sketch => ({
  older: empty,
  newer: empty,
  samples: 0,
  since: at,
  olderSince: at,
})

/** Forgets by age: an ended generation becomes the older one. */
export function turn(sketch: Sketch, at: number): Sketch {
  const ended = hasEnded(sketch.since, sketch.samples, at)
  const turned = ended ? { older: sketch.newer, newer: empty, samples: 0, since: at, olderSince: sketch.since } : sketch
  return isForgotten(turned.olderSince, at) ? { ...turned, older: empty, olderSince: turned.since } : turned
}

export function addLatency(before: Sketch, durationMs: number, at: number): Sketch {
  const sketch = turn(before, at)
  const bucket = bucketOf(durationMs)
  return {
    ...sketch,
    newer: sketch.newer.with(bucket, (sketch.newer[bucket] as number) + 1),
    samples: sketch.samples + 1,
  }
}

const zero: LatencySummary = Object.freeze({ samples: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 })

/** What is in a bucket of both generations; one that there is not is empty. */
const inBoth = (older: ArrayLike<number>, newer: ArrayLike<number>, bucket: number): number =>
  (older[bucket] ?? 0) + (newer[bucket] ?? 0)

function samplesIn(older: ArrayLike<number>, newer: ArrayLike<number>): number {
  let samples = 0
  for (let bucket = 0; bucket < bucketCount; bucket++) samples += inBoth(older, newer, bucket)
  return samples
}

/** One quantile of both generations (nearest rank); 0 of nothing. */
export function quantileOf(older: ArrayLike<number>, newer: ArrayLike<number>, share: number): number {
  const samples = samplesIn(older, newer)
  let left = Math.ceil(share * samples)
  for (let bucket = 0; bucket < bucketCount && samples > 0; bucket++) {
    left -= inBoth(older, newer, bucket)
    if (left <= 0) return middleOf(bucket)
  }
  return 0
}

/** The quantiles of both generations in one pass over the buckets (nearest rank). */
export function summarise(older: ArrayLike<number>, newer: ArrayLike<number>): LatencySummary {
  const samples = samplesIn(older, newer)
  if (samples === 0) return zero
  const ranks = [0.5, 0.9, 0.99, 0.999, 1].map((quantile) => Math.ceil(quantile * samples))
  const values: number[] = []
  let seen = 0
  for (let bucket = 0; bucket < bucketCount && values.length < ranks.length; bucket++) {
    seen += inBoth(older, newer, bucket)
    // Behind the last rank there is none, and nothing comes up to that.
    while (seen >= (ranks[values.length] as number)) values.push(middleOf(bucket))
  }
  const [p50 = 0, p90 = 0, p99 = 0, p999 = 0, max = 0] = values
  return { samples, p50, p90, p99, p999, max }
}

/** Counts by bucket as plain numbers: bucket, count, bucket, count, … in the order of buckets, empty ones left out. */
export type SketchCounts = readonly number[]

/** The counts of both generations. */
export function countsOf(older: ArrayLike<number>, newer: ArrayLike<number>): SketchCounts {
  const counts: number[] = []
  for (let bucket = 0; bucket < bucketCount; bucket++) {
    const count = inBoth(older, newer, bucket)
    if (count > 0) counts.push(bucket, count)
  }
  return counts
}

/** The sketch of all that several have seen: it is the same whatever the order, and as exact as each of them. */
export function mergeSketches(sketches: Iterable<SketchCounts>): SketchCounts {
  const all = new Float64Array(bucketCount)
  for (const sketch of sketches) {
    for (let at = 0; at + 1 < sketch.length; at += 2) {
      const [bucket, count] = [sketch[at] as number, sketch[at + 1] as number]
      // A number that is none of its places is nothing to an array of floats.
      if (Number.isInteger(bucket) && count > 0) all[bucket] = (all[bucket] as number) + count
    }
  }
  return countsOf(all, [])
}

/** The quantiles of a sketch. */
export function summariseCounts(sketch: SketchCounts): LatencySummary {
  const counts = new Float64Array(bucketCount)
  for (let at = 0; at + 1 < sketch.length; at += 2) counts[sketch[at] as number] = sketch[at + 1] as number
  return summarise(counts, [])
}
