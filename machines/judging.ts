/** Judging: what an alarm of evidence means to a strategy that knows more than open and closed. */
import { duration, type Named, number, type OutOf, struct, switchable } from "./options.ts"
import type { Bound, Statistics } from "./vocabulary/circuit.ts"
import type { SequentialLine } from "./vocabulary/gate.ts"
import type { AlarmRang, SliceClosed } from "./vocabulary/signal.ts"
import { dies } from "./vocabulary/verdict.ts"

const falseAlarmFields = {
  /** How long a service that is as usual goes without being taken for broken, in the mean. Default: 30 days. */
  every: duration({ default: "30 days", min: "1 minute", max: "36500 days" }),
  /** How many calls that is, by the second. Default: 100. */
  callsPerSecond: number({ default: 100, min: 0.001, max: 1_000_000 }),
}
export interface FalseAlarmFields extends Named<typeof falseAlarmFields> {}

const trialFields = {
  /** The share of calls that is let in during a trial, 0.5 to 0.99. Default: 0.8. */
  share: number({ default: 0.8, min: 0.5, max: 0.99 }),
  /** How many calls a trial is judged on. Default: 20. */
  calls: number({ default: 20, min: 10, max: 1000, integer: true }),
}
export interface TrialFields extends Named<typeof trialFields> {}

const slowFields = {
  /** A call that takes this long is slow. Default: learned, `over` times the 99th percentile and at least 50 ms. */
  after: duration({ default: "0 millis", min: "0 millis", max: "1 day" }),
  /** How many times the 99th percentile of successes a slow call takes, at least. Default: 2.1. */
  over: number({ default: 2.1, min: 1.1, max: 1000 }),
}
export interface JudgedSlowFields extends Named<typeof slowFields> {}

const rampFields = {
  /** How many calls each step of the ramp is judged on, at least 5. Default: 5. */
  outcomes: number({ default: 5, min: 5, max: 1000, integer: true }),
}
export interface RampFields extends Named<typeof rampFields> {}

/** The options of a strategy that judges evidence. */
export const judging = {
  /** How rarely a service that is as usual may be taken for broken. Default: once in e^20 calls, 56 days at 100 a second. */
  falseAlarms: switchable(struct<FalseAlarmFields>(falseAlarmFields), false),
  /** The recent share of bad calls that opens it whatever was usual, 0.3 to 1. Default: 0.8. */
  brokenAt: number({ default: 0.8, min: 0.3, max: 1 }),
  /** What a degraded circuit may shed once, to see whether that helps. `false`: nothing. Default: on. */
  trial: switchable(struct<TrialFields>(trialFields), true),
  /** When a call that succeeds, or still runs, counts as bad for its slowness. `false`: never. Default: learned. */
  slowCalls: switchable(struct<JudgedSlowFields>(slowFields), true),
  /** How it comes back after its probes. */
  ramp: struct<RampFields>(rampFields),
}
export interface JudgingFields extends Named<typeof judging> {}

const all = struct<JudgingFields>(judging)
export type Judging = OutOf<typeof all>

/** The shortest slow line that is learned: below it the host's own pauses would count. */
const leastSlowMs = 50
const leastSamples = 100

/** The slow line that a settings' own or learned latency asks for; the present one when there is too little reason to move it. */
export function slowLine({ slowCalls }: Judging, { slice, running = 0 }: SliceClosed, present: number | undefined) {
  const { samples, p99 } = slice.latency
  if (slowCalls === undefined) return undefined
  if (slowCalls.after > 0) return slowCalls.after
  const asked = Math.max(leastSlowMs, slowCalls.over * p99)
  const isNear = present !== undefined && asked < 1.25 * present && asked > 0.8 * present
  // Calls that still run may be the slowest of all: what one in a hundred takes is known when they are fewer than that.
  return samples < leastSamples * Math.max(1, running) || isNear ? present : asked
}

/** e^20 = 5e8 calls between false alarms: 56 days at 100 calls a second. */
const standardThreshold = 20
/** So many calls say whether the service is gone; where it is not, outcomes come in a fair mix from then on. */
const confirming = 16

/** The log-likelihood ratio at which an excursion rings: the logarithm of the calls between false alarms (Lorden 1971). */
export const thresholdOf = ({ falseAlarms }: Judging): number =>
  falseAlarms ? Math.max(5, Math.log((falseAlarms.every / 1000) * falseAlarms.callsPerSecond)) : standardThreshold

export const lineOf = (
  settings: Judging,
  watch: SequentialLine["watch"],
  cohort: number,
  tells: SequentialLine["tells"],
): SequentialLine => ({
  kind: "sequential",
  watch,
  threshold: thresholdOf(settings),
  rate: settings.brokenAt,
  cohort,
  tells,
})

export const usualLine = (settings: Judging) => lineOf(settings, "usual", confirming, "never")
export const confirmingLine = (settings: Judging) => lineOf(settings, "partial", confirming, "known")
/** What is shed for a trial is shed only until so many have failed that it cannot have helped. */
export const trialLine = (settings: Judging, spoiltAt: number) => ({
  ...lineOf(settings, "partial", settings.trial?.calls ?? confirming, "known"),
  spoiltAt,
})
export const acceptedLine = (settings: Judging) => lineOf(settings, "partial", confirming, "never")
/** Where nothing less can be let in, one late call is no reason to: the whole cohort is. */
export const stepLine = (settings: Judging, step: number) =>
  lineOf(settings, "step", settings.ramp.outcomes, step > ramp.lowest ? "late" : "known")

const badOf = ({ failures, slow, calls }: Statistics): number => Math.min(calls, failures + slow)

/** The share of bad outcomes among those that an alarm rang on. */
export const badShare = (statistics: Statistics): number => badOf(statistics) / Math.max(1, statistics.calls)

/** Whether these counts say that the service is gone, or asks to be left alone. One part of it that is gone is not the service. */
export function isGone({ rule, statistics, within }: AlarmRang, { brokenAt }: Judging): boolean {
  if (rule === "asked") return true
  if (within === "oneCell") return false
  // The counts of a rate are rounded.
  if (rule === "dead" || rule === "rate") return badShare(statistics) >= Math.min(0.75, 0.85 * brokenAt)
  if (rule === "excursion" || rule === "cohort" || rule === "relief") return false
  const bad = badOf(statistics)
  return dies(bad, statistics.calls - bad, 0)
}

/** Whether these counts are more than chance among mostly good ones. */
export const isPartial = ({ rule, statistics }: AlarmRang): boolean =>
  rule !== "cohort" && rule !== "relief" && badOf(statistics) >= 3 && badShare(statistics) >= 0.1

const percent = (part: number, whole: number) => `${Math.round((100 * part) / whole)} %`

export function describeEvidence({ rule, statistics }: AlarmRang): string {
  const { calls, failures, slow } = statistics
  if (rule === "asked") return "the service asked to be left alone"
  if (rule === "relief")
    return `${percent(badOf(statistics), calls)} of ${calls} calls were bad: that is better, or usual by now`
  const kind = slow > failures ? "were slow" : "failed"
  return `${percent(badOf(statistics), calls)} of ${calls} calls ${kind}`
}

/** A service that is well answers 19 calls in 20, one that is not 1 in 20: what one probe says, in nats. */
const perProbe = Math.log(0.95 / 0.05)

const certaintyOf = (wrong: number): number => Math.log((1 - wrong) / wrong)

/** How many probes must have succeeded, over those that failed, for a stated chance of being wrong (Wald 1945). */
export const probesFor = (wrong: number): number => Math.max(1, Math.ceil(certaintyOf(wrong) / perProbe - 1e-9))

/** The evidence of probes of which so many more went one way than the other, and what is asked of it. */
export const probesBound = (wrong: number, lead: number): Bound => ({
  of: "evidence",
  value: lead * perProbe,
  line: certaintyOf(wrong),
})

/** Steps of the ramp: each doubles the odds that a call enters, and how many may be in flight. */
export const ramp = { lowest: -1, first: 1, highest: 5, stride: 2 } as const
export const shareAt = (step: number): number => 2 ** step / (1 + 2 ** step)
export const limitAt = (step: number): number => Math.max(1, 2 ** (step + 1))

/** A step in which so many outcomes are bad is one too many, or the service is not well. */
export const troubleAt = 0.5
export const isTrouble = (statistics: Statistics): boolean => badShare(statistics) >= troubleAt

/** What was rung, with the line that a cohort of calls was held against: its share of bad ones says nothing by itself. */
export function heldAgainst(line: number, { rule, statistics }: AlarmRang): Statistics {
  if (rule !== "cohort") return statistics
  return { ...statistics, bound: { of: "share", value: badShare(statistics), line } }
}
