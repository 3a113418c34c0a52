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

  /** Many of its calls were not waited for to the end. */
  get isChoking(): boolean {
    return this.timeouts > 0.3 * this.outcomes
  }
}
