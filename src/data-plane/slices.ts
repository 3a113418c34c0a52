/** Slices: counts of one stretch of time after the other, and the latency of successes over all of them. */
import type { Lines } from "../../machines/vocabulary/gate.ts"
import type { SketchCounts } from "../../machines/vocabulary/latency.ts"
import type { OutcomeKind } from "../../machines/vocabulary/outcome.ts"
import type { LatencySummary, Slice } from "../../machines/vocabulary/signal.ts"
import { LatencySketch } from "./latency.ts"
import type { Observed } from "./observed.ts"
import { SliceTally } from "./tally.ts"

/** Nothing was measured. */
export const noLatency: LatencySummary = Object.freeze({ samples: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 })
/** Fewer successes than this say nothing about a tail. */
const knownSamples = 100
const never = Number.POSITIVE_INFINITY

export class Slices {
  /** Made when something is observed. */
  gauges: Observed | undefined
  #sliceMs = never
  #lateAfterMs = never
  #slice: SliceTally | undefined
  /** When the present slice is long enough. */
  #endsAt = never
  #sketch: LatencySketch | undefined

  adopt({ sliceMs = never, lateAfterMs = never }: Lines): void {
    this.#sliceMs = sliceMs
    this.#lateAfterMs = lateAfterMs
    if (this.#slice !== undefined) this.#endsAt = this.#slice.startedAt + sliceMs
  }

  #begin(now: number): SliceTally {
    this.#slice = new SliceTally(now)
    this.#endsAt = now + this.#sliceMs
    return this.#slice
  }

  /** Counts one outcome, if anybody wants slices. */
  count(kind: OutcomeKind, slow: boolean, durationMs: number, now: number): void {
    if (this.#sliceMs === never) return
    const slice = this.#slice ?? this.#begin(now)
    slice.count(kind)
    if (slow && kind !== "ignored") slice.slow++
    if (kind === "success") this.#time(slice, durationMs, now)
  }

  /** The same of a success that was not slow. */
  succeed(durationMs: number, now: number): void {
    if (this.#sliceMs === never) return
    const slice = this.#slice ?? this.#begin(now)
    slice.success++
    this.#time(slice, durationMs, now)
  }

  #time(slice: SliceTally, durationMs: number, now: number): void {
    // A call that entered while nobody measured has no duration.
    if (!(durationMs >= 0)) return
    if (durationMs > this.#lateAfterMs) slice.late++
    slice.busyMs += durationMs
    this.#sketch ??= new LatencySketch(now)
    this.#sketch.add(durationMs, now)
  }

  /** Whether the present slice is long enough. */
  mayEnd(now: number): boolean {
    return now >= this.#endsAt
  }

  /** The present slice, if it is long enough; then another begins. */
  close(now: number): Slice | undefined {
    const slice = this.#slice
    if (slice === undefined || !this.mayEnd(now)) return undefined
    this.#slice = undefined
    this.#endsAt = never
    return { ...slice, latency: this.latency(now) }
  }

  latency(now: number): LatencySummary {
    return this.#sketch?.summary(now) ?? noLatency
  }

  sketch(now: number): SketchCounts {
    return this.#sketch?.counts(now) ?? []
  }

  /** What so large a part of the successes did not exceed, in milliseconds; 0 while too little is known. */
  quantileMs(share: number, now: number): number {
    return this.latency(now).samples < knownSamples ? 0 : (this.#sketch as LatencySketch).quantile(share)
  }

  /** What successes usually take at most; 0 while too little is known. */
  usualMs(now: number): number {
    const { samples, p99 } = this.latency(now)
    return samples < knownSamples ? 0 : p99
  }
}
