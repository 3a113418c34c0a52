/**
 * Signals: the rare facts that reach actors, in the past tense, stamped with `at` (monotonic milliseconds).
 * Commands of the operator are in the imperative and go to the root alone.
 */
import type { Circuit, Statistics } from "./circuit.ts"
import type { EvidenceRule } from "./evidence.ts"
import type { FeatureSignal } from "./feature.ts"
import type { FindingSignal } from "./finding.ts"
import type { EndpointsShifted, KnowledgeSignal } from "./knowledge.ts"
import type { LimitState } from "./priority.ts"
import type { Need, Standing } from "./standing.ts"

export type { FeatureEntered, FeatureFailed, FeatureSettled, FeatureSignal, FeaturesChanged } from "./feature.ts"
export type { CallEntered, CallOverdue, OutcomeSettled } from "./told.ts"

/** Counts of one slice of time, and the latency of successes over the sketch's window at its end. */
export interface Slice {
  readonly startedAt: number
  readonly success: number
  readonly failure: number
  readonly timedOut: number
  readonly ignored: number
  readonly slow: number
  /** Successes that took longer than the gate's line `lateAfterMs`. */
  readonly late: number
  /** Milliseconds that its successes took together. */
  readonly busyMs?: number | undefined
  readonly latency: LatencySummary
}

/** Quantiles of the latency of successes in the last one to ten minutes, in milliseconds; all 0 when `samples` is 0. */
export interface LatencySummary {
  readonly samples: number
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly p999: number
  readonly max: number
}

export interface AlarmRang {
  readonly type: "alarm.rang"
  readonly at: number
  readonly epoch: number
  readonly rule: "failureRatio" | "slowRatio" | "row" | "asked" | EvidenceRule
  readonly statistics: Statistics
  /** Outcomes that the evidence has taken in so far: what a trial may cost is paid from them. */
  readonly seen?: number | undefined
  /** The service itself asked to be left alone for so long. */
  readonly retryAfterMs?: number | undefined
  /**
   * Where the trouble sits, as far as keys tell: all of it in one cell, while others are well; or in some cells, which are held back
   * by themselves. Left out: in the service as a whole, or nobody names keys.
   */
  readonly within?: "oneCell" | "cells" | undefined
}

export interface ProbeSettled {
  readonly type: "probe.succeeded" | "probe.failed" | "probe.expired"
  readonly at: number
  readonly epoch: number
  /** The service itself asked to be left alone for so long. */
  readonly retryAfterMs?: number | undefined
}

/** A probe that was no longer waited for has succeeded after all: no verdict, but a measure of how long the service takes now. */
export interface ProbeAnswered {
  readonly type: "probe.answered"
  readonly at: number
  readonly tookMs: number
}

export interface SliceClosed {
  readonly type: "slice.closed"
  readonly at: number
  readonly epoch: number
  readonly slice: Slice
  /** Calls that still run, where a strategy watches them: how little is known yet of the slowest. */
  readonly running?: number | undefined
  /** What gauges showed within the slice, by name. */
  readonly gauges?: { readonly [name: string]: number } | undefined
}

/** What the service said about its own limits, over the answers since the last such report. */
export interface ThrottleTold {
  readonly type: "throttle.told"
  readonly at: number
  readonly epoch: number
  /** How long these answers took to come, and how many were refusals by the service's limits. */
  readonly overMs: number
  readonly answered: number
  readonly exceeded: number
  /** It asks to be left alone for so long. */
  readonly waitMs?: number | undefined
  /** What it still grants for the next `resetAfterMs`, when more than that will be asked of it. */
  readonly remaining?: number | undefined
  readonly resetAfterMs?: number | undefined
}

/** The budget of further attempts could not pay for one, or has saved its reserve again. */
export interface BudgetMoved {
  readonly type: "budget.spent" | "budget.funded"
  readonly at: number
}

/** Where a learned limit stands now: told when it is at something else, at most once a second. */
export interface LimitMoved {
  readonly type: "limit.moved"
  readonly at: number
  readonly state: LimitState
  readonly limit: number
  /** Failures and slowness do not depend on the load: the limit does not move for them. */
  readonly independent: boolean
}

/** How full the process is, each 0 to 1: its event loop, its memory, and the queue for slots. */
export interface PressureChanged {
  readonly type: "pressure.changed"
  readonly at: number
  readonly utilisation: number
  readonly memory: number
  readonly queue: number
}

export interface CircuitMoved {
  readonly type: "circuit.moved"
  readonly at: number
  readonly breaker: string
  readonly from: Circuit
  readonly to: Circuit
  readonly epoch: number
  readonly reason: string
  readonly rule: string
  readonly statistics: Statistics | undefined
}

export interface OperatorActed {
  readonly type: "operator.forcedOpen" | "operator.released"
  readonly at: number
  readonly why: string
}

/** A saved breaker comes back: each actor takes what it saved and shortens its waits by the time that has passed. */
export interface BreakerRestored {
  readonly type: "breaker.restored"
  readonly at: number
  /** Milliseconds since it was saved, never negative. */
  readonly elapsedMs: number
  readonly parts: { readonly [key: string]: unknown }
}

/** The operator changed a part's settings. They have been read and checked. */
export interface SettingsChanged {
  readonly type: "settings.changed"
  readonly at: number
  readonly settings: unknown
}

/** The service turned out to depend on another. */
export interface DependencyAdded {
  readonly type: "dependency.added"
  readonly at: number
  /** The name of the other's breaker. */
  readonly id: string
  readonly need: Need
  /** The part of calls that fail without it, 0 to 1; `undefined` when that is to be measured. */
  readonly impact: number | undefined
  /** How it stands; `undefined` while no living breaker has the name. */
  readonly standing?: Standing | undefined
}

export interface DependencyRemoved {
  readonly type: "dependency.removed"
  readonly at: number
  readonly id: string
}

/** Dependencies stand differently now: all that moved for one cause, by name. */
export interface DependencyMoved {
  readonly type: "dependency.moved"
  readonly at: number
  readonly moves: {
    readonly [id: string]: {
      readonly standing: Standing
      /** Failed calls of ours that were charged to it since it moved last, instead of to us. */
      readonly blamed?: number | undefined
    }
  }
}

export type DependencySignal = DependencyAdded | DependencyRemoved | DependencyMoved

/** What actors may hear. */
export type Signal =
  | AlarmRang
  | ProbeSettled
  | ProbeAnswered
  | SliceClosed
  | ThrottleTold
  | BudgetMoved
  | LimitMoved
  | PressureChanged
  | FeatureSignal
  | CircuitMoved
  | FindingSignal
  | OperatorActed
  | BreakerRestored
  | SettingsChanged
  | DependencySignal
  | KnowledgeSignal

export type SignalType = Signal["type"]

/** What the data plane reports to the root. */
export type Report =
  | (AlarmRang | ProbeSettled | ProbeAnswered | SliceClosed | ThrottleTold)
  | (BudgetMoved | LimitMoved | PressureChanged | EndpointsShifted)
  | FeatureSignal
