/** Counts of calls: each goes to its own, and nothing is counted twice. */
import { expect, test } from "vitest"
import { SliceTally, Tally } from "../../src/data-plane/tally.ts"

const outcomes = { success: 0, failure: 0, timedOut: 0, ignored: 0 }
const nothing = {
  ...outcomes,
  ...{ admitted: 0, probes: 0, stragglers: 0, shadowed: 0, uncounted: 0, rejected: 0, gaveUp: 0 },
  refusals: {},
  classes: {},
}

test("a tally begins at nothing, and each outcome counts for itself alone", () => {
  expect({ ...new Tally() }).toEqual(nothing)
  for (const kind of ["success", "failure", "timedOut", "ignored"] as const) {
    const tally = new Tally()
    tally.count(kind)
    tally.count(kind)
    expect({ ...tally }).toEqual({ ...nothing, [kind]: 2 })
  }
})

test("calls that name their class are told apart, and those that name none are not", () => {
  const tally = new Tally()
  tally.sort({}, true)
  expect([tally.named, tally.classes]).toEqual([undefined, {}])
  tally.sort({ priority: "high" }, true)
  tally.sort({ priority: "high" }, false)
  tally.sort({ priority: "bulk" }, false)
  expect(tally.named).toEqual({ high: { admitted: 1, rejected: 1 }, bulk: { admitted: 0, rejected: 1 } })
  expect([tally.admitted, tally.rejected]).toEqual([0, 0])
})

test("refusals are counted by who refused; what is only observed is counted as that", () => {
  const tally = new Tally()
  tally.turnAway("limit", false)
  tally.turnAway("limit", false)
  tally.turnAway("circuit", false)
  tally.turnAway("circuit", true)
  expect({ ...tally }).toEqual({ ...nothing, rejected: 3, shadowed: 1, refusals: { limit: 2, circuit: 1 } })
})

test("a slice begins at nothing, and when it began", () => {
  expect({ ...new SliceTally(7) }).toEqual({ ...outcomes, startedAt: 7, slow: 0, late: 0, busyMs: 0 })
})
