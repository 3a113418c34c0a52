/**
 * A cohort of which enough is bad already is not waited for. That saves the rest of a trial and takes none for spoilt that is not: whatever
 * order calls enter and end in, it rings early only where the whole cohort would have been as bad. That the service is gone it does not say:
 * the calls after it do.
 */

import { describe, expect, test } from "vitest"
import { enter, judgeCohort, takeIntoCohort } from "../../machines/vocabulary/cohort.ts"
import { freshEvidence } from "../../machines/vocabulary/evidence.ts"
import type { SequentialLine } from "../../machines/vocabulary/gate.ts"
import fc from "../support/property.ts"

const waited: SequentialLine = {
  kind: "sequential",
  watch: "partial",
  threshold: 20,
  rate: 0.8,
  cohort: 20,
  tells: "known",
}

/** How calls end that enter in rounds of so many at once; all calls of a round have ended when the next enters. */
const rounds = fc.array(fc.array(fc.boolean(), { minLength: 1, maxLength: 30 }), { minLength: 20, maxLength: 30 })

/** On how many of its calls a cohort rang, and how many of them were bad. */
function play(line: SequentialLine, ends: readonly (readonly boolean[])[]) {
  const evidence = freshEvidence()
  for (const [at, round] of ends.entries()) {
    for (const _call of round) enter(evidence, line, at)
    for (const isBad of round) {
      takeIntoCohort(evidence, line, isBad, false, at, at + 0.5)
      const rule = judgeCohort(evidence, line, at + 0.5)
      if (rule !== undefined) return { rule, share: evidence.bad / evidence.entered, settled: evidence.settled }
    }
  }
  throw new Error("A cohort of 20 calls was not judged on 20 rounds of calls that had all ended")
}

const spoiltAt = fc.constantFrom(0.075, 0.1, 0.2, 0.25, 0.45)

describe("a cohort that is spoilt", () => {
  test("has at least the share of bad calls that spoils it, however many entered at once", () => {
    fc.assert(
      fc.property(rounds, spoiltAt, (ends, share) => {
        const early = play({ ...waited, spoiltAt: share }, ends)
        const late = play(waited, ends)
        expect(early.settled).toBeLessThanOrEqual(late.settled)
        // Once rung it is as bad as that; what was not, is judged on the very calls of the whole cohort.
        if (early.settled < late.settled) expect(early.share).toBeGreaterThanOrEqual(share)
        else expect(early).toEqual(late)
      }),
    )
  })

  test("is one of which the whole would have been as bad: of calls that enter one by one nothing else is decided", () => {
    const oneByOne = fc.array(fc.boolean(), { minLength: 20, maxLength: 20 })
    fc.assert(
      fc.property(oneByOne, spoiltAt, (ends, share) => {
        const early = play(
          { ...waited, spoiltAt: share },
          ends.map((isBad) => [isBad]),
        )
        expect(early.share >= share).toBe(ends.filter(Boolean).length >= share * 20)
      }),
    )
  })

  test("of which three of twenty are too many is over with its third bad call", () => {
    const ends = [true, false, true, false, true, ...Array<boolean>(20).fill(false)].map((isBad) => [isBad])
    expect(play({ ...waited, spoiltAt: 0.105 }, ends)).toMatchObject({ rule: "cohort", settled: 5 })
    expect(play(waited, ends)).toMatchObject({ rule: "cohort", settled: 20 })
  })
})
