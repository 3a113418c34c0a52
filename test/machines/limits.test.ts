/** What a call needs of a limit to enter. */
import { expect, test } from "vitest"
import { neededFor, setLimits, tightenedLimit } from "../../machines/vocabulary/limits.ts"
import { unitsOf } from "../../machines/vocabulary/rate.ts"

test("a call that costs more than the burst needs an empty bucket where actors have tightened the rate, and never enters where it was set", () => {
  const tightened = tightenedLimit({ rate: 2, burst: 5 })
  const [set] = setLimits({ rates: [{ limit: 2, intervalMs: 1000, burst: 5 }] })
  if (tightened === undefined || set === undefined) throw new Error("both limit something")
  const needed = (limit: typeof set, calls: number) => neededFor(limit, unitsOf(limit.rate, calls))
  const calls = (count: number) => unitsOf(set.rate, count)
  expect([1, 5, 8].map((cost) => needed(tightened, cost))).toEqual([calls(1), calls(5), calls(5)])
  expect([1, 5, 8].map((cost) => needed(set, cost))).toEqual([calls(1), calls(5), calls(8)])
})
