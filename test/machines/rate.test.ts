/** Buckets in whole numbers, at their edges, worked out by hand. */
import { describe, expect, test } from "vitest"
import {
  carried,
  debtAt,
  freshBucket,
  giveBack,
  leftAt,
  msOf,
  msUntilPaid,
  owing,
  rateOf,
  spend,
  tickOf,
  ticksUntil,
  unitsOf,
} from "../../machines/vocabulary/rate.ts"

/** Ten calls a second and five at once: a tick pays a hundred-thousandth of a call, ten parts of a millionth. */
const tenth = rateOf({ limit: 10, intervalMs: 1000, burst: 5 })
const bucketOf = (debt: number, at: number) => ({ debt, at })

test("time is counted in microseconds, to the nearest", () => {
  expect([tickOf(1.5), tickOf(0.0004), tickOf(0.0006), msOf(1500)]).toEqual([1500, 0, 1, 1.5])
})

describe("a limit in whole numbers", () => {
  test("is exact to a millionth of a call, or a thousandth where the burst is above a thousand", () => {
    expect(tenth).toEqual({ parts: 1_000_000, perTick: 10, perPart: 1, most: 5_000_000 })
    expect(rateOf({ limit: 1, intervalMs: 3000, burst: 1 })).toEqual({
      ...{ parts: 1_000_000, perTick: 1, perPart: 3, most: 3_000_000 },
    })
    expect(rateOf({ limit: 1000, intervalMs: 1000, burst: 1000 }).parts).toBe(1_000_000)
    expect(rateOf({ limit: 1000, intervalMs: 1000, burst: 1001 })).toEqual({
      ...{ parts: 1000, perTick: 1, perPart: 1, most: 1_001_000 },
    })
  })

  test("takes decimals for what they are meant to be, and never a limit for none", () => {
    expect(rateOf({ limit: 0.1 + 0.2, intervalMs: 1000, burst: 0.1 + 0.2 })).toEqual(
      rateOf({ limit: 0.3, intervalMs: 1000, burst: 0.3 }),
    )
    expect(rateOf({ limit: 0.3, intervalMs: 1000, burst: 1 })).toMatchObject({ perTick: 3, perPart: 10 })
    expect(rateOf({ limit: 1e-9, intervalMs: 1000, burst: 1 })).toMatchObject({ perTick: 1, perPart: 1_000_000 })
    expect(rateOf({ limit: 1, intervalMs: 1e-9, burst: 1 })).toMatchObject({ perTick: 1_000_000, perPart: 1 })
  })

  test("is a hair stricter where whole numbers would not be exact, by the nearest fraction that is not above", () => {
    const { parts, perTick, perPart, most } = rateOf({ limit: 999_983, intervalMs: 86_399_000, burst: 1_000_000 })
    const [given, ticks] = [999_983n * 1000n, 86_399_000_000n]
    expect([parts, most]).toEqual([1000, 1_000_000_000 * perPart])
    expect(most).toBeLessThanOrEqual(2 ** 52)
    const isBelow = BigInt(perTick) * ticks <= given * BigInt(perPart)
    expect(isBelow).toBe(true)
    // No fraction with a denominator that small lies between.
    for (let other = 1n; other <= 4_503_599n; other += 1n) {
      const best = (given * other) / ticks
      if (best * BigInt(perPart) > BigInt(perTick) * other) throw new Error(`${best}/${other} is nearer`)
    }
  })
})

test("a cost is rounded up to the next part, and never beyond what is exact", () => {
  const third = rateOf({ limit: 1, intervalMs: 3000, burst: 1 })
  expect([unitsOf(tenth, 1), unitsOf(tenth, 0.1 + 0.2), unitsOf(tenth, 1e-7), unitsOf(third, 1)]).toEqual([
    ...[1_000_000, 300_000, 1, 3_000_000],
  ])
  expect(unitsOf(tenth, 1e300)).toBe(2 ** 52)
})

describe("a bucket", () => {
  test("owes nothing at first", () => {
    expect(freshBucket()).toEqual({ debt: 0, at: Number.NEGATIVE_INFINITY })
    expect(debtAt(tenth, freshBucket(), 7)).toBe(0)
  })

  test("is paid off by time, to nothing and no further; a clock that went back pays nothing", () => {
    expect([100, 101, 150, 200, 300].map((tick) => debtAt(tenth, bucketOf(1000, 100), tick))).toEqual([
      ...[1000, 990, 500, 0, 0],
    ])
    expect(debtAt(tenth, bucketOf(1000, 100), 50)).toBe(1000)
  })

  test("lets enter what fits now, or says in how many ticks it will", () => {
    const full = bucketOf(4_500_000, 100)
    expect([ticksUntil(tenth, full, 500_000, 100), ticksUntil(tenth, full, 500_001, 100)]).toEqual([0, 1])
    expect([ticksUntil(tenth, full, 500_010, 100), ticksUntil(tenth, full, 500_011, 100)]).toEqual([1, 2])
    expect([ticksUntil(tenth, full, 500_000, 90), ticksUntil(tenth, full, 500_010, 90)]).toEqual([0, 11])
    expect(ticksUntil(tenth, freshBucket(), 5_000_000, 0)).toBe(0)
    expect(ticksUntil(tenth, freshBucket(), 5_000_001, 0)).toBe(Number.POSITIVE_INFINITY)
    expect(ticksUntil(tenth, bucketOf(10, 0), 5_000_000, 0)).toBe(1)
  })

  test("owes what is spent, on top of what it owes still, since the later of the two times", () => {
    const bucket = bucketOf(1000, 100)
    spend(tenth, bucket, 70, 150)
    expect(bucket).toEqual(bucketOf(570, 150))
    spend(tenth, bucket, 30, 120)
    expect(bucket).toEqual(bucketOf(600, 150))
    spend(tenth, bucket, 2 ** 52, 150)
    expect(bucket.debt).toBe(2 ** 52)
  })

  test("gets back what was spent, less what time may have paid of it", () => {
    const givenBack = (spentAt: number, tick: number) => {
      const bucket = bucketOf(1000, 100)
      giveBack(tenth, bucket, 400, spentAt, tick)
      return bucket
    }
    expect(givenBack(100, 100)).toEqual(bucketOf(600, 100))
    expect(givenBack(100, 120)).toEqual(bucketOf(600, 120))
    expect(givenBack(120, 110)).toEqual(bucketOf(500, 110))
    // All of it may have been paid off.
    expect(givenBack(90, 130)).toEqual(bucketOf(1000, 100))
    expect(givenBack(91, 130)).toEqual(bucketOf(690, 130))
    expect(givenBack(100, 90)).toEqual(bucketOf(600, 100))
    const little = bucketOf(100, 100)
    giveBack(tenth, little, 400, 100, 100)
    expect(little).toEqual(bucketOf(0, 100))
  })

  test("is paid in so many milliseconds, rounded up to a tick", () => {
    expect([msUntilPaid(tenth, bucketOf(20_000, 0), 0), msUntilPaid(tenth, bucketOf(20_001, 0), 0)]).toEqual([2, 2.001])
    expect(msUntilPaid(tenth, bucketOf(20_000, 0), 1000)).toBe(1)
  })

  test("that is to be paid in so many milliseconds owes as much, and no more than the burst", () => {
    expect(owing(tenth, 2, 7)).toEqual(bucketOf(20_000, 7))
    expect(owing(tenth, 9999, 7)).toEqual(bucketOf(5_000_000, 7))
  })

  test("counts as many calls under another limit, and no more than its burst", () => {
    const third = rateOf({ limit: 1, intervalMs: 3000, burst: 1 })
    expect(carried(tenth, bucketOf(500_000, 0), third, 0)).toEqual(bucketOf(1_500_000, 0))
    expect(carried(tenth, bucketOf(500_000, 0), third, 25_000)).toEqual(bucketOf(750_000, 25_000))
    expect(carried(tenth, bucketOf(4_000_000, 0), third, 0)).toEqual(bucketOf(3_000_000, 0))
    expect(carried(third, bucketOf(3_000_000, 0), tenth, 0)).toEqual(bucketOf(1_000_000, 0))
  })

  test("has room for so many calls", () => {
    const third = rateOf({ limit: 1, intervalMs: 3000, burst: 1 })
    expect([leftAt(tenth, bucketOf(500_000, 0), 0), leftAt(third, bucketOf(1_500_000, 0), 0)]).toEqual([4.5, 0.5])
    expect(leftAt(tenth, bucketOf(6_000_000, 0), 0)).toBe(0)
  })
})
