import type { RetryState } from "../machines/components/retry.ts"
import type { GraphReport } from "../machines/strategies/dependency.ts"
import type { Circuit } from "../machines/vocabulary/circuit.ts"
import type { Mode, Phase } from "../machines/vocabulary/gate.ts"
import type { Layer } from "../machines/vocabulary/rejection.ts"
import type { LatencySummary, Slice } from "../machines/vocabulary/signal.ts"
import type { Assembly } from "./assemble.ts"
import type { CandidateReport } from "./candidate.ts"
import { askParts } from "./control-plane/persistence.ts"
import type { Plane } from "./data-plane/plane.ts"
import type { Want } from "./data-plane/retryBudget.ts"

/** One consistent look at a breaker: everything in it was read at the same instant. */
export interface BreakerMetrics {
  readonly breaker: string
  /** Milliseconds on the breaker's monotonic clock. */
  readonly at: number
  readonly phase: Phase
  readonly mode: Mode
  readonly circuit: Circuit
  readonly epoch: number
  /** Counts since the breaker was made. */
  readonly calls: {
    readonly admitted: number
    readonly rejected: number
    readonly success: number
    readonly failure: number
    readonly timedOut: number
    readonly ignored: number
    readonly probes: number
    /** Outcomes that came too late to decide anything. */
    readonly stragglers: number
    /** Calls that ran although the gate would have refused them, in shadow mode. */
    readonly shadowed: number
    readonly inFlight: number
  }
  /** What the strategy on trial would have done. */
  readonly candidate?: CandidateReport | undefined
  /** Refused calls by layer; a layer that refused nothing is absent. */
  readonly refusals: { readonly [L in Layer]?: number }
  /**
   * Milliseconds of successes, each within 3.2 %: all of the last minute, nothing older than ten minutes. All 0 when nothing
   * measures.
   */
  readonly latency: LatencySummary
  /** The part that each running component reports. */
  readonly components: {
    readonly metrics?: {
      /** 0 to 1: the part of recent calls that went well. */
      readonly score: number
      /** Milliseconds that the circuit stood in each state since the breaker started. */
      readonly msIn: { readonly [C in Circuit]: number }
      /** How often the circuit moved, by the rule that moved it. */
      readonly moves: { readonly [rule: string]: number }
      /** The last 60 slices, a second or more each, oldest first. */
      readonly slices: readonly Slice[]
    }
    readonly dependency?: GraphReport
    readonly timeout?: {
      /** `exploring` while calls are given longer than what was learned, to see whether they need it. */
      readonly state: "fixed" | "cold" | "tracking" | "exploring" | "listening" | "frozen"
      /** How long a call may run now. */
      readonly timeoutMs: number
    }
    readonly retry?: RetryReport
  }
}

/** What became of calls that failed. Each attempt is a call of its own in `calls`. */
export interface RetryReport {
  readonly state: RetryState
  /** Attempts that followed a failed one. */
  readonly retries: number
  /** Attempts that began beside a running one. */
  readonly hedges: number
  /** Those of them that answered first. */
  readonly hedgesWon: number
  /** Calls whose first attempt failed, and that succeeded in the end. */
  readonly rescued: number
  /**
   * Further attempts that were not made: the budget could not pay for them, no time was left, the call is not idempotent, the gate
   * barred it, or a breaker further in had repeated it already.
   */
  readonly refused: { readonly [W in Want]: number }
  /** Further attempts that the budget can pay for now. */
  readonly budget: number
}

type Parts = { readonly [key: string]: unknown }

/** What the control plane says of retries, and what the data plane has counted of them. */
function withRetries(parts: Parts, { retryBudget }: Plane): Parts {
  const part = parts["retry"]
  if (retryBudget === undefined || typeof part !== "object") return parts
  const { tally, left } = retryBudget
  return { ...parts, retry: { ...part, ...tally, refused: { ...tally.refused }, budget: left } }
}

export function readMetrics({ name, clock, plane, conductor, parts, listeners, candidate }: Assembly): BreakerMetrics {
  const at = clock.now()
  const { gate, tally } = plane
  const { admitted, rejected, success, failure, timedOut, ignored, probes, stragglers, shadowed } = tally
  return {
    breaker: name,
    at,
    phase: gate.phase,
    mode: gate.mode,
    circuit: gate.circuit,
    epoch: gate.epoch,
    calls: {
      admitted,
      rejected,
      success,
      failure,
      timedOut,
      ignored,
      probes,
      stragglers,
      shadowed,
      inFlight: plane.inFlight,
    },
    ...(candidate && { candidate: candidate.report() }),
    refusals: { ...tally.refusals },
    latency: plane.meter.slices.latency(at),
    components: withRetries(
      askParts(
        conductor,
        parts,
        (plug) => plug.report,
        at,
        (part, error) => listeners.trouble(part, error),
      ),
      plane,
    ),
  }
}
