/**
 * Calls in flight by age: a running call older than the slow line *is* slow, although it has not settled.
 *
 * Starts are counted in coarse buckets, a sixteenth of the line wide, so a call costs two increments and no memory. When a
 * bucket's youngest call has passed the line, its calls are overdue until they settle.
 */
const bucketsPerLine = 16
const bucketRing = 32

export class Overdue {
  /** Calls in flight that are older than the line. */
  count = 0
  readonly #lineMs: number
  readonly #widthMs: number
  readonly #starts = new Uint32Array(bucketRing)
  /** Buckets up to this one have passed the line. */
  #passed: number
  #waiting = 0

  constructor(lineMs: number, at: number) {
    this.#lineMs = lineMs
    this.#widthMs = lineMs / bucketsPerLine
    this.#passed = this.#bucketOf(at) - 1
  }

  #bucketOf(startedAt: number): number {
    return Math.floor(startedAt / this.#widthMs)
  }

  enter(startedAt: number): void {
    const bucket = this.#bucketOf(startedAt)
    if (bucket - this.#passed >= bucketRing) this.sweep(startedAt)
    const slot = bucket % bucketRing
    this.#starts[slot] = (this.#starts[slot] as number) + 1
    this.#waiting++
  }

  /** A call that entered at `startedAt` has settled. */
  leave(startedAt: number): void {
    const bucket = this.#bucketOf(startedAt)
    if (bucket <= this.#passed) {
      this.count--
      return
    }
    const slot = bucket % bucketRing
    this.#starts[slot] = (this.#starts[slot] as number) - 1
    this.#waiting--
  }

  /** Moves what has passed the line by `now`; answers how many calls did. */
  sweep(now: number): number {
    const newest = Math.floor((now - this.#lineMs) / this.#widthMs) - 1
    const before = this.count
    while (this.#passed < newest && this.#waiting > 0) {
      const slot = ++this.#passed % bucketRing
      const calls = this.#starts[slot] as number
      this.#starts[slot] = 0
      this.#waiting -= calls
      this.count += calls
    }
    if (this.#passed < newest) this.#passed = newest
    return this.count - before
  }

  /** Milliseconds from `now` until the oldest waiting call is overdue; undefined when none is waiting. */
  nextIn(now: number): number | undefined {
    if (this.#waiting === 0) return undefined
    let bucket = this.#passed + 1
    while ((this.#starts[bucket % bucketRing] as number) === 0) bucket++
    return Math.max(0, (bucket + 1) * this.#widthMs + this.#lineMs - now)
  }
}
