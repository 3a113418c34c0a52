/** Slices: counts of outcomes by time, and the latency of successes, for whoever asked for them by the gate's lines. */
import type { OutcomeKind } from "../../machines/vocabulary/outcome.ts"
import type { LatencySummary, Slice } from "../../machines/vocabulary/signal.ts"
import { LatencySketch } from "./latency.ts"
import { SliceTally } from "./tally.ts"

const noLatency: LatencySummary = Object.freeze({ samples: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 })
/** Fewer successes than this say nothing about a tail. */
const knownSamples = 100
const never = Number.POSITIVE_INFINITY

export class Slices {
  /** How long a slice is; `Infinity`: nobody asks for any. */
  lengthMs = never
  /** A success that took longer is late. */
  lateAfterMs = never
  #slice: SliceTally | undefined
  #sketch: LatencySketch | undefined

  get areCounted(): boolean {
    return this.lengthMs < never
  }

  count(kind: OutcomeKind, slow: boolean, durationMs: number, now: number): void {
    const slice = (this.#slice ??= new SliceTally(now))
    slice.count(kind)
    if (slow && kind !== "ignored") slice.slow++
    // A call that entered while nobody measured has no duration.
    if (kind !== "success" || !(durationMs >= 0)) return
    if (durationMs > this.lateAfterMs) slice.late++
    const sketch = (this.#sketch ??= new LatencySketch(now))
    sketch.add(durationMs, now)
  }

  /** The slice that is over by now, if there is one. */
  takeClosed(now: number): Slice | undefined {
    const slice = this.#slice
    if (slice === undefined || now < slice.startedAt + this.lengthMs) return undefined
    this.#slice = undefined
    return { ...slice, latency: this.latency(now) }
  }

  latency(now: number): LatencySummary {
    return this.#sketch?.summary(now) ?? noLatency
  }

  /** What successes usually take at most; 0 while too little is known. */
  usualMs(now: number): number {
    const { samples, p99 } = this.latency(now)
    return samples < knownSamples ? 0 : p99
  }
}
