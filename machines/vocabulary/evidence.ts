/**
 * Evidence: what a stream of outcomes says about a service, against what was learned of it before.
 *
 * A ratio over a window asks the user for a number and answers late or wrongly. A sequential test asks how likely the stream is
 * "as usual" and how likely "broken", and rings as soon as the answer is clear (Wald 1945; Page 1954, CUSUM): at a threshold h a
 * service that is as usual is called broken about once in e^h calls.
 *
 * The record is mutable, so that a call costs a few additions; who needs a value copies it first. Both planes call these functions.
 */
import { type Baseline, brokenShare, clamp, learn, learnGood, prior, settledCalls, usualShare } from "./baseline.ts"
import { judgeCohort, takeIntoCohort } from "./cohort.ts"
import type { SequentialLine } from "./gate.ts"
import { remember, rememberGood } from "./recent.ts"
import { dies, goneRow, isHopeless, reliefAt, usualPart } from "./verdict.ts"

export type EvidenceRule = "excursion" | "rate" | "run" | "relief" | "dead" | "cohort"

export interface Evidence {
  /** The learned share of bad outcomes, from how many it was learned, and when last. */
  usual: number
  learned: number
  learnedAt: number
  /** The worst share of bad outcomes that it came back from by itself lately: noise that comes in bursts. */
  worst: number
  /** What a bad and a good outcome add to the score, for the usual share as it was `stale` outcomes ago. */
  badStep: number
  goodStep: number
  /** What one more bad outcome in a row adds. */
  rowStep: number
  stale: number
  /** The excursion: log-likelihood of "broken" over "as usual", and the outcomes it is made of. */
  score: number
  calls: number
  failures: number
  slow: number
  /** The recent past, fading: what creeps up so slowly that the baseline would learn it. */
  recentCalls: number
  recentBad: number
  recentSlow: number
  recentAt: number
  /** Bad outcomes in a row: they see a total outage through successes that were under way, and in what was a partial one. */
  row: number
  rowSlow: number
  /** The share of bad outcomes that a degraded circuit has accepted, and the evidence that it is over. */
  accepted: number
  relief: number
  /** Calls of this epoch that still run. */
  running: number
  /** The cohort: the first calls of an epoch, in the order of admission, so that quick failures do not speak before slow successes. */
  entered: number
  lastEntered: number
  settled: number
  bad: number
  late: number
  judged: boolean
  /** Until it is judged: later calls that went well, and the longest that one that went well has taken, in milliseconds. */
  overtaken: number
  longestMs: number
  /** Parts of the service are held back by themselves: what was bad was theirs, and no burst of noise. */
  parted: boolean
}

/** The logarithms are worked out anew after so many outcomes. */
const refreshAfter = 16

export const freshEvidence = (): Evidence => ({
  usual: prior.bad / prior.calls,
  learned: 0,
  learnedAt: 0,
  worst: 0,
  badStep: 0,
  goodStep: 0,
  rowStep: 0,
  stale: refreshAfter,
  score: 0,
  calls: 0,
  failures: 0,
  slow: 0,
  recentCalls: 0,
  recentBad: 0,
  recentSlow: 0,
  recentAt: 0,
  row: 0,
  rowSlow: 0,
  accepted: 0,
  relief: 0,
  running: 0,
  entered: 0,
  lastEntered: Number.NEGATIVE_INFINITY,
  settled: 0,
  bad: 0,
  late: 0,
  judged: false,
  overtaken: 0,
  longestMs: 0,
  parted: false,
})

function restartExcursion(evidence: Evidence): void {
  evidence.score = 0
  evidence.calls = 0
  evidence.failures = 0
  evidence.slow = 0
}

/** Takes up what was learned before. */
export function resume(evidence: Evidence, { ageMs, ...learned }: Baseline, at: number): void {
  Object.assign(evidence, learned, { learnedAt: at - ageMs, stale: refreshAfter })
}

/** A new epoch: what is counted begins again; what was learned stays. */
export function beginEpoch(evidence: Evidence, line: SequentialLine | undefined): void {
  // A circuit that degrades takes what rang the alarm for the new level, until it knows better.
  if (line?.watch === "partial" && evidence.calls > 0) {
    evidence.accepted = clamp((evidence.failures + evidence.slow) / evidence.calls, 0.05, 0.9)
  }
  // A degraded time that ended by itself was a burst of noise, as far as anybody can tell.
  if (line?.watch === "usual" && evidence.relief > reliefAt && evidence.calls > 0 && !evidence.parted) {
    evidence.worst = Math.max(evidence.worst, Math.min(0.5, (evidence.failures + evidence.slow) / evidence.calls))
  }
  restartExcursion(evidence)
  evidence.stale = refreshAfter
  evidence.row = 0
  evidence.rowSlow = 0
  evidence.relief = 0
  evidence.running = 0
  evidence.entered = 0
  evidence.lastEntered = Number.NEGATIVE_INFINITY
  evidence.settled = 0
  evidence.bad = 0
  evidence.late = 0
  evidence.judged = false
  evidence.overtaken = 0
  evidence.longestMs = 0
  if (line !== undefined) return
  evidence.recentCalls = 0
  evidence.recentBad = 0
  evidence.recentSlow = 0
}

function refresh(evidence: Evidence, line: SequentialLine): void {
  evidence.stale = 0
  if (line.watch === "usual") {
    const usual = usualShare(evidence)
    const broken = brokenShare(usual)
    evidence.badStep = Math.log(broken / usual)
    evidence.goodStep = Math.log((1 - broken) / (1 - usual))
    evidence.rowStep = -Math.log(Math.max(usual, evidence.worst))
  } else {
    // Relief: how much likelier the stream is under half the accepted share, or the usual one, than under the accepted.
    const worse = clamp(evidence.accepted, 0.02, 0.9)
    const better = clamp(Math.min(usualShare(evidence), worse / 2), 0.005, 0.4)
    evidence.badStep = Math.log(better / worse)
    evidence.goodStep = Math.log((1 - better) / (1 - worse))
  }
}

function lengthen(evidence: Evidence, bad: boolean, slow: boolean): void {
  evidence.row = bad ? evidence.row + 1 : 0
  evidence.rowSlow = bad ? evidence.rowSlow + (slow ? 1 : 0) : 0
}

function count(evidence: Evidence, bad: boolean, slow: boolean): void {
  evidence.calls++
  if (!bad) return
  if (slow) evidence.slow++
  else evidence.failures++
}

/** However little evidence is asked for, a few bad outcomes may be chance, and an alarm that nobody heeds rings no more. */
const isMore = ({ failures, slow }: Evidence): boolean => failures + slow >= 5

/** As usual, or on an excursion from it? */
function watchUsual(evidence: Evidence, line: SequentialLine, bad: boolean, slow: boolean): EvidenceRule | undefined {
  if (!bad && evidence.score === 0) {
    evidence.row = 0
    evidence.rowSlow = 0
    return undefined
  }
  // So many in a row as a service that is as usual shows once in e^h calls, and one that still answers hardly ever: it is gone.
  lengthen(evidence, bad, slow)
  if (evidence.row * evidence.rowStep >= line.threshold && dies(evidence.row, 0, 0)) return "run"
  evidence.score += bad ? evidence.badStep : evidence.goodStep
  if (evidence.score <= 0) {
    restartExcursion(evidence)
    return undefined
  }
  count(evidence, bad, slow)
  return evidence.score >= line.threshold && isMore(evidence) ? "excursion" : undefined
}

/** Still partial, over, or gone altogether? */
function watchPartial(
  evidence: Evidence,
  _line: SequentialLine,
  bad: boolean,
  slow: boolean,
): EvidenceRule | undefined {
  count(evidence, bad, slow)
  lengthen(evidence, bad, slow)
  evidence.accepted += 0.01 * ((bad ? 1 : 0) - evidence.accepted)
  evidence.relief = Math.max(0, evidence.relief + (bad ? evidence.badStep : evidence.goodStep))
  if (evidence.row >= goneRow) return "run"
  const isNormal = evidence.usual > usualPart * evidence.accepted && evidence.calls >= 100
  return evidence.relief > reliefAt || isNormal ? "relief" : undefined
}

/** Takes in one outcome of the present epoch; answers the rule that it has rung. `slow`: bad, and for its slowness alone. */
export function accrue(
  evidence: Evidence,
  line: SequentialLine,
  bad: boolean,
  slow: boolean,
  startedAt: number,
  at: number,
): EvidenceRule | undefined {
  if (++evidence.stale > refreshAfter) refresh(evidence, line)
  remember(evidence, bad, slow, at)
  if (line.watch !== "step") learn(evidence, bad ? 1 : 0, at)
  if (!evidence.judged) {
    takeIntoCohort(evidence, line, bad, slow, startedAt, at)
    return judgeCohort(evidence, line, at)
  }
  const rule = watchers[line.watch](evidence, line, bad, slow)
  return rule ?? (isHopeless(evidence, line) ? "rate" : undefined)
}

/**
 * Takes in a success of a service that is as usual, all of whose cohort is known: what `accrue` does with it, in few steps, because most
 * outcomes are such. False when it is not that simple, and nothing was done.
 */
export function accrueGood(evidence: Evidence, { watch, rate }: SequentialLine, at: number): boolean {
  const { recentCalls, recentBad, learned } = evidence
  const isSimple = evidence.judged && evidence.score === 0 && evidence.stale < refreshAfter && watch === "usual"
  // Where too much was bad lately it may ring at whatever comes next.
  if (!isSimple || !(recentBad < rate * recentCalls) || learned < settledCalls) return false
  evidence.stale++
  rememberGood(evidence, at)
  learnGood(evidence, at)
  return true
}

type Watcher = (evidence: Evidence, line: SequentialLine, bad: boolean, slow: boolean) => EvidenceRule | undefined

const watchers: { readonly [Watch in SequentialLine["watch"]]: Watcher } = {
  usual: watchUsual,
  partial: watchPartial,
  step: () => undefined,
}
