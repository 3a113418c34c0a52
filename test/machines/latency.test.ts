/** The latency sketch: where its buckets lie, when its generations end, and what is made of several. */
import { describe, expect, test } from "vitest"
import {
  addLatency,
  bucketCount,
  bucketOf,
  countsOf,
  emptySketch,
  generation,
  hasEnded,
  isForgotten,
  mergeSketches,
  middleOf,
  quantileOf,
  summarise,
  summariseCounts,
  turn,
} from "../../machines/vocabulary/latency.ts"

const none = { samples: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 }

test("there are sixteen buckets to an octave, from 16 microseconds to 17 minutes, and one below them", () => {
  expect(bucketCount).toBe(417)
  expect(
    [0, -1, Number.NaN, 1 / 64 - 1e-9, 1 / 64, 1 / 64 + 1 / 1024, 1 / 32, 1, 2 ** 20, 1e12, 2 ** 20 - 1].map(bucketOf),
  ).toEqual([...[0, 0, 0, 0, 1, 2, 17, 97, 416, 416, 416]])
  expect([0, -5, 1, 15, 16, 17, 97, 98].map(middleOf)).toEqual([
    ...[1 / 128, 1 / 128, (1 / 64) * (1 + 1 / 32), (1 / 64) * (1 + 29 / 32), (1 / 64) * (1 + 31 / 32)],
    ...[(1 / 32) * (1 + 1 / 32), 1 + 1 / 32, 1 + 3 / 32],
  ])
})

describe("a generation", () => {
  test("ends when it is a minute old and has five hundred samples, or is five minutes old; ten minutes are remembered", () => {
    expect(generation).toEqual({ minimumMs: 60_000, minimumSamples: 500, memoryMs: 600_000 })
    expect([hasEnded(5, 500, 60_004), hasEnded(5, 499, 60_005), hasEnded(5, 500, 60_005)]).toEqual([false, false, true])
    expect([hasEnded(5, 0, 300_004), hasEnded(5, 0, 300_005)]).toEqual([false, true])
    expect([isForgotten(5, 600_004), isForgotten(5, 600_005)]).toEqual([false, true])
  })

  test("that has ended becomes the older one, and what is too old is forgotten", () => {
    const one = addLatency(addLatency(emptySketch(0), 1, 10), 4, 20)
    expect([one.samples, one.newer[97], one.newer[129], one.since, one.olderSince]).toEqual([2, 1, 1, 0, 0])
    const later = turn(one, 300_000)
    expect([later.samples, later.older[97], later.newer[97], later.since, later.olderSince]).toEqual([
      0, 1, 0, 300_000, 0,
    ])
    expect(turn(one, 299_999)).toBe(one)
    const gone = turn(later, 600_000)
    expect([gone.older[97], gone.newer[97], gone.since, gone.olderSince]).toEqual([0, 0, 600_000, 300_000])
    const alone = turn(addLatency(turn(one, 400_000), 4, 500_000), 600_000)
    expect([alone.older[97], alone.newer[129], alone.samples, alone.since, alone.olderSince]).toEqual([
      ...[0, 1, 1, 400_000, 400_000],
    ])
    const next = addLatency(later, 1, 300_001)
    expect([next.samples, next.older[97], next.newer[97]]).toEqual([1, 1, 1])
  })
})

describe("quantiles", () => {
  const counts = (...buckets: readonly (readonly [bucket: number, count: number])[]) => {
    const all = new Array<number>(bucketCount).fill(0)
    for (const [bucket, count] of buckets) all[bucket] = count
    return all
  }
  const [older, newer] = [counts([97, 50], [113, 30]), counts([97, 10], [129, 9], [145, 1])]

  test("are the middles of the buckets in which the samples of their ranks lie, of both generations", () => {
    expect([0.01, 0.6, 0.601, 0.9, 0.901, 0.99, 0.991, 1].map((share) => quantileOf(older, newer, share))).toEqual(
      [97, 97, 113, 113, 129, 129, 145, 145].map(middleOf),
    )
    expect(summarise(older, newer)).toEqual({
      ...{
        samples: 100,
        p50: middleOf(97),
        p90: middleOf(113),
        p99: middleOf(129),
        p999: middleOf(145),
        max: middleOf(145),
      },
    })
    expect([summarise([], []), quantileOf([], [], 0.5), quantileOf(counts(), [], 0.5)]).toEqual([none, 0, 0])
  })

  test("of several sketches are those of all that they have counted; what is no count is none", () => {
    expect(countsOf(older, newer)).toEqual([97, 60, 113, 30, 129, 9, 145, 1])
    const merged = mergeSketches([countsOf(older, []), countsOf([], newer), [0, 2, 416, 3]])
    expect(merged).toEqual([0, 2, 97, 60, 113, 30, 129, 9, 145, 1, 416, 3])
    expect(mergeSketches([[-1, 5, 417, 5, 1.5, 5, 7, 0, 8, -2, 9, Number.NaN, 10]])).toEqual([])
    // Those of other processes come as JSON.
    expect(mergeSketches([JSON.parse('["length", 5, "97", 5, null, 5, 97, 1]')])).toEqual([97, 1])
    expect(mergeSketches([[97, 3, 97, -2, 98, 0]])).toEqual([97, 3])
    expect(summariseCounts(countsOf(older, newer))).toEqual(summarise(older, newer))
    expect([summariseCounts([]), summariseCounts([97])]).toEqual([none, none])
  })
})
