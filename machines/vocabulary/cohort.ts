/**
 * The cohort: the first calls of an epoch, judged in the order of their admission. Failures often come quicker than successes, so
 * that the first outcomes after any change speak ill of a service that fails in part; the first calls, once all are known, do not.
 */
import type { Evidence, EvidenceRule } from "./evidence.ts"
import type { SequentialLine } from "./gate.ts"
import { dies, isKnown } from "./verdict.ts"

/** Notes that a call has entered: the first `cohort` of an epoch, and those that enter at the same instant as the last of them, are its cohort. */
export function enter(evidence: Evidence, line: SequentialLine, at: number): void {
  evidence.running++
  if (evidence.entered >= line.cohort && at !== evidence.lastEntered) return
  evidence.entered++
  evidence.lastEntered = at
}

/** Notes that a call has ended, whatever its outcome. */
export function leave(evidence: Evidence): void {
  if (evidence.running > 0) evidence.running--
}

/** A call of the cohort came back without an outcome. */
export function withdraw(evidence: Evidence, startedAt: number): void {
  if (startedAt <= evidence.lastEntered && evidence.entered > evidence.settled) evidence.entered--
}

/** However rare the calls: what one of the cohort means that takes longer than this is not waited for. */
const longestWaitMs = 60_000

/**
 * Whether calls of the cohort that still run are waited for in vain: as many that entered after it have gone well, and all took less
 * than half of the time that these have run. One that hangs, or that is meant to last, would otherwise leave the breaker deaf.
 */
const isOvertaken = (
  { overtaken, longestMs, lastEntered }: Evidence,
  { cohort }: SequentialLine,
  at: number,
): boolean => at - lastEntered >= longestWaitMs || (overtaken >= cohort && at - lastEntered > 2 * longestMs)

/** What the cohort says: gone for certain, all of it known, or enough of it bad. Calls of it that still run may yet be well. */
export function judgeCohort(evidence: Evidence, line: SequentialLine, at: number): EvidenceRule | undefined {
  const { entered, settled, bad } = evidence
  // One call that is slow while little is let in is a reason to let in less, before the rest are known.
  if (line.tells === "late" && evidence.late > 0 && evidence.late === bad) return ring(evidence, "cohort")
  if (line.spoiltAt && bad >= line.spoiltAt * Math.max(entered, line.cohort)) return ring(evidence, "cohort")
  if (entered < line.cohort) return undefined
  const gone = dies(bad, settled - bad, entered - settled) && bad >= line.cohort * 0.8
  if (!gone && !isKnown(entered, settled) && !isOvertaken(evidence, line, at)) return undefined
  return ring(evidence, gone ? "dead" : line.tells === "never" ? undefined : "cohort")
}

function ring(evidence: Evidence, rule: EvidenceRule | undefined): EvidenceRule | undefined {
  evidence.judged = true
  return rule
}

export function takeIntoCohort(
  evidence: Evidence,
  line: SequentialLine,
  bad: boolean,
  slow: boolean,
  startedAt: number,
  at: number,
): void {
  if (!bad && at - startedAt > evidence.longestMs) evidence.longestMs = at - startedAt
  // A call whose start nobody has measured entered after the cohort was complete.
  const isTold = startedAt <= evidence.lastEntered && evidence.settled < evidence.entered
  if (!isTold) {
    // Nobody said that it entered: outcomes alone make the cohort.
    if (evidence.entered >= line.cohort) {
      if (!bad) evidence.overtaken++
      return
    }
    evidence.entered++
    evidence.lastEntered = Math.max(evidence.lastEntered, startedAt)
  }
  evidence.settled++
  if (bad) evidence.bad++
  if (bad && slow) evidence.late++
}
