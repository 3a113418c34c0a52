import type { Endpoint } from "./endpoint.ts"
import type { OutcomeKind } from "./outcome.ts"
import type { Rejection } from "./rejection.ts"

export interface SettlementDetails {
  /** The error behind a `"failure"`: the breaker's `classify` then says what it means. */
  readonly error?: unknown
}

/** The receipt of one admitted call. Settled exactly once; a second settlement changes nothing. */
export interface Permit {
  readonly admitted: true
  /** The epoch that admitted the call. An outcome of an older epoch is a straggler and moves nothing. */
  readonly epoch: number
  /** Whether the call holds a probe place. */
  readonly probe: boolean
  /** When the call entered, monotonic milliseconds. */
  readonly startedAt: number
  /** Where the call is to go; `undefined` without the component `discovery`. */
  readonly endpoint: Endpoint | undefined
  /** Reports how the call ended. Returns false when the permit was settled, or had expired, before. */
  settle(kind: OutcomeKind, details?: SettlementDetails): boolean
  /** Gives an unsettled permit back as `ignored`. */
  [Symbol.dispose](): void
}

/** What `acquire()` answers, told apart by `admitted`. */
export type Ticket = Permit | Rejection
