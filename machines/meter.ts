/**
 * `meter`: the eyes of a breaker that runs alone. It folds every `outcome.settled` into the immutable window and rings the
 * same alarms as the data plane, which replaces it when there is one.
 */
import { fromTransition } from "xstate"
import { type SliceCounts, sliced } from "./slicing.ts"
import { enter, leave, withdraw } from "./vocabulary/cohort.ts"
import { accrue, beginEpoch, type Evidence, freshEvidence } from "./vocabulary/evidence.ts"
import type { Gate, Lines, SequentialLine } from "./vocabulary/gate.ts"
import { addLatency, emptySketch, type Sketch, summarise, turn } from "./vocabulary/latency.ts"
import { isFailure, type OutcomeKind } from "./vocabulary/outcome.ts"
import { freshHearing, type Hearing, listen } from "./vocabulary/quota.ts"
import type { CallEntered, CallOverdue, OutcomeSettled, Report } from "./vocabulary/signal.ts"
import { statisticsOf } from "./vocabulary/verdict.ts"
import { addSample, countsAt, emptyWindow, isQuiet, reached, statisticsAt, type Window } from "./vocabulary/window.ts"

export interface MeterState {
  readonly epoch: number
  readonly lines: Lines
  readonly window: Window | undefined
  /** What was learned outlives epochs; where a sequence is watched there is some. */
  readonly evidence: Evidence | undefined
  /** What the service says about its limits, while somebody wants to know. */
  readonly hearing?: Hearing | undefined
  readonly armed: boolean
  readonly overdue: number
  readonly slice: SliceCounts | undefined
  readonly sketch: Sketch | undefined
  /** The last report and how many there have been: the root acts on a new one. */
  readonly report: Report | undefined
  readonly reports: number
}

/** A new gate is in force. The meter watches its lines; the data plane obeys it. */
export interface GatePublished {
  readonly type: "gate.published"
  readonly breaker: string
  readonly gate: Gate
}

export type MeterEvent = GatePublished | OutcomeSettled | CallEntered | CallOverdue

export const freshMeter: MeterState = {
  epoch: -1,
  lines: {},
  window: undefined,
  evidence: undefined,
  armed: true,
  overdue: 0,
  slice: undefined,
  sketch: undefined,
  report: undefined,
  reports: 0,
}

/** A new epoch, or a line of another kind, begins with an empty window; a new gate of the same epoch arms the alarm again. */
function adopt(before: MeterState, { gate: { epoch, lines } }: GatePublished): MeterState {
  const state = lines.toldMs === undefined ? { ...before, hearing: undefined } : before
  const isSame = epoch === state.epoch && lines.circuit?.kind === state.lines.circuit?.kind
  if (isSame) return { ...state, lines, armed: true }
  const ratio = lines.circuit?.kind === "ratio" ? lines.circuit : undefined
  const sequence = sequenceOf(lines)
  const evidence = state.evidence ? { ...state.evidence } : sequence && freshEvidence()
  if (evidence !== undefined) beginEpoch(evidence, sequence)
  return { ...state, epoch, lines, window: ratio && emptyWindow(ratio.window), evidence, armed: true, overdue: 0 }
}

const sequenceOf = ({ circuit }: Lines): SequentialLine | undefined =>
  circuit?.kind === "sequential" ? circuit : undefined

/** Takes one outcome as evidence, and rings again only when the line was not reached in between. */
function weigh(
  state: MeterState,
  line: SequentialLine,
  bad: boolean,
  slow: boolean,
  startedAt: number,
  at: number,
): MeterState {
  const evidence = { ...(state.evidence as Evidence) }
  const rule = accrue(evidence, line, bad, slow, startedAt, at)
  if (rule === undefined) return { ...state, evidence, armed: true }
  if (!state.armed) return { ...state, evidence }
  const statistics = statisticsOf(evidence, rule, line)
  const { epoch } = state
  const report: Report = { type: "alarm.rang", at, epoch, rule, statistics, seen: evidence.learned }
  return { ...state, evidence, armed: false, report, reports: state.reports + 1 }
}

/** What was overdue has been counted already, as slow. */
function weighSettled(before: MeterState, line: SequentialLine, event: OutcomeSettled): MeterState {
  const { at, kind, durationMs, overdue } = event
  const evidence = { ...(before.evidence as Evidence) }
  leave(evidence)
  const state = { ...before, evidence }
  if (overdue) return state
  if (kind === "ignored") {
    withdraw(evidence, at - durationMs)
    return state
  }
  const failed = isFailure(kind)
  const slow = !failed && durationMs >= slowAfter(state)
  return weigh(state, line, failed || slow, slow, at - durationMs, at)
}

const slowAfter = ({ lines }: MeterState): number => lines.slowAfterMs ?? Number.POSITIVE_INFINITY

/** A call that grows older than the line while it runs is slow: that is evidence at once, and only once. */
function weighOverdue(before: MeterState, line: SequentialLine, event: CallOverdue): MeterState {
  const { at, calls = 1, startedAt = at - slowAfter(before) } = event
  let state = before
  for (let call = 0; call < calls && state.reports === before.reports; call++) {
    state = weigh(state, line, true, true, startedAt, at)
  }
  return state
}

function admit(state: MeterState, { at }: CallEntered): MeterState {
  const line = sequenceOf(state.lines)
  if (line === undefined) return state
  const evidence = { ...(state.evidence as Evidence) }
  enter(evidence, line, at)
  return { ...state, evidence }
}

/** The service asks to be left alone: that is an alarm, and needs no more evidence. */
function asked(state: MeterState, { at, retryAfterMs }: OutcomeSettled): MeterState {
  const { epoch } = state
  const statistics = { calls: 1, failures: 1, slow: 0 }
  const report: Report = { type: "alarm.rang", at, epoch, rule: "asked", statistics, retryAfterMs }
  return { ...state, report, reports: state.reports + 1 }
}

/** Rings, or arms again, or does neither. */
function judge(state: MeterState, at: number): MeterState {
  const line = state.lines.circuit
  if (line?.kind !== "ratio") return state
  const counts = countsAt(state.window as Window, at)
  const rule = reached(line, counts, state.overdue)
  if (rule === undefined)
    return state.armed || !isQuiet(line, counts, state.overdue) ? state : { ...state, armed: true }
  if (!state.armed) return state
  const statistics = statisticsAt(line, rule, counts, state.overdue)
  const report: Report = { type: "alarm.rang", at, epoch: state.epoch, rule, statistics }
  return { ...state, armed: false, report, reports: state.reports + 1 }
}

function closeSlice(state: MeterState, at: number): MeterState {
  const { slice, lines } = state
  if (slice === undefined || at < slice.startedAt + (lines.sliceMs ?? Number.POSITIVE_INFINITY)) return state
  const sketch = state.sketch && turn(state.sketch, at)
  const latency = summarise(sketch?.older ?? [], sketch?.newer ?? [])
  const report: Report = {
    type: "slice.closed",
    at,
    epoch: state.epoch,
    slice: { ...slice, latency },
    running: state.evidence?.running,
  }
  return { ...state, sketch, slice: undefined, report, reports: state.reports + 1 }
}

function settle(before: MeterState, event: OutcomeSettled): MeterState {
  const { at, kind, durationMs, overdue } = event
  const slow = durationMs >= slowAfter(before)
  const counted = sliced(before.slice, before.lines, event, slow)
  const state = { ...before, slice: counted, overdue: Math.max(0, before.overdue - (overdue ? 1 : 0)) }
  if (event.test) return closeSlice(withLatency(state, kind, durationMs, at), at)
  if (event.trip && kind === "failure") return asked(state, event)
  const sequence = sequenceOf(state.lines)
  if (kind === "ignored") return sequence ? weighSettled(state, sequence, event) : state
  const { sketch } = withLatency(state, kind, durationMs, at)
  // In a row it has its place already: where it became overdue.
  if (overdue && isRow(state)) return closeSlice({ ...state, sketch }, at)
  const window = state.window && addSample(state.window, { at, failure: isFailure(kind), slow })
  const seen = { ...state, sketch, window }
  const judged = sequence ? weighSettled(seen, sequence, event) : judge(seen, at)
  return judged.reports === before.reports ? closeSlice(judged, at) : judged
}

/** Remembers how long a success took, while somebody wants slices. */
function withLatency(state: MeterState, kind: OutcomeKind, durationMs: number, at: number): MeterState {
  if (kind !== "success" || state.lines.sliceMs === undefined) return state
  return { ...state, sketch: addLatency(state.sketch ?? emptySketch(at), durationMs, at) }
}

const isRow = ({ window }: MeterState): boolean => window?.type === "consecutive"

/** A success that comes later ends the row: each overdue call takes its place in it when it becomes bad. */
function lengthened(state: MeterState, at: number, calls: number): MeterState {
  let { window } = state
  for (let call = 0; call < calls; call++) window = window && addSample(window, { at, failure: false, slow: true })
  return { ...state, window }
}

/** One more answer of a service that may say something about its limits; an outcome that was reported otherwise is not heard. */
function hear(state: MeterState, { at, quota }: OutcomeSettled): MeterState {
  const { toldMs } = state.lines
  if (toldMs === undefined) return state
  const hearing = { ...(state.hearing ?? freshHearing(at)) }
  const told = listen(hearing, quota, toldMs, at)
  if (told === undefined) return { ...state, hearing }
  return { ...state, hearing, report: { ...told, epoch: state.epoch }, reports: state.reports + 1 }
}

/** A refusal by the service's own limits is the business of whoever listens for it: the service is well. */
function end(before: MeterState, event: OutcomeSettled): MeterState {
  const isOverrun = before.lines.toldMs !== undefined && event.quota?.exceeded === true
  const after = settle(before, isOverrun ? { ...event, kind: "ignored" } : event)
  return after.reports === before.reports ? hear(after, event) : after
}

/** One step of the meter: a total function, so that a law can compare it with the data plane. */
export function meterStep(state: MeterState, event: MeterEvent): MeterState {
  if (event.type === "gate.published") return adopt(state, event)
  if (event.type === "outcome.settled") return end(state, event)
  if (event.type === "call.entered") return admit(state, event)
  // XState tells a transition of its own events too: that its actor stops is no call.
  if (event.type !== "call.overdue") return state
  const sequence = sequenceOf(state.lines)
  if (sequence !== undefined) return weighOverdue(state, sequence, event)
  const { at, calls = 1 } = event
  return judge(isRow(state) ? lengthened(state, at, calls) : { ...state, overdue: state.overdue + calls }, at)
}

export const meter = fromTransition(meterStep, freshMeter)
