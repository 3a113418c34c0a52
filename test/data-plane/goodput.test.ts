/** What is known of a service fades, and is worth half after half a minute. */
import { expect, test } from "vitest"
import { Goodput, levelOf } from "../../src/data-plane/limiter/goodput.ts"

test("what a round has shown is worth its outcomes at once, half of them after half a minute, and nothing that counts in the end", () => {
  const goodput = new Goodput()
  expect(goodput.weightOf(3, 0)).toBe(0)
  goodput.learn(3, 0.1, 32, 1000)
  expect(goodput.weightOf(3, 1000)).toBe(32)
  expect(goodput.weightOf(3, 31_000)).toBeCloseTo(16, 9)
  expect(goodput.weightOf(3, 61_000)).toBeCloseTo(8, 9)
  expect([60_999, 61_001].map((at) => goodput.isKnown(3, at))).toEqual([true, false])
  // A clock that went back makes nothing better known.
  expect(goodput.weightOf(3, 500)).toBe(32)
})

test("that a service is another is seen from four outcomes on: what was known of that level goes", () => {
  const learned = (outcomes: number) => {
    const goodput = new Goodput()
    goodput.learn(3, 0.01, outcomes, 1000)
    goodput.learn(3, 1, 100, 1000)
    return goodput.weightOf(3, 1000)
  }
  expect([learned(3), learned(4), learned(15)]).toEqual([103, 100, 100])
})

test("calls do not stand in each other's way where more of them do more than the root of how many more they are", () => {
  const isElastic = (rate: number) => {
    const goodput = new Goodput()
    goodput.learn(levelOf(1), 1, 8, 0)
    goodput.learn(levelOf(4), rate, 8, 0)
    return goodput.isElastic(levelOf(4), levelOf(1), 0)
  }
  expect([isElastic(2), isElastic(2.01)]).toEqual([false, true])
})

test("what is known of a level tells of the one beside it unless it is more than ten seconds older", () => {
  const knee = (olderMs: number) => {
    const goodput = new Goodput()
    goodput.learn(11, 0.001, 100, 0)
    for (const [level, rate] of [
      [2, 1],
      [10, 2],
    ] as const)
      goodput.learn(level, rate, 100, olderMs)
    return goodput.knee(olderMs)
  }
  expect([knee(10_000), knee(10_001)]).toEqual([2, 10])
})

test("what is known of a level where nothing succeeds, round after round, is a number: another service is told from it at once", () => {
  const goodput = new Goodput()
  goodput.learn(10, 0.2, 20, 0)
  for (const at of [100, 200, 300]) goodput.learn(10, 0, 20, at)
  expect([goodput.knee(300), goodput.weightOf(10, 300)]).toEqual([10, expect.closeTo(60, 0)])
  goodput.learn(10, 0.2, 20, 400)
  expect([goodput.knee(400), goodput.weightOf(10, 400)]).toEqual([10, 20])
  // As sure as ever that three times as much is no chance, and that a little more may be.
  goodput.learn(10, 0.21, 20, 500)
  expect(goodput.weightOf(10, 500)).toBeCloseTo(40, 0)
})
