import type { OutcomeKind } from "../../../machines/vocabulary/outcome.ts"

/** What a while of outcomes has shown. It lasts at least as long as a call: calls end in clusters, as they began. */
export class Round {
  readonly #at: number
  readonly #area: number
  successes = 0
  timeouts = 0
  outcomes = 0
  waited = 0
  #sumMs = 0
  #squares = 0

  /** `area`: calls in flight times milliseconds, since whenever. */
  constructor(at: number, area: number) {
    this.#at = at
    this.#area = area
  }

  add(kind: OutcomeKind, ms: number): void {
    this.outcomes++
    if (kind === "success") this.successes++
    else if (kind === "timedOut") this.timeouts++
    this.#sumMs += ms
    this.#squares += ms * ms
  }

  hasBegunAfter(at: number): boolean {
    return this.#at >= at
  }

  lastedFor(now: number): number {
    return now - this.#at
  }

  /** Calls in flight on average. */
  inFlight(area: number, now: number): number {
    const lasted = now - this.#at
    return lasted > 0 ? (area - this.#area) / lasted : 0
  }

  get meanMs(): number {
    return this.#sumMs / this.outcomes
  }

  /**
   * Successes in a millisecond, by what was counted. Where calls take all about as long, and not much longer than alone (`idleMs`; 0: not
   * known), they end in clusters, and what is counted depends on how many clusters fall into a round: then it follows better from how
   * long they took (Little 1961: N = λ W).
   */
  rate(area: number, now: number, idleMs: number): number {
    const { meanMs, outcomes } = this
    const isEven = this.timeouts === 0 && this.#squares / outcomes < 1.25 * meanMs ** 2
    const areLonger = idleMs > 0 && meanMs > 2.5 * idleMs
    if (!isEven || areLonger || meanMs === 0) return this.successes / this.lastedFor(now)
    return ((this.successes / outcomes) * this.inFlight(area, now)) / meanMs
  }

  /** Many of its calls were not waited for to the end. */
  get isChoking(): boolean {
    return this.timeouts > 0.3 * this.outcomes
  }
}
