/** The ear of a plane: what the service says about its own limits, for as long as an actor wants to hear of it. */

import type { Lines } from "../../machines/vocabulary/gate.ts"
import type { Judged } from "../../machines/vocabulary/outcome.ts"
import { freshHearing, type Hearing, listen } from "../../machines/vocabulary/quota.ts"
import type { ThrottleTold } from "../../machines/vocabulary/signal.ts"
import type { Receipt } from "./receipt.ts"

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

  /** What an answer says about the service's limits; of a probe's only that it was refused by them. What is to be reported now. */
  hearFrom(receipt: Receipt, epoch: number, given: Judged, judged: Judged, now: number): ThrottleTold | undefined {
    const isOverrun = given !== judged
    if (!receipt.counted || receipt.epoch !== epoch || (receipt.probe && !isOverrun)) return undefined
    const told = this.hear(given, now)
    return told && { ...told, epoch }
  }

  /** An answer to an ordinary call of the epoch in force that says nothing of limits: what `hear` makes of most, in few steps. */
  hearPlain(epoch: number, now: number): ThrottleTold | undefined {
    const hearing = this.#hearing
    if (hearing === undefined || now - hearing.since >= this.#toldMs) {
      const told = this.hear("success", now)
      return told && { ...told, epoch }
    }
    hearing.answered++
    return undefined
  }

  /** One more answer; what is to be reported now, if anything is. */
  hear(judged: Judged, now: number): Omit<ThrottleTold, "epoch"> | undefined {
    const hearing = (this.#hearing ??= freshHearing(now))
    return listen(hearing, typeof judged === "string" ? undefined : judged.quota, this.#toldMs, now)
  }
}

/** The ear that these lines ask for: the one that listened before, if there was one. */
export const earUnder = ({ toldMs }: Lines, ear: Ear | undefined): Ear | undefined =>
  toldMs === undefined ? undefined : (ear ?? new Ear(toldMs))
