/**
 * Restrictions: what actors demand of traffic, field by field, each with one strict direction. Their meet is what a gate lets pass.
 */

import { type FeatureBounds, meetFeatures, unbounded } from "./feature.ts"

/** What one or many actors demand of traffic. Every field has one strict direction; see `fields`. */
export interface Restriction {
  /** Part of ordinary calls that may enter, 0 to 1. `0` admits nothing. */
  readonly share: number
  /** The same for the first calls of an epoch alone: until as many have entered as are judged together as its cohort. */
  readonly cohortShare: number
  /** Most probes at one instant. Finite means: a call enters only as a probe. */
  readonly probes: number
  /** Most ordinary calls in flight at one instant, of those that entered in the present epoch and are not older than the slow line. */
  readonly limit: number
  /** Most calls a second, or what they cost, over time: beside the limits among the lines, and for all of them together. */
  readonly rate: number
  /** Most of them at one instant. Means nothing while `rate` is free. One call that costs more waits for as long, and enters. */
  readonly burst: number
  /** Most calls in flight at one instant, whenever they entered. */
  readonly slots: number
  /** Most calls that wait for a slot at one instant. */
  readonly queue: number
  /** The least rank that may enter: `0` is everybody, `4` only critical calls. */
  readonly floor: number
  /** Longest that one attempt may run, in milliseconds. */
  readonly timeoutMs: number
  /** When it makes sense to try again, on the monotonic clock in milliseconds. */
  readonly retryAt: number
  /** Most further attempts of one call, those beside a running one included. `0`: nothing is repeated. */
  readonly retries: number
  /** Most attempts of one call that may begin while another of it still runs. */
  readonly hedges: number
  /** What is held back of single features, by name. */
  readonly features: FeatureBounds
}

/** The fields that an actor states; what it does not state it leaves free. */
export type Demand = Partial<Restriction>

/** The identity of `tighten`: nothing is demanded. */
export const unrestricted: Restriction = Object.freeze({
  share: 1,
  cohortShare: 1,
  probes: Number.POSITIVE_INFINITY,
  limit: Number.POSITIVE_INFINITY,
  rate: Number.POSITIVE_INFINITY,
  burst: Number.POSITIVE_INFINITY,
  slots: Number.POSITIVE_INFINITY,
  queue: Number.POSITIVE_INFINITY,
  floor: 0,
  timeoutMs: Number.POSITIVE_INFINITY,
  retryAt: Number.NEGATIVE_INFINITY,
  retries: Number.POSITIVE_INFINITY,
  hedges: Number.POSITIVE_INFINITY,
  features: unbounded,
})

/** The stricter of two values, field by field: the order of each kind of restriction. */
export const fields = {
  share: Math.min,
  cohortShare: Math.min,
  probes: Math.min,
  limit: Math.min,
  rate: Math.min,
  burst: Math.min,
  slots: Math.min,
  queue: Math.min,
  floor: Math.max,
  timeoutMs: Math.min,
  retryAt: Math.max,
  retries: Math.min,
  hedges: Math.min,
  features: meetFeatures,
} satisfies {
  readonly [Field in keyof Restriction]: (a: Restriction[Field], b: Restriction[Field]) => Restriction[Field]
}

/**
 * The stricter value of every field. Commutative, associative, idempotent; `unrestricted` is its identity.
 *
 * @example
 * import { tighten, unrestricted } from "recloser/machines"
 * import assert from "node:assert/strict"
 *
 * const both = tighten(tighten(unrestricted, { timeoutMs: 500 }), { share: 0, timeoutMs: 900 })
 * assert.equal(both.share, 0)
 * assert.equal(both.timeoutMs, 500)
 */
export function tighten(one: Restriction, other: Demand): Restriction {
  return {
    share: fields.share(one.share, other.share ?? unrestricted.share),
    cohortShare: fields.cohortShare(one.cohortShare, other.cohortShare ?? unrestricted.cohortShare),
    probes: fields.probes(one.probes, other.probes ?? unrestricted.probes),
    limit: fields.limit(one.limit, other.limit ?? unrestricted.limit),
    rate: fields.rate(one.rate, other.rate ?? unrestricted.rate),
    burst: fields.burst(one.burst, other.burst ?? unrestricted.burst),
    slots: fields.slots(one.slots, other.slots ?? unrestricted.slots),
    queue: fields.queue(one.queue, other.queue ?? unrestricted.queue),
    floor: fields.floor(one.floor, other.floor ?? unrestricted.floor),
    timeoutMs: fields.timeoutMs(one.timeoutMs, other.timeoutMs ?? unrestricted.timeoutMs),
    retryAt: fields.retryAt(one.retryAt, other.retryAt ?? unrestricted.retryAt),
    retries: fields.retries(one.retries, other.retries ?? unrestricted.retries),
    hedges: fields.hedges(one.hedges, other.hedges ?? unrestricted.hedges),
    features: fields.features(one.features, other.features ?? unbounded),
  }
}

/** Whether two demands ask for the same: a demand that did not change is not folded again. */
export function sameDemand(one: Demand, other: Demand): boolean {
  return (
    one.share === other.share &&
    one.cohortShare === other.cohortShare &&
    one.probes === other.probes &&
    one.limit === other.limit &&
    one.rate === other.rate &&
    one.burst === other.burst &&
    one.slots === other.slots &&
    one.queue === other.queue &&
    one.floor === other.floor &&
    one.timeoutMs === other.timeoutMs &&
    one.retryAt === other.retryAt &&
    one.retries === other.retries &&
    one.hedges === other.hedges &&
    one.features === other.features
  )
}

/** What an actor demands that lets a call be made once and no more. */
export const unrepeated = { retries: 0, hedges: 0 } as const satisfies Demand
