/** What a gate refuses with: templates that are made once per gate, and only when something is refused. */
import type { Gate } from "../../machines/vocabulary/gate.ts"
import {
  type Rejection,
  type RejectionTemplate,
  refusalByLimit,
  refusalByProbes,
  refusalByShare,
  rejectNow,
} from "../../machines/vocabulary/rejection.ts"

export class Refusals {
  readonly #breaker: string
  #gate: Gate
  #byShare: RejectionTemplate | undefined
  #share = 0
  #byProbes: RejectionTemplate | undefined
  #byLimit: RejectionTemplate | undefined

  constructor(breaker: string, gate: Gate) {
    this.#breaker = breaker
    this.#gate = gate
  }

  adopt(gate: Gate): void {
    this.#gate = gate
    this.#byShare = undefined
    this.#byProbes = undefined
    this.#byLimit = undefined
  }

  /** `share`: the one in force, which may end with the cohort. */
  byShare(now: number, share: number): Rejection {
    if (share !== this.#share) this.#byShare = undefined
    this.#share = share
    return rejectNow((this.#byShare ??= Object.freeze(refusalByShare(this.#breaker, this.#gate, share))), now)
  }

  byLimit(now: number): Rejection {
    return rejectNow((this.#byLimit ??= refusalByLimit(this.#breaker, this.#gate)), now)
  }

  byProbes(now: number, freeAt: number): Rejection {
    return rejectNow((this.#byProbes ??= refusalByProbes(this.#breaker, this.#gate)), now, freeAt)
  }
}
