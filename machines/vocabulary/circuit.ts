/** Where a circuit stands. `basic` never reports `degraded` or `ramping`. */
export type Circuit = "closed" | "degraded" | "open" | "halfOpen" | "ramping"

export const circuits: readonly Circuit[] = ["closed", "degraded", "open", "halfOpen", "ramping"]

/** A state or a mode as prose spells it: `halfOpen` is the value, "half-open" the word. */
export const inWords = (value: string): string => value.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

/**
 * What a decision turned on: a figure, and the line that it reached or stayed below. `share`: the part of the calls that was bad ·
 * `lowerBound`: that part at the least, allowing for chance (Wilson, z = 4) · `row`: calls one after the other, bad ones, or probes that
 * decided · `evidence`: the natural logarithm of how much likelier these calls are than if there were nothing to decide (20: 500 million
 * to 1).
 */
export interface Bound {
  readonly of: "share" | "lowerBound" | "row" | "evidence"
  readonly value: number
  readonly line: number
  /** The share of bad calls that counts as usual, where the decision compared with that. */
  readonly usual?: number
}

/** The evidence a decision was taken on: counts of calls in the window that was judged, and the figure that decided. */
export interface Statistics {
  readonly calls: number
  readonly failures: number
  readonly slow: number
  /** None where nothing was weighed: the service has asked to be left alone. */
  readonly bound?: Bound | undefined
}

/** What a strategy states about itself: its finding. `entries` counts entered states, re-entries included. */
export interface CircuitFinding {
  readonly circuit: Circuit
  readonly entries: number
  readonly at: number
  readonly reason: string
  readonly rule: string
  readonly statistics: Statistics | undefined
}
