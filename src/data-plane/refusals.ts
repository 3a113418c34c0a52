/** What a gate refuses with: templates that are made once per gate, and only when something is refused. */
import type { Gate } from "../../machines/vocabulary/gate.ts"
import {
  type Rejection,
  type RejectionTemplate,
  refusalByCell,
  refusalByLimit,
  refusalByProbes,
  refusalByShare,
  rejectNow,
} from "../../machines/vocabulary/rejection.ts"
import type { Convict } from "./condemned.ts"

/** What a cell is held back for, since when. One that is not condemned yet would be now, for so many failures in a row. */
const chargeOf = (held: Convict | number, now: number) =>
  typeof held === "number"
    ? { since: now, calls: held, failures: held, slow: 0 }
    : { since: held.since, calls: held.calls, failures: held.failures, slow: held.slow }

export class Refusals {
  readonly #breaker: string
  #gate: Gate
  #byShare: RejectionTemplate | undefined
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

  byShare(now: number): Rejection {
    return rejectNow((this.#byShare ??= Object.freeze(refusalByShare(this.#breaker, this.#gate))), now)
  }

  byLimit(now: number): Rejection {
    return rejectNow((this.#byLimit ??= refusalByLimit(this.#breaker, this.#gate)), now)
  }

  /** By the cell of this call: each has its own reason, so there is no template. */
  byCell(key: string, held: Convict | number, now: number, retryAt: number): Rejection {
    return rejectNow(refusalByCell(this.#breaker, this.#gate, key, chargeOf(held, now)), now, retryAt)
  }

  byProbes(now: number, freeAt: number): Rejection {
    return rejectNow((this.#byProbes ??= refusalByProbes(this.#breaker, this.#gate)), now, freeAt)
  }
}
