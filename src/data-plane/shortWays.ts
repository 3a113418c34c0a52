/** What need not be looked at on each call: worked out once for each gate. */
import type { Gate } from "../../machines/vocabulary/gate.ts"
import { ordinaryRank } from "../../machines/vocabulary/priority.ts"

const never = Number.POSITIVE_INFINITY

/** The gate itself refuses no ordinary call. */
function admitsAll({ phase, restriction: { share, cohortShare, probes, limit, floor } }: Gate): boolean {
  return (
    share >= 1 && cohortShare >= 1 && probes === never && limit === never && floor <= ordinaryRank && phase === "active"
  )
}

/** Somebody wants to know how long calls take. */
const measures = ({ lines: { slowAfterMs, sliceMs } }: Gate): boolean =>
  slowAfterMs !== undefined || sliceMs !== undefined

/** Calls enter one by one, and only as probes. */
export const probesOnly = ({ restriction: { share, probes } }: Gate): boolean => share > 0 && Number.isFinite(probes)

/** Who hears of calls beside the meter and the limit: who decides about the same calls, who writes them down, who listens, what pays. */
type Others = { readonly [who in "ghost" | "tape" | "ear" | "budget"]: object | undefined }

/** What admission looks at beside the gate. */
interface Looks {
  readonly isPlain: boolean
  readonly bulkhead: { readonly isOn: boolean } | undefined
  readonly features: object | undefined
}

/** The short ways under one gate. */
export class ShortWays {
  /** Nothing stands in the way of an ordinary call, or nothing but the want of a slot: the whole check, for the ordinary case. */
  readonly isFree: boolean
  readonly isSlotted: boolean
  /** How an ordinary call ends is news for nobody but the meter and the limit. */
  readonly isQuiet: boolean
  /** Nobody bounds or measures how long calls take. */
  readonly isUnmeasured: boolean
  /** Every call is refused now, whatever it is: the whole check, for an open circuit. */
  readonly isShut: boolean
  /** How long a call may run now: bypassed or in shadow, the gate's timeout is not enforced either. */
  readonly timeoutMs: number

  constructor(gate: Gate, { isPlain, bulkhead, features }: Looks, { ghost, tape, ear, budget }: Others) {
    const isObeyed = gate.enforcement === "on"
    const isUnseen = ghost === undefined && tape === undefined
    const hasSlots = bulkhead?.isOn === true
    const isOpen = admitsAll(gate) && isPlain && isObeyed && ghost === undefined
    this.isFree = isOpen && !hasSlots
    this.isSlotted = isOpen && hasSlots && isUnseen
    // A feature that fails has failed only while others are well: what goes well of no feature is heard, too.
    this.isQuiet = isOpen && isUnseen && ear === undefined && budget === undefined && features === undefined
    this.timeoutMs = isObeyed ? gate.restriction.timeoutMs : never
    this.isShut = gate.restriction.share === 0 && isObeyed && isUnseen
    this.isUnmeasured = this.isFree && isUnseen && !measures(gate) && this.timeoutMs === never
  }
}
