/**
 * What a service has been seen to do with so many calls in it at once: how many succeed in a millisecond, and how sure that is.
 * Rates are measured, not derived from latencies: calls that are quick end first, and those that time out tell no latency.
 */

/** Levels of concurrency: 1, 2, 3 and so on, and from 10 each a seventh above the last. */
const count = 89
const levels = /* @__PURE__ */ levelsOf(count)

function levelsOf(count: number): Int32Array {
  const all = new Int32Array(count)
  for (let index = 0, level = 1; index < count; index++, level = Math.max(level + 1, Math.round(level * 1.14)))
    all[index] = level
  return all
}

/** The highest level that is not above so many calls. */
export function levelOf(calls: number): number {
  let [low, high] = [0, count - 1]
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((levels[middle] as number) <= calls) low = middle
    else high = middle - 1
  }
  return low
}

/** The fewest calls of a level, and the most. */
export const callsAt = (level: number): number => levels[Math.max(0, Math.min(count - 1, level))] as number
export const topOf = (level: number): number => callsAt(level + 1) - 1

/** What is known of a level is worth half after so many milliseconds. */
const halfLifeMs = 30_000
const decay = Math.LN2 / halfLifeMs
/** An average takes in no less than this part of what is new, for each outcome. */
const leastStep = 0.004
/** Worth so many outcomes a level is known. */
const known = 8
/** Fewer calls at once are preferred: so much of a rise in concurrency must come back as a rise in goodput. */
const preference = 0.2
/** What is known of a level tells of the ones beside it, unless it is so many milliseconds older than what is known of them. */
const together = 10000
/** What differs by more standard errors from what was known is another service. */
const another = 3.5

/** Until there is something to know: most limits never hold anybody back. */
const nothing = /* @__PURE__ */ new Float64Array(count)

export class Goodput {
  #rate = nothing
  #weight = nothing
  #at = nothing
  #highest = -1
  /** The variance of the logarithm of a rate that is measured on one outcome. */
  #variance = 1

  /** How many outcomes the knowledge of a level is worth now. */
  weightOf(level: number, now: number): number {
    const weight = this.#weight[level] as number
    if (weight === 0) return 0
    const passed = now - (this.#at[level] as number)
    return passed > 0 ? weight * Math.exp(-decay * passed) : weight
  }

  isKnown(level: number, now: number): boolean {
    return this.weightOf(level, now) >= known
  }

  /** Whether anything is known from one level to another. */
  knowsAny(from: number, to: number, now: number): boolean {
    for (let level = Math.max(0, from); level <= to; level++) if (this.isKnown(level, now)) return true
    return false
  }

  /**
   * Takes in what a round of so many outcomes has shown. Where the service has changed, what was known of this level goes, and what is
   * known of others is doubted.
   */
  learn(level: number, rate: number, outcomes: number, now: number): void {
    if (this.#weight === nothing) this.#begin()
    const before = this.#rate[level] as number
    let weight = this.weightOf(level, now)
    if (weight >= known / 2 && this.#hasChanged(before, rate, 1 / outcomes + 1 / weight)) {
      this.#doubtOthers(level)
      weight = 0
    }
    const step = Math.min(1, Math.max(leastStep * outcomes, outcomes / (weight + outcomes)))
    this.#rate[level] = before + step * (rate - before)
    this.#weight[level] = weight + outcomes
    this.#at[level] = now
    if (level > this.#highest) this.#highest = level
  }

  #begin(): void {
    this.#rate = new Float64Array(count)
    this.#weight = new Float64Array(count)
    this.#at = new Float64Array(count)
  }

  /** Whether a rate differs from what was known by more than chance; and learns how much chance there is. */
  #hasChanged(before: number, rate: number, perOutcome: number): boolean {
    // Where nothing succeeded, and nothing does, nothing has changed: a logarithm of that, which is no number, would be known for ever.
    const off = rate === before ? 0 : Math.log(Math.max(rate, before / 20) / before) ** 2 / perOutcome
    const isAnother = off > another ** 2 * this.#variance
    this.#variance = Math.max(0.05, this.#variance + 0.05 * (Math.min(4, off) - this.#variance))
    return isAnother
  }

  /** Levels are hardly known any more. */
  doubt(from: number, to: number, now: number): void {
    for (let level = from; level <= Math.min(to, this.#highest); level++) {
      this.#weight[level] = Math.min(known / 2, this.weightOf(level, now))
      this.#at[level] = now
    }
  }

  #doubtOthers(level: number): void {
    for (let other = 0; other <= this.#highest; other++)
      if (other !== level) this.#weight[other] = Math.min(known / 2, this.#weight[other] as number)
  }

  /** Whether with fewer calls at once nearly as much less is done: then they do not stand in each other's way. */
  isElastic(high: number, low: number, now: number): boolean {
    if (!this.isKnown(high, now) || !this.isKnown(low, now)) return false
    const left = (this.#rate[low] as number) / (this.#rate[high] as number)
    return left < Math.sqrt(callsAt(low) / callsAt(high))
  }

  /**
   * Whether more calls at once were seen to bring hardly more, and not by chance: less than half of the way to what calls bring that are not in
   * each other's way.
   */
  isEnough(level: number, now: number): boolean {
    for (let more = level + 1; more <= this.#highest; more++) {
      if (!this.isKnown(more, now)) continue
      const gain = Math.log((this.#rate[more] as number) / (this.#rate[level] as number))
      const error = Math.sqrt(this.#variance * (1 / this.weightOf(level, now) + 1 / this.weightOf(more, now)))
      if (gain + 2 * error < 0.5 * Math.log(callsAt(more) / callsAt(level))) return true
    }
    return false
  }

  /** The knee: the level of the most goodput, less a little for each call more at once. -1 while nothing is known. */
  knee(now: number): number {
    let [best, knee] = [Number.NEGATIVE_INFINITY, -1]
    for (let level = 0; level <= this.#highest; level++) {
      if (!this.isKnown(level, now)) continue
      const worth = this.#worth(level, now)
      if (worth > best) [best, knee] = [worth, level]
    }
    return knee
  }

  /** By what is known of a level, and a quarter of what is known of those beside it; with half a standard error in its favour. */
  #worth(level: number, now: number): number {
    let [sum, weights] = [0, 0]
    for (let near = Math.max(0, level - 1); near <= Math.min(level + 1, this.#highest); near++) {
      if (!this.isKnown(near, now) || (this.#at[near] as number) < (this.#at[level] as number) - together) continue
      const weight = this.weightOf(near, now) * (near === level ? 1 : 0.25)
      sum += weight * (Math.log(Math.max(1e-9, this.#rate[near] as number)) - preference * Math.log(callsAt(near)))
      weights += weight
    }
    return sum / weights + 0.5 * Math.sqrt(this.#variance / weights)
  }
}
