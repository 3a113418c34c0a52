import type { Circuit, Statistics } from "./circuit.ts"
import type { FeatureBound } from "./feature.ts"
import type { Gate, Holder } from "./gate.ts"
import { inCalls, type Limit } from "./limits.ts"
import { priorityOf } from "./priority.ts"

/** Where a call can be refused: a closed list, in the order in which the reasons are told. */
export const layers = [
  "lifecycle",
  "operator",
  "circuit",
  "health",
  "prediction",
  "feature",
  "priority",
  "discovery",
  "cell",
  "queue",
  "limit",
  "rateLimit",
  "probe",
] as const

export type Layer = (typeof layers)[number]

/** Why a call may not enter. A plain value: making one captures no stack. */
export interface Rejection {
  readonly admitted: false
  readonly breaker: string
  readonly layer: Layer
  /** Where the circuit stood. */
  readonly circuit: Circuit
  readonly reason: string
  /** The keys of the actors that hold the gate there, strictest layer first. */
  readonly heldBy: readonly string[]
  /** Since when it is held, monotonic milliseconds. */
  readonly since: number
  /** Milliseconds until it makes sense to try again; `undefined` when nobody can know. */
  readonly retryAfterMs: number | undefined
  readonly rule: string
  readonly statistics: Statistics | undefined
}

/** What every rejection of one gate shares; made once per gate. */
export interface RejectionTemplate extends Omit<Rejection, "retryAfterMs" | "admitted"> {
  readonly retryAt: number
}

/** A cell is held back for bad calls alone: the first good one sets it free. */
const inWords = (calls: number): string => (calls === 1 ? "its last call was bad" : `its last ${calls} calls were bad`)

const heldByCells: readonly string[] = Object.freeze(["cells"])

const byLayer = (one: Holder, other: Holder) => layers.indexOf(one.layer) - layers.indexOf(other.layer)

/** Whose probe places are all taken: the circuit's own, or those of what the holder waits for. */
const busy = ({ circuit }: Gate, first: Holder | undefined) =>
  circuit === "halfOpen" || first === undefined
    ? "half-open and every probe place is taken"
    : `${first.reason} and every probe place is taken`

function template(breaker: string, gate: Gate, holders: readonly Holder[], probing: boolean): RejectionTemplate {
  const [first, ...rest] = [...holders].sort(byLayer)
  return Object.freeze({
    breaker,
    circuit: gate.circuit,
    layer: probing ? "probe" : (first?.layer ?? "lifecycle"),
    reason: probing ? busy(gate, first) : (first?.reason ?? "the breaker is not active"),
    heldBy: Object.freeze([first?.by ?? "lifecycle", ...rest.map((holder) => holder.by)]),
    since: first?.since ?? 0,
    retryAt: gate.restriction.retryAt,
    rule: first?.rule ?? "phase",
    statistics: first?.statistics,
  })
}

/** The template for a gate with as many calls in flight as it allows: when one of them ends a place is free. */
export function refusalByLimit(breaker: string, gate: Gate): RejectionTemplate {
  const holders = gate.holders.filter((holder) => holder.demand.limit === gate.restriction.limit)
  return Object.freeze({ ...template(breaker, gate, holders, false), layer: "limit" })
}

const holding = ({ holders, restriction }: Gate, field: "slots" | "queue" | "floor") =>
  holders.filter(({ demand }) => demand[field] === restriction[field])

/** The template for a call that finds every slot taken and may not wait for one. */
export function refusalBySlots(breaker: string, gate: Gate): RejectionTemplate {
  const own = template(breaker, gate, holding(gate, "slots"), false)
  return Object.freeze({ ...own, layer: "limit", reason: "every slot is taken", rule: "slots" })
}

/** The template for a call of a class that may not enter now. */
export function refusalByFloor(breaker: string, gate: Gate): RejectionTemplate {
  const own = template(breaker, gate, holding(gate, "floor"), false)
  const reason = `${own.reason}: ${priorityOf(gate.restriction.floor)} calls and above may enter`
  return Object.freeze({ ...own, layer: "priority", reason, rule: "floor" })
}

/** The template for a call that matters too much to be among the first that try whether the service is well. */
export function refusalBySparing(breaker: string, gate: Gate): RejectionTemplate {
  const reason = "half-open, and the first probe is left to a call that matters less"
  return Object.freeze({ ...refusalByProbes(breaker, gate), reason, rule: "spared" })
}

const inLine = {
  full: "every slot is taken, and as many calls wait as may",
  gaveWay: "gave way in the line to a call that matters more, or has more time",
  waited: "no slot became free in time",
} as const

/** The template for a call that waited for a slot, or could not even do that. */
export function refusalInLine(breaker: string, gate: Gate, why: keyof typeof inLine): RejectionTemplate {
  const own = template(breaker, gate, holding(gate, "queue"), false)
  return Object.freeze({ ...own, layer: "queue", reason: inLine[why], rule: why })
}

/** The template for a gate that admits a part of the calls, or none: who holds the share so low. */
export function refusalByShare(breaker: string, gate: Gate, present = gate.restriction.share): RejectionTemplate {
  const holders = gate.holders.filter(
    ({ demand: { share = 1, cohortShare = 1 } }) => share === present || cohortShare === present,
  )
  return template(breaker, gate, holders, false)
}

/** The template for a half-open gate whose probe places are all taken. */
export function refusalByProbes(breaker: string, gate: Gate): RejectionTemplate {
  const holders = gate.holders.filter((holder) => holder.demand.probes === gate.restriction.probes)
  return template(breaker, gate, holders, true)
}

/** The template for a rate: a limit that was set, or the one that was learned; `exceeds` for a call that can never enter. */
export function refusalByRate(breaker: string, gate: Gate, limit: Limit, exceeds: boolean): RejectionTemplate {
  const { rate, burst } = gate.restriction
  const holders = gate.holders.filter(({ demand }) => demand.rate === rate || demand.burst === burst)
  const [first] = limit.tightened ? holders : []
  const spent = `${inCalls(limit)} are spent`
  return Object.freeze({
    ...template(breaker, gate, limit.tightened ? holders : [], false),
    layer: "rateLimit",
    reason: exceeds ? `it costs more than the burst of ${limit.burst}: it can never enter` : (first?.reason ?? spent),
    heldBy: first === undefined ? ["rateLimit"] : holders.map(({ by }) => by),
    rule: exceeds ? "burst" : limit.tightened ? "tightened" : limit.keys === undefined ? "rate" : "perKey",
  })
}

/** Why a key is refused that came when as many as are told apart owed something. */
export const spentByOthers = (limit: Limit): string =>
  `${inCalls(limit)} are spent, together with other new keys: ${limit.keys} are told apart, and all of them owe something`

/** What a cell is held back for. */
export interface CellCharge extends Statistics {
  readonly since: number
}

/** The template for a call whose part of the service is dead, while others are well. */
export function refusalByCell(breaker: string, gate: Gate, key: string, charge: CellCharge): RejectionTemplate {
  const { since, calls, failures, slow } = charge
  return {
    breaker,
    circuit: gate.circuit,
    layer: "cell",
    reason: `${JSON.stringify(key)} is held back: ${inWords(calls)}`,
    heldBy: heldByCells,
    since,
    retryAt: Number.NEGATIVE_INFINITY,
    rule: "cell",
    statistics: { calls, failures, slow },
  }
}

/** The template for a call whose feature is held back, in whole or in part. */
export function refusalByFeature(breaker: string, gate: Gate, { reason, retryAt }: FeatureBound): RejectionTemplate {
  const holders = gate.holders.filter(({ demand }) => demand.features !== undefined)
  return { ...template(breaker, gate, holders, false), layer: "feature", reason, retryAt }
}

/** One refusal now. `retryAt` may be later than the template's (a busy probe place). */
export function rejectNow(from: RejectionTemplate, now: number, retryAt: number = from.retryAt): Rejection {
  return {
    admitted: false,
    breaker: from.breaker,
    layer: from.layer,
    circuit: from.circuit,
    reason: from.reason,
    heldBy: from.heldBy,
    since: from.since,
    retryAfterMs: Number.isFinite(retryAt) ? Math.max(0, retryAt - now) : undefined,
    rule: from.rule,
    statistics: from.statistics,
  }
}
