/** How a call ended. Classified once; that one outcome feeds every component. */
export const kinds = ["success", "failure", "timedOut", "ignored"] as const

export type OutcomeKind = (typeof kinds)[number]

/** A failure with which the service itself asks to be left alone: whether at once, and for how long. */
export interface Asking {
  readonly kind: "failure"
  readonly trip: boolean
  readonly retryAfterMs: number | undefined
}

/** What the end of a call was judged to mean. */
export type Judged = OutcomeKind | Asking

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
