/** When the timers of a wheel were fired last: whoever asks sees by one number whether that has changed. */
import { expect, test } from "vitest"
import { Turns } from "../../src/data-plane/turns.ts"

test("each change has another number", () => {
  const turns = new Turns()
  const seen = [turns.count]
  const changes = [() => turns.begin(5), () => turns.reach(4), () => turns.reach(5), () => turns.stand(7, 2)]
  for (const change of changes) {
    change()
    seen.push(turns.count)
  }
  expect(new Set(seen).size).toBe(5)
  expect([turns.at, turns.by]).toEqual([5, 5])
})

test("the numbers go round, and stay whole ones that fit in a machine word", () => {
  const turns = new Turns()
  turns.count = 2 ** 30 - 2
  turns.reach(1)
  expect(turns.count).toBe(2 ** 30 - 1)
  turns.reach(2)
  expect(turns.count).toBe(0)
})

test("a stall is kept with what had been fired by then, in whole milliseconds", () => {
  const turns = new Turns()
  turns.begin(100)
  turns.reach(90)
  turns.stand(250, 40.2)
  expect(turns.stalls.after(0)).toEqual([{ count: 1, at: 250, ms: 41, turnedAt: 100, turnedBy: 90 }])
})
