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

interface Kept extends Stall {
  /** How often a stall had been noticed when this one was. */
  readonly count: number
}

export class Stalls {
  #kept: Kept[] = []
  /** How often one was noticed, ever. */
  count = 0

  /** One that was noticed before, and goes on, is the same still: a host that works off many answers is asked for the time between them. */
  note(stall: Stall): void {
    const last = this.#kept.at(-1)
    if (last !== undefined && stall.at - stall.ms <= last.at) this.#kept.pop()
    this.#kept.push({ ...stall, count: ++this.count })
    if (this.#kept.length > most) this.#kept.shift()
  }

  /** What was noticed after so many, as far as it is kept; oldest first. */
  after(count: number): readonly Stall[] {
    return this.#kept.filter((stall) => stall.count > count)
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
