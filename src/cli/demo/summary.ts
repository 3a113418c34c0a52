import type { Priority } from "../../../machines/vocabulary/priority.ts"
import type { CallBook } from "./calls.ts"
import { counted, millis } from "./figures.ts"
import type { LaneSpec } from "./play.ts"
import type { Counts } from "./tally.ts"

/** One gateway's run in figures. */
export interface SideSummary {
  readonly requests: number
  readonly succeeded: number
  readonly fallback: number
  readonly failed: number
  readonly rejected: number
  readonly rejectedWhileWell: number | null
  readonly p50Ms: number | null
  readonly p99Ms: number | null
  readonly calls: number
  readonly failedCalls: number
  readonly callsToFailing: number | null
  readonly wastedSeconds: number
  readonly notSent: number
  /** What became of each kind of call that has a class; empty where calls have none. */
  readonly classes: readonly ClassSummary[]
}

/** The calls of one class, or for one feature. */
export interface ClassSummary {
  readonly service: string
  readonly priority?: Priority | undefined
  readonly requests: number
  readonly succeeded: number
}

export const classesOf = (
  lanes: readonly { readonly spec: LaneSpec; readonly totals: Counts }[],
): readonly ClassSummary[] =>
  lanes.flatMap(({ spec: { name, facts }, totals: { requests, full } }) =>
    facts === undefined ? [] : [{ service: name, priority: facts.priority, requests, succeeded: full }],
  )

export interface Summary {
  readonly seed: number
  readonly seconds: number
  /** Stopped by a signal before its end. */
  readonly interrupted: boolean
  readonly protected: SideSummary
  /** null with --to: a real service is not called twice. */
  readonly unprotected: SideSummary | null
  /** Phase by phase, where that is told. */
  readonly phases?: readonly PhaseSummary[] | undefined
  /** The service whose calls are counted, where that are not all. */
  readonly counted?: string | undefined
  readonly statement: string
}

/** Requests that ended in one phase, and of them those answered in full. */
export interface PhaseCounts {
  readonly requests: number
  readonly answered: number
}

/** One phase at each gateway. */
export interface PhaseSummary {
  readonly name: string
  readonly protected: PhaseCounts
  readonly unprotected: PhaseCounts
}

export function summarise(
  totals: Counts,
  book: CallBook,
  truthKnown: boolean,
  notSent: number,
  classes: readonly ClassSummary[] = [],
): SideSummary {
  return {
    requests: totals.requests,
    succeeded: totals.full,
    fallback: totals.fallback,
    failed: totals.failed,
    rejected: totals.rejected,
    rejectedWhileWell: truthKnown ? book.rejectedWhileWell : null,
    p50Ms: rounded(totals.p50Ms),
    p99Ms: rounded(totals.p99Ms),
    calls: book.sent,
    failedCalls: book.failed,
    callsToFailing: truthKnown ? book.sentToFailing : null,
    wastedSeconds: Number((book.wastedMs / 1000).toFixed(2)),
    notSent,
    classes,
  }
}

/** Two sentences on what the breakers saved, with what they cost; it must say so when they saved nothing. */
export function statementOf(guarded: SideSummary, bare: SideSummary): string {
  return `${aboutCalls(guarded, bare)} ${aboutUsers(guarded, bare)}`
}

function aboutCalls(guarded: SideSummary, bare: SideSummary): string {
  if (guarded.rejected === 0) return "The breakers rejected no call in this run, so they saved nothing."
  const sent = bare.callsToFailing ?? 0
  const spared = sent - (guarded.callsToFailing ?? 0)
  const kept =
    spared > 0
      ? `kept ${spared} of ${sent} calls away from failing services`
      : "kept no call away from a failing service"
  const [before, after] = [bare.wastedSeconds.toFixed(1), guarded.wastedSeconds.toFixed(1)]
  const waiting =
    guarded.wastedSeconds < bare.wastedSeconds
      ? `fell from ${before} s to ${after} s`
      : `did not fall (${before} s, ${after} s)`
  return `The breakers ${kept}, and the time spent on calls that failed ${waiting}.`
}

function aboutUsers(guarded: SideSummary, bare: SideSummary): string {
  if (guarded.rejected === 0) return `Failed requests: ${guarded.failed} with breakers, ${bare.failed} without.`
  const tail = `the slowest 1 % took ${millis(guarded.p99Ms)} or more instead of ${millis(bare.p99Ms)}`
  return `For the users that meant ${failures(guarded.failed, bare.failed)}, and ${tail}${priceOf(guarded, bare)}.`
}

function failures(guarded: number, bare: number): string {
  if (guarded === bare) return `just as many failed requests (${bare})`
  return `${counted(Math.abs(bare - guarded), guarded < bare ? "fewer failed request" : "more failed request")} (${bare} → ${guarded})`
}

function priceOf(guarded: SideSummary, bare: SideSummary): string {
  const early = guarded.rejectedWhileWell ?? 0
  const lost = bare.succeeded - guarded.succeeded
  const price = [
    ...(early > 0 ? [`${counted(early, "call")} rejected while their service was well`] : []),
    ...(lost > 0 ? [counted(lost, "fewer full answer")] : []),
  ]
  return price.length > 0 ? `; the price was ${price.join(" and ")}` : ""
}

function rounded(value: number | undefined): number | null {
  return value === undefined ? null : Number(value.toPrecision(3))
}
