/** Most outcomes are successes of a service that is as usual. The law: their short way comes to what the whole way does. */

import { expect, it } from "vitest"
import { accrue, accrueGood, beginEpoch, freshEvidence } from "../../machines/vocabulary/evidence.ts"
import type { SequentialLine } from "../../machines/vocabulary/gate.ts"
import fc from "../support/property.ts"

const lineOf = (rate: number): SequentialLine => ({
  kind: "sequential",
  watch: "usual",
  threshold: 10,
  rate,
  cohort: 3,
  tells: "never",
})

const stream = fc.array(
  fc.record({
    ms: fc.oneof(
      { weight: 300, arbitrary: fc.double({ min: 0, max: 2, noNaN: true }) },
      { weight: 100, arbitrary: fc.constant(0) },
      { weight: 1, arbitrary: fc.integer({ min: 0, max: 4_000_000 }) },
    ),
    bad: fc.oneof({ weight: 30, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.boolean() }),
    slow: fc.boolean(),
  }),
  { minLength: 50, maxLength: 300 },
)

it("takes in a success as the whole way does, or leaves it to it untouched", () => {
  let short = 0
  let left = 0
  let rung = 0
  fc.assert(
    fc.property(stream, fc.integer({ min: 0, max: 1200 }), fc.constantFrom(0, 0.03, 0.5), (outcomes, learned, rate) => {
      const line = lineOf(rate)
      const [one, other] = [freshEvidence(), freshEvidence()]
      for (const evidence of [one, other]) {
        beginEpoch(evidence, line)
        const recent = learned % 3 === 0 ? { recentCalls: 90, recentBad: 30, recentSlow: 10 } : {}
        Object.assign(evidence, { learned, worst: learned % 2 === 0 ? 0.2 : 0, ...recent })
      }
      let at = 0
      for (const { ms, bad, slow } of outcomes) {
        at += ms
        const rule = accrue(one, line, bad, bad && slow, at, at)
        const before = { ...other }
        if (rule !== undefined && !bad) rung++
        if (!bad && accrueGood(other, line, at)) {
          short++
          expect(rule).toBeUndefined()
        } else {
          if (!bad) {
            left++
            expect(other).toEqual(before)
          }
          accrue(other, line, bad, bad && slow, at, at)
        }
        expect(other).toEqual(one)
      }
    }),
    { numRuns: 100 },
  )
  expect(short).toBeGreaterThan(1000)
  expect(left).toBeGreaterThan(1000)
  // By some successes an alarm rings, for what was before them.
  expect(rung).toBeGreaterThan(10)
})
