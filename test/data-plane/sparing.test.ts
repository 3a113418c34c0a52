/** Who probes first: calls that matter much leave that to others, for a while, if there are any. */
import { expect, test } from "vitest"
import { Sparing } from "../../src/data-plane/sparing.ts"

function sparing(epochAt: number): Sparing {
  const one = new Sparing()
  one.beginEpoch(epochAt)
  return one
}
const high = { priority: "high" } as const

test("for a quarter of a second from the beginning of the epoch on", () => {
  const one = sparing(1000)
  one.hearOrdinary(1000)
  expect([one.until(high, 1000), one.until({ priority: "critical" }, 1249), one.until(high, 1250)]).toEqual([
    ...[1250, 1250, undefined],
  ])
  for (const priority of ["normal", "low", "bulk", undefined] as const)
    expect(one.until({ priority }, 1000)).toBeUndefined()
  one.beginEpoch(5000)
  expect(one.until(high, 5001)).toBe(5250)
})

test("only if a call that matters less has come in the last ten seconds", () => {
  const one = sparing(20_000)
  expect(one.until(high, 20_000)).toBeUndefined()
  one.hear(high, 20_000)
  one.hear({ priority: "critical" }, 20_000)
  expect(one.until(high, 20_001)).toBeUndefined()
  one.hear({ priority: "normal" }, 10_002)
  expect([one.until(high, 20_001), one.until(high, 20_002)]).toEqual([20_250, undefined])
  one.hear({}, 20_003)
  expect(one.until(high, 20_003)).toBe(20_250)
})

test("from the beginning of time on where no epoch has begun", () => {
  const one = new Sparing()
  one.hearOrdinary(0)
  expect([one.until(high, 249), one.until(high, 250)]).toEqual([250, undefined])
})
