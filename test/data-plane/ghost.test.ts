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
