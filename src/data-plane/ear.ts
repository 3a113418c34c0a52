/** The ear of a plane: what the service says about its own limits, for as long as an actor wants to hear of it. */
import type { Judged } from "../../machines/vocabulary/outcome.ts"
import { freshHearing, type Hearing, listen } from "../../machines/vocabulary/quota.ts"
import type { ThrottleTold } from "../../machines/vocabulary/signal.ts"

export class Ear {
  readonly #toldMs: number
  #hearing: Hearing | undefined

  constructor(toldMs: number) {
    this.#toldMs = toldMs
  }

  /** A refusal by the service's own limits is the listener's business: it says nothing ill of the service. */
  meaningOf(judged: Judged): Judged {
    return typeof judged !== "string" && judged.quota?.exceeded === true ? "ignored" : judged
  }

  /** One more answer; what is to be reported now, if anything is. */
  hear(judged: Judged, now: number): Omit<ThrottleTold, "epoch"> | undefined {
    const hearing = (this.#hearing ??= freshHearing(now))
    return listen(hearing, typeof judged === "string" ? undefined : judged.quota, this.#toldMs, now)
  }
}
