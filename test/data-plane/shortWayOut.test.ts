/** What an ordinary call may have taken on since it entered, by which its end is no longer its own business. */
import { expect, test } from "vitest"
import type { Receipt } from "../../src/data-plane/receipt.ts"
import { barePlane, openGate } from "../support/barePlane.ts"
import { cellLine } from "../support/keyedPlane.ts"

const entered = ({ plane, clock }: ReturnType<typeof barePlane>): Receipt => {
  const ticket = plane.admit(clock.now())
  if (!ticket.admitted) throw new Error("refused")
  expect([ticket.isPlain, plane.ways.isOpen]).toEqual([true, true])
  return ticket
}

test("a permit that was lent gives its lease back when it is settled", () => {
  const it = barePlane()
  it.plane.swap(openGate({}))
  const lent: Receipt[] = []
  it.plane.admission.leases.giveBack = (receipt) => void lent.push(receipt)
  const permit = entered(it)
  it.plane.lease(permit, 60_000)
  expect(permit.settle("success")).toBe(true)
  expect(lent).toEqual([permit])
})

test("cells that came while it ran hear that it went well", () => {
  const it = barePlane(7)
  it.plane.swap(openGate({ cells: cellLine }))
  const call = entered(it)
  it.plane.admit(it.clock.now(), { key: "k" })
  const cells = it.plane.admission.cells
  if (cells === undefined) throw new Error("no cells")
  let heard = 0
  cells.hearGood = () => void heard++
  call.settle("success")
  expect(heard).toBe(1)
})
