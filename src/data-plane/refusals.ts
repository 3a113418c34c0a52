/** What a gate refuses with: templates that are made once per gate, and only when something is refused. */
import type { FeatureBound } from "../../machines/vocabulary/feature.ts"
import type { Gate } from "../../machines/vocabulary/gate.ts"
import type { Limit } from "../../machines/vocabulary/limits.ts"
import {
  type Rejection,
  type RejectionTemplate,
  refusalByCell,
  refusalByFeature,
  refusalByFloor,
  refusalByLimit,
  refusalByProbes,
  refusalByRate,
  refusalByShare,
  refusalBySlots,
  refusalBySparing,
  refusalInLine,
  rejectNow,
  spentByOthers,
} from "../../machines/vocabulary/rejection.ts"
import type { Convict } from "./condemned.ts"
import type { RateRefusal } from "./shelf.ts"

type InLine = Parameters<typeof refusalInLine>[2]

/** What a cell is held back for, since when. One that is not condemned yet would be now, for so many failures in a row. */
const chargeOf = (held: Convict | number, now: number) =>
  typeof held === "number"
    ? { since: now, calls: held, failures: held, slow: 0 }
    : { since: held.since, calls: held.calls, failures: held.failures, slow: held.slow }

export class Refusals {
  readonly #breaker: string
  #gate: Gate
  #byShare: RejectionTemplate | undefined
  #share = 0
  #byProbes: RejectionTemplate | undefined
  #byLimit: RejectionTemplate | undefined
  #byRate: Map<Limit, RejectionTemplate> | undefined
  #bySlots: RejectionTemplate | undefined
  #byFloor: RejectionTemplate | undefined
  #inLine: { [Why in InLine]?: RejectionTemplate } = {}

  constructor(breaker: string, gate: Gate) {
    this.#breaker = breaker
    this.#gate = gate
  }

  adopt(gate: Gate): void {
    this.#gate = gate
    this.#byShare = undefined
    this.#byProbes = undefined
    this.#byLimit = undefined
    this.#byRate = undefined
    this.#bySlots = undefined
    this.#byFloor = undefined
    this.#inLine = {}
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

  /** By the cell of this call: each has its own reason, so there is no template. */
  byCell(key: string, held: Convict | number, now: number, retryAt: number): Rejection {
    return rejectNow(refusalByCell(this.#breaker, this.#gate, key, chargeOf(held, now)), now, retryAt)
  }

  /** By what holds its feature back: each has its own reason, so there is no template. */
  byFeature(bound: FeatureBound, now: number): Rejection {
    return rejectNow(refusalByFeature(this.#breaker, this.#gate, bound), now)
  }

  byProbes(now: number, retryAt: number): Rejection {
    return rejectNow((this.#byProbes ??= refusalByProbes(this.#breaker, this.#gate)), now, retryAt)
  }

  byRate(now: number, { limit, retryAt, since, spent, isShared }: RateRefusal): Rejection {
    const exceeds = retryAt === Number.POSITIVE_INFINITY
    const template = exceeds ? refusalByRate(this.#breaker, this.#gate, limit, true) : this.#templateOf(limit)
    const statistics = { calls: Math.ceil(spent), failures: 0, slow: 0 }
    const reason = isShared && !exceeds ? { reason: spentByOthers(limit) } : {}
    return { ...rejectNow(template, now, retryAt), since, statistics, ...reason }
  }

  #templateOf(limit: Limit): RejectionTemplate {
    const known = (this.#byRate ??= new Map()).get(limit)
    if (known !== undefined) return known
    const template = refusalByRate(this.#breaker, this.#gate, limit, false)
    this.#byRate.set(limit, template)
    return template
  }

  bySlots(now: number): Rejection {
    return rejectNow((this.#bySlots ??= refusalBySlots(this.#breaker, this.#gate)), now)
  }

  bySparing(now: number, until: number): Rejection {
    return rejectNow(refusalBySparing(this.#breaker, this.#gate), now, until)
  }

  byFloor(now: number): Rejection {
    return rejectNow((this.#byFloor ??= refusalByFloor(this.#breaker, this.#gate)), now)
  }

  inLine(why: InLine, now: number): Rejection {
    return rejectNow((this.#inLine[why] ??= refusalInLine(this.#breaker, this.#gate, why)), now)
  }
}
