/** The baseline by itself: what is learned of each outcome, and what of it is believed when it was saved. */
import { describe, expect, test } from "vitest"
import {
  baselineOf,
  brokenShare,
  clamp,
  learn,
  learnGood,
  readBaseline,
  usualOf,
  usualShare,
} from "../../machines/vocabulary/baseline.ts"
import { freshEvidence } from "../../machines/vocabulary/evidence.ts"

test("a value is kept within its bounds", () => {
  expect([clamp(0, 1, 2), clamp(1.5, 1, 2), clamp(3, 1, 2)]).toEqual([1, 1.5, 2])
})

describe("the share that is usual", () => {
  test("is what was learned and one standard deviation more, of at most 2 000 calls", () => {
    expect(usualShare({ usual: 0.1, learned: 80 })).toBeCloseTo(0.1 + 0.03, 12)
    expect(usualShare({ usual: 0.1, learned: 1980 })).toBeCloseTo(0.1 + 0.3 / Math.sqrt(2000), 12)
    expect(usualShare({ usual: 0.1, learned: 99_999 })).toBeCloseTo(0.1 + 0.3 / Math.sqrt(2000), 12)
  })

  test("is between one in a hundred and four in ten", () => {
    expect([usualShare({ usual: 0, learned: 9 }), usualShare({ usual: 0.7, learned: 9 })]).toEqual([0.01, 0.4])
  })

  test("is found again by the step that it makes", () => {
    for (const usual of [0.01, 0.1, 0.4]) {
      expect(brokenShare(usual)).toBeCloseTo(0.4 + usual / 2, 12)
      expect(usualOf(Math.log(brokenShare(usual) / usual))).toBeCloseTo(usual, 12)
    }
  })
})

describe("an outcome", () => {
  test("weighs as one of all that are known, the twenty of the beginning among them", () => {
    const evidence = freshEvidence()
    learn(evidence, 1, 7)
    expect([evidence.learned, evidence.learnedAt]).toEqual([1, 7])
    expect(evidence.usual).toBeCloseTo(0.05 + 0.95 / 20, 12)
    learn(evidence, 0, 8)
    expect(evidence.usual).toBeCloseTo(0.0975 * (1 - 1 / 21), 12)
    expect([evidence.learned, evidence.learnedAt]).toEqual([2, 8])
  })

  test("of more than a thousand weighs by the time since the last: all of it in five minutes, and never more than a thousandth", () => {
    const learnedAfter = (learned: number, ms: number) => {
      const evidence = { ...freshEvidence(), usual: 0, learned, learnedAt: 100 }
      learn(evidence, 1, 100 + ms)
      return evidence.usual
    }
    expect(learnedAfter(1000, 30)).toBeCloseTo(0.0001, 12)
    expect(learnedAfter(1000, 3000)).toBeCloseTo(0.001, 12)
    expect(learnedAfter(999, 30)).toBeCloseTo(1 / 1019, 12)
  })

  test("leaves less of the worst burst the longer ago the last one was: nothing after an hour", () => {
    const worstAfter = (ms: number) => {
      const evidence = { ...freshEvidence(), worst: 0.4, learnedAt: 100 }
      learn(evidence, 0, 100 + ms)
      return evidence.worst
    }
    expect([worstAfter(0), worstAfter(900_000), worstAfter(3_600_000), worstAfter(9_000_000)]).toEqual([
      0.4,
      expect.closeTo(0.3, 12),
      0,
      0,
    ])
  })
})

describe("a success of a service of which a thousand outcomes are known", () => {
  const learned = { ...freshEvidence(), usual: 0.2, worst: 0.4, learned: 1000, learnedAt: 100 }

  test.each([0, 30, 299, 300, 301, 3000, 900_000, 3_599_999, 3_600_000, 9_000_000])(
    "is learned as every outcome is, %d ms after the last",
    (ms) => {
      const [whole, short] = [{ ...learned }, { ...learned }]
      learn(whole, 0, 100 + ms)
      learnGood(short, 100 + ms)
      expect(short).toEqual({
        ...whole,
        usual: expect.closeTo(whole.usual, 12) as number,
        worst: expect.closeTo(whole.worst, 12) as number,
      })
      expect(short.worst).toBeGreaterThanOrEqual(0)
    },
  )
})

describe("a baseline that is saved", () => {
  const saved = { usual: 0.1, learned: 50, worst: 0.2, accepted: 0.3, ageMs: 40 }

  test("says how long ago it was learned", () => {
    const evidence = { ...freshEvidence(), ...saved, learnedAt: 60 }
    expect(baselineOf(evidence, 100)).toEqual(saved)
    expect(baselineOf(evidence, 10)).toEqual({ ...saved, ageMs: 0 })
  })

  test("is read back, without what else was there", () => {
    expect(readBaseline({ ...saved, more: 1 })).toEqual(saved)
    expect(readBaseline({ ...saved, usual: 0, worst: 1, learned: 0, ageMs: 0 })).toBeDefined()
  })

  test.each([undefined, null, "text", 7])("is none that is no record: %s", (other) => {
    expect(readBaseline(other)).toBeUndefined()
  })

  test.each(["usual", "worst", "accepted", "learned", "ageMs"])("is none without a fit %s", (name) => {
    const wrong = ["usual", "worst", "accepted"].includes(name) ? [1.01, "0.5"] : [Number.POSITIVE_INFINITY, "5"]
    for (const value of [...wrong, -0.01, Number.NaN, undefined]) {
      expect(readBaseline({ ...saved, [name]: value })).toBeUndefined()
    }
  })
})
