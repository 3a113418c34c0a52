import { describe, expect, test } from "vitest"
import { freshStream, surprise } from "../../../machines/anomaly.ts"
import { nothing, records } from "./controls.ts"
import { copyOf } from "./copies.ts"
import {
  bestThreshold,
  normalised,
  probationOf,
  rawScore,
  rewardsOf,
  type Scored,
  scoreAt,
  sigmoid,
} from "./scoring.ts"
import { givenProfiles, givenSeries, type Profile, parseSeries, type Series } from "./series.ts"
import { familyNames, syntheticSeries } from "./synthetic.ts"

const [standard, lowFalsePositives, lowFalseNegatives] = givenProfiles() as [Profile, Profile, Profile]

/** 100 rows, of which the first 15 are for learning, and a window of ten. */
const windows = [[40, 49]] as const
const times = new Float64Array(100)
const rewards = rewardsOf({ times, windows })
const detections = (...rows: number[]): Scored => ({
  rewards,
  scores: Float64Array.from(times, (_, row) => (rows.includes(row) ? 1 : 0)),
})
const raw = (...rows: number[]) => rawScore(detections(...rows), 1, standard)

describe("the scoring rules, on cases computed by hand", () => {
  test("the profiles are the three of the benchmark", () => {
    expect(givenProfiles()).toEqual([
      { name: "standard", truePositive: 1, falseNegative: 1, falsePositive: 0.11 },
      { name: "reward_low_FP_rate", truePositive: 1, falseNegative: 1, falsePositive: 0.22 },
      { name: "reward_low_FN_rate", truePositive: 1, falseNegative: 2, falsePositive: 0.11 },
    ])
  })

  test("the sigmoid: 0 at the right end of a window, nearly 1 a window before it, -1 far behind", () => {
    expect(sigmoid(0)).toBe(0)
    expect(sigmoid(-1)).toBeCloseTo(0.98661429815, 10)
    expect(sigmoid(1)).toBeCloseTo(-0.98661429815, 10)
    expect(sigmoid(3.01)).toBe(-1)
  })

  test("15 % of the rows, of at most 5 000, are for learning", () => {
    expect([100, 1243, 4032, 5000, 22_695].map(probationOf)).toEqual([15, 186, 604, 750, 750])
  })

  test("a window's first row is worth 1, and each later one less", () => {
    expect(raw(40)).toBe(1)
    // -(49 - 45 + 1) / 10 = -0.5: 2 / (1 + e^-2.5) - 1 = 0.848284, of 0.986614
    expect(raw(45)).toBeCloseTo(0.848284 / 0.986614, 5)
    // -1 / 10: 2 / (1 + e^-0.5) - 1 = 0.244919
    expect(raw(49)).toBeCloseTo(0.244919 / 0.986614, 5)
  })

  test("of several detections in a window the earliest counts, and the others cost nothing", () => {
    expect(raw(45, 46, 49)).toBe(raw(45))
  })

  test("a window without detection costs 1, and in the low-FN profile 2", () => {
    expect(raw()).toBe(-1)
    expect(rawScore(detections(), 1, lowFalseNegatives)).toBe(-2)
  })

  test("a detection before every window costs the whole weight, one behind a window less the nearer it is", () => {
    expect(raw(20)).toBeCloseTo(-1 - 0.11, 10)
    // (52 - 49) / (10 - 1) = 1/3: 2 / (1 + e^(5/3)) - 1 = -0.682267
    expect(raw(52)).toBeCloseTo(-1 - 0.11 * 0.682267, 5)
    expect(raw(77)).toBeCloseTo(-1 - 0.11, 10)
    expect(rawScore(detections(20), 1, lowFalsePositives)).toBeCloseTo(-1.22, 10)
  })

  test("what happens in the probation is not scored, and neither is a window that ends in it", () => {
    expect(raw(0, 14)).toBe(-1)
    const early = rewardsOf({ times, windows: [[2, 9], ...windows] })
    expect(early.windows).toBe(1)
    expect(rewardsOf({ times, windows: [[10, 15]] }).windows).toBe(1)
  })

  test("100 is perfect, 0 is silence, and noise is below", () => {
    expect(scoreAt([detections(40)], 1, standard)).toBe(100)
    expect(scoreAt([detections()], 1, standard)).toBe(0)
    expect(scoreAt([detections(20)], 1, standard)).toBeCloseTo(-5.5, 10)
    // One window of two at 0.859793: 100 · (0.859793 + 1) / 4
    const two = normalised(0.859793 - 1, 2, standard)
    expect(two).toBeCloseTo(46.494825, 5)
  })

  test("the best threshold is the best of all thresholds", () => {
    const scores = Float64Array.from(times, (_, row) => ({ 20: 0.9, 45: 0.8, 60: 0.7, 90: 0.1 })[row] ?? 0)
    const found = bestThreshold([{ rewards, scores }], standard)
    const all = [0.05, 0.1, 0.7, 0.8, 0.9, 1].map((threshold) => scoreAt([{ rewards, scores }], threshold, standard))
    expect(found.threshold).toBe(0.8)
    expect(found.score).toBeCloseTo(Math.max(...all), 10)
    expect(bestThreshold([{ rewards, scores: nothing({ values: times } as Series) }], standard).score).toBe(0)
  })
})

describe("the data", () => {
  const all = givenSeries()

  test("are 28 files in three categories with 36 windows, each of which begins and ends at a row", () => {
    expect(all).toHaveLength(28)
    expect(new Set(all.map(({ category }) => category)).size).toBe(3)
    expect(all.reduce((sum, series) => sum + rewardsOf(series).windows, 0)).toBe(36)
    expect(all.every(({ values }) => values.every(Number.isFinite))).toBe(true)
  })

  test("say when a window begins at no row", () => {
    const csv = "timestamp,value\n2014-01-01 00:00:00,1\n"
    expect(() => parseSeries("a/b.csv", csv, [["2014-01-01 00:05:00", "2014-01-01 00:05:00"]])).toThrow("no row")
  })

  test("copies and synthetic streams keep their windows within their rows, and are the same each time", () => {
    const first = all[5] as Series
    const made = [copyOf(first, 3), ...familyNames.map((family) => syntheticSeries(family, 3))]
    expect([copyOf(first, 3), ...familyNames.map((family) => syntheticSeries(family, 3))]).toEqual(made)
    for (const { times, values, windows } of made) {
      expect(values.every(Number.isFinite)).toBe(true)
      expect(values).toHaveLength(times.length)
      for (const [from, to] of windows) expect(from >= 0 && from < to && to < times.length).toBe(true)
    }
  })

  test("hold no secret that mere records would find", () => {
    const raw = all.map((series): Scored => ({ rewards: rewardsOf(series), scores: records(series) }))
    expect(bestThreshold(raw, standard).score).toBeLessThan(60)
  })

  test("are detected at the shipped threshold as PREDICTION.md says", () => {
    const scored = all.map((series): Scored => {
      const stream = freshStream()
      const scores = series.values.map((value, row) => surprise(stream, series.times[row] as number, value))
      return { rewards: rewardsOf(series), scores }
    })
    expect(scoreAt(scored, 0.2, standard)).toBeGreaterThanOrEqual(76)
  })
})
