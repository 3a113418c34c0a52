/** What a gate refuses with: templates that are made once per gate, and only when something is refused. */
import type { Gate } from "../../machines/vocabulary/gate.ts"
import {
  type Rejection,
  type RejectionTemplate,
  refusalByProbes,
  refusalByShare,
  rejectNow,
} from "../../machines/vocabulary/rejection.ts"

export class Refusals {
  readonly #breaker: string
  #gate: Gate
  #byShare: RejectionTemplate | undefined
  #byProbes: RejectionTemplate | undefined

  constructor(breaker: string, gate: Gate) {
    this.#breaker = breaker
    this.#gate = gate
  }

  adopt(gate: Gate): void {
    this.#gate = gate
    this.#byShare = undefined
    this.#byProbes = undefined
  }

  byShare(now: number): Rejection {
    return rejectNow((this.#byShare ??= Object.freeze(refusalByShare(this.#breaker, this.#gate))), now)
  }

  /** When the oldest lease ends a place is free for certain; a probe that settles frees it earlier. */
  byProbes(now: number, places: Iterable<{ readonly due: number }>): Rejection {
    let free = Number.POSITIVE_INFINITY
    for (const { due } of places) free = Math.min(free, due)
    return rejectNow((this.#byProbes ??= refusalByProbes(this.#breaker, this.#gate)), now, free)
  }
}
