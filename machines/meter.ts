/**
 * `meter`: the eyes of a breaker that runs alone. It folds every `outcome.settled` into the immutable window and rings the
 * same alarms as the data plane, which replaces it when there is one.
 */
import { fromTransition } from "xstate"
import type { Gate, Lines } from "./vocabulary/gate.ts"
import { addLatency, emptySketch, type Sketch, summarise, turn } from "./vocabulary/latency.ts"
import { isFailure } from "./vocabulary/outcome.ts"
import type { CallOverdue, OutcomeSettled, Report, Slice } from "./vocabulary/signal.ts"
import { addSample, countsAt, emptyWindow, isQuiet, reached, type Window } from "./vocabulary/window.ts"

type SliceCounts = Omit<Slice, "latency">

export interface MeterState {
  readonly epoch: number
  readonly lines: Lines
  readonly window: Window | undefined
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

export type MeterEvent = GatePublished | OutcomeSettled | CallOverdue

export const freshMeter: MeterState = {
  epoch: -1,
  lines: {},
  window: undefined,
  armed: true,
  overdue: 0,
  slice: undefined,
  sketch: undefined,
  report: undefined,
  reports: 0,
}

const freshSlice = (startedAt: number): SliceCounts => ({
  startedAt,
  success: 0,
  failure: 0,
  timedOut: 0,
  ignored: 0,
  slow: 0,
  late: 0,
})

/** A new epoch begins with an empty window; a new gate of the same epoch arms the alarm again. */
function adopt(state: MeterState, { gate: { epoch, lines } }: GatePublished): MeterState {
  if (epoch === state.epoch) return { ...state, lines, armed: true }
  const window = lines.circuit && emptyWindow(lines.circuit.window)
  return { ...state, epoch, lines, window, armed: true, overdue: 0 }
}

/** Rings, or arms again, or does neither. */
function judge(state: MeterState, at: number): MeterState {
  const line = state.lines.circuit
  if (line === undefined || state.window === undefined) return state
  const counts = countsAt(state.window, at)
  const rule = reached(line, counts, state.overdue)
  if (rule === undefined)
    return state.armed || !isQuiet(line, counts, state.overdue) ? state : { ...state, armed: true }
  if (!state.armed) return state
  const isRow = line.window.type === "consecutive"
  const statistics = {
    calls: (isRow ? counts.row : counts.calls) + state.overdue,
    failures: counts.failures,
    slow: counts.slow + state.overdue,
  }
  const report: Report = { type: "alarm.rang", at, epoch: state.epoch, rule, statistics }
  return { ...state, armed: false, report, reports: state.reports + 1 }
}

function closeSlice(state: MeterState, at: number): MeterState {
  const { slice, lines } = state
  if (slice === undefined || lines.sliceMs === undefined || at < slice.startedAt + lines.sliceMs) return state
  const sketch = state.sketch && turn(state.sketch, at)
  const latency = summarise(sketch?.older ?? [], sketch?.newer ?? [])
  const report: Report = { type: "slice.closed", at, epoch: state.epoch, slice: { ...slice, latency } }
  return { ...state, sketch, slice: undefined, report, reports: state.reports + 1 }
}

function settle(before: MeterState, { at, kind, durationMs, overdue }: OutcomeSettled): MeterState {
  const slow = durationMs >= (before.lines.slowAfterMs ?? Number.POSITIVE_INFINITY)
  const late = kind === "success" && durationMs > (before.lines.lateAfterMs ?? Number.POSITIVE_INFINITY)
  const slice = before.slice ?? freshSlice(at)
  const counted = {
    ...slice,
    [kind]: slice[kind] + 1,
    slow: slice.slow + (slow && kind !== "ignored" ? 1 : 0),
    late: slice.late + (late ? 1 : 0),
  }
  const state = { ...before, slice: counted, overdue: Math.max(0, before.overdue - (overdue ? 1 : 0)) }
  if (kind === "ignored") return state
  const measured = kind === "success" && state.lines.sliceMs !== undefined
  const sketch = measured ? addLatency(state.sketch ?? emptySketch(at), durationMs, at) : state.sketch
  const window = state.window && addSample(state.window, { at, failure: isFailure(kind), slow })
  const judged = judge({ ...state, sketch, window }, at)
  return judged.reports === before.reports ? closeSlice(judged, at) : judged
}

/** One step of the meter: a total function, so that a law can compare it with the data plane. */
export function meterStep(state: MeterState, event: MeterEvent): MeterState {
  if (event.type === "gate.published") return adopt(state, event)
  if (event.type === "outcome.settled") return settle(state, event)
  return judge({ ...state, overdue: state.overdue + (event.calls ?? 1) }, event.at)
}

export const meter = fromTransition(meterStep, freshMeter)
