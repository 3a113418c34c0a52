/**
 * The meter: one settled call is one write to the window ring and the latency sketch, and then at most one report, as the
 * last thing that happens. It rings when the counts reach a line that the gate carries; it judges nothing.
 */
import { type Baseline, baselineOf } from "../../machines/vocabulary/baseline.ts"
import { enter, leave, withdraw } from "../../machines/vocabulary/cohort.ts"
import { accrue, beginEpoch, type Evidence, freshEvidence, resume } from "../../machines/vocabulary/evidence.ts"
import type { Gate, RatioLine, SequentialLine } from "../../machines/vocabulary/gate.ts"
import { isFailure, type Judged, kindOf } from "../../machines/vocabulary/outcome.ts"
import type { Report } from "../../machines/vocabulary/signal.ts"
import { statisticsOf } from "../../machines/vocabulary/verdict.ts"
import { isQuiet, reached, statisticsAt } from "../../machines/vocabulary/window.ts"
import { asked } from "./asked.ts"
import { Overdue } from "./overdue.ts"
import { Slices } from "./slices.ts"
import { Alarm } from "./timers.ts"
import type { Wheel } from "./wheel.ts"
import { makeRing, type Ring } from "./window.ts"

const never = Number.POSITIVE_INFINITY
const doubtMs = 250

export class Meter {
  /** Cells are held back: what is bad is theirs. */
  isParted = false
  #epoch = -1
  #line: RatioLine | undefined
  /** Whether the window counts a row: asked on each outcome. */
  #isRow = false
  #ring: Ring | undefined
  #sequence: SequentialLine | undefined
  /** What was learned outlives epochs. */
  #evidence: Evidence | undefined
  /** From when on it may ring. */
  #armedAt = -never
  #slowAfterMs = never
  #overdue: Overdue | undefined
  #excusedUntil = Number.NEGATIVE_INFINITY
  readonly slices = new Slices()
  readonly #wheel: Wheel
  readonly #report: (report: Report) => void
  readonly #sweeper = new Alarm((now) => this.#sweep(now))

  constructor(wheel: Wheel, report: (report: Report) => void) {
    this.#wheel = wheel
    this.#report = report
  }

  /** A new epoch begins with an empty window; a new gate of the same epoch arms the alarm again. */
  adopt(gate: Gate, now: number): void {
    const { circuit, slowAfterMs = never } = gate.lines
    this.slices.adopt(gate.lines)
    this.#armedAt = -never
    this.#line = circuit?.kind === "ratio" ? circuit : undefined
    this.#isRow = this.#line?.window.type === "consecutive"
    this.#sequence = circuit?.kind === "sequential" ? circuit : undefined
    const relined = this.#slowAfterMs !== slowAfterMs
    this.#slowAfterMs = slowAfterMs
    if (gate.epoch === this.#epoch) return relined ? this.#watch(now, now) : undefined
    this.#epoch = gate.epoch
    this.#ring = this.#line && makeRing(this.#line.window)
    if (this.#sequence !== undefined) this.#evidence ??= freshEvidence()
    if (this.#evidence !== undefined) {
      this.#evidence.parted = this.isParted
      beginEpoch(this.#evidence, this.#sequence)
    }
    this.#watch(now)
  }

  /** Watches for calls that grow older than the line; of a line that changes in an epoch, those that enter `since`. */
  #watch(now: number, since?: number): void {
    const watches = this.#line !== undefined || this.#sequence !== undefined
    const earlier = since === undefined ? undefined : this.#overdue
    this.#overdue =
      watches && this.#slowAfterMs < never ? new Overdue(this.#slowAfterMs, now, since, earlier) : undefined
    this.#wheel.disarm(this.#sweeper)
  }

  /** Whether it matters now in which order calls enter: their cohort is not complete. */
  get orders(): boolean {
    return this.#sequence !== undefined && (this.#evidence?.entered ?? 0) < this.#sequence.cohort
  }

  /** Calls of this epoch in flight that are older than the slow line: they have been judged. */
  get overdue(): number {
    return this.#overdue?.total ?? 0
  }

  /** The alarm that rang at `at` was put down to a part of the service. It rings again, should it be more than that. */
  doubt(at: number): void {
    if (this.#armedAt === never) this.#armedAt = at + doubtMs
  }

  isSlow(durationMs: number): boolean {
    return durationMs >= this.#slowAfterMs
  }

  enter(startedAt: number): void {
    if (this.#sequence !== undefined && this.#evidence !== undefined) enter(this.#evidence, this.#sequence, startedAt)
    const overdue = this.#overdue
    if (overdue === undefined) return
    // No timer has fired for two slow lines: the host slept.
    if (!overdue.enter(startedAt)) return this.#excuse(startedAt)
    if (this.#sweeper.list === undefined) this.#wheel.arm(this.#sweeper, overdue.nextIn(startedAt) ?? 0, startedAt)
  }

  /**
   * The host itself has slept, while answers may have been waiting to be read: how long calls took that were in flight says nothing of
   * the service. They count by how they end, and not as slow.
   */
  #excuse(now: number): void {
    this.#excusedUntil = now
    this.#watch(now, now)
  }

  /** Calls that entered by then are not slow for being late: the host slept. */
  excusedUntil(now: number): number {
    if (this.#overdue?.hasSlept(now)) this.#excuse(now)
    return this.#excusedUntil
  }

  /** Writes one outcome of the present epoch. */
  settle(judged: Judged, startedAt: number, now: number): void {
    const kind = kindOf(judged)
    const durationMs = now - startedAt
    const slow = durationMs >= this.#slowAfterMs && startedAt > this.excusedUntil(now)
    const wasOverdue = this.#overdue?.leave(startedAt) ?? false
    this.slices.count(kind, slow, durationMs, now)
    if (typeof judged !== "string" && judged.trip) return this.#report(asked(now, this.#epoch, judged.retryAfterMs))
    if (this.#sequence !== undefined && this.#evidence !== undefined) {
      leave(this.#evidence)
      if (kind === "ignored") return wasOverdue ? undefined : withdraw(this.#evidence, startedAt)
      // What was overdue has been counted already, as slow.
      const failed = isFailure(kind)
      if (wasOverdue || !this.#weigh(failed || slow, slow && !failed, startedAt, now)) this.#closeSlice(now)
      return
    }
    if (kind === "ignored") return
    const ring = this.#ring
    if (ring === undefined) return this.#closeSlice(now)
    // In a row it has its place already: where it became overdue.
    if (wasOverdue && this.#isRow) return this.#closeSlice(now)
    ring.add(now, isFailure(kind), slow)
    if (!this.#judge(ring, now)) this.#closeSlice(now)
  }

  /** Counts one outcome that is a cell's business alone: it says nothing of the service. `entered`: it was taken for the service's. */
  pass(judged: Judged, startedAt: number, now: number, entered: boolean): void {
    const wasOverdue = entered && (this.#overdue?.leave(startedAt) ?? false)
    this.slices.count(kindOf(judged), this.isSlow(now - startedAt), now - startedAt, now)
    if (entered && this.#sequence !== undefined && this.#evidence !== undefined) {
      leave(this.#evidence)
      if (!wasOverdue) withdraw(this.#evidence, startedAt)
    }
    this.#closeSlice(now)
  }

  /** What was learned of the service; `undefined` when nothing was. */
  baseline(now: number): Baseline | undefined {
    return this.#evidence?.learned ? baselineOf(this.#evidence, now) : undefined
  }

  /** Goes on from what was learned elsewhere, unless more is known here. */
  resume(baseline: Baseline, now: number): void {
    const evidence = (this.#evidence ??= freshEvidence())
    if (baseline.learned > evidence.learned) resume(evidence, baseline, now)
  }

  /** Does what was due by then, for calls that are lived through again: no timer fires for the past. */
  catchUp(now: number): void {
    while (this.#sweeper.list !== undefined && this.#sweeper.due <= now) {
      const { due } = this.#sweeper
      this.#wheel.disarm(this.#sweeper)
      this.#sweep(due)
    }
  }

  stop(): void {
    this.#wheel.disarm(this.#sweeper)
  }

  #closeSlice(now: number): void {
    const slice = this.slices.close(now)
    if (slice === undefined) return
    const beside = { running: this.#evidence?.running, gauges: this.slices.gauges?.take() }
    this.#report({ type: "slice.closed", at: now, epoch: this.#epoch, slice, ...beside })
  }

  /** Takes one outcome as evidence; true when it rang. It rings again when the line was not reached in between. */
  #weigh(bad: boolean, slow: boolean, startedAt: number, now: number): boolean {
    const evidence = this.#evidence
    if (evidence === undefined || this.#sequence === undefined) return false
    const rule = accrue(evidence, this.#sequence, bad, slow, startedAt, now)
    if (rule === undefined) this.#armedAt = -never
    if (rule === undefined || now < this.#armedAt) return false
    this.#armedAt = never
    const statistics = statisticsOf(evidence, rule, this.#sequence)
    this.#report({ type: "alarm.rang", at: now, epoch: this.#epoch, rule, statistics, seen: evidence.learned })
    return true
  }

  /** Rings, or arms again, or does neither; true when it rang. */
  #judge(ring: Ring, now: number): boolean {
    const line = this.#line
    if (line === undefined) return false
    const overdue = this.#isRow ? 0 : (this.#overdue?.count ?? 0)
    const rule = reached(line, ring, overdue)
    if (rule === undefined && this.#armedAt === never && isQuiet(line, ring, overdue)) this.#armedAt = -never
    if (rule === undefined || now < this.#armedAt) return false
    this.#armedAt = never
    const statistics = statisticsAt(line, rule, ring, overdue)
    this.#report({ type: "alarm.rang", at: now, epoch: this.#epoch, rule, statistics })
    return true
  }

  #sweep(now: number): void {
    const overdue = this.#overdue
    if (overdue === undefined) return
    if (overdue.hasSlept(now)) return this.#excuse(now)
    if (this.#sequence !== undefined) return this.#weighOverdue(overdue, now)
    const ring = this.#ring
    if (ring === undefined) return
    overdue.sweep(now)
    this.#sweepAgain(overdue, now)
    // The oldest call may have settled meanwhile: a sweep that finds nothing is no occasion to judge.
    const news = overdue.takeNews()
    if (news === 0) return
    ring.expire(now)
    // A success that comes later ends the row: each call takes its place in it when it becomes bad.
    if (this.#isRow) for (let call = 0; call < news; call++) ring.add(now, false, true)
    this.#judge(ring, now)
  }

  #sweepAgain(overdue: Overdue, now: number): void {
    const nextMs = overdue.nextIn(now)
    if (nextMs !== undefined) this.#wheel.arm(this.#sweeper, nextMs, now)
  }

  /** A call that grows older than the line while it runs is slow: that is evidence at once, and only once. */
  #weighOverdue(overdue: Overdue, now: number): void {
    for (let calls = overdue.next(now); calls > 0; calls = overdue.next(now)) {
      const from = overdue.enteredFrom
      while (calls-- > 0) if (this.#weigh(true, true, from, now)) break
      // A gate that came meanwhile has a watch of its own.
      if (this.#overdue !== overdue) return
    }
    this.#sweepAgain(overdue, now)
  }
}
