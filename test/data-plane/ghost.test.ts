/** A ghost beside a breaker: calls by what both decided. */
import { expect, test } from "vitest"
import { unrestricted } from "../../machines/vocabulary/gate.ts"
import { Ghost } from "../../src/data-plane/ghost.ts"
import { barePlane, openGate } from "../support/barePlane.ts"

test("a call is counted once, by what the breaker and its ghost have decided about it", () => {
  const [own, other] = [barePlane(), barePlane()]
  const ghost = new Ghost(other.plane)
  own.plane.haunt(ghost)
  const gateOf = (share: number) => openGate({}, { restriction: { ...unrestricted, share } })
  for (const [ours, its] of [
    [1, 1],
    [1, 0],
    [0, 1],
    [0, 0],
    [0, 0],
  ] as const) {
    own.plane.swap(gateOf(ours))
    other.plane.swap(gateOf(its))
    const ticket = own.plane.admit(0)
    expect(ticket.admitted).toBe(ours === 1)
    if (ticket.admitted) ticket.settle("failure")
  }
  const { admitted, rejected, wouldAdmit, wouldReject } = ghost.tally
  expect({ admitted, rejected, wouldAdmit, failed: wouldReject.failure }).toEqual({
    admitted: 1,
    rejected: 2,
    wouldAdmit: 1,
    failed: 1,
  })
  expect([own.plane.inFlight, other.plane.inFlight]).toEqual([0, 0])
})

test("a call that entered before the trial says nothing to it, one that has ended says no more, and what was refused is ignored", () => {
  const [own, other] = [barePlane(), barePlane()]
  const shut = openGate({}, { restriction: { ...unrestricted, share: 0 } })
  own.plane.swap(openGate({}))
  other.plane.swap(shut)
  const early = own.plane.admit(0)
  const ghost = new Ghost(other.plane)
  own.plane.haunt(ghost)
  if (early.admitted) early.settle("failure")
  expect(ghost.tally.wouldReject.failure).toBe(0)
  const late = own.plane.admit(0)
  if (!late.admitted) throw new Error("it was to enter")
  late.settle("failure")
  ghost.leave(late as never, "failure", 5)
  expect(ghost.tally.wouldReject).toEqual({ success: 0, failure: 1, timedOut: 0, ignored: 0 })
  own.plane.swap(shut)
  other.plane.swap(openGate({}))
  own.plane.admit(0)
  expect([ghost.tally.wouldAdmit, other.plane.tally.ignored, other.plane.inFlight]).toEqual([1, 1, 0])
})
