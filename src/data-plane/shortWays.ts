/** What need not be looked at on each call: worked out once for each gate. */
import { type Facts, noFacts } from "../../machines/vocabulary/facts.ts"
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

/** Who else decides about the same calls, who writes them down, and what pays for further attempts. */
type Others = { readonly [who in "ghost" | "tape" | "retryBudget"]: object | undefined }

/** What admission looks at beside the gate. */
interface Looks {
  readonly bulkhead: { readonly isOn: boolean; hasRoom(now: number): boolean } | undefined
  readonly rates: { readonly isFree: boolean; lets(now: number): boolean } | undefined
  readonly endpoints: object | undefined
  readonly features: object | undefined
  minds(facts: Facts): boolean
}

/** The short ways under one gate. */
export class ShortWays {
  /** Nothing stands in the way of an ordinary call but the want of a slot, and rates. */
  readonly isOpen: boolean
  readonly isSlotted: boolean
  /** An ordinary call counts once against the rates. */
  readonly isRated: boolean
  /** It is handed an endpoint. */
  readonly isRouted: boolean
  /** Nobody bounds or measures how long calls take, nor asks when they entered. */
  readonly isUnmeasured: boolean
  /** Every call is refused now, whatever it is: the whole check, for an open circuit. */
  readonly isShut: boolean
  /** How long a call may run now: bypassed or in shadow, the gate's timeout is not enforced either. */
  readonly timeoutMs: number
  readonly #looks: Looks
  readonly #slots: Looks["bulkhead"]
  readonly #rates: Looks["rates"]

  constructor(gate: Gate, looks: Looks, { ghost, tape, retryBudget }: Others) {
    const { bulkhead, rates, endpoints } = looks
    this.#looks = looks
    const isObeyed = gate.enforcement === "on"
    const isUnseen = ghost === undefined && tape === undefined
    this.isSlotted = bulkhead?.isOn === true
    this.isRated = rates?.isFree === false
    this.isRouted = endpoints !== undefined
    this.#slots = this.isSlotted ? bulkhead : undefined
    this.#rates = this.isRated ? rates : undefined
    const isBare = !this.isSlotted && !this.isRated && !this.isRouted
    this.isOpen = admitsAll(gate) && isObeyed && ghost === undefined
    this.timeoutMs = isObeyed ? gate.restriction.timeoutMs : never
    this.isShut = gate.restriction.share === 0 && isObeyed && isUnseen
    // A feature that fails has failed only if others have gone well since.
    const isHeard = retryBudget !== undefined || looks.features !== undefined
    const isTimed = measures(gate) || this.timeoutMs !== never || isHeard
    this.isUnmeasured = this.isOpen && isBare && isUnseen && !isTimed
  }

  /**
   * Nothing stands in the way of an ordinary call now: the whole check, for the ordinary case. Whoever asks makes its receipt, and enters
   * with it before anything else.
   */
  isClear(now: number): boolean {
    const slots = this.#slots
    const rates = this.#rates
    return this.isOpen && (slots === undefined || slots.hasRoom(now)) && (rates === undefined || rates.lets(now))
  }

  isClearFor(facts: Facts, now: number): boolean {
    return this.isClear(now) && (facts === noFacts || !this.#looks.minds(facts))
  }
}
