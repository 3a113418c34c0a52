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

export class Lengths {
  /** The logarithm of the milliseconds that a quarter of the calls do not exceed; and the same when there was room for more. */
  #low = Number.NaN
  #usual = Number.NaN
  #count = 0
  #grownAt = Number.NEGATIVE_INFINITY

  /** A call has succeeded. */
  add(ms: number): void {
    const length = Math.log(Math.max(0.01, ms))
    // The first ones move it more: else it would take long to come to anything.
    const stride = Math.max(step, 1 / (1 + this.#count++))
    if (Number.isNaN(this.#low)) this.#low = length
    else this.#low += length < this.#low ? -stride * (1 - share) : stride * share
  }

  /** A while has passed with so many calls in flight; `isIdle`: there was room for more. */
  look(inFlight: number, isIdle: boolean, now: number): void {
    if (this.#count < generations * inFlight || this.#count < 8) return
    if (Number.isNaN(this.#usual)) this.#usual = this.#low
    else if (isIdle || this.#low < this.#usual) this.#usual += 0.2 * (this.#low - this.#usual)
    if (this.#low - this.#usual > Math.log(longer)) this.#grownAt = now
  }

  haveGrown(now: number): boolean {
    return now - this.#grownAt < memoryMs
  }
}
