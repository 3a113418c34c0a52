/** When the host stood still: for how long, seen from any time. */
import { expect, test } from "vitest"
import { Stalls } from "../../src/data-plane/stalls.ts"

const stalls = (...all: readonly (readonly [at: number, ms: number])[]) => {
  const kept = new Stalls()
  for (const [at, ms] of all) kept.note({ at, ms, turnedAt: 0, turnedBy: 0 })
  return kept
}

test("what lies between two times is counted, and of a stall that had begun before them what is left", () => {
  const kept = stalls([100, 30], [200, 50])
  expect([kept.between(0, 300), kept.between(100, 300), kept.between(99, 300), kept.between(160, 300)]).toEqual([
    80, 50, 51, 40,
  ])
  expect([kept.between(0, 199), kept.between(0, 200), kept.between(200, 300), kept.between(0, 99)]).toEqual([
    30, 80, 0, 0,
  ])
})

test("those that somebody has not heard of are told oldest first, and the last sixteen are kept", () => {
  const kept = stalls([20, 11], [40, 12])
  expect([kept.after(0).map(({ at }) => at), kept.after(1).map(({ at }) => at), kept.after(2)]).toEqual([
    [20, 40],
    [40],
    [],
  ])
  const many = stalls(...Array.from({ length: 20 }, (_, n) => [3 * n, 2] as const))
  expect([many.count, many.after(0).length, many.after(0)[0]?.at, many.after(19).map(({ at }) => at)]).toEqual([
    20,
    16,
    12,
    [57],
  ])
  expect(many.between(0, 99)).toBe(32)
})

test("one that goes on is the same, told again to whoever had heard of it before, and takes the place of no other", () => {
  const kept = stalls([20, 11], [40, 12], ...Array.from({ length: 40 }, (_, n) => [41 + n, 13 + n] as const))
  expect([kept.between(0, 80), kept.between(35, 80), kept.between(0, 79)]).toEqual([63, 45, 11])
  expect([kept.count, kept.after(2).map(({ at, ms }) => [at, ms]), kept.after(42)]).toEqual([42, [[80, 52]], []])
})
