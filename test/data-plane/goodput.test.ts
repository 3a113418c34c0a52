/** What is known of a service fades, and is worth half after half a minute. */
import { expect, test } from "vitest"
import { Goodput } from "../../src/data-plane/limiter/goodput.ts"

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
