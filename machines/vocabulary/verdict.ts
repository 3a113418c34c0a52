/** Verdicts on counts: is a service gone, or does it still answer in part? */
import type { Statistics } from "./circuit.ts"
import type { Evidence, EvidenceRule } from "./evidence.ts"
import type { SequentialLine } from "./gate.ts"

/** A service that is gone answers one call in twenty; one that answers half of them is not gone. */
const gone = { bad: Math.log(0.95 / 0.5), good: Math.log(0.05 / 0.5) }
/** A call that is still running may yet be well: it speaks against the end, but not as loudly as a success. */
const running = -0.8
/** Odds of 33 to 1. */
const certainty = 3.2

/** Whether so many outcomes say that the service is gone, rather than failing in part. */
export const dies = (bad: number, good: number, pending: number): boolean =>
  bad * gone.bad + good * gone.good + pending * running >= certainty

/** Whether enough of a cohort is known to speak of all of it: one call, or one in ten, may still run. */
export const isKnown = (entered: number, settled: number): boolean => entered - settled <= Math.max(1, entered / 10)

/** Whether the recent past alone is bad enough: a rate at the line, and with certainty not far below it (Wilson, z = 4). */
export function isHopeless({ recentCalls, recentBad }: Evidence, { rate }: SequentialLine): boolean {
  if (recentBad < rate * recentCalls || recentCalls < 20) return false
  const share = recentBad / recentCalls
  const doubt = 16 / recentCalls
  const spread = 4 * Math.sqrt((share * (1 - share)) / recentCalls + doubt / (4 * recentCalls))
  return (share + doubt / 2 - spread) / (1 + doubt) > rate - 0.3
}

/** Of so many bad outcomes, so many of them slow, what a rule rang on. */
const countsOf = (calls: number, bad: number, slow: number): Statistics => ({
  calls: Math.round(calls),
  failures: Math.round(bad) - Math.round(slow),
  slow: Math.round(slow),
})

/** The counts that a rule rang on. */
export function statisticsOf(evidence: Evidence, rule: EvidenceRule): Statistics {
  const { calls, failures, slow, entered, bad, late, row, rowSlow, recentCalls, recentBad, recentSlow } = evidence
  if (rule === "dead" || rule === "cohort") return countsOf(entered, bad, late)
  if (rule === "run") return countsOf(row, row, rowSlow)
  if (rule === "rate") return countsOf(recentCalls, recentBad, recentSlow)
  return { calls, failures, slow }
}
