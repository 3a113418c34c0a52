/** Calls that are settled by the short way, where somebody beside the meter wants to hear of them. */
import { describe, expect, test } from "vitest"
import type { SequentialLine } from "../../machines/vocabulary/gate.ts"
import { barePlane, openGate } from "../support/barePlane.ts"

const watch: SequentialLine = { kind: "sequential", threshold: 20, rate: 0.5, cohort: 0, watch: "usual", tells: "late" }

describe("a call of no feature that went well by the short way", () => {
  test("says that the service is well: a feature that fails beside it is what has failed", () => {
    const { plane, clock, reports } = barePlane()
    plane.swap(openGate({ features: { pay: { since: 0, watch } } }))
    for (let call = 0; call < 60; call++) {
      clock.step(10)
      const paid = plane.admit(clock.now(), { feature: "pay" })
      if (paid.admitted) paid.settle("failure")
      const other = plane.admit(clock.now())
      if (other.admitted) other.settle("success")
    }
    expect(reports).toContainEqual(expect.objectContaining({ type: "feature.failed", feature: "pay" }))
  })
})
