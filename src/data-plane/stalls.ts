/**
 * When the host stood still: stopped, collecting garbage, kept from its processor, or busy with something else. Answers that came meanwhile
 * were read later, so that time is none that the service took. It is told by timers that come late.
 */

/** A time in which the host ran nothing. */
export interface Stall {
  /** When it was noticed. */
  readonly at: number
  /** For how long it had lasted, at least, in whole milliseconds. */
  readonly ms: number
  /** When timers had been fired last by then, and which of them. */
  readonly turnedAt: number
  readonly turnedBy: number
}

/** Those before them are older than what most calls take. */
const most = 16

export class Stalls {
  #kept: Stall[] = []
  /** All there ever were. */
  count = 0

  note(stall: Stall): void {
    this.count++
    this.#kept.push(stall)
    if (this.#kept.length > most) this.#kept.shift()
  }

  /** Those after so many, as far as they are kept; oldest first. */
  after(count: number): readonly Stall[] {
    return this.#kept.slice(Math.max(0, this.#kept.length - (this.count - count)))
  }

  /** How long it stood still between the two, in milliseconds. */
  between(since: number, until: number): number {
    let sum = 0
    for (let n = this.#kept.length - 1; n >= 0; n--) {
      const { at, ms } = this.#kept[n] as Stall
      if (at <= since) break
      if (at <= until) sum += Math.min(ms, at - since)
    }
    return sum
  }
}
