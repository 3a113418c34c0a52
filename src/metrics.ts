import type { GraphReport } from "../machines/strategies/dependency.ts"
import type { Circuit } from "../machines/vocabulary/circuit.ts"
import type { Mode, Phase } from "../machines/vocabulary/gate.ts"
import type { Layer } from "../machines/vocabulary/rejection.ts"
import type { LatencySummary, Slice } from "../machines/vocabulary/signal.ts"
import type { Assembly } from "./assemble.ts"
import type { CandidateReport } from "./candidate.ts"
import { askParts } from "./control-plane/persistence.ts"

/** What is known of the parts of a service. Its size does not grow with the number of keys. */
export interface CellMetrics {
  /** Keys of which something is remembered: those that failed lately, and in times of trouble those that did not. */
  readonly remembered: number
  /** Keys that are held back now. */
  readonly condemned: number
  /** Calls to them that were let in, to see whether they are well again, since the breaker was made. */
  readonly probes: number
  /** Up to 100 of those that are held back: since when, on the breaker's clock. */
  readonly notable: readonly { readonly key: string; readonly since: number }[]
}

const mostNotable = 100

function cellsOf(cells: NonNullable<Assembly["plane"]["cells"]>): CellMetrics {
  const { remembered, condemned } = cells
  const notable: CellMetrics["notable"][number][] = []
  for (const { key, since } of condemned.all) {
    if (notable.length === mostNotable) break
    notable.push({ key, since })
  }
  return { remembered, condemned: condemned.size, probes: condemned.probed, notable }
}

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
    readonly timeout?: {
      /** `exploring` while calls are given longer than what was learned, to see whether they need it. */
      readonly state: "fixed" | "cold" | "tracking" | "exploring" | "listening" | "frozen"
      /** How long a call may run now. */
      readonly timeoutMs: number
    }
  }
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
    latency: plane.meter.latency(at),
    ...(plane.cells && { cells: cellsOf(plane.cells) }),
    components: askParts(
      conductor,
      parts,
      (plug) => plug.report,
      at,
      (part, error) => listeners.trouble(part, error),
    ),
  }
}
