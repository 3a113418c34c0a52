/** Troubles from their beginning to their end: a probe that failed says nothing of why it was needed. */
import { groundOf } from "../decisionWords.ts"
import type { Told } from "./inspected.ts"
import type { Episode } from "./protocol.ts"

type Moved = Extract<Told, { readonly type: "transition" }>

/** By the ratio that was reached; by any other rule both are bad, and the kind of most counts. */
function isSlow({ rule, statistics: seen }: Moved): boolean {
  if (seen === undefined || rule === "failureRatio") return false
  return rule === "slowRatio" || seen.slow > seen.failures
}

/** A key may be forgotten while its circuit is open, and then nobody tells of its end: the oldest make room. */
const most = 20_000

export class Episodes {
  readonly #open = new Map<string, Episode>()

  take(id: string, told: Told, at: number): void {
    if (told.type !== "transition") return
    if (told.to === "closed") this.#open.delete(id)
    else this.#open.set(id, this.#after(id, told, at))
    for (const oldest of this.#open.keys()) {
      if (this.#open.size <= most) break
      this.#open.delete(oldest)
    }
  }

  of(id: string): Episode | undefined {
    return this.#open.get(id)
  }

  #after(id: string, told: Moved, at: number): Episode {
    const { from, to } = told
    const known = this.#open.get(id)
    // Trouble in part that becomes trouble in whole has begun with that.
    if (known === undefined || (from === "degraded" && to === "open"))
      return { at, to, reason: groundOf(told), isSlow: isSlow(told), failedRounds: 0 }
    const failedRounds = known.failedRounds + (to === "open" ? 1 : 0)
    return { ...known, failedRounds }
  }
}
