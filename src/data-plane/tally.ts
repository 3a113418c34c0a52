import type { Layer } from "../../machines/vocabulary/rejection.ts"

/** Counts of calls since the breaker was made: plain numbers, one increment a call. */
export class Tally {
  admitted = 0
  success = 0
  failure = 0
  timedOut = 0
  ignored = 0
  probes = 0
  /** Outcomes of an older epoch: counted, and nothing more. */
  stragglers = 0
  /** Calls that ran although the gate would have refused them (shadow mode). */
  shadowed = 0
  /** Outcomes that entered no window because the gate was not obeyed. */
  uncounted = 0
  rejected = 0
  readonly refusals: { [L in Layer]?: number } = {}

  refuse(layer: Layer): void {
    this.rejected++
    this.refusals[layer] = (this.refusals[layer] ?? 0) + 1
  }
}
