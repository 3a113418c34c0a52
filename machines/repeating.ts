/** The options of `retry`, and how long a further attempt is waited for. */
import {
  type DurationInput,
  duration,
  type Named,
  number,
  type OutOf,
  type Reader,
  show,
  struct,
  switchable,
  toMs,
} from "./options.ts"
import type { RetryOn } from "./vocabulary/failure.ts"

const backoffFields = {
  /** The longest wait before the second attempt; each one is drawn between nothing and the longest. Default: 100 milliseconds. */
  initial: duration({ default: "100 millis", min: "1 millis", max: "1 hour" }),
  /** By this the longest wait grows with each attempt, 1 to 10. Default: 2. */
  factor: number({ default: 2, min: 1, max: 10 }),
  /** No wait is longer than this. Default: 5 seconds, or `initial` if that is longer. */
  max: duration({ default: "5 seconds", min: "1 millis", max: "1 hour" }),
}
export interface BackoffFields extends Named<typeof backoffFields> {}

const budgetFields = {
  /** Further attempts that a success pays for, 0 to 1. Default: 0.15. */
  share: number({ default: 0.15, min: 0, max: 1 }),
  /** Further attempts that are granted at the beginning. A budget that was spent pays again when it has saved as many. Default: 10. */
  reserve: number({ default: 10, min: 0, max: 10_000, integer: true }),
  /** Most that are saved. Default: 100, or `reserve` if that is more. */
  most: number({ default: 100, min: 1, max: 100_000, integer: true }),
}
export interface BudgetFields extends Named<typeof budgetFields> {}

/** After how long a second attempt begins: after a time, or when so many of the successes would have answered. */
export type HedgeAfter = { readonly ms: number } | { readonly quantile: number }

const inWords = /^p(\d{2}(?:\.\d)?)$/

/** `"p50"` to `"p99.9"` as a share; `undefined` for anything else. */
function quantileOf(value: unknown): number | undefined {
  const percent = typeof value === "string" ? Number(inWords.exec(value)?.[1]) : Number.NaN
  return percent >= 50 ? percent / 100 : undefined
}

const hedgeAfter: Reader<DurationInput | `p${number}`, HedgeAfter> = {
  read: (value, path, problems) => {
    const quantile = quantileOf(value === undefined ? "p95" : value)
    if (quantile !== undefined) return { quantile }
    const ms = toMs(value)
    if (ms !== undefined && ms >= 1 && ms <= 86_400_000) return { ms }
    const rule = 'must be a duration from 1 millis to 1 day, or a quantile from "p50" to "p99.9"'
    problems.push({ path, value: show(value), rule })
    return { quantile: 0.95 }
  },
}

const hedgeFields = {
  /**
   * When a second attempt begins beside one that still runs: after a duration, or at a quantile of the latency of successes, once
   * that is known. Default: `"p95"`.
   */
  after: hedgeAfter,
}
export interface HedgeFields extends Named<typeof hedgeFields> {}

const callback: Reader<RetryOn, RetryOn | undefined> = {
  read: (value, path, problems) => {
    if (value === undefined || typeof value === "function") return value as RetryOn | undefined
    problems.push({ path, value: show(value), rule: "must be a function" })
    return undefined
  },
}

const retryFields = {
  /** Attempts of one call, the first and those that hedge included, 1 to 10. Default: 3. */
  attempts: number({ default: 3, min: 1, max: 10, integer: true }),
  /** How long a further attempt is waited for. */
  backoff: struct<BackoffFields>(
    backoffFields,
    ({ initial, max }) => (initial > max ? { path: "max", rule: "must not be shorter than initial" } : undefined),
    ({ initial, max }) => ({ max: Math.max(initial, max) }),
  ),
  /** A service that asks to be left alone for a time is, but no longer than this. Default: 30 seconds. */
  longestAsked: duration({ default: "30 seconds", min: "1 millis", max: "1 hour" }),
  /** What pays for further attempts. */
  budget: struct<BudgetFields>(
    budgetFields,
    ({ reserve, most }) => (reserve > most ? { path: "most", rule: "must not be less than reserve" } : undefined),
    ({ reserve, most }) => ({ most: Math.max(reserve, most) }),
  ),
  /** A second attempt beside one that takes unusually long; the first answer counts. Only of idempotent calls. Default: `false`. */
  hedge: switchable(struct<HedgeFields>(hedgeFields), false),
  /** What a failure was, where the library knows less than you. */
  retryOn: callback,
}
export interface RetryFields extends Named<typeof retryFields> {}

export const retryOptions = struct<RetryFields>(retryFields, ({ attempts, hedge }) =>
  hedge !== undefined && attempts < 2 ? { path: "hedge", rule: "needs at least 2 attempts" } : undefined,
)

export type RetrySettings = OutOf<typeof retryOptions>

/**
 * How long the attempt after the `ended`th is waited for, in milliseconds; `draw` is from 0 to below 1. Full jitter (Brooker, AWS
 * Architecture Blog, 2015): anything between nothing and the longest wait, so that those who failed together do not come back
 * together. The cap comes last, whatever was drawn.
 */
export function backoffMs({ initial, factor, max }: RetrySettings["backoff"], ended: number, draw: number): number {
  const longest = Math.min(max, initial * factor ** (ended - 1))
  return Math.min(max, draw * longest)
}
