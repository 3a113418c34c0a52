/** Verdicts on counts: is a service gone, or does it still answer in part? */
import { usualOf } from "./baseline.ts"
import type { Bound, Statistics } from "./circuit.ts"
import type { Evidence, EvidenceRule } from "./evidence.ts"
import type { SequentialLine } from "./gate.ts"

/** A service that is gone answers one call in twenty; one that answers half of them is not gone. */
const gone = { bad: Math.log(0.95 / 0.5), good: Math.log(0.05 / 0.5) }
/** A call that is still running may yet be well: it speaks against the end, but not as loudly as a success. */
const running = -0.8
/** Odds of 33 to 1. */
const certainty = 3.2

const deathOf = (bad: number, good: number, pending: number): number =>
  bad * gone.bad + good * gone.good + pending * running

/** Whether so many outcomes say that the service is gone, rather than failing in part. */
export const dies = (bad: number, good: number, pending: number): boolean => deathOf(bad, good, pending) >= certainty

/** So many bad outcomes in a row in a degraded circuit: the service is gone. At 60 % errors it happens once in 500 000 calls. */
export const goneRow = 24
/** Evidence that a degraded time is over: e^12 to 1. */
export const reliefAt = 12
/** What a degraded time has got used to is usual when it is no more than so much of it over what is. */
export const usualPart = 0.8

/** Whether enough of a cohort is known to speak of all of it: one call, or one in ten, may still run. */
export const isKnown = (entered: number, settled: number): boolean => entered - settled <= Math.max(1, entered / 10)

/** Whether the recent past alone is bad enough: a rate at the line, and with certainty not far below it (Wilson, z = 4). */
export function isHopeless({ recentCalls, recentBad }: Evidence, { rate }: SequentialLine): boolean {
  if (recentBad < rate * recentCalls || recentCalls < 20) return false
  return leastShare(recentBad, recentCalls) > rate - farBelow
}

/** How far below the line a rate may be at the worst. */
const farBelow = 0.3

/** The part of calls that is bad at the least, allowing for chance: the lower bound of Wilson's interval, z = 4. */
function leastShare(bad: number, calls: number): number {
  const share = bad / calls
  const doubt = 16 / calls
  const spread = 4 * Math.sqrt((share * (1 - share)) / calls + doubt / (4 * calls))
  return (share + doubt / 2 - spread) / (1 + doubt)
}

/** Of so many bad outcomes, so many of them slow, what a rule rang on. */
const countsOf = (calls: number, bad: number, slow: number): Statistics => ({
  calls: Math.round(calls),
  failures: Math.round(bad) - Math.round(slow),
  slow: Math.round(slow),
})

function countedOn(evidence: Evidence, rule: EvidenceRule): Statistics {
  const { calls, failures, slow, entered, bad, late, row, rowSlow, recentCalls, recentBad, recentSlow } = evidence
  if (rule === "dead" || rule === "cohort") return countsOf(entered, bad, late)
  if (rule === "run") return countsOf(row, row, rowSlow)
  if (rule === "rate") return countsOf(recentCalls, recentBad, recentSlow)
  return { calls, failures, slow }
}

/** The figure that a rule rang on. What a cohort means is for the chart to say: it tells it against a line of its own. */
function boundOf(
  evidence: Evidence,
  rule: EvidenceRule,
  { watch, threshold, rate }: SequentialLine,
): Bound | undefined {
  const { bad, entered, settled, row, rowStep, badStep, score, recentCalls, recentBad, relief, accepted, usual } =
    evidence
  if (rule === "rate") return { of: "lowerBound", value: leastShare(recentBad, recentCalls), line: rate - farBelow }
  if (rule === "dead") {
    return { of: "evidence", value: deathOf(bad, settled - bad, entered - settled), line: certainty }
  }
  if (rule === "relief" && relief > reliefAt) return { of: "evidence", value: relief, line: reliefAt }
  if (rule === "relief") return { of: "share", value: accepted, line: usual / usualPart }
  // The shares that the steps were made of: what is usual by now has learned from these calls.
  if (rule === "excursion") return { of: "evidence", value: score, line: threshold, usual: usualOf(badStep) }
  if (rule !== "run") return undefined
  if (watch === "partial") return { of: "row", value: row, line: goneRow }
  return { of: "evidence", value: row * rowStep, line: threshold, usual: Math.exp(-rowStep) }
}

/** The counts that a rule rang on, and the figure. */
export function statisticsOf(evidence: Evidence, rule: EvidenceRule, line: SequentialLine): Statistics {
  const bound = boundOf(evidence, rule, line)
  return { ...countedOn(evidence, rule), ...(bound && { bound }) }
}
