/** Lines: what actors want the data plane to watch for them, and to be told of. */
import type { EndpointsLine } from "./endpoint.ts"
import type { FeatureLines } from "./feature.ts"
import type { SlotsLine } from "./priority.ts"
import type { RateLimit } from "./rate.ts"

/** How the data plane remembers outcomes while a circuit line is watched. */
export type WindowShape =
  | { readonly type: "time"; readonly durationMs: number; readonly slices: number }
  | { readonly type: "count"; readonly calls: number; readonly maxAgeMs: number }
  | { readonly type: "consecutive"; readonly maxAgeMs: number }

/** A line at which the circuit alarm rings: counts of a window reach it. Ratios above 1 are never reached. */
export interface RatioLine {
  readonly kind: "ratio"
  readonly window: WindowShape
  readonly failureRatio: number
  readonly slowRatio: number
  readonly minimumCalls: number
  /** For the consecutive window: bad outcomes in a row. */
  readonly row: number
}

/** A line at which the circuit alarm rings: the evidence of a stream of outcomes reaches it. */
export interface SequentialLine {
  readonly kind: "sequential"
  /** Whether outcomes are held against what is usual, against what a degraded circuit has accepted, or counted for a step. */
  readonly watch: "usual" | "partial" | "step"
  /** Log-likelihood ratio at which an excursion from what is usual rings. */
  readonly threshold: number
  /** The recent share of bad outcomes that rings whatever was learned. */
  readonly rate: number
  /** So many calls, the first of an epoch in the order of admission, are judged together; until they are known nothing else is. */
  readonly cohort: number
  /** When the cohort rings: once it is known, already at its first late call, or only when it says that the service is gone. */
  readonly tells: "known" | "late" | "never"
  /** A cohort of which this share is bad already is not waited for: the rest of it could not make it less. */
  readonly spoiltAt?: number
}

export type CircuitLine = RatioLine | SequentialLine

/** A limit that the operator of this side has set: for all calls, or for those of each key by themselves. */
export interface RateLine extends RateLimit {
  /** For each key by itself; so many keys are told apart at once. */
  readonly keys?: number | undefined
}

/**
 * How the parts of a service are watched, one cell for each key that callers name: a part that is dead is held back by itself. Without
 * this line there are no cells, and what was suspected of them is forgotten.
 */
export interface CellLine {
  /** Most cells that are remembered; the rest are not watched. */
  readonly max: number
  /** Log-likelihood ratio at which an excursion from what is usual is more than noise: then many cells may be dead at once. */
  readonly threshold: number
  /** How long cells wait between probes: the first time, what each failed probe adds, what it multiplies by, and at most. */
  readonly waitMs: number
  readonly stepMs: number
  readonly factor: number
  readonly maxMs: number
  /** What a cell itself asks for is heeded up to here. */
  readonly longestAskedMs: number
  /** A probe that hangs gives its place back after this long. */
  readonly leaseMs: number
}

/** What pays for further attempts: tokens, one for each, that successes earn. */
export interface BudgetLine {
  /** Tokens that a success earns. */
  readonly share: number
  /** Tokens that there are at the beginning, and that must be there again before a spent budget pays. */
  readonly reserve: number
  /** Most tokens that are saved. */
  readonly most: number
}

/** What the data plane watches: the union of what the actors want to hear about. */
export interface Lines {
  readonly circuit?: CircuitLine | undefined
  readonly cells?: CellLine | undefined
  /** A call at least this old is slow, in flight or settled. */
  readonly slowAfterMs?: number | undefined
  /** A probe that is not settled after this long gives its place back. */
  readonly leaseMs?: number | undefined
  /** A probe that has run so long has failed, however long its lease and its timeout are. */
  readonly patienceMs?: number | undefined
  /** How often a slice of counts is closed and reported while calls arrive. */
  readonly sliceMs?: number | undefined
  /** A success that took longer than this is counted as late in its slice. */
  readonly lateAfterMs?: number | undefined
  /** Limits that calls are held to, each by a bucket of its own. They belong to the one component that states them. */
  readonly rates?: readonly RateLine[] | undefined
  /** What the service says about its own limits is reported, at most once in this time unless it asks for a wait. */
  readonly toldMs?: number | undefined
  /** Further attempts are paid from this budget; without it nobody makes any. */
  readonly budget?: BudgetLine | undefined
  /** Calls hold slots: how many there are, and who may wait for one. */
  readonly slots?: SlotsLine | undefined
  /** The features that calls may name, and what is watched of each. */
  readonly features?: FeatureLines | undefined
  /** Each call goes to one of these endpoints. */
  readonly endpoints?: EndpointsLine | undefined
}

const least = (one: number | undefined, other: number | undefined) =>
  one === undefined ? other : other === undefined ? one : Math.min(one, other)

/** The union of two sets of lines: what belongs to the one part that states it is taken whole, the rest is the finer of both. */
export function joinLines(one: Lines, other: Lines): Lines {
  return {
    circuit: one.circuit ?? other.circuit,
    cells: one.cells ?? other.cells,
    slowAfterMs: least(one.slowAfterMs, other.slowAfterMs),
    leaseMs: least(one.leaseMs, other.leaseMs),
    patienceMs: least(one.patienceMs, other.patienceMs),
    sliceMs: least(one.sliceMs, other.sliceMs),
    lateAfterMs: least(one.lateAfterMs, other.lateAfterMs),
    rates: one.rates ?? other.rates,
    toldMs: least(one.toldMs, other.toldMs),
    budget: one.budget ?? other.budget,
    slots: one.slots ?? other.slots,
    features: one.features ?? other.features,
    endpoints: one.endpoints ?? other.endpoints,
  }
}
