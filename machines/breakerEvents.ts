/** What a breaker actor is started with, what it can be sent, and what it emits. */
import type { ReportRef } from "./fold.ts"
import type { LoopChanged } from "./loop.ts"
import type { GatePublished } from "./meter.ts"
import type { ChosenPart, PartsConfig } from "./registry.ts"
import type { CircuitFinding } from "./vocabulary/circuit.ts"
import type { ComponentFinding, FindingSignal } from "./vocabulary/finding.ts"
import type { Mode } from "./vocabulary/gate.ts"
import type { KnowledgeSignal } from "./vocabulary/knowledge.ts"
import type {
  BreakerRestored,
  CallEntered,
  CallOverdue,
  CircuitMoved,
  DependencySignal,
  OutcomeSettled,
  Report,
} from "./vocabulary/signal.ts"

/** `name` and the config of strategy and components; `report` is sent `circuit.moved`. */
export interface BreakerInput extends PartsConfig {
  readonly name: string
  /** The only source of chance, such as the jitter of waits. */
  readonly seed?: number | undefined
  /** Monotonic milliseconds at the start, default 0. Give your clock's present time if it does not begin at 0: time in state counts from here. */
  readonly at?: number | undefined
  readonly report?: ReportRef | undefined
  /** Parts that were read before, instead of the config. */
  readonly parts?: readonly ChosenPart[] | undefined
  /** True when a data plane measures outcomes. */
  readonly metered?: boolean | undefined
}

/** The operator gives a running breaker another config: its parts have been read, and `saved` is what the old ones knew. */
export interface BreakerReconfigured {
  readonly type: "breaker.reconfigured"
  readonly at: number
  readonly parts: readonly ChosenPart[]
  readonly saved: { readonly [key: string]: unknown }
}

export type OperatorCommand =
  | { readonly type: "operator.forceOpen"; readonly at: number; readonly why: string }
  | { readonly type: "operator.bypass"; readonly at: number; readonly why: string }
  | { readonly type: "operator.shadow"; readonly at: number; readonly why: string }
  | { readonly type: "operator.release"; readonly at: number; readonly why: string }

export type BreakerEvent =
  | {
      readonly type: "breaker.start" | "breaker.stop" | "breaker.drained" | "breaker.attached" | "breaker.detached"
      readonly at?: number
    }
  | BreakerRestored
  | BreakerReconfigured
  | LoopChanged
  | OperatorCommand
  | Report
  | DependencySignal
  | FindingSignal
  | KnowledgeSignal
  | OutcomeSettled
  | CallEntered
  | CallOverdue

export type BreakerEmitted =
  | CircuitMoved
  | GatePublished
  | {
      readonly type: "finding.changed"
      readonly breaker: string
      readonly part: string
      readonly finding: CircuitFinding | ComponentFinding
    }
  | {
      readonly type: "config.changed"
      readonly at: number
      readonly breaker: string
      /** The keys of the parts that came, went, or have other settings now. */
      readonly changed: readonly string[]
    }
  | {
      readonly type: "mode.changed"
      readonly at: number
      readonly breaker: string
      readonly from: Mode
      readonly to: Mode
      readonly why: string
    }
  | {
      readonly type: "trouble"
      readonly breaker: string
      readonly part: string
      readonly error: unknown
      readonly gaveUp: boolean
    }
