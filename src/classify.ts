import { type DurationInput, toMs } from "../machines/options.ts"
import type { Judged, OutcomeKind } from "../machines/vocabulary/outcome.ts"
import { CallRejected } from "./CallRejected.ts"

/** How a call ended, as a classifier sees it. */
export type CallExit<A = unknown> =
  | { readonly ok: true; readonly value: A }
  | { readonly ok: false; readonly error: unknown }

/** What a classifier may answer. A timeout is the breaker's own finding and is not classified. */
export type Verdict = Exclude<OutcomeKind, "timedOut">

/** A verdict with which the service asks to be left alone, as by status 429 or 503 with Retry-After. */
export interface AskingVerdict {
  readonly kind: Verdict
  /** Opens the circuit at once, if it is a failure. Default: `false`. */
  readonly trip?: boolean | undefined
  /** The circuit that opens on it, or on a probe that ends so, waits at least so long, up to `openFor.longestAsked`. */
  readonly retryAfter?: DurationInput | undefined
}

/** Says what the end of a call means for the service. Runs outside the machines; what it throws is isolated and reported. */
export type Classify<A = unknown> = (exit: CallExit<A>) => Verdict | AskingVerdict

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

/** Only a failure can ask for anything; a time that cannot be read is reported, and asks for nothing. */
function asking({ kind, trip = false, retryAfter }: AskingVerdict, trouble: (error: unknown) => void): Judged {
  if (kind !== "failure") return kind
  const retryAfterMs = retryAfter === undefined ? undefined : toMs(retryAfter)
  const isRead = retryAfter === undefined || (retryAfterMs !== undefined && retryAfterMs >= 0)
  if (!isRead) trouble(new TypeError("classify must answer a duration as retryAfter"))
  return { kind, trip: trip === true, retryAfterMs: isRead ? retryAfterMs : undefined }
}

const isAsking = (verdict: unknown): verdict is AskingVerdict =>
  typeof verdict === "object" && verdict !== null && "kind" in verdict && verdicts.includes(verdict.kind)

/** Asks the user's classifier; what it throws, or an answer that is no verdict, is reported and the default stands. */
export function classifyWith(
  classify: Classify<never> | undefined,
  exit: CallExit,
  trouble: (error: unknown) => void,
): Judged {
  if (classify === undefined) return classifyByDefault(exit)
  try {
    const verdict: unknown = (classify as Classify)(exit)
    if (typeof verdict === "string" && verdicts.includes(verdict)) return verdict as Verdict
    if (isAsking(verdict)) return asking(verdict, trouble)
    // An async classifier fails later, and would end the process.
    if (verdict instanceof Promise) verdict.catch(trouble)
    trouble(new TypeError(`classify must answer "success", "failure" or "ignored", or an object with such a kind`))
  } catch (error) {
    trouble(error)
  }
  return classifyByDefault(exit)
}
