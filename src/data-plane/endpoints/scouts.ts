/**
 * Scouts: calls that go to an endpoint because nobody else does. One that was slow costs so much that the dice never choose it again, and
 * what nobody asks cannot show that it is well. A scout that comes back quickly brings the others; one that does not is followed later.
 */
import type { Site } from "./site.ts"

/** One scout in so many calls, at most: each may be late. */
const every = 50
/** An endpoint with so many calls under way that may yet say something is being asked. */
const enough = 3

export class Scouts {
  #calls = 0

  /** Whether this call goes to that endpoint, whatever it costs. */
  sends(site: Site, typicalMs: number, now: number): boolean {
    if (++this.#calls < every || site.open >= enough || !site.isShunned(typicalMs, now)) return false
    this.#calls = 0
    site.scout(now)
    return true
  }
}
