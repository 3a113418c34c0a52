/** Health: what checks of a service, and its own calls, say of it. */
import type { EndpointVerdicts } from "./endpoint.ts"

/** `suspect`: something speaks against it, too little to leave it out. */
export type HealthState = "unknown" | "healthy" | "suspect" | "bad"

/** One check has ended. */
export interface CheckSettled {
  readonly type: "check.settled"
  readonly at: number
  /** The gate's epoch when it began: one of the present half-open epoch stands for a probe. */
  readonly epoch: number
  /** The id of the endpoint that was checked; left out: the service as a whole was. */
  readonly endpoint?: string | undefined
  readonly ok: boolean
  /** Why it failed, in words. */
  readonly reason: string
  /** Checks of other endpoints, where very many are checked: what they came to is told together, in their order. */
  readonly more?: readonly EndpointChecked[] | undefined
}

/** What the check of one endpoint came to. */
export interface EndpointChecked {
  readonly endpoint: string
  readonly ok: boolean
  readonly reason: string
}

/** Others are checked than before: all of them. */
export interface ChecksChanged {
  readonly type: "checks.changed"
  readonly at: number
  /** Endpoints, by their ids; left out: the service as a whole. */
  readonly endpoints?: readonly string[] | undefined
}

export type CheckSignal = CheckSettled | ChecksChanged

/** What `health` states of the service. */
export interface HealthFinding {
  readonly health: HealthState
  /** What speaks against it, each with its name: `check`, `calls`, or an endpoint's id. */
  readonly reasons: readonly string[]
  readonly endpoints: EndpointVerdicts
  /** A check that stands for a probe of a half-open circuit. */
  readonly probe: { readonly epoch: number; readonly ok: boolean } | undefined
}
