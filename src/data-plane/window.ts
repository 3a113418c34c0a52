/** The window ring: counts of outcomes in constant time and bounded memory, mutable twin of the vocabulary's window. */
import type { WindowShape } from "../../machines/vocabulary/gate.ts"
import type { Counts } from "../../machines/vocabulary/window.ts"

export interface Ring extends Counts {
  add(at: number, failure: boolean, slow: boolean): void
  /** Forgets what is too old at `at`. */
  expire(at: number): void
}

/** Slices of time: a sample belongs to the slice it settled in; a slice is forgotten as a whole. */
class TimeRing implements Ring {
  calls = 0
  failures = 0
  slow = 0
  readonly row = 0
  readonly #widthMs: number
  readonly #slices: number
  /** Per slice: calls, failures, slow. */
  readonly #counts: Uint32Array
  #newest = Number.NEGATIVE_INFINITY
  /** Where the newest slice's counts begin. */
  #base = 0

  constructor(durationMs: number, slices: number) {
    this.#widthMs = durationMs / slices
    this.#slices = slices
    this.#counts = new Uint32Array(slices * 3)
  }

  add(at: number, failure: boolean, slow: boolean): void {
    const index = Math.floor(at / this.#widthMs)
    if (index > this.#newest) this.#advance(index)
    const base = this.#base
    const counts = this.#counts
    counts[base] = (counts[base] as number) + 1
    this.calls++
    if (failure) {
      counts[base + 1] = (counts[base + 1] as number) + 1
      this.failures++
    }
    if (slow) {
      counts[base + 2] = (counts[base + 2] as number) + 1
      this.slow++
    }
  }

  expire(at: number): void {
    const index = Math.floor(at / this.#widthMs)
    if (index > this.#newest) this.#advance(index)
  }

  #advance(index: number): void {
    const steps = Math.min(this.#slices, index - this.#newest)
    for (let step = 0; step < steps; step++) this.#clear(this.#baseOf(index - step))
    this.#newest = index
    this.#base = this.#baseOf(index)
  }

  /** A clock may begin below zero. */
  #baseOf(index: number): number {
    return (((index % this.#slices) + this.#slices) % this.#slices) * 3
  }

  #clear(base: number): void {
    const counts = this.#counts
    this.calls -= counts[base] as number
    this.failures -= counts[base + 1] as number
    this.slow -= counts[base + 2] as number
    counts.fill(0, base, base + 3)
  }
}

const isFailed = 1
const isSlow = 2

/** The last so many calls, each with the time it settled, so that they are forgotten by age as well. */
class CountRing implements Ring {
  calls = 0
  failures = 0
  slow = 0
  readonly row = 0
  readonly #limit: number
  readonly #maxAgeMs: number
  readonly #times: Float64Array
  readonly #flags: Uint8Array
  #oldest = 0

  constructor(limit: number, maxAgeMs: number) {
    this.#limit = limit
    this.#maxAgeMs = maxAgeMs
    this.#times = new Float64Array(limit)
    this.#flags = new Uint8Array(limit)
  }

  add(at: number, failure: boolean, slow: boolean): void {
    this.expire(at)
    if (this.calls === this.#limit) this.#drop()
    const end = this.#oldest + this.calls
    const slot = end < this.#limit ? end : end - this.#limit
    this.#times[slot] = at
    this.#flags[slot] = (failure ? isFailed : 0) | (slow ? isSlow : 0)
    this.calls++
    if (failure) this.failures++
    if (slow) this.slow++
  }

  expire(at: number): void {
    while (this.calls > 0 && at - (this.#times[this.#oldest] as number) >= this.#maxAgeMs) this.#drop()
  }

  #drop(): void {
    const flags = this.#flags[this.#oldest] as number
    if (flags & isFailed) this.failures--
    if (flags & isSlow) this.slow--
    this.calls--
    this.#oldest = this.#oldest + 1 === this.#limit ? 0 : this.#oldest + 1
  }
}

/** Bad outcomes in a row; a good one, or a long silence, ends the row. */
class RowRing implements Ring {
  calls = 0
  failures = 0
  slow = 0
  row = 0
  #lastAt = Number.NEGATIVE_INFINITY
  readonly #maxAgeMs: number

  constructor(maxAgeMs: number) {
    this.#maxAgeMs = maxAgeMs
  }

  add(at: number, failure: boolean, slow: boolean): void {
    this.expire(at)
    this.#lastAt = at
    if (!failure && !slow) return this.#end()
    this.calls++
    this.row++
    if (failure) this.failures++
    if (slow) this.slow++
  }

  expire(at: number): void {
    if (at - this.#lastAt >= this.#maxAgeMs) this.#end()
  }

  #end(): void {
    this.calls = 0
    this.failures = 0
    this.slow = 0
    this.row = 0
  }
}

export function makeRing(shape: WindowShape): Ring {
  if (shape.type === "time") return new TimeRing(shape.durationMs, shape.slices)
  if (shape.type === "count") return new CountRing(shape.calls, shape.maxAgeMs)
  return new RowRing(shape.maxAgeMs)
}
