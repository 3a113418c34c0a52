/** The book of features of a breaker that runs alone: what a data plane's gauge would have counted, as a value. */
import type { BreakerEvent } from "./breakerEvents.ts"
import type { BreakerContext } from "./fold.ts"
import {
  type FeatureLine,
  type FeatureRecord,
  type FeatureSignal,
  freshRecord,
  lineOfFeature,
  noSuccesses,
  type Successes,
  weighFeature,
  wentWell,
} from "./vocabulary/feature.ts"
import { isBad, isFailure } from "./vocabulary/outcome.ts"
import type { CallEntered, OutcomeSettled } from "./vocabulary/told.ts"
import { statisticsOf } from "./vocabulary/verdict.ts"

export interface FeatureBook {
  readonly records: { readonly [feature: string]: FeatureRecord }
  readonly successes: Successes
}

export const freshBook = (): FeatureBook => ({ records: {}, successes: noSuccesses() })

/** What an outcome, or an entry, is to features. */
export interface FeatureHeard {
  readonly book: FeatureBook
  /** What is told of the feature; then the rest waits until that has been heard. */
  readonly told?: FeatureSignal | undefined
  /** What is left to say of the service, if there is anything for features in it. */
  readonly rest?: OutcomeSettled | CallEntered | undefined
}

const never = Number.POSITIVE_INFINITY
const isSlow = ({ gate }: BreakerContext, { durationMs }: OutcomeSettled): boolean =>
  durationMs >= (gate.lines.slowAfterMs ?? never)

/** What the operator lets through where no call may enter says nothing: see `heardAlone`. */
const isUnseen = ({ gate: { enforcement, restriction } }: BreakerContext, { epoch }: OutcomeSettled): boolean =>
  epoch === undefined && (enforcement === "off" || restriction.share === 0)

/** What there is for features in an event that is told to a breaker alone. */
export function heardOfFeature(context: BreakerContext, event: BreakerEvent): FeatureHeard {
  const { features, toldMs } = context.gate.lines
  const nothing = { book: context.book }
  if (features === undefined || context.metered) return nothing
  if (event.type === "call.entered") return entry(context, event, lineOfFeature(features, event.feature))
  if (event.type !== "outcome.settled" || isUnseen(context, event)) return nothing
  // It has been here before: this is the rest of it.
  if (event.feature === undefined && event.test !== undefined) return nothing
  // A refusal by the service's own limits says nothing ill of the feature either.
  const isOverrun = toldMs !== undefined && event.quota?.exceeded === true
  const kind = isOverrun ? "ignored" : event.kind
  const book = kind === "success" ? withSuccess(context.book, event) : context.book
  const line = lineOfFeature(features, event.feature)
  if (line === undefined) return { book, rest: event }
  const isPresent = event.at - event.durationMs >= line.since
  const test = event.test ?? (isPresent && line.test !== undefined)
  if (test) {
    const told = isPresent && line.test !== undefined ? end(context, { ...event, kind }, line) : undefined
    return { book, told, rest: { ...event, feature: undefined, test } }
  }
  if (!isPresent || line.watch === undefined || kind === "ignored") return { book, rest: event }
  return weighed(context, event, line, book)
}

/** A call that tests its feature says nothing of the service. */
function entry({ book }: BreakerContext, { at, feature }: CallEntered, line: FeatureLine | undefined): FeatureHeard {
  if (feature === undefined || line?.test === undefined) return { book }
  const told = { type: "feature.entered" as const, at, feature, since: line.since }
  return { book, told }
}

function withSuccess({ records, successes }: FeatureBook, { at, durationMs, feature }: OutcomeSettled): FeatureBook {
  const after = { ...successes }
  wentWell(after, feature, at - durationMs)
  return { records, successes: after }
}

function end(context: BreakerContext, event: OutcomeSettled, { since }: FeatureLine): FeatureSignal {
  const { at, feature = "", kind } = event
  const isWell = !isBad({ kind, slow: isSlow(context, event) })
  return { type: "feature.settled", at, feature, since, end: kind === "ignored" ? "ignored" : isWell ? "good" : "bad" }
}

function weighed(context: BreakerContext, event: OutcomeSettled, line: FeatureLine, book: FeatureBook): FeatureHeard {
  const { at, kind, durationMs, feature = "" } = event
  const before = Object.hasOwn(book.records, feature) ? book.records[feature] : undefined
  const isSame = before !== undefined && before.since === line.since
  const record = isSame ? { ...before, evidence: { ...before.evidence } } : freshRecord(line, before)
  const [failed, slow] = [isFailure(kind), isSlow(context, event)]
  const outcome = { bad: failed || slow, slow: slow && !failed, startedAt: at - durationMs }
  const rule = line.watch && weighFeature(record, line.watch, feature, outcome, book.successes, at)
  const after = { ...book, records: { ...book.records, [feature]: record } }
  if (rule === undefined || line.watch === undefined) return { book: after, rest: event }
  const told = {
    type: "feature.failed" as const,
    at,
    feature,
    statistics: statisticsOf(record.evidence, rule, line.watch),
  }
  return { book: after, told, rest: { ...event, feature: undefined, test: false } }
}
