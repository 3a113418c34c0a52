/**
 * Whether calls have grown longer. The quicker ones among them tell: where calls are in each other's way all of them wait, and where a
 * few are long for reasons of their own the others are as quick as ever.
 */

/** The part of the calls that are quicker than what is watched. */
const share = 0.25
/** So far one call moves it, as a part of it. */
const step = 0.03
/** So much longer is longer. */
const longer = 2
/** Calls that ended first are quicker than those that began with them: nothing is known before so many have ended for each in flight. */
const generations = 3
/** That calls have grown longer is remembered for so many milliseconds. */
const memoryMs = 300_000

/** By what it moves once it knows enough: worked out once, not on each call. */
const down = /* @__PURE__ */ Math.exp(-step * (1 - share))
const up = /* @__PURE__ */ Math.exp(step * share)
const settledAfter = /* @__PURE__ */ Math.ceil(1 / step)
const leastMs = 0.01

export class Lengths {
  /** The milliseconds that a quarter of the calls do not exceed; and the same when there was room for more. */
  #low = Number.NaN
  #usual = Number.NaN
  #count = 0
  #grownAt = Number.NEGATIVE_INFINITY

  /** A call has succeeded. */
  add(ms: number): void {
    if (this.#count++ < settledAfter) this.#begin(Math.max(leastMs, ms))
    else this.#low *= ms < this.#low && this.#low > leastMs ? down : up
  }

  /** The first ones move it more: else it would take long to come to anything. */
  #begin(ms: number): void {
    if (Number.isNaN(this.#low)) this.#low = ms
    else this.#low *= Math.exp((ms < this.#low ? share - 1 : share) / this.#count)
  }

  /** A while has passed with so many calls in flight; `isIdle`: there was room for more. */
  look(inFlight: number, isIdle: boolean, now: number): void {
    if (this.#count < generations * inFlight || this.#count < 8) return
    if (Number.isNaN(this.#usual)) this.#usual = this.#low
    else if (isIdle || this.#low < this.#usual) this.#usual *= (this.#low / this.#usual) ** 0.2
    if (this.#low > longer * this.#usual) this.#grownAt = now
  }

  haveGrown(now: number): boolean {
    return now - this.#grownAt < memoryMs
  }
}
