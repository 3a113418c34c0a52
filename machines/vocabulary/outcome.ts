import type { Quota } from "./quota.ts"

/** How a call ended. Classified once; that one outcome feeds every component. */
export const kinds = ["success", "failure", "timedOut", "ignored"] as const

export type OutcomeKind = (typeof kinds)[number]

/** An end of which there is more to say than its kind. */
export interface Asking {
  readonly kind: OutcomeKind
  /** It is a failure with which the service asks to be left alone at once; and for how long. */
  readonly trip: boolean
  readonly retryAfterMs: number | undefined
  /** What the service said about its limits. */
  readonly quota?: Quota | undefined
  /** The call never reached the service: what was taken for it comes back. */
  readonly unsent?: boolean | undefined
}

/** What the end of a call was judged to mean. */
export type Judged = OutcomeKind | Asking

/** A breaker further in has refused it. */
export const neverSent: Asking = Object.freeze({ kind: "ignored", trip: false, retryAfterMs: undefined, unsent: true })

export const kindOf = (judged: Judged): OutcomeKind => (typeof judged === "string" ? judged : judged.kind)

export interface Outcome {
  readonly kind: OutcomeKind
  readonly slow: boolean
  readonly durationMs: number
}

/** A failure of the service, as opposed to a slow or an ignored answer. */
export const isFailure = (kind: OutcomeKind): boolean => kind === "failure" || kind === "timedOut"

/** Bad for a probe or for a row of calls: failed, or slower than the strategy accepts. */
export const isBad = (outcome: Pick<Outcome, "kind" | "slow">): boolean =>
  outcome.kind !== "ignored" && (isFailure(outcome.kind) || outcome.slow)
