/**
 * The gate: what traffic may do now, as one frozen value.
 *
 * Only the control plane makes gates; only the data plane reads them. A gate is the meet of the
 * restrictions that actors demand, so the order in which they speak cannot matter and none can
 * loosen what another holds.
 */
import type { Circuit, Statistics } from "./circuit.ts"
import type { Lines } from "./lines.ts"
import type { Layer } from "./rejection.ts"

export type {
  BudgetLine,
  CellLine,
  CircuitLine,
  Lines,
  RateLine,
  RatioLine,
  SequentialLine,
  WindowShape,
} from "./lines.ts"
export { joinLines } from "./lines.ts"

/** What one or many actors demand of traffic. Every field has one strict direction; see `fields`. */
export interface Restriction {
  /** Part of ordinary calls that may enter, 0 to 1. `0` admits nothing. */
  readonly share: number
  /** The same for the first calls of an epoch alone: until as many have entered as are judged together as its cohort. */
  readonly cohortShare: number
  /** Most probes at one instant. Finite means: a call enters only as a probe. */
  readonly probes: number
  /** Most ordinary calls in flight at one instant, of those that entered in the present epoch and are not older than the slow line. */
  readonly limit: number
  /** Most calls a second, or what they cost, over time: beside the limits among the lines, and for all of them together. */
  readonly rate: number
  /** Most of them at one instant. Means nothing while `rate` is free. One call that costs more waits for as long, and enters. */
  readonly burst: number
  /** Longest that one attempt may run, in milliseconds. */
  readonly timeoutMs: number
  /** When it makes sense to try again, on the monotonic clock in milliseconds. */
  readonly retryAt: number
  /** Most further attempts of one call, those beside a running one included. `0`: nothing is repeated. */
  readonly retries: number
  /** Most attempts of one call that may begin while another of it still runs. */
  readonly hedges: number
}

/** The fields that an actor states; what it does not state it leaves free. */
export type Demand = Partial<Restriction>

/** The identity of `tighten`: nothing is demanded. */
export const unrestricted: Restriction = Object.freeze({
  share: 1,
  cohortShare: 1,
  probes: Number.POSITIVE_INFINITY,
  limit: Number.POSITIVE_INFINITY,
  rate: Number.POSITIVE_INFINITY,
  burst: Number.POSITIVE_INFINITY,
  timeoutMs: Number.POSITIVE_INFINITY,
  retryAt: Number.NEGATIVE_INFINITY,
  retries: Number.POSITIVE_INFINITY,
  hedges: Number.POSITIVE_INFINITY,
})

/** The stricter of two values, field by field: the order of each kind of restriction. */
export const fields = {
  share: Math.min,
  cohortShare: Math.min,
  probes: Math.min,
  limit: Math.min,
  rate: Math.min,
  burst: Math.min,
  timeoutMs: Math.min,
  retryAt: Math.max,
  retries: Math.min,
  hedges: Math.min,
} satisfies { readonly [Field in keyof Restriction]: (a: number, b: number) => number }

/**
 * The stricter value of every field. Commutative, associative, idempotent; `unrestricted` is its identity.
 *
 * @example
 * import { tighten, unrestricted } from "recloser/machines"
 * import assert from "node:assert/strict"
 *
 * const both = tighten(tighten(unrestricted, { timeoutMs: 500 }), { share: 0, timeoutMs: 900 })
 * assert.equal(both.share, 0)
 * assert.equal(both.timeoutMs, 500)
 */
export function tighten(one: Restriction, other: Demand): Restriction {
  return {
    share: fields.share(one.share, other.share ?? unrestricted.share),
    cohortShare: fields.cohortShare(one.cohortShare, other.cohortShare ?? unrestricted.cohortShare),
    probes: fields.probes(one.probes, other.probes ?? unrestricted.probes),
    limit: fields.limit(one.limit, other.limit ?? unrestricted.limit),
    rate: fields.rate(one.rate, other.rate ?? unrestricted.rate),
    burst: fields.burst(one.burst, other.burst ?? unrestricted.burst),
    timeoutMs: fields.timeoutMs(one.timeoutMs, other.timeoutMs ?? unrestricted.timeoutMs),
    retryAt: fields.retryAt(one.retryAt, other.retryAt ?? unrestricted.retryAt),
    retries: fields.retries(one.retries, other.retries ?? unrestricted.retries),
    hedges: fields.hedges(one.hedges, other.hedges ?? unrestricted.hedges),
  }
}

/** Whether two demands ask for the same: a demand that did not change is not folded again. */
export function sameDemand(one: Demand, other: Demand): boolean {
  return (
    one.share === other.share &&
    one.cohortShare === other.cohortShare &&
    one.probes === other.probes &&
    one.limit === other.limit &&
    one.rate === other.rate &&
    one.burst === other.burst &&
    one.timeoutMs === other.timeoutMs &&
    one.retryAt === other.retryAt &&
    one.retries === other.retries &&
    one.hedges === other.hedges
  )
}

/** What an actor demands that lets a call be made once and no more. */
export const unrepeated = { retries: 0, hedges: 0 } as const satisfies Demand

/** Who demands something, why, and since when: what a rejection can tell. */
export interface Holder {
  readonly by: string
  readonly layer: Layer
  readonly since: number
  readonly reason: string
  readonly rule: string
  readonly statistics: Statistics | undefined
  readonly demand: Demand
}

export type Phase = "idle" | "starting" | "active" | "draining" | "stopped"
export type Mode = "auto" | "forcedOpen" | "bypassed" | "shadow"

/** `on`: obey the gate. `observe`: run what would be refused, and count it. `off`: admit everything. */
export type Enforcement = "on" | "observe" | "off"

/** Modes of the operator as enforcement. `forcedOpen` is an ordinary demand, so it is `on`. */
export const enforcementOf: { readonly [M in Mode]: Enforcement } = {
  auto: "on",
  forcedOpen: "on",
  shadow: "observe",
  bypassed: "off",
}

export interface Gate {
  /** Rises at each publication. */
  readonly version: number
  /** Rises each time the strategy enters a state, re-entry included, or the operator acts. */
  readonly epoch: number
  readonly phase: Phase
  readonly mode: Mode
  readonly enforcement: Enforcement
  readonly circuit: Circuit
  readonly restriction: Restriction
  readonly lines: Lines
  readonly holders: readonly Holder[]
}

/** Lifecycle as a holder: outside its active phase a breaker admits nothing. */
export const heldByPhase = (phase: Phase, since: number): Holder => ({
  by: "lifecycle",
  layer: "lifecycle",
  since,
  reason: `the breaker is ${phase}`,
  rule: "phase",
  statistics: undefined,
  demand: { share: 0 },
})

/** The same gate for a breaker that has left its active phase: lifecycle holds it, and an operator's leniency is over. */
export const leave = (gate: Gate, phase: Phase, at: number): Gate => {
  const holder = heldByPhase(phase, at)
  return Object.freeze({
    ...gate,
    version: gate.version + 1,
    phase,
    enforcement: "on",
    restriction: Object.freeze(tighten(gate.restriction, holder.demand)),
    holders: Object.freeze([holder, ...gate.holders]),
  })
}

/** The gate before anything has started: lifecycle alone holds it. */
export const idleGate: Gate = Object.freeze({
  version: 0,
  epoch: 0,
  phase: "idle",
  mode: "auto",
  enforcement: "on",
  circuit: "closed",
  restriction: Object.freeze(tighten(unrestricted, { share: 0 })),
  lines: Object.freeze({}),
  holders: Object.freeze([heldByPhase("idle", 0)]),
})
