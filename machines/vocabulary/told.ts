/** What is told to a breaker actor that runs alone, of each call: with a data plane nobody tells it. */
import type { OutcomeKind } from "./outcome.ts"
import type { Quota } from "./quota.ts"

/**
 * How a call ended, told to a breaker actor that runs alone, without the data plane.
 * `epoch` is the gate's epoch when the call entered; leave it out and the outcome counts for the present one.
 */
export interface OutcomeSettled {
  readonly type: "outcome.settled"
  readonly at: number
  readonly kind: OutcomeKind
  readonly durationMs: number
  readonly epoch?: number | undefined
  /** It failed, and the service asked to be left alone at once; and for how long. */
  readonly trip?: boolean | undefined
  readonly retryAfterMs?: number | undefined
  /** What the service said about its limits. */
  readonly quota?: Quota | undefined
  /** The call was reported by `call.overdue` before it settled. */
  readonly overdue?: boolean | undefined
  /** Whether it entered as a probe. Left out, it did if the gate probes now. */
  readonly probe?: boolean | undefined
  /** The feature that the call has named. */
  readonly feature?: string | undefined
  /** Whether it entered to test its feature: then it says nothing of the service. Left out, it did if the feature is tested now. */
  readonly test?: boolean | undefined
}

/**
 * A call has entered, told to a breaker actor that runs alone and whose strategy judges calls in the order of their admission. Leave it
 * out and they are judged in the order of their outcomes.
 */
export interface CallEntered {
  readonly type: "call.entered"
  readonly at: number
  readonly epoch?: number | undefined
  /** The feature that the call has named. */
  readonly feature?: string | undefined
}

/** Calls in flight have become older than the slow line, told to a breaker actor that runs alone. */
export interface CallOverdue {
  readonly type: "call.overdue"
  readonly at: number
  /** How many; 1 when left out. */
  readonly calls?: number | undefined
  /** When they entered, at the earliest; when left out, a slow line ago. */
  readonly startedAt?: number | undefined
  readonly epoch?: number | undefined
}
