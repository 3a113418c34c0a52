/**
 * The meter: one settled call is one write to the window ring and the latency sketch, and then at most one report, as the
 * last thing that happens. It rings when the counts reach a line that the gate carries; it judges nothing.
 */

import { type Baseline, baselineOf } from "../../machines/vocabulary/baseline.ts"
import type { Statistics } from "../../machines/vocabulary/circuit.ts"
import { enter, leave, withdraw } from "../../machines/vocabulary/cohort.ts"
import {
  accrue,
  accrueGood,
  beginEpoch,
  type Evidence,
  freshEvidence,
  resume,
} from "../../machines/vocabulary/evidence.ts"
import type { Gate, RatioLine, SequentialLine } from "../../machines/vocabulary/gate.ts"
import { isFailure, type Judged, kindOf, type OutcomeKind } from "../../machines/vocabulary/outcome.ts"
import type { AlarmRang, Report } from "../../machines/vocabulary/signal.ts"
import { statisticsOf } from "../../machines/vocabulary/verdict.ts"
import { isQuiet, reached, statisticsAt } from "../../machines/vocabulary/window.ts"
import { asked } from "./asked.ts"
import { Lateness } from "./lateness.ts"
import type { Overdue } from "./overdue.ts"
import { Slices } from "./slices.ts"
import type { Tape } from "./tape.ts"
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
  readonly slices = new Slices()
  readonly lateness: Lateness
  readonly #report: (report: Report) => void

  /** What timers decide is written down on the tape of the host, if it has one. */
  constructor(wheel: Wheel, host: { readonly tape: Tape | undefined }, report: (report: Report) => void) {
    const write = () => host.tape?.turn()
    this.lateness = new Lateness(wheel, (overdue, now) => this.#grown(overdue, now), write)
    this.#report = report
  }

  /** A new epoch, or a line of another kind, begins with an empty window; a new gate of the same epoch arms the alarm again. */
  adopt(gate: Gate, now: number): void {
    const { circuit, slowAfterMs = never } = gate.lines
    this.slices.adopt(gate.lines)
    this.#armedAt = -never
    const isNew = gate.epoch !== this.#epoch || circuit?.kind !== (this.#line ?? this.#sequence)?.kind
    this.#line = circuit?.kind === "ratio" ? circuit : undefined
    this.#isRow = this.#line?.window.type === "consecutive"
    this.#sequence = circuit?.kind === "sequential" ? circuit : undefined
    this.lateness.adopt(slowAfterMs, circuit !== undefined, isNew, now)
    if (!isNew) return
    this.#epoch = gate.epoch
    this.#ring = this.#line && makeRing(this.#line.window)
    if (this.#sequence !== undefined) this.#evidence ??= freshEvidence()
    if (this.#evidence !== undefined) {
      this.#evidence.parted = this.isParted
      beginEpoch(this.#evidence, this.#sequence)
    }
  }

  /** Whether it matters now in which order calls enter: their cohort is not complete. */
  get orders(): boolean {
    return this.#sequence !== undefined && (this.#evidence as Evidence).entered < this.#sequence.cohort
  }

  /** The alarm that rang at `at` was put down to a part of the service. It rings again, should it be more than that. */
  doubt(at: number): void {
    if (this.#armedAt === never) this.#armedAt = at + doubtMs
  }

  enter(startedAt: number): void {
    if (this.#sequence !== undefined && this.#evidence !== undefined) enter(this.#evidence, this.#sequence, startedAt)
    this.lateness.enter(startedAt)
  }

  /** The same for any call: a probe, and what says nothing of the service as a whole, is judged elsewhere by how long it takes. */
  receive({ probe, isApart }: { readonly probe: boolean; readonly isApart: boolean }, startedAt: number): void {
    if (probe || isApart) this.lateness.attend(startedAt)
    else this.enter(startedAt)
  }

  /** Writes one outcome of the present epoch. */
  settle(judged: Judged, startedAt: number, now: number): void {
    const durationMs = now - startedAt
    const isLate = this.lateness.isLong(durationMs)
    if (judged === "success" && !isLate) return this.#succeed(durationMs, startedAt, now)
    const slow = isLate && this.lateness.isSlow(startedAt, now)
    const wasOverdue = this.lateness.leave(startedAt)
    const kind = kindOf(judged)
    this.slices.count(kind, slow, durationMs, now)
    if (typeof judged !== "string" && judged.trip) return this.#report(asked(now, this.#epoch, judged.retryAfterMs))
    this.#count(kind, slow, wasOverdue, startedAt, now)
  }

  /** A success that was not slow: most are, and mean nothing new. */
  #succeed(durationMs: number, startedAt: number, now: number): void {
    const wasOverdue = this.lateness.leave(startedAt)
    this.slices.succeed(durationMs, now)
    const evidence = this.#evidence
    const sequence = this.#sequence
    if (wasOverdue || sequence === undefined || evidence === undefined || !accrueGood(evidence, sequence, now))
      return this.#count("success", false, wasOverdue, startedAt, now)
    leave(evidence)
    this.#armedAt = -never
    if (this.slices.mayEnd(now)) this.#closeSlice(now)
  }

  #count(kind: OutcomeKind, slow: boolean, wasOverdue: boolean, startedAt: number, now: number): void {
    if (this.#sequence !== undefined && this.#evidence !== undefined) {
      leave(this.#evidence)
      if (kind === "ignored") return wasOverdue ? undefined : withdraw(this.#evidence, startedAt)
      // What was overdue has been counted already, as slow.
      const failed = isFailure(kind)
      const isBad = failed || slow
      if (wasOverdue || !this.#weigh(this.#sequence, isBad, slow && !failed, startedAt, now)) this.#closeSlice(now)
      return
    }
    if (kind === "ignored") return
    const ring = this.#ring
    if (ring === undefined) return this.#closeSlice(now)
    // In a row it has its place already: where it became overdue.
    if (wasOverdue && this.#isRow) return this.#closeSlice(now)
    ring.add(now, isFailure(kind), slow)
    if (!this.#judge(ring, this.#line as RatioLine, now)) this.#closeSlice(now)
  }

  /** Counts one outcome that is a cell's business alone: it says nothing of the service. `entered`: it was taken for the service's. */
  pass(judged: Judged, startedAt: number, now: number, entered: boolean): void {
    const wasOverdue = entered && this.lateness.leave(startedAt)
    this.slices.count(kindOf(judged), this.lateness.isSlow(startedAt, now), now - startedAt, now)
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

  #closeSlice(now: number): void {
    const slice = this.slices.close(now)
    if (slice === undefined) return
    const beside = { running: this.#evidence?.running, gauges: this.slices.gauges?.take() }
    this.#report({ type: "slice.closed", at: now, epoch: this.#epoch, slice, ...beside })
  }

  /** Takes one outcome as evidence; true when it rang. It rings again when the line was not reached in between. */
  #weigh(sequence: SequentialLine, bad: boolean, slow: boolean, startedAt: number, now: number): boolean {
    const evidence = this.#evidence as Evidence
    const rule = accrue(evidence, sequence, bad, slow, startedAt, now)
    if (rule === undefined) this.#armedAt = -never
    if (rule === undefined || now < this.#armedAt) return false
    return this.#tell(rule, statisticsOf(evidence, rule, sequence), now, evidence.learned)
  }

  /** Rings, or arms again, or does neither; true when it rang. */
  #judge(ring: Ring, line: RatioLine, now: number): boolean {
    const overdue = this.#isRow ? 0 : this.lateness.count
    const rule = reached(line, ring, overdue)
    if (rule === undefined && this.#armedAt === never && isQuiet(line, ring, overdue)) this.#armedAt = -never
    if (rule === undefined || now < this.#armedAt) return false
    return this.#tell(rule, statisticsAt(line, rule, ring, overdue), now)
  }

  /** Rings, and does not ring again before it is armed. */
  #tell(rule: AlarmRang["rule"], statistics: Statistics, now: number, seen?: number): true {
    this.#armedAt = never
    this.#report({
      type: "alarm.rang",
      at: now,
      epoch: this.#epoch,
      rule,
      statistics,
      ...(seen !== undefined && { seen }),
    })
    return true
  }

  /** Takes in calls that have grown older than the line while they run: where it is armed there is a ring, or a sequence. */
  #grown(overdue: Overdue, now: number): void {
    if (this.#sequence !== undefined) return this.#weighOverdue(this.#sequence, overdue, now)
    const ring = this.#ring as Ring
    overdue.sweep(now)
    // The oldest call may have settled meanwhile: a sweep that finds nothing is no occasion to judge.
    const news = overdue.takeNews()
    if (news === 0) return
    ring.expire(now)
    // A success that comes later ends the row: each call takes its place in it when it becomes bad.
    if (this.#isRow) for (let call = 0; call < news; call++) ring.add(now, false, true)
    this.#judge(ring, this.#line as RatioLine, now)
  }

  /** Each that is slow is evidence at once, and only once. */
  #weighOverdue(sequence: SequentialLine, overdue: Overdue, now: number): void {
    for (let calls = overdue.next(now); calls > 0; calls = overdue.next(now)) {
      const from = overdue.enteredFrom
      while (calls-- > 0) if (this.#weigh(sequence, true, true, from, now)) break
      // A gate that came meanwhile has a watch of its own.
      if (!this.lateness.watches(overdue)) return
    }
  }
}
