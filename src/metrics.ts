import type { RetryState } from "../machines/components/retry.ts"
import type { RecoveryReport } from "../machines/recoveryMemory.ts"
import type { GraphReport } from "../machines/strategies/dependency.ts"
import type { Circuit } from "../machines/vocabulary/circuit.ts"
import type { Mode, Phase } from "../machines/vocabulary/gate.ts"
import type { HealthState } from "../machines/vocabulary/health.ts"
import type { SketchCounts } from "../machines/vocabulary/latency.ts"
import type { LimitState, Priority } from "../machines/vocabulary/priority.ts"
import type { Layer } from "../machines/vocabulary/rejection.ts"
import type { LatencySummary, Slice } from "../machines/vocabulary/signal.ts"
import type { Assembly } from "./assemble.ts"
import type { CandidateReport } from "./candidate.ts"
import { type CellMetrics, cellsOf } from "./cellMetrics.ts"
import { askParts } from "./control-plane/persistence.ts"
import type { Plane } from "./data-plane/plane.ts"
import type { Want } from "./data-plane/retryBudget.ts"
import type { ClassCounts } from "./data-plane/tally.ts"

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
    /** Calls that wait for a slot now. */
    readonly waiting: number
    /** Calls whose callers gave up while they waited. */
    readonly gaveUp: number
  }
  /** What the strategy on trial would have done. */
  readonly candidate?: CandidateReport | undefined
  /** Refused calls by layer; a layer that refused nothing is absent. */
  readonly refusals: { readonly [L in Layer]?: number }
  /** Calls by the `priority` that they name; a class that none has named is absent. */
  readonly classes: { readonly [P in Priority]?: Readonly<ClassCounts> }
  /**
   * Milliseconds of successes, each within 3.2 %: all of the last minute, nothing older than ten minutes. All 0 when nothing
   * measures.
   */
  readonly latency: LatencySummary
  /** The sketch that `latency` is read from, as plain numbers: `mergeMetrics` adds those of many breakers up. */
  readonly sketch: SketchCounts
  /** Parts of the service, as calls name them by `key`; absent until one does. */
  readonly cells?: CellMetrics | undefined
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
    readonly rateLimit?: {
      /** `throttled` while a rate was learned from what the service says, `held` while it wants to be left alone. */
      readonly state: "fixed" | "steady" | "throttled" | "held"
      /** The learned rate, in calls a second. */
      readonly rate?: number | undefined
      /** The limits in force, the learned one last. */
      readonly limits: readonly RateReport[]
    }
    readonly prediction?: {
      readonly state: "cold" | "calm" | "warned" | "frozen"
      /** That the service fails within the horizon; 0 unless it warns. */
      readonly probability: number
      readonly reasons: readonly string[]
      /** Slices that it has learned from. */
      readonly samples: number
      readonly warnings: number
      /** Warnings within whose horizon the service failed, and those within which it did not. */
      readonly confirmed: number
      readonly refuted: number
      readonly failures: number
      /** The part of warnings that came true; `null` before the first. A failure that a warning has averted refutes it. */
      readonly precision: number | null
      /** The part of failures that a warning came before. */
      readonly recall: number | null
      /** From a warning to the failure, on average, in milliseconds. */
      readonly meanLeadMs: number | null
    }
    readonly priority?: {
      /** What the limit is at. `fixed`: it was set. */
      readonly state: LimitState | "fixed"
      /** How many calls may be in flight, when it was told last. */
      readonly limit: number
      /** How hard the process is pressed. `foretold`: it is not, but `prediction` warns, so bulk calls give way. */
      readonly pressure: "relaxed" | "foretold" | "pressed" | "saturated"
      /** How full the fullest of event loop, memory and queue is, 0 to 1. */
      readonly level: number
      /** `independent`: failures do not fall with the load, and are not answered with less of it. */
      readonly failures: "suspect" | "independent"
    }
    readonly discovery?: {
      readonly state: "empty" | "fresh" | "stale" | "panicking"
      /** How many calls may go to, and how many of them get none now. */
      readonly endpoints: number
      readonly away: number
      /** How many get less than their part: their last checks failed. */
      readonly suspect: number
      /** Why the list is not fresh. */
      readonly reason: string
    }
    readonly health?: {
      readonly state: HealthState
      /** What speaks against it, each with its name. */
      readonly reasons: readonly string[]
      /** Endpoints that were checked, and those of them that are bad. */
      readonly endpoints: number
      readonly bad: number
    }
    readonly timeout?: {
      /** `exploring` while calls are given longer than what was learned, to see whether they need it. */
      readonly state: "fixed" | "cold" | "tracking" | "exploring" | "listening" | "frozen"
      /** How long a call may run now. */
      readonly timeoutMs: number
    }
    readonly retry?: RetryReport
    readonly recovery?: RecoveryReport
  }
}

/** A limit in force. */
export interface RateReport {
  readonly limit: number
  readonly intervalMs: number
  readonly burst: number
  /** What may still enter at this instant, in calls; of a limit for each key it is each key's own. */
  readonly left?: number | undefined
  /** So many keys are told apart, where the limit is for each of them. */
  readonly keys?: number | undefined
}

function readRates({ plane }: Assembly, at: number): readonly RateReport[] {
  const all = plane.admission.rates?.left(at) ?? []
  return all.map(({ limit: { limit, intervalMs, burst, keys }, left }) => ({
    limit,
    intervalMs,
    burst,
    ...(keys === undefined ? { left } : { keys }),
  }))
}

/** The part that each running component reports; what is spent of the limits is the data plane's to say. */
function readComponents(assembly: Assembly, at: number): BreakerMetrics["components"] {
  const { conductor, parts, listeners } = assembly
  const trouble = (part: string, error: unknown) => listeners.trouble(part, error)
  const answers: BreakerMetrics["components"] = askParts(conductor, parts, (plug) => plug.report, at, trouble)
  const { rateLimit } = answers
  return rateLimit === undefined
    ? answers
    : { ...answers, rateLimit: { ...rateLimit, limits: readRates(assembly, at) } }
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

export function readMetrics(assembly: Assembly): BreakerMetrics {
  const { name, clock, plane, candidate } = assembly
  const at = clock.now()
  const { gate, tally } = plane
  const { admitted, rejected, success, failure, timedOut, ignored, probes, stragglers, shadowed, gaveUp } = tally
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
      waiting: plane.queue.size,
      gaveUp,
    },
    ...(candidate && { candidate: candidate.report() }),
    refusals: { ...tally.refusals },
    classes: Object.fromEntries(Object.entries(tally.classes).map(([name, counts]) => [name, { ...counts }])),
    latency: plane.meter.slices.latency(at),
    sketch: plane.meter.slices.sketch(at),
    ...(plane.admission.cells && { cells: cellsOf(plane.admission.cells) }),
    components: withRetries(readComponents(assembly, at), plane),
  }
}
