import type { Rejection } from "../machines/vocabulary/rejection.ts"
import type { Listeners } from "./events.ts"

/** At most one refusal event in this many milliseconds: an outage must not drown its own log. */
const everyMs = 1000

/** Tells listeners of refusals: the first at once, then one a second with the count since the last. */
export class Sampler {
  readonly #breaker: string
  readonly #listeners: Listeners
  #count = 0
  /** What the refusals counted so far were refused for. */
  #pending: Rejection | undefined = undefined
  #nextAt = Number.NEGATIVE_INFINITY

  constructor(breaker: string, listeners: Listeners) {
    this.#breaker = breaker
    this.#listeners = listeners
  }

  refused(rejection: Rejection, now: number): void {
    // Another reason is another story: what was counted so far belongs to the old one.
    const pending = this.#pending
    const isNews = pending?.reason !== rejection.reason
    if (isNews && pending !== undefined && this.#count > 0) this.#tell(pending, now)
    this.#pending = rejection
    this.#count++
    if (isNews || now >= this.#nextAt) this.#tell(rejection, now)
  }

  #tell(rejection: Rejection, now: number): void {
    if (!this.#listeners.has("refusal")) return
    const count = this.#count
    this.#count = 0
    this.#nextAt = now + everyMs
    this.#listeners.tell<"refusal">({ type: "refusal", at: now, breaker: this.#breaker, count, rejection })
  }
}
