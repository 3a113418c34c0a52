/** When a wheel has turned, told to whoever writes down what happens. */
import { expect, test } from "vitest"
import { Turns } from "../../src/data-plane/turns.ts"

const never = Number.NEGATIVE_INFINITY

test("a wheel that never turned has done so never; then it is known when it turned, and how far it came", () => {
  const turns = new Turns()
  expect([turns.at, turns.by, turns.count]).toEqual([never, never, 0])
  turns.begin(100)
  expect([turns.at, turns.by, turns.count]).toEqual([100, never, 1])
  turns.reach(35)
  expect([turns.at, turns.by, turns.count]).toEqual([100, 35, 2])
})

test("each change has another number than the one before, also where numbers begin anew", () => {
  const turns = new Turns()
  turns.count = 2 ** 30 - 2
  const counts = [1, 2, 3].map((by) => {
    turns.reach(by)
    return turns.count
  })
  expect(counts).toEqual([2 ** 30 - 1, 0, 1])
})
