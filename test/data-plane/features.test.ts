/** Features whose lines come and go between the entry of a call and its end. */
import { describe, expect, test } from "vitest"
import type { FeatureBounds, FeatureLines } from "../../machines/vocabulary/feature.ts"
import { type Gate, unrestricted } from "../../machines/vocabulary/gate.ts"
import { barePlane, openGate } from "../support/barePlane.ts"

const half = { share: 0.5, retryAt: Number.NEGATIVE_INFINITY, reason: "is tested" }
const gateOf = (features: FeatureLines | undefined, bounds: FeatureBounds = {}): Gate =>
  openGate({ features }, { restriction: { ...unrestricted, features: bounds } })

describe("a call", () => {
  test("of a feature that nobody has named is one like any other", () => {
    const { plane, reports } = barePlane()
    plane.swap(gateOf({ pay: { since: 0, test: 1 } }, { pay: half }))
    for (let call = 0; call < 5; call++) {
      const ticket = plane.admit(1, { feature: "lend" })
      if (ticket.admitted) ticket.settle("failure")
    }
    expect(plane.tally).toMatchObject({ admitted: 5, failure: 5 })
    expect(reports).toEqual([])
  })

  test("of a feature that is held back and not watched enters at first, then by its share, and is told of to nobody", () => {
    const { plane, reports } = barePlane()
    plane.swap(gateOf(undefined, { pay: half }))
    const admitted = Array.from({ length: 6 }, () => plane.admit(1, { feature: "pay" }).admitted)
    expect(admitted).toEqual([true, true, false, true, false, true])
    expect(reports).toEqual([])
  })

  test("that tested a feature says nothing once the test is over, though it entered in the instant in which it ended", () => {
    const { plane, clock, reports } = barePlane()
    plane.swap(gateOf({ pay: { since: 0, test: 2 } }, { pay: { ...half, share: 1 / 2 } }))
    const one = plane.admit(clock.now(), { feature: "pay" })
    plane.swap(gateOf({ pay: { since: 0 } }))
    if (one.admitted) one.settle("failure")
    expect(reports.map(({ type }) => type)).toEqual(["feature.entered"])
  })
})

test("what was counted of a feature that is gone is forgotten: named again, its test begins anew", () => {
  const { plane, clock } = barePlane()
  const tested = gateOf({ pay: { since: 0, test: 1 } }, { pay: half })
  const enters = () => plane.admit(clock.now(), { feature: "pay" }).admitted
  plane.swap(tested)
  expect([enters(), enters(), enters()]).toEqual([true, false, false])
  plane.swap(gateOf({ search: { since: 0 } }))
  plane.swap(tested)
  expect([enters(), enters()]).toEqual([true, false])
})
