/** At most one event in this many milliseconds: an outage must not drown its own log. */
const everyMs = 1000

/**
 * Thins out what may come by the thousand: the first is told at once, then one a second with the count since the last. What
 * comes while nobody listens is neither kept nor counted, so that whoever listens later is told of nothing old.
 */
export class Sampler<Fact> {
  readonly #isHeard: () => boolean
  readonly #tell: (fact: Fact, count: number, at: number) => void
  /** Another story: what was counted so far belongs to the one before, and is told first. */
  readonly #isNews: (fact: Fact, before: Fact) => boolean
  #count = 0
  #last: Fact | undefined = undefined
  #nextAt = Number.NEGATIVE_INFINITY

  constructor(
    isHeard: () => boolean,
    tell: (fact: Fact, count: number, at: number) => void,
    isNews: (fact: Fact, before: Fact) => boolean,
  ) {
    this.#isHeard = isHeard
    this.#tell = tell
    this.#isNews = isNews
  }

  /** `count`: how many the fact stands for. */
  add(fact: Fact, now: number, count = 1): void {
    if (!this.#isHeard()) {
      this.#count = 0
      this.#last = undefined
      return
    }
    const isNews = this.#last === undefined || this.#isNews(fact, this.#last)
    if (isNews) this.flush(now)
    this.#last = fact
    this.#count += count
    if (isNews || now >= this.#nextAt) this.flush(now)
  }

  /** Whether it has told of something within the last second. */
  hasJustTold(now: number): boolean {
    return now < this.#nextAt
  }

  /** Tells what was counted and not yet told. */
  flush(now: number): void {
    const count = this.#count
    if (this.#last === undefined || count === 0) return
    this.#count = 0
    this.#nextAt = now + everyMs
    this.#tell(this.#last, count, now)
  }
}
