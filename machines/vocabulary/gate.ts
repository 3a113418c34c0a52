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
import { type Demand, type Restriction, tighten, unrestricted } from "./restriction.ts"

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
export { type Demand, fields, type Restriction, sameDemand, tighten, unrepeated, unrestricted } from "./restriction.ts"

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
