import { type DurationInput, toMs } from "../machines/options.ts"
import { type Judged, neverSent, type OutcomeKind } from "../machines/vocabulary/outcome.ts"
import type { Quota } from "../machines/vocabulary/quota.ts"
import { CallRejected } from "./CallRejected.ts"

/** How a call ended, as a classifier sees it. */
export type CallExit<A = unknown> =
  | { readonly ok: true; readonly value: A }
  | { readonly ok: false; readonly error: unknown }

/** A verdict in one word. */
export type VerdictKind = Exclude<OutcomeKind, "timedOut">

/** What the service said about its own limits: `rateLimit` learns from it. */
export interface QuotaVerdict {
  /** It refused the call because of them, as by status 429. With `rateLimit` that is no failure: the outcome is ignored. */
  readonly exceeded?: boolean | undefined
  /** How many calls it still grants, and for how long from now. */
  readonly remaining?: number | undefined
  readonly reset?: DurationInput | undefined
}

/** A verdict that says more than the kind. */
export interface DetailedVerdict {
  readonly kind: VerdictKind
  /** Opens the circuit at once, if it is a failure: the service asks to be left alone, as by status 429 or 503. Default: `false`. */
  readonly trip?: boolean | undefined
  /** The circuit that opens on it, or on a probe that ends so, waits at least so long, up to `openFor.longestAsked`. */
  readonly retryAfter?: DurationInput | undefined
  /**
   * The dependency whose failure this is. While that one serves nothing the failure is its own, and ignored here; it is a failure
   * of this service otherwise. Only with the strategy `dependency`.
   */
  readonly dependency?: string | undefined
  /** What the service said about its own limits. */
  readonly quota?: QuotaVerdict | undefined
}

/** What a classifier may answer. A timeout is the breaker's own finding and is not classified. */
export type Verdict = VerdictKind | DetailedVerdict

/** Says what the end of a call means for the service. Runs outside the machines; what it throws is isolated and reported. */
export type Classify<A = unknown> = (exit: CallExit<A>) => Verdict

/** By this a breaker tells its own classifier, now or after a change: who would classify in its place asks. */
export const ownClassify = Symbol("classify")

/** A breaker's own classifier, if it has one. */
export const classifierOf = (breaker: object): Classify<never> | undefined =>
  (breaker as { readonly [ownClassify]?: Classify<never> | undefined })[ownClassify]

/** By this a breaker tells whether anybody in it wants to know what the service says about its limits. */
export const heedsQuotas = Symbol("heeds quotas")

export const wantsQuota = (breaker: object): boolean =>
  (breaker as { readonly [heedsQuotas]?: boolean })[heedsQuotas] === true

/** Whether a failure is charged to a dependency instead of this service: to the one that is named, or that refused the call. */
export type Charge = (dependency: string | undefined, error: unknown) => boolean

/**
 * Without a classifier, an answer is a success and an error a failure. A rejection by another breaker further in says nothing
 * about this service: it was never reached, so it is ignored.
 */
export const classifyByDefault = (exit: CallExit): VerdictKind =>
  exit.ok ? "success" : isRejection(exit.error) ? "ignored" : "failure"

/** An error that is a trap is an error like any other. */
function isRejection(error: unknown): boolean {
  try {
    return error instanceof CallRejected
  } catch {
    return false
  }
}

const kinds: readonly unknown[] = ["success", "failure", "ignored"] satisfies readonly VerdictKind[]

/** A verdict in full; `undefined` for what is none. It is a copy: what is answered is read here alone, where it may throw. */
function readVerdict(verdict: unknown): DetailedVerdict | undefined {
  const read = (typeof verdict === "object" && verdict !== null ? verdict : { kind: verdict }) as DetailedVerdict
  const { kind, trip, retryAfter, dependency, quota } = read
  if (!kinds.includes(kind) || (dependency !== undefined && typeof dependency !== "string")) return undefined
  if (typeof quota !== "object" || quota === null) return { kind, trip, retryAfter, dependency }
  const { exceeded, remaining, reset } = quota
  return { kind, trip, retryAfter, dependency, quota: { exceeded, remaining, reset } }
}

/** Asks the user's classifier; what it throws, or an answer that is no verdict, is reported and the default stands. */
function judge(classify: Classify<never>, exit: CallExit, trouble: (error: unknown) => void): DetailedVerdict {
  try {
    const answer: unknown = (classify as Classify)(exit)
    const verdict = readVerdict(answer)
    if (verdict !== undefined) return verdict
    // An async classifier fails later, and would end the process.
    if (answer instanceof Promise) answer.catch(trouble)
    trouble(new TypeError(`classify must answer "success", "failure" or "ignored", or an object with such a kind`))
  } catch (error) {
    trouble(error)
  }
  return { kind: classifyByDefault(exit) }
}

/** A time that a verdict states; one that cannot be read is reported, and is none. */
function readTime(time: DurationInput | undefined, name: string, trouble: (error: unknown) => void) {
  const ms = time === undefined ? undefined : toMs(time)
  if (time === undefined || (ms !== undefined && ms >= 0)) return ms
  trouble(new TypeError(`classify must answer a duration as ${name}`))
  return undefined
}

function readQuota(
  { exceeded, remaining, reset }: QuotaVerdict,
  retryAfterMs: number | undefined,
  trouble: (error: unknown) => void,
): Quota {
  const isCount = typeof remaining === "number" && remaining >= 0
  return {
    exceeded: exceeded === true,
    retryAfterMs,
    remaining: isCount ? remaining : undefined,
    resetAfterMs: readTime(reset, "quota.reset", trouble),
  }
}

/** What a verdict says beside its kind. */
function judgedOf(verdict: DetailedVerdict, trouble: (error: unknown) => void): Judged {
  const { kind, trip, retryAfter, quota } = verdict
  const asks = kind === "failure" && (trip !== undefined || retryAfter !== undefined)
  const tells = quota !== undefined
  if (!asks && !tells) return kind
  const retryAfterMs = readTime(retryAfter, "retryAfter", trouble)
  const said = tells ? { quota: readQuota(quota, retryAfterMs, trouble) } : {}
  return { kind, trip: asks && trip === true, retryAfterMs: asks ? retryAfterMs : undefined, ...said }
}

/** What the end of a call means for the service, once what is a dependency's doing is charged to that. */
export function classifyWith(
  classify: Classify<never> | undefined,
  exit: CallExit,
  trouble: (error: unknown) => void,
  charge: Charge | undefined,
): Judged {
  const verdict = classify === undefined ? undefined : judge(classify, exit, trouble)
  const kind = verdict === undefined ? classifyByDefault(exit) : verdict.kind
  if (charge !== undefined && kind !== "success") {
    if (charge(verdict?.dependency, exit.ok ? undefined : exit.error)) return "ignored"
  }
  if (kind === "ignored" && !exit.ok && isRejection(exit.error)) return neverSent
  return verdict === undefined ? kind : judgedOf(verdict, trouble)
}
