/**
 * The meter: one settled call is one write to the window ring and the latency sketch, and then at most one report, as the
 * last thing that happens. It rings when the counts reach a line that the gate carries; it judges nothing.
 */
import type { CircuitLine, Gate } from "../../machines/vocabulary/gate.ts"
import { isFailure, type OutcomeKind } from "../../machines/vocabulary/outcome.ts"
import type { LatencySummary, Report } from "../../machines/vocabulary/signal.ts"
import { isQuiet, reached } from "../../machines/vocabulary/window.ts"
import { LatencySketch } from "./latency.ts"
import { Overdue } from "./overdue.ts"
import { SliceTally } from "./tally.ts"
import { Alarm } from "./timers.ts"
import type { Wheel } from "./wheel.ts"
import { makeRing, type Ring } from "./window.ts"

const noLatency: LatencySummary = Object.freeze({ samples: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 })
/** Fewer successes than this say nothing about a tail. */
const knownSamples = 100
const never = Number.POSITIVE_INFINITY

export class Meter {
  #epoch = -1
  #line: CircuitLine | undefined
  #ring: Ring | undefined
  #armed = true
  #slowAfterMs = never
  #overdue: Overdue | undefined
  #sliceMs = never
  #lateAfterMs = never
  #slice: SliceTally | undefined
  #sketch: LatencySketch | undefined
  readonly #wheel: Wheel
  readonly #report: (report: Report) => void
  readonly #sweeper = new Alarm((now) => this.#sweep(now))

  constructor(wheel: Wheel, report: (report: Report) => void) {
    this.#wheel = wheel
    this.#report = report
  }

  /** A new epoch begins with an empty window; a new gate of the same epoch arms the alarm again. */
  adopt(gate: Gate, now: number): void {
    const { circuit, slowAfterMs = never, sliceMs = never, lateAfterMs = never } = gate.lines
    this.#sliceMs = sliceMs
    this.#lateAfterMs = lateAfterMs
    this.#armed = true
    this.#line = circuit
    this.#slowAfterMs = slowAfterMs
    if (gate.epoch === this.#epoch) return
    this.#epoch = gate.epoch
    this.#ring = circuit && makeRing(circuit.window)
    this.#overdue = circuit && slowAfterMs < never ? new Overdue(slowAfterMs, now) : undefined
    this.#wheel.disarm(this.#sweeper)
  }

  isSlow(durationMs: number): boolean {
    return durationMs >= this.#slowAfterMs
  }

  enter(startedAt: number): void {
    const overdue = this.#overdue
    if (overdue === undefined) return
    overdue.enter(startedAt)
    if (this.#sweeper.list === undefined) this.#wheel.arm(this.#sweeper, overdue.nextIn(startedAt) ?? 0, startedAt)
  }

  /** Writes one outcome of the present epoch. */
  settle(kind: OutcomeKind, startedAt: number, now: number): void {
    this.#overdue?.leave(startedAt)
    const durationMs = now - startedAt
    const slow = durationMs >= this.#slowAfterMs
    if (this.#sliceMs < never) this.#count(kind, slow, durationMs, now)
    if (kind === "ignored") return
    const ring = this.#ring
    if (ring === undefined) return this.#closeSlice(now)
    ring.add(now, isFailure(kind), slow)
    if (!this.#judge(ring, now)) this.#closeSlice(now)
  }

  latency(now: number): LatencySummary {
    return this.#sketch?.summary(now) ?? noLatency
  }

  /** What successes usually take at most; 0 while too little is known. */
  usualMs(now: number): number {
    const { samples, p99 } = this.latency(now)
    return samples < knownSamples ? 0 : p99
  }

  stop(): void {
    this.#wheel.disarm(this.#sweeper)
  }

  #count(kind: OutcomeKind, slow: boolean, durationMs: number, now: number): void {
    const slice = (this.#slice ??= new SliceTally(now))
    slice.count(kind)
    if (slow && kind !== "ignored") slice.slow++
    // A call that entered while nobody measured has no duration.
    if (kind !== "success" || !(durationMs >= 0)) return
    if (durationMs > this.#lateAfterMs) slice.late++
    const sketch = (this.#sketch ??= new LatencySketch(now))
    sketch.add(durationMs, now)
  }

  #closeSlice(now: number): void {
    const slice = this.#slice
    if (slice === undefined || now < slice.startedAt + this.#sliceMs) return
    this.#slice = undefined
    this.#report({ type: "slice.closed", at: now, epoch: this.#epoch, slice: { ...slice, latency: this.latency(now) } })
  }

  /** Rings, or arms again, or does neither; true when it rang. */
  #judge(ring: Ring, now: number): boolean {
    const line = this.#line
    if (line === undefined) return false
    const overdue = this.#overdue?.count ?? 0
    const rule = reached(line, ring, overdue)
    if (rule === undefined) {
      if (!this.#armed && isQuiet(line, ring, overdue)) this.#armed = true
      return false
    }
    if (!this.#armed) return false
    this.#armed = false
    const calls = (line.window.type === "consecutive" ? ring.row : ring.calls) + overdue
    const statistics = { calls, failures: ring.failures, slow: ring.slow + overdue }
    this.#report({ type: "alarm.rang", at: now, epoch: this.#epoch, rule, statistics })
    return true
  }

  #sweep(now: number): void {
    const overdue = this.#overdue
    const ring = this.#ring
    if (overdue === undefined || ring === undefined) return
    overdue.sweep(now)
    const nextMs = overdue.nextIn(now)
    if (nextMs !== undefined) this.#wheel.arm(this.#sweeper, nextMs, now)
    // The oldest call may have settled meanwhile: a sweep that finds nothing is no occasion to judge.
    if (!overdue.takeNews()) return
    ring.expire(now)
    this.#judge(ring, now)
  }
}
