/** A call that waits, before anybody has put it into a line, and while it is armed. */
import { expect, test } from "vitest"
import type { Waiter } from "../../src/data-plane/limiter/waiter.ts"
import { Wheel } from "../../src/data-plane/wheel.ts"
import { NotedWaiter } from "../support/slots.ts"

test("one who has joined no line is not hurried, stands nowhere, and is on no tape", () => {
  const { isHurried, lane, ahead, behind, number, rank, since, deadlineAt, facts } = new NotedWaiter(
    { tenant: "a" },
    50,
    1000,
  )
  expect({ isHurried, lane, ahead, behind, number, rank, since, deadlineAt, facts }).toEqual({
    isHurried: false,
    lane: undefined,
    ahead: undefined,
    behind: undefined,
    number: 0,
    rank: 0,
    since: 50,
    deadlineAt: 1000,
    facts: { tenant: "a" },
  })
})

test("whoever waits keeps the process alive, and whoever keeps it hears when it has waited too long", () => {
  const held: boolean[] = []
  let wake = () => {}
  let now = 0
  const wheel = new Wheel({
    now: () => now,
    arm: (_delayMs, whenDue, holds) => {
      held.push(holds)
      wake = whenDue
      return { disarm: () => {}, hold: (stays) => void held.push(stays) }
    },
  })
  const heard: (readonly [Waiter, number])[] = []
  const waiter = new NotedWaiter({}, 0, 1000)
  waiter.keeper = { waitedTooLong: (one, at) => heard.push([one, at]) }
  wheel.arm(waiter, 100, 0)
  expect(held.at(-1)).toBe(true)
  now = 100
  wake()
  expect(heard).toEqual([[waiter, 100]])
})

test("the time of one whom nobody keeps passes, and is no error", () => {
  expect(() => new NotedWaiter({}, 0, 1000).fire(5)).not.toThrow()
})
