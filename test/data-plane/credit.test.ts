/** The credit of a partial share: what is said before a call is what is done, to the last part of it. */

import { expect, test } from "vitest"
import { idleGate, unrestricted } from "../../machines/vocabulary/gate.ts"
import { Credit } from "../../src/data-plane/credit.ts"
import { Tally } from "../../src/data-plane/tally.ts"
import fc from "../support/property.ts"

const share = fc.oneof(fc.constantFrom(0, 0.25, 0.5, 0.75, 1), fc.double({ min: 0, max: 1, noNaN: true }))

test("credit suffices exactly when the call that comes next is paid for", () => {
  fc.assert(
    fc.property(fc.array(share, { minLength: 1, maxLength: 60 }), (shares) => {
      const credit = new Credit(new Tally())
      for (const one of shares) expect(credit.suffices(one)).toBe(credit.spend(one))
    }),
    { numRuns: 300 },
  )
})

test("credit that is just enough is enough: of two calls at a share of a half the first enters, and so on", () => {
  const credit = new Credit(new Tally())
  const entered = Array.from({ length: 6 }, () => credit.spend(0.5))
  expect(entered).toEqual([true, false, true, false, true, false])
})

test("credit begins anew with an epoch: half of what the first call needs is there, whatever was earned or entered before", () => {
  const tally = new Tally()
  const credit = new Credit(tally)
  const first = [credit.spend(0.3), credit.spend(0.3), credit.spend(0.3), credit.spend(0.3)]
  tally.admitted += 3
  credit.beginEpoch()
  expect([credit.spend(0.3), credit.spend(0.3), credit.spend(0.3), credit.spend(0.3)]).toEqual(first)
})

test("the share of a cohort is that of its calls alone: those of earlier epochs are none of it", () => {
  const tally = new Tally()
  tally.admitted = 5
  const credit = new Credit(tally)
  credit.beginEpoch()
  const circuit = { kind: "sequential", watch: "usual", threshold: 20, rate: 0.8, cohort: 2, tells: "known" } as const
  const gate = { ...idleGate, restriction: { ...unrestricted, cohortShare: 0.4 }, lines: { circuit } }
  const shares = [0, 1, 2].map((entered) => {
    tally.admitted = 5 + entered
    return credit.shareOf(gate)
  })
  expect(shares).toEqual([0.4, 0.4, 1])
})
