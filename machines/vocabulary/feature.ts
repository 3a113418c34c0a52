/**
 * Features: what a service can do, as callers name it. The words for what is held back of each, for what is watched of each, and how
 * a gate bounds their calls. Records are mutable, so that a call costs a few additions; who needs a value copies them first.
 */
import type { Statistics } from "./circuit.ts"
import { accrue, beginEpoch, type Evidence, type EvidenceRule, freshEvidence } from "./evidence.ts"
import type { SequentialLine } from "./lines.ts"
import { isHopeless } from "./verdict.ts"

/** What is held back of one feature, and why. */
export interface FeatureBound {
  /** The part of its calls that may enter, 0 to 1. `0` admits none. */
  readonly share: number
  /** When it makes sense to try again, monotonic milliseconds; -Infinity when nobody can know. */
  readonly retryAt: number
  readonly reason: string
}

/** Features of which something is held back; those that are not named are free. */
export interface FeatureBounds {
  readonly [feature: string]: FeatureBound
}

export const unbounded: FeatureBounds = Object.freeze({})

/** The stricter of two bounds: a total order, so that it does not matter who is asked first. */
function stricter(one: FeatureBound, other: FeatureBound): FeatureBound {
  if (one.share !== other.share) return one.share < other.share ? one : other
  if (one.retryAt !== other.retryAt) return one.retryAt > other.retryAt ? one : other
  return one.reason <= other.reason ? one : other
}

/** The union of what two hold back; of a feature that both bound the stricter bound. */
export function meetFeatures(one: FeatureBounds, other: FeatureBounds): FeatureBounds {
  if (one === other || isUnbounded(other)) return one
  if (isUnbounded(one)) return other
  const both = Object.entries(other).map(([feature, bound]) => {
    const own = boundOf(one, feature)
    return [feature, own === undefined ? bound : stricter(own, bound)] as const
  })
  return Object.fromEntries([...Object.entries(one), ...both])
}

const isUnbounded = (bounds: FeatureBounds): boolean => bounds === unbounded || Object.keys(bounds).length === 0

/** Names are the user's words: one may be called like a property that every object has. */
export const boundOf = (bounds: FeatureBounds, feature: string): FeatureBound | undefined =>
  Object.hasOwn(bounds, feature) ? bounds[feature] : undefined

/** What is watched of one feature. */
export interface FeatureLine {
  /** When its present state began: what entered before says nothing of it. */
  readonly since: number
  /** It is tested: at most so many calls enter, and each is told of, as is how it ends. They say nothing of the service. */
  readonly test?: number | undefined
  /** Evidence that it has failed is told of. */
  readonly watch?: SequentialLine | undefined
}

/** Every feature that calls may name. */
export interface FeatureLines {
  readonly [feature: string]: FeatureLine
}

export const lineOfFeature = (lines: FeatureLines | undefined, feature: string | undefined): FeatureLine | undefined =>
  lines !== undefined && feature !== undefined && Object.hasOwn(lines, feature) ? lines[feature] : undefined

/** What admission remembers of a feature that is held back in part. */
export interface FeatureTurn {
  /** The line's `since`: another one begins anew. */
  readonly since: number
  /** Calls that entered and may yet say something. */
  entered: number
  /** In parts of a call: see `creditPerCall`. The first call of a turn enters at once. */
  credit: number
}

export const freshTurn = ({ since }: FeatureLine, perCall: number): FeatureTurn => ({
  since,
  entered: 0,
  credit: perCall,
})

/** Whether the next call could enter, which earns `earned`: it is not one more than the test asks for, and there is credit for it. */
export const mayEnter = (
  { entered, credit }: FeatureTurn,
  { test = Number.POSITIVE_INFINITY }: FeatureLine,
  earned: number,
  perCall: number,
): boolean => entered < test && credit + earned >= perCall

/** What is known of a feature that is watched. */
export interface FeatureRecord {
  readonly since: number
  readonly evidence: Evidence
  /** When the first call of the present row of bad ones entered; `undefined` after a good one. */
  rowSince: number | undefined
}

export function freshRecord({ since, watch }: FeatureLine, before?: FeatureRecord): FeatureRecord {
  const evidence = before === undefined ? freshEvidence() : { ...before.evidence }
  beginEpoch(evidence, watch)
  return { since, evidence, rowSince: undefined }
}

/** When calls that went well entered last, of one feature, and of all others: a feature's own failure is told from the service's by it. */
export interface Successes {
  by: string | undefined
  at: number
  otherAt: number
}

export const noSuccesses = (): Successes => ({
  by: undefined,
  at: Number.NEGATIVE_INFINITY,
  otherAt: Number.NEGATIVE_INFINITY,
})

/** A call of the feature, or of none, that entered at `at` has gone well; at `NaN` when nobody asked for the time. */
export function wentWell(known: Successes, by: string | undefined, at: number): void {
  if (Number.isNaN(at)) return
  if (known.by !== by) {
    known.otherAt = known.at
    known.by = by
    known.at = at
  } else if (at > known.at) known.at = at
}

/** Whether anything else has gone well since then. */
const othersAreWell = ({ by, at, otherAt }: Successes, feature: string, since: number): boolean =>
  (by === feature ? otherAt : at) >= since

/**
 * Takes in one outcome of a watched feature; answers the rule by which it has failed. While nothing else goes well either, it is the
 * service that fails, which is the circuit's business.
 */
export function weighFeature(
  record: FeatureRecord,
  watch: SequentialLine,
  feature: string,
  { bad, slow, startedAt }: { readonly bad: boolean; readonly slow: boolean; readonly startedAt: number },
  known: Successes,
  at: number,
): EvidenceRule | undefined {
  const { evidence } = record
  record.rowSince = bad ? (record.rowSince ?? startedAt) : undefined
  const rung = accrue(evidence, watch, bad, slow, startedAt, at)
  // A feature that fails in part still serves: only one that hardly does is held back.
  const rule = rung === "excursion" ? (isHopeless(evidence, watch) ? "rate" : undefined) : rung
  return rule !== undefined && othersAreWell(known, feature, record.rowSince ?? startedAt) ? rule : undefined
}

/** A call of a feature that is tested has entered. */
export interface FeatureEntered {
  readonly type: "feature.entered"
  readonly at: number
  readonly feature: string
  /** When its test began. */
  readonly since: number
}

/** A call of a feature that is tested has ended: well, badly, or without saying anything. */
export interface FeatureSettled {
  readonly type: "feature.settled"
  readonly at: number
  readonly feature: string
  readonly since: number
  readonly end: "good" | "bad" | "ignored"
}

/** A feature has failed, while the rest of the service is well. */
export interface FeatureFailed {
  readonly type: "feature.failed"
  readonly at: number
  readonly feature: string
  readonly statistics: Statistics
}

export type FeatureSignal = FeatureEntered | FeatureSettled | FeatureFailed

/** `full`: nothing is held back · `testing`: a part of its calls enters, to see whether it is well · `blocked`: none does. */
export type FeatureState = "full" | "testing" | "blocked"

/** How features stand, as a breaker tells it. */
export interface FeaturesFinding {
  readonly state: "full" | "partial" | "outage"
  /** Each by its name. */
  readonly features: { readonly [feature: string]: FeatureState }
  /** Why those that are blocked are. */
  readonly reasons: readonly string[]
}

/** `recovery` states that features come and go, or are all back: what is measured meanwhile is measured of another load. */
export interface FeaturesChanged {
  readonly type: "features.changed"
  readonly at: number
  readonly state: FeaturesFinding["state"]
}
