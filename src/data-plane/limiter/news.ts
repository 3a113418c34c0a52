import type { LimitMoved } from "../../../machines/vocabulary/signal.ts"
import type { Limit } from "./limit.ts"

/** News of a limit are told at most once in so many milliseconds. */
const restMs = 1000
/** A limit that moved less than this part is where it was. */
const noticeable = 0.2
/** What was told is told again after so long: who was told may have crashed since, or another may have taken its place. */
const againMs = 10_000

/** What was told of a limit last. */
export class LimitNews {
  #at = Number.NEGATIVE_INFINITY
  /** When it is told whatever it is; counted from the first look. */
  #againAt = 0
  #state: Limit["state"] = "following"
  #independent = false
  #limit: number

  constructor(limit: number) {
    this.#limit = limit
  }

  /** What there is to tell now, if anything. */
  take(limit: Limit, now: number): LimitMoved | undefined {
    const { state, value, independent } = limit
    const isNews = state !== this.#state || independent !== this.#independent
    this.#againAt ||= now + againMs
    limit.isStirred = isNews || now >= this.#againAt || Math.abs(value - this.#limit) > noticeable * this.#limit
    if (!limit.isStirred) return undefined
    if (now - this.#at < restMs) return undefined
    this.#at = now
    this.#againAt = now + againMs
    this.#state = state
    this.#independent = independent
    this.#limit = value
    return { type: "limit.moved", at: now, state, limit: value, independent }
  }
}
