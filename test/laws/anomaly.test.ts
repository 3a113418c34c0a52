/** What the detector of machines/anomaly.ts owes to any stream at all. */

import { describe, expect, test } from "vitest"
import { anomalyThreshold, freshStream, isAnomaly, surprise } from "../../machines/anomaly.ts"
import { seeded } from "../bench/prediction/chance.ts"
import fc from "../support/property.ts"

const minute = 60_000

/** The scores of a whole stream, a sample every five minutes. */
function scoresOf(values: readonly number[], times: (row: number) => number = (row) => row * 5 * minute) {
  const stream = freshStream()
  return values.map((value, row) => surprise(stream, times(row), value))
}

const rows = 700
/** A noisy day, the same for every seed, and long enough for the detector to have learned it. */
function day(seed: number, length = rows): number[] {
  const { gaussian } = seeded(seed)
  return Array.from({ length }, (_, row) => 50 + 10 * Math.sin((2 * Math.PI * row) / 288) + gaussian())
}

const seeds = fc.nat(2 ** 31)
const anomalies = (scores: readonly number[]) => [...scores.keys()].filter((row) => isAnomaly(scores[row] as number))

describe("the anomaly detector", () => {
  test("law 1: the scores of a prefix are the prefix of the scores: no later value, and no length, reaches an earlier score", () => {
    fc.assert(
      fc.property(seeds, fc.nat(rows), fc.array(fc.double(), { maxLength: 50 }), (seed, cut, rest) => {
        const whole = [...day(seed), ...rest]
        expect(scoresOf(whole.slice(0, cut))).toEqual(scoresOf(whole).slice(0, cut))
      }),
      { numRuns: 20 },
    )
  })

  test("law 2: never throws, and every score is a finite number from 0 up, whatever the values and times", () => {
    fc.assert(
      fc.property(
        seeds,
        fc.array(fc.tuple(fc.double(), fc.double()), { minLength: 1, maxLength: 200 }),
        fc.nat(rows),
        (seed, wild, from) => {
          const known = day(seed).slice(0, from)
          const stream = freshStream()
          const all = [...known.map((value, row) => [row * minute, value] as const), ...wild]
          for (const [time, value] of all) {
            const score = surprise(stream, time, value)
            expect(Number.isFinite(score) && score >= 0).toBe(true)
          }
        },
      ),
      { numRuns: 60 },
    )
  })

  test("law 3: what is no finite number scores 0 and teaches nothing", () => {
    const stream = freshStream()
    for (const [row, value] of day(1).entries()) surprise(stream, row * minute, value)
    const before = stream.slice()
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
      expect(surprise(stream, 0, value)).toBe(0)
    expect(stream).toEqual(before)
  })

  test("law 4: a change of unit or of zero changes no alarm", () => {
    fc.assert(
      fc.property(
        seeds,
        fc.constantFrom(1e-9, 0.125, 1024, 2 ** 40),
        fc.integer({ min: -9, max: 9 }),
        (seed, unit, zero) => {
          const values = [...day(seed), ...day(seed).map((value) => value + 40)]
          const moved = values.map((value) => (value + zero * 16) * unit)
          expect(anomalies(scoresOf(moved))).toEqual(anomalies(scoresOf(values)))
        },
      ),
      { numRuns: 30 },
    )
  })

  test("law 5: improvement and decline surprise alike: which of them is bad is for others to say", () => {
    const values = [...day(7), ...day(8).map((value) => value - 60)]
    expect(anomalies(scoresOf(values.map((value) => -value)))).toEqual(anomalies(scoresOf(values)))
  })

  test("law 6: what it knows of a stream is at most 1 kB, however long the stream", () => {
    const stream = freshStream()
    for (const [row, value] of day(3, 5000).entries()) surprise(stream, row * minute, value)
    expect(8 * stream.length).toBeLessThanOrEqual(1024)
  })

  test("a step is an anomaly at once, and told once: what lasts becomes usual", () => {
    const values = [...day(5), ...day(6, 600).map((value) => value + 60)]
    const found = anomalies(scoresOf(values))
    expect(found[0]).toBe(rows)
    expect(found.length).toBeLessThanOrEqual(3)
  })

  test("nothing is told while it learns, and nothing of a stream that never changes", () => {
    expect(anomalies(scoresOf(day(2, 216)))).toEqual([])
    expect(scoresOf(Array<number>(2000).fill(0.1)).every((score) => score === 0)).toBe(true)
  })

  test("a stream that stood still needs no more than one other value; rounding is no other value", () => {
    const still = Array<number>(1000).fill(0.3)
    expect(scoresOf([...still, 0.1 + 0.2]).at(-1)).toBe(0)
    expect(scoresOf([...still, 0.4]).at(-1)).toBeGreaterThanOrEqual(anomalyThreshold)
  })

  test("times that repeat themselves or go back change the hour of the day, and nothing else", () => {
    const values = day(9)
    const hour = (row: number) => Math.floor((row * 5) / 60) % 24
    const backwards = scoresOf(values, (row) => -(24 - hour(row)) * 60 * minute - row * 24 * 60 * minute)
    expect(backwards).toEqual(scoresOf(values, (row) => hour(row) * 60 * minute))
  })
})
