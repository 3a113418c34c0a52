/** Rates against an independent reference: a bucket that fills up, in exact rational numbers, as the textbook has it. */

import { describe, expect, it } from "vitest"
import { idleGate, unrestricted } from "../../machines/vocabulary/gate.ts"
import {
  freshBucket,
  giveBack,
  msUntilPaid,
  owing,
  type RateLimit,
  rateOf,
  spend,
  tickOf,
  ticksUntil,
  unitsOf,
} from "../../machines/vocabulary/rate.ts"
import { Rates } from "../../src/data-plane/rates.ts"
import fc from "../support/property.ts"

const millionth = 1_000_000
/** A decimal of six digits as a whole number of millionths. */
const exactly = (decimal: number): bigint => BigInt(Math.round(decimal * millionth))

/** Tokens in units of one millionth of a call over the interval in microseconds: everything is whole. */
class FillingBucket {
  readonly #interval: bigint
  readonly #perMicro: bigint
  readonly #most: bigint
  #tokens: bigint
  #at = 0n

  constructor({ limit, intervalMs, burst }: RateLimit) {
    this.#interval = BigInt(Math.round(intervalMs * 1000))
    this.#perMicro = exactly(limit)
    this.#most = exactly(burst) * this.#interval
    this.#tokens = this.#most
  }

  #filled(at: bigint): bigint {
    const filled = this.#tokens + (at > this.#at ? at - this.#at : 0n) * this.#perMicro
    return [filled, this.#most].reduce((one, other) => (one < other ? one : other))
  }

  /** Microseconds until so much fits; `undefined` when it never does. While the clock is behind, nothing comes in. */
  waitFor(cost: number, at: bigint): bigint | undefined {
    const needed = exactly(cost) * this.#interval
    if (needed > this.#most) return undefined
    const short = needed - this.#filled(at)
    if (short <= 0n) return 0n
    return (short + this.#perMicro - 1n) / this.#perMicro + (at < this.#at ? this.#at - at : 0n)
  }

  take(cost: number, at: bigint): void {
    this.#tokens = this.#filled(at) - exactly(cost) * this.#interval
    if (at > this.#at) this.#at = at
  }
}

const decimal = (most: number) =>
  fc.oneof(
    fc.integer({ min: 1, max: most }),
    fc.integer({ min: 1, max: 5 * millionth }).map((parts) => Math.max(0.001, parts / millionth)),
  )

const limit: fc.Arbitrary<RateLimit> = fc
  .record({
    limit: decimal(5000),
    intervalMs: fc.oneof(fc.constantFrom(1000, 60_000, 3_600_000, 86_400_000), fc.integer({ min: 1, max: 100_000 })),
    burst: fc.oneof(
      fc.integer({ min: 1, max: 1000 }),
      fc.integer({ min: millionth, max: 9 * millionth }).map((parts) => parts / millionth),
    ),
  })
  .filter((each) => (each.burst / each.limit) * each.intervalMs < 366 * 86_400_000)

/** Whether whole numbers say it exactly. */
function isExact(given: RateLimit): boolean {
  const { perTick, perPart, parts } = rateOf(given)
  const ours = BigInt(perTick) * BigInt(Math.round(given.intervalMs * 1000)) * BigInt(millionth)
  return ours === exactly(given.limit) * BigInt(perPart) * BigInt(parts)
}

const arrivals = fc.array(
  fc.record({
    afterUs: fc.oneof(
      { weight: 3, arbitrary: fc.constant(0) },
      { weight: 3, arbitrary: fc.nat(5_000_000) },
      // Clocks of a process that slept, and of a test that sets them back.
      { weight: 1, arbitrary: fc.integer({ min: -2_000_000, max: 100_000_000_000 }) },
    ),
    cost: fc.oneof(fc.constant(1), fc.constant(0.1), decimal(20)),
  }),
  { minLength: 1, maxLength: 80 },
)

const gateWith = (rates: readonly (RateLimit & { readonly keys?: number })[]) => ({
  ...idleGate,
  restriction: unrestricted,
  lines: { rates },
})

const ratesOf = (...limits: (RateLimit & { readonly keys?: number })[]): Rates => {
  const rates = new Rates(() => 1)
  rates.adopt(gateWith(limits))
  return rates
}

/** Offers a call; how long it has to wait, 0 when it has entered. */
function offer(rates: Rates, cost: number, now: number, key?: string): number {
  const refusal = rates.look(cost, key, now)
  if (refusal !== undefined) return refusal.retryAt - now
  rates.take({ cost: cost, key: key }, now)
  return 0
}

describe("a rate", () => {
  it("lets enter exactly what the reference does, and says to the microsecond when the next call may", () => {
    const seen = { exact: 0 }
    fc.assert(
      fc.property(limit, arrivals, (given, walk) => {
        const [rates, reference] = [ratesOf(given), new FillingBucket(given)]
        const exact = isExact(given)
        seen.exact += exact ? 1 : 0
        let at = 0
        for (const { afterUs, cost } of walk) {
          at = Math.max(0, at + afterUs)
          const wait = reference.waitFor(cost, BigInt(at))
          const refusal = rates.look(cost, undefined, at / 1000)
          if (wait === undefined) expect(refusal?.retryAt).toBe(Number.POSITIVE_INFINITY)
          else if (exact) expect(refusal === undefined ? 0 : tickOf(refusal.retryAt) - at).toBe(Number(wait))
          else if (wait > 0n) expect(refusal).toBeDefined()
          if (refusal !== undefined) continue
          rates.take({ cost: cost, key: undefined }, at / 1000)
          reference.take(cost, BigInt(at))
        }
      }),
      { numRuns: 1000 },
    )
    // Of walks that are a hair stricter the reference says nothing exact.
    expect(seen.exact).toBeGreaterThan(700)
  })

  it("never lets more enter in any window than the burst and what the rate gives in that time", () => {
    fc.assert(
      fc.property(limit, arrivals, (given, walk) => {
        const rates = ratesOf(given)
        const interval = BigInt(Math.round(given.intervalMs * 1000))
        const entered: { at: bigint; cost: bigint }[] = []
        let at = 0
        for (const { afterUs, cost } of walk) {
          at = Math.max(at, at + afterUs)
          if (offer(rates, cost, at / 1000) === 0) entered.push({ at: BigInt(at), cost: exactly(cost) })
        }
        entered.forEach((first, from) => {
          let sum = 0n
          for (const { at: last, cost } of entered.slice(from)) {
            sum += cost
            expect(sum * interval <= exactly(given.burst) * interval + (last - first.at) * exactly(given.limit)).toBe(
              true,
            )
          }
        })
      }),
      { numRuns: 500 },
    )
  })

  it("is exact about when to come back: refused a millisecond and a microsecond earlier, let in at that time", () => {
    fc.assert(
      fc.property(limit, arrivals, (given, walk) => {
        const rates = ratesOf(given)
        let now = 0
        for (const { afterUs, cost } of walk) {
          now += Math.max(0, afterUs) / 1000
          const refusal = rates.look(cost, undefined, now)
          if (refusal === undefined) rates.take({ cost: cost, key: undefined }, now)
          else if (Number.isFinite(refusal.retryAt)) {
            const wait = refusal.retryAt - now
            if (wait > 1) expect(rates.look(cost, undefined, now + wait - 1)).toBeDefined()
            if (wait > 0.002) expect(rates.look(cost, undefined, now + wait - 0.001)).toBeDefined()
            expect(rates.look(cost, undefined, now + wait)).toBeUndefined()
          }
        }
      }),
      { numRuns: 500 },
    )
  })

  it("never refuses after a rest: an idle system has its whole burst", () => {
    fc.assert(
      fc.property(limit, arrivals, (given, walk) => {
        const rates = ratesOf(given)
        let now = 0
        for (const { afterUs, cost } of walk) offer(rates, cost, (now += Math.max(0, afterUs) / 1000))
        now += (given.burst / given.limit) * given.intervalMs + 0.001
        expect(rates.isPaid(now)).toBe(true)
        expect(rates.look(Math.floor(given.burst), undefined, now)).toBeUndefined()
      }),
    )
  })

  it("takes ten tenths of a call for one, and a third of a call a second for a third", () => {
    const tenths = ratesOf({ limit: 1, intervalMs: 1000, burst: 1 })
    const waits = Array.from({ length: 11 }, () => offer(tenths, 0.1, 0))
    expect(waits).toEqual([...Array(10).fill(0), 100])
    const thirds = ratesOf({ limit: 1, intervalMs: 3000, burst: 1 })
    expect([0, 0, 2999, 3000, 5999, 6000].map((now) => offer(thirds, 1, now) === 0)).toEqual([
      true,
      false,
      false,
      true,
      false,
      true,
    ])
  })

  it("where whole numbers would not be exact is a hair stricter, and never laxer", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000_000 }),
        fc.integer({ min: 1, max: 86_400_000 }),
        fc.integer({ min: 1, max: 1_000_000 }),
        (calls, intervalMs, burst) => {
          fc.pre((burst / calls) * intervalMs < 366 * 86_400_000)
          const { perTick, perPart, parts, most } = rateOf({ limit: calls, intervalMs, burst })
          expect([perTick, perPart, most].every(Number.isSafeInteger)).toBe(true)
          expect(most).toBeLessThanOrEqual(2 ** 52)
          // perTick / perPart parts a tick, against calls * parts in intervalMs * 1000 ticks.
          const [ours, theirs] = [BigInt(perTick) * BigInt(intervalMs) * 1000n, BigInt(calls * parts) * BigInt(perPart)]
          expect(ours <= theirs).toBe(true)
          expect(Number(theirs - ours) / Number(theirs)).toBeLessThan(1e-4)
        },
      ),
      { numRuns: 2000 },
    )
  })
})

describe("several limits", () => {
  it("of one call: the strictest decides, and what one refuses counts for none", () => {
    fc.assert(
      fc.property(fc.array(limit, { minLength: 2, maxLength: 4 }), arrivals, (limits, walk) => {
        const together = ratesOf(...limits)
        const alone = limits.map((each) => ratesOf(each))
        let now = 0
        for (const { afterUs, cost } of walk) {
          now += Math.max(0, afterUs) / 1000
          const waits = alone.map((each) => each.look(cost, undefined, now)?.retryAt ?? Number.NEGATIVE_INFINITY)
          const refusal = together.look(cost, undefined, now)
          expect(refusal?.retryAt ?? Number.NEGATIVE_INFINITY).toBe(Math.max(...waits))
          if (refusal !== undefined) continue
          together.take({ cost: cost, key: undefined }, now)
          for (const each of alone) each.take({ cost: cost, key: undefined }, now)
        }
      }),
      { numRuns: 300 },
    )
  })
})

describe("what comes back", () => {
  it("of a call that was never made never lets more through than the rate allows for those that were", () => {
    const steps = fc.array(
      fc.record({
        afterUs: fc.oneof(fc.constant(0), fc.nat(3_000_000)),
        cost: decimal(3),
        undoes: fc.option(fc.nat(20)),
      }),
      { maxLength: 60 },
    )
    fc.assert(
      fc.property(limit, steps, (given, walk) => {
        const rates = ratesOf(given)
        const interval = BigInt(Math.round(given.intervalMs * 1000))
        const made: { at: number; cost: number }[] = []
        let at = 0
        for (const { afterUs, cost, undoes } of walk) {
          at += afterUs
          if (offer(rates, cost, at / 1000) === 0) made.push({ at, cost })
          const [undone] = undoes === null ? [] : made.splice(undoes % Math.max(1, made.length), 1)
          if (undone !== undefined) rates.giveBack({ cost: undone.cost, key: undefined }, undone.at / 1000, at / 1000)
        }
        made.forEach((first, from) => {
          let sum = 0n
          for (const { at: last, cost } of made.slice(from)) {
            sum += exactly(cost)
            const given_ = BigInt(last - first.at) * exactly(given.limit)
            expect(sum * interval <= exactly(given.burst) * interval + given_).toBe(true)
          }
        })
      }),
      { numRuns: 1000 },
    )
  })

  it("at once is all of it", () => {
    fc.assert(
      fc.property(limit, decimal(10), (given, cost) => {
        const rate = rateOf(given)
        const bucket = freshBucket()
        spend(rate, bucket, unitsOf(rate, cost), 5)
        giveBack(rate, bucket, unitsOf(rate, cost), 5, 5)
        expect(bucket.debt).toBe(0)
      }),
    )
  })

  it("after a restart is what was owed, less the time that has passed", () => {
    fc.assert(
      fc.property(limit, arrivals, fc.nat(10_000), (given, walk, elapsedMs) => {
        const rate = rateOf(given)
        const bucket = freshBucket()
        let tick = 0
        for (const { afterUs, cost } of walk) {
          tick += Math.max(0, afterUs)
          if (ticksUntil(rate, bucket, unitsOf(rate, cost), tick) === 0) spend(rate, bucket, unitsOf(rate, cost), tick)
        }
        const owed = msUntilPaid(rate, bucket, tick)
        const again = owing(rate, Math.max(0, owed - elapsedMs), 77)
        // Rounded up to a tick: a restart gives nothing away.
        expect(tickOf(msUntilPaid(rate, again, 77))).toBe(tickOf(Math.max(0, owed - elapsedMs)))
        expect(again.debt).toBeLessThanOrEqual(rate.most)
      }),
    )
  })
})

describe("keys", () => {
  it("do not pay for each other: each gets what it would get alone", () => {
    const keyed = { limit: 5, intervalMs: 1000, burst: 3, keys: 100 }
    const calls = fc.array(fc.record({ key: fc.constantFrom("a", "b", "c"), afterUs: fc.nat(400_000) }), {
      maxLength: 120,
    })
    fc.assert(
      fc.property(calls, (walk) => {
        const rates = ratesOf(keyed)
        const alone = { a: ratesOf(keyed), b: ratesOf(keyed), c: ratesOf(keyed) }
        let now = 0
        for (const { key, afterUs } of walk) {
          now += afterUs / 1000
          expect(offer(rates, 1, now, key)).toBe(offer(alone[key], 1, now, key))
        }
      }),
    )
  })

  it("that are forgotten were paid off: forgetting them changes nothing for anybody", () => {
    const keyed = { limit: 5, intervalMs: 1000, burst: 2 }
    const key = fc.integer({ min: 0, max: 9 }).map((number) => `key ${number}`)
    // Never more than eight that owe something at once, so that there is always room.
    const calls = fc.array(fc.record({ key, afterUs: fc.integer({ min: 60_000, max: 400_000 }) }), {
      maxLength: 150,
    })
    fc.assert(
      fc.property(calls, (walk) => {
        const [few, many] = [ratesOf({ ...keyed, keys: 8 }), ratesOf({ ...keyed, keys: 1000 })]
        let now = 0
        for (const { key, afterUs } of walk) {
          now += afterUs / 1000
          expect(offer(few, 1, now, key)).toBe(offer(many, 1, now, key))
        }
      }),
    )
  })

  it("a million hostile ones buy as many calls again as the table's, and no more; nobody's own is lost", () => {
    const rates = ratesOf({ limit: 1, intervalMs: 60_000, burst: 1, keys: 1000 })
    expect(offer(rates, 1, 0, "honest")).toBe(0)
    let entered = 0
    for (let hostile = 0; hostile < 1_000_000; hostile++) {
      if (offer(rates, 1, hostile / 1000, `hostile ${hostile}`) === 0) entered++
    }
    // 999 places in the table; then one a minute for each of a thousand shared ones, over a second.
    expect(entered).toBe(1999)
    expect(offer(rates, 1, 1000, "honest")).toBe(59_000)
    expect(rates.save(1000)[0]?.keys).toHaveLength(1000)
    expect(offer(rates, 1, 60_000, "honest")).toBe(0)
  }, 60_000)

  it("that come new to a table full of debtors are let in: they do not owe what those before them owe", () => {
    const rates = ratesOf({ limit: 2, intervalMs: 3_600_000, burst: 2, keys: 1000 })
    for (let debtor = 0; debtor < 1000; debtor++) offer(rates, 1, 0, `debtor ${debtor}`)
    let entered = 0
    for (let newcomer = 0; newcomer < 200; newcomer++) if (offer(rates, 1, 1, `new ${newcomer}`) === 0) entered++
    // Who shares a place with two others by chance waits for them.
    expect(entered).toBeGreaterThanOrEqual(195)
  })

  it("that come new in the midst of a flood get in when they come back, and none gets more than its own limit", () => {
    const rates = ratesOf({ limit: 1, intervalMs: 1000, burst: 1, keys: 1000 })
    let flooded = 0
    const honest = Array.from({ length: 50 }, (_, n) => ({
      key: `honest ${n}`,
      at: 1000 + 20 * n,
      tries: 0,
      in: false,
    }))
    const greedy = { entered: 0, asked: 0 }
    // Three times what the table and the shared places give, for 20 seconds, by a key for each call.
    for (let tenth = 0; tenth < 200_000; tenth++) {
      const now = tenth / 10
      if (tenth % 2 === 0 && offer(rates, 1, now, `flood ${tenth}`) === 0) flooded++
      if (tenth % 50 === 0) {
        greedy.asked++
        if (offer(rates, 1, now, "greedy") === 0) greedy.entered++
      }
      for (const one of honest) {
        if (one.in || now < one.at) continue
        one.tries++
        const waitMs = offer(rates, 1, now, one.key)
        if (waitMs === 0) one.in = true
        else one.at = now + waitMs
      }
    }
    expect(flooded).toBeLessThanOrEqual(2 * 1000 * 21)
    expect(greedy.entered).toBeLessThanOrEqual(21)
    expect(honest.filter((one) => !one.in)).toEqual([])
  })

  it("that came to a full table alone keep what they spent there when they get a place of their own", () => {
    const rates = ratesOf({ limit: 2, intervalMs: 2000, burst: 2, keys: 1 })
    expect(offer(rates, 1, 0, "first")).toBe(0)
    expect(offer(rates, 2, 500, "second")).toBe(0)
    // The first has paid and made room.
    expect(offer(rates, 1, 1000, "second")).toBe(500)
    expect(offer(rates, 1, 1500, "second")).toBe(0)
    expect(offer(rates, 1, 1500, "second")).toBe(1000)
  })
})
