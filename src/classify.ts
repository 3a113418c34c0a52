import type { OutcomeKind } from "../machines/vocabulary/outcome.ts"
import { CallRejected } from "./CallRejected.ts"

/** How a call ended, as a classifier sees it. */
export type CallExit<A = unknown> =
  | { readonly ok: true; readonly value: A }
  | { readonly ok: false; readonly error: unknown }

/** What a classifier may answer. A timeout is the breaker's own finding and is not classified. */
export type Verdict = Exclude<OutcomeKind, "timedOut">

/** Says what the end of a call means for the service. Runs outside the machines; what it throws is isolated and reported. */
export type Classify<A = unknown> = (exit: CallExit<A>) => Verdict

/** By this a breaker tells its own classifier, now or after a change: who would classify in its place asks. */
export const ownClassify = Symbol("classify")

/** A breaker's own classifier, if it has one. */
export const classifierOf = (breaker: object): Classify<never> | undefined =>
  (breaker as { readonly [ownClassify]?: Classify<never> | undefined })[ownClassify]

/**
 * Without a classifier, an answer is a success and an error a failure. A rejection by another breaker further in says nothing
 * about this service: it was never reached, so it is ignored.
 */
export const classifyByDefault = (exit: CallExit): Verdict =>
  exit.ok ? "success" : exit.error instanceof CallRejected ? "ignored" : "failure"

const verdicts: readonly unknown[] = ["success", "failure", "ignored"] satisfies readonly Verdict[]

/** Asks the user's classifier; what it throws, or an answer that is no verdict, is reported and the default stands. */
export function classifyWith(
  classify: Classify<never> | undefined,
  exit: CallExit,
  trouble: (error: unknown) => void,
): Verdict {
  if (classify === undefined) return classifyByDefault(exit)
  try {
    const verdict: unknown = (classify as Classify)(exit)
    if (verdicts.includes(verdict)) return verdict as Verdict
    // An async classifier fails later, and would end the process.
    if (verdict instanceof Promise) verdict.catch(trouble)
    trouble(new TypeError(`classify must answer "success", "failure" or "ignored"`))
  } catch (error) {
    trouble(error)
  }
  return classifyByDefault(exit)
}
