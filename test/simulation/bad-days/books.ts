/** What the day itself knows of its calls: kept apart from the breaker, to hold the breaker's books against. */

import type { Gate } from "../../../machines/vocabulary/gate.ts"
import type { Rejection } from "../../../machines/vocabulary/rejection.ts"
import type { CircuitMoved } from "../../../machines/vocabulary/signal.ts"

type Move = Pick<CircuitMoved, "at" | "from" | "to" | "reason" | "rule" | "statistics">

/** One settlement of a permit: how the gate stood before and after. */
export interface Settling {
  readonly kind: string
  readonly epoch: number
  readonly probe: boolean
  readonly accepted: boolean
  readonly again: boolean
  readonly before: Gate
  readonly after: Gate
}

/** One admission or refusal by `acquire`. */
export interface Entry {
  readonly admitted: boolean
  readonly probe: boolean
  readonly rejection: Rejection | undefined
  readonly before: Gate
  readonly after: Gate
  readonly probesInFlight: number
  readonly inUse: number
  readonly slots: number
  readonly runningBefore: number
  /** What \`wouldReject\` said of the same call, the instant before. */
  readonly foretold: Rejection | undefined | "unasked"
}

/** The end of a call behind `execute`. */
export interface End {
  readonly what: "value" | "own" | "rejected" | "timedOut" | "aborted" | "fallback" | "strange"
  readonly detail: unknown
  readonly tookMs: number
  readonly boundMs: number
  readonly attempts: number
  readonly mostAttempts: number
}

export class Books {
  calls = 0
  admitted = 0
  refused = 0
  /** Permits that the day holds, by acquire. */
  held = 0
  moves: Move[] = []
  /** Moves that listeners have heard of since the breaker was made. */
  heard = 0
  modes: { readonly from: string; readonly to: string; readonly why: string }[] = []
  /** Troubles that nobody of the day has caused. */
  troubles: string[] = []
  /** How long the event loop has stood still in all: what was due then came late. */
  stalledMs = 0
  lastMove: Move | undefined
  settling: Settling | undefined
  entry: Entry | undefined
  end: End | undefined
  /** The state in which the last saved breaker was, and what came of it. */
  restart:
    | {
        readonly before: Gate
        readonly after: Gate
        readonly leftBefore: number | undefined
        readonly leftAfter: number | undefined
      }
    | undefined
  /** How the gate stood before the last happening that must not move it, and after. */
  untouched: { readonly before: Gate; readonly after: Gate; readonly by: string } | undefined
  released: { readonly before: Gate; readonly after: Gate } | undefined
  /** The last refusal of a day that has been fair for long. */
  stillRefused: Rejection | undefined
  reconfigured: { readonly before: Gate; readonly after: Gate; readonly sameStrategy: boolean } | undefined
}
