/** Watching: the window of outcomes and the line at which a strategy's alarm rings. */
import { duration, type Named, number, type OutOf, struct, switchable, tagged } from "./options.ts"
import type { RatioLine } from "./vocabulary/gate.ts"
import type { AlarmRang } from "./vocabulary/signal.ts"
import { reached } from "./vocabulary/window.ts"

const ratio = (standard: number) => number({ default: standard, min: 0.001, max: 1 })
const minimumCalls = number({ default: 20, min: 1, max: 1_000_000, integer: true })
const maxAge = duration({ default: "5 minutes", min: "100 millis", max: "1 day" })

const timeFields = {
  /** How far back outcomes count. Default: 10 seconds. */
  duration: duration({ default: "10 seconds", min: "100 millis", max: "1 day" }),
  /** The part of the calls that must have failed, 0.001 to 1. Default: 0.5. */
  failureRatio: ratio(0.5),
  /** Fewer calls than this in the window decide nothing. Default: 20. */
  minimumCalls,
}
export interface TimeFields extends Named<typeof timeFields> {}

const countFields = {
  /** How many outcomes back count, up to a million. Default: 100, or `minimumCalls` if that is more. */
  calls: number({ default: 100, min: 1, max: 1_000_000, integer: true }),
  /** The part of the calls that must have failed, 0.001 to 1. Default: 0.5. */
  failureRatio: ratio(0.5),
  /** Fewer calls than this in the window decide nothing. Default: 20, or `calls` if that is less. */
  minimumCalls,
  /** Outcomes older than this do not count. Default: 5 minutes. */
  maxAge,
}
export interface CountFields extends Named<typeof countFields> {}

const consecutiveFields = {
  /** How many calls in a row must have failed. Default: 5. */
  failures: number({ default: 5, min: 1, max: 1_000_000, integer: true }),
  /** A row is forgotten when its last failure is older than this. Default: 5 minutes. */
  maxAge,
}
export interface ConsecutiveFields extends Named<typeof consecutiveFields> {}

interface Windows {
  readonly time: TimeFields
  readonly count: CountFields
  readonly consecutive: ConsecutiveFields
}

const slowFields = {
  /** A call that takes this long is slow, even while it still runs. Default: 1 second. */
  after: duration({ default: "1 second", min: "1 millis", max: "1 day" }),
  /** The part of the calls that must have been slow, 0.001 to 1. Default: 0.8. A row of calls needs no part: there each slow call is bad. */
  ratio: ratio(0.8),
}
export interface SlowFields extends Named<typeof slowFields> {}

/** The options of a strategy that watches a window. */
export const watching = {
  /** The outcomes that are looked at, and the line at which the circuit opens. Default: `{ type: "time" }`. */
  window: tagged<Windows>(
    { time: timeFields, count: countFields, consecutive: consecutiveFields },
    "time",
    {
      count: ({ calls, minimumCalls: least }) =>
        least > calls ? { path: "minimumCalls", rule: `must not be more than calls (${calls})` } : undefined,
    },
    {
      count: ({ calls, minimumCalls: least }) => ({
        calls: Math.max(calls, least),
        minimumCalls: Math.min(calls, least),
      }),
    },
  ),
  /** When calls that succeed, but slowly, open the circuit. Default: `false`, never. */
  slowCalls: switchable(struct<SlowFields>(slowFields), false),
}
export interface WatchingFields extends Named<typeof watching> {}

const all = struct(watching)
export type Watching = OutOf<typeof all>

/** The alarm line of the settings: ratios that are not watched can never be reached. */
export function circuitLine({ window, slowCalls }: Watching): RatioLine {
  const never = Number.POSITIVE_INFINITY
  const slowRatio = slowCalls?.ratio ?? never
  if (window.type === "consecutive") {
    const shape = { type: "consecutive", maxAgeMs: window.maxAge } as const
    return {
      kind: "ratio",
      window: shape,
      failureRatio: never,
      slowRatio: never,
      minimumCalls: never,
      row: window.failures,
    }
  }
  const shape =
    window.type === "time"
      ? ({ type: "time", durationMs: window.duration, slices: 10 } as const)
      : ({ type: "count", calls: window.calls, maxAgeMs: window.maxAge } as const)
  return {
    kind: "ratio",
    window: shape,
    failureRatio: window.failureRatio,
    slowRatio,
    minimumCalls: window.minimumCalls,
    row: never,
  }
}

/** Whether evidence of the one is evidence for the other: the same kind of window, the same slow line. */
export const watchesAlike = (one: Watching, other: Watching): boolean =>
  JSON.stringify([circuitLine(one).window, one.slowCalls?.after]) ===
  JSON.stringify([circuitLine(other).window, other.slowCalls?.after])

const percent = (part: number, whole: number) => `${Math.round((100 * part) / whole)} %`

export function describeAlarm({ rule, statistics: { calls, failures, slow } }: AlarmRang): string {
  if (rule === "asked") return "the service asked to be left alone"
  if (rule === "row") return `${calls} calls in a row were bad`
  if (rule === "slowRatio") return `${percent(slow, calls)} of ${calls} calls were slow`
  return `${percent(failures, calls)} of ${calls} calls failed`
}

/** Whether an alarm's own counts reach the line: the chart judges, the data plane only rings. */
export function isAlarmed(settings: Watching, { rule, statistics }: AlarmRang): boolean {
  if (rule === "asked") return true
  return reached(circuitLine(settings), { ...statistics, row: statistics.calls }, 0) !== undefined
}
