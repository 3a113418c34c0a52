/** What the day itself knows of its calls: kept apart from the breaker, to hold the breaker's books against. */

import type { Endpoint } from "../../../machines/vocabulary/endpoint.ts"
import type { FeaturesFinding } from "../../../machines/vocabulary/feature.ts"
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
  readonly feature: string | undefined
  /** Where it goes, as that was when it entered. */
  readonly goes: Going | undefined
}

/** Where a call goes: what is away is left out, or bad by its checks. */
export interface Going {
  readonly endpoint: Endpoint
  readonly isGone: boolean
  readonly isAway: boolean
  /** Others are well, and not all are to be tried. */
  readonly areOthersWell: boolean
  /** It is the one call that tries an endpoint that was left out until then. */
  readonly tries: boolean
  readonly leftOutUntil: number | undefined
}

/** Calls of a feature since its present test began: how many there were at least, and how many entered. */
export interface Test {
  readonly since: number
  offered: number
  entered: number
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
  /** When a call ended last. */
  lastEndAt = Number.NEGATIVE_INFINITY
  /** How long the event loop has stood still in all: what was due then came late. */
  stalledMs = 0
  /** When it stood still last. */
  stalledAt = Number.NEGATIVE_INFINITY
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
        /** Which features were not full before, and which are not after. */
        readonly heldBefore: readonly string[]
        readonly heldAfter: readonly string[]
      }
    | undefined
  /** How features stood, each time that changed since the last look. */
  features: FeaturesFinding[] = []
  /** How they stood when it was looked at last, and those of them whose needs are in doubt for them. */
  lastFeatures: FeaturesFinding | undefined
  readonly doubted = new Set<string>()
  readonly tests = new Map<string, Test>()
  /** Whether the fair hour saw calls enter to the end: then nobody has a reason to be left out. */
  isServing = false
  /** How the gate stood before the last happening that must not move it, and after. */
  untouched: { readonly before: Gate; readonly after: Gate; readonly by: string } | undefined
  released: { readonly before: Gate; readonly after: Gate } | undefined
  /** The last refusal of a day that has been fair for long. */
  stillRefused: Rejection | undefined
  reconfigured: { readonly before: Gate; readonly after: Gate; readonly sameStrategy: boolean } | undefined
}
