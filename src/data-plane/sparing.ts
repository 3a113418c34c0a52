/** Who probes first: a call that matters much is not to be the first that tries a service which may still be ill. */
import type { Facts } from "../../machines/vocabulary/facts.ts"
import { highRank, rankOf } from "../../machines/vocabulary/priority.ts"

/** So long calls that matter much leave the first probes to others, if others have come of late. */
const spared = { ms: 250, lateMs: 10_000 } as const

export class Sparing {
  #epochAt = 0
  /** When a call came last that may probe before those that matter more. */
  #lesserAt = Number.NEGATIVE_INFINITY

  beginEpoch(now: number): void {
    this.#epochAt = now
  }

  hear({ priority }: Facts, now: number): void {
    if (rankOf(priority) < highRank) this.hearOrdinary(now)
  }

  hearOrdinary(now: number): void {
    this.#lesserAt = now
  }

  /** How long this call is to leave probing to others; `undefined`: it need not. */
  until({ priority }: Facts, now: number): number | undefined {
    const until = this.#epochAt + spared.ms
    return rankOf(priority) >= highRank && now - this.#lesserAt < spared.lateMs && now < until ? until : undefined
  }
}
