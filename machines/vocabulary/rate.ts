/**
 * Rates: a bucket for each limit, by the generic cell rate algorithm (ITU-T I.371, appendix A). A call adds its cost to the debt of
 * the bucket, time pays the debt off, and a call whose cost would lift it above the burst may not enter.
 *
 * All of it is whole numbers, so that "never more than the burst and what the rate gives in that time" holds exactly and for ever.
 * Time is counted in ticks of a microsecond and cost in small parts of a call. The unit of debt is chosen for each limit such that
 * a tick pays a whole number of units and a part costs a whole number of them.
 *
 * A bucket is mutable, so that a call costs a few additions; who needs a value copies it first. Both planes call these functions.
 */

/** So many calls in so much time, and so many at once. */
export interface RateLimit {
  /** Calls, or what they cost, that may enter in `intervalMs`. */
  readonly limit: number
  readonly intervalMs: number
  /** What may enter at one instant. */
  readonly burst: number
}

/** A limit in whole numbers. */
export interface Rate {
  /** Parts of a call: what it costs is counted to one of them. */
  readonly parts: number
  /** Units of debt that a tick pays off, and that a part costs. */
  readonly perTick: number
  readonly perPart: number
  /** The burst in units. */
  readonly most: number
}

export interface Bucket {
  /** Units that are owed, as it was at `at`. */
  debt: number
  /** The tick of the call that entered last. */
  at: number
}

/** Sums of two numbers up to this one are exact. */
const exact = 2 ** 52
const ticksPerMs = 1000
/** What a decimal fraction may be off by as a double: a tenth of a call ten times is one call. */
const noise = 2 ** -50

export const freshBucket = (): Bucket => ({ debt: 0, at: Number.NEGATIVE_INFINITY })

/** The nearest tick: so that a call which comes when it was told to is not early by a rounding of the clock. */
export const tickOf = (ms: number): number => Math.floor(ms * ticksPerMs + 0.5)
export const msOf = (ticks: number): number => ticks / ticksPerMs

const divisor = (one: number, other: number): number => (other === 0 ? one : divisor(other, one % other))

/** The best fraction that is not above `one / other`, with a denominator of at most `largest` (semiconvergents of Euclid's steps). */
function below(one: number, other: number, largest: number): readonly [number, number] {
  const [low, high] = [
    [0, 1],
    [1, 0],
  ] as [[number, number], [number, number]]
  let [n, d, lifts] = [one, other, true]
  while (d > 0) {
    const [moved, by] = lifts ? [low, high] : [high, low]
    const wanted = Math.floor(n / d)
    const steps = by[1] === 0 ? wanted : Math.min(wanted, Math.floor((largest - moved[1]) / by[1]))
    moved[0] += steps * by[0]
    moved[1] += steps * by[1]
    if (steps < wanted) break
    ;[n, d, lifts] = [d, n % d, !lifts]
  }
  return low
}

/**
 * A limit in whole numbers: exactly as it is given, down to a millionth of a call (a thousandth where the burst is above 1000). Where
 * whole numbers would not be exact any more, as with 999 983 calls in 86 399 seconds at a burst of a million, it is a hair stricter.
 */
export function rateOf({ limit, intervalMs, burst }: RateLimit): Rate {
  const parts = burst > 1000 ? 1000 : 1_000_000
  const given = Math.max(1, Math.floor(limit * parts * (1 + noise)))
  const ticks = Math.max(1, tickOf(intervalMs))
  const whole = divisor(given, ticks)
  const burstParts = Math.floor(burst * parts * (1 + noise))
  const largest = Math.floor(exact / burstParts)
  const [perTick, perPart] = ticks / whole <= largest ? [given / whole, ticks / whole] : below(given, ticks, largest)
  return { parts, perTick, perPart, most: burstParts * perPart }
}

/** The units of a cost, rounded up to the next part. */
export const unitsOf = ({ parts, perPart }: Rate, cost: number): number =>
  Math.min(exact, Math.ceil(cost * parts * (1 - noise)) * perPart)

/** What is owed at this tick. A clock that went back pays nothing, and takes nothing. */
export const debtAt = ({ perTick }: Rate, { debt, at }: Bucket, tick: number): number =>
  debt === 0 || tick <= at ? debt : Math.max(0, debt - (tick - at) * perTick)

/** Ticks until so many units fit: 0 if they do now, `Infinity` if they never will. */
export function ticksUntil(rate: Rate, bucket: Bucket, units: number, tick: number): number {
  const over = debtAt(rate, bucket, tick) + units - rate.most
  if (over <= 0) return 0
  return units > rate.most ? Number.POSITIVE_INFINITY : ticksFor(rate, over) + Math.max(0, bucket.at - tick)
}

/** Ticks that pay off so many units, rounded up without the rounding of a division. */
function ticksFor({ perTick }: Rate, units: number): number {
  const rest = units % perTick
  return (units - rest) / perTick + (rest === 0 ? 0 : 1)
}

export function spend(rate: Rate, bucket: Bucket, units: number, tick: number): void {
  bucket.debt = Math.min(exact, debtAt(rate, bucket, tick) + units)
  bucket.at = Math.max(bucket.at, tick)
}

/**
 * Gives back what a call has spent that was never made. Of what was spent a while ago only that is given which time cannot have paid
 * off meanwhile: more would let others enter above the limit.
 */
export function giveBack(rate: Rate, bucket: Bucket, units: number, spentAt: number, tick: number): void {
  const left = units - Math.max(0, tick - spentAt) * rate.perTick
  if (left <= 0) return
  bucket.debt = Math.max(0, debtAt(rate, bucket, tick) - left)
  bucket.at = Math.max(bucket.at, tick)
}

/** Milliseconds until nothing is owed any more. */
export const msUntilPaid = (rate: Rate, bucket: Bucket, tick: number): number =>
  msOf(ticksFor(rate, debtAt(rate, bucket, tick)))

/** A bucket that will have paid in so many milliseconds, or is empty. */
export const owing = (rate: Rate, ms: number, tick: number): Bucket => ({
  debt: Math.min(rate.most, tickOf(ms) * rate.perTick),
  at: tick,
})

/** What is spent under one limit, as it counts under another. */
export function carried(from: Rate, bucket: Bucket, to: Rate, tick: number): Bucket {
  const calls = debtAt(from, bucket, tick) / from.perPart / from.parts
  return { debt: Math.min(to.most, unitsOf(to, calls)), at: tick }
}

/** What may still enter at this tick, in calls. */
export const leftAt = (rate: Rate, bucket: Bucket, tick: number): number =>
  Math.max(0, rate.most - debtAt(rate, bucket, tick)) / rate.perPart / rate.parts
