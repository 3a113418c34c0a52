/** The credit of a partial share: each call that is offered earns a part of a call, and one that enters spends a whole one. */
import { creditOf, creditPerCall, shareAfter } from "../../machines/vocabulary/admission.ts"
import type { Gate } from "../../machines/vocabulary/gate.ts"
import type { Tally } from "./tally.ts"

export class Credit {
  readonly #tally: Tally
  #held = creditPerCall / 2
  /** Calls of earlier epochs. */
  #admittedBefore = 0

  constructor(tally: Tally) {
    this.#tally = tally
  }

  /** It starts anew with each epoch. */
  beginEpoch(): void {
    this.#held = creditPerCall / 2
    this.#admittedBefore = this.#tally.admitted
  }

  /** The share in force for the next call. */
  shareOf(gate: Gate): number {
    return shareAfter(this.#tally.admitted - this.#admittedBefore, gate)
  }

  /** Whether the next call could enter. */
  suffices(share: number): boolean {
    return this.#held + creditOf(share) >= creditPerCall
  }

  /** One call is offered: it earns, and spends if there is enough. */
  spend(share: number): boolean {
    this.#held += creditOf(share)
    const isEnough = this.#held >= creditPerCall
    if (isEnough) this.#held -= creditPerCall
    return isEnough
  }
}
