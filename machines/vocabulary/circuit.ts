/** Where a circuit stands. `basic` never reports `degraded` or `ramping`. */
export type Circuit = "closed" | "degraded" | "open" | "halfOpen" | "ramping"

export const circuits: readonly Circuit[] = ["closed", "degraded", "open", "halfOpen", "ramping"]

/** A state or a mode as prose spells it: `halfOpen` is the value, "half-open" the word. */
export const inWords = (value: string): string => value.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

/** The evidence a decision was taken on: counts of calls in the window that was judged. */
export interface Statistics {
  readonly calls: number
  readonly failures: number
  readonly slow: number
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
