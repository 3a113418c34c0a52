/** Reading what a user says about rates: limits for all calls and for each key, and how what the service says is heeded. */
import {
  type DurationInput,
  duration,
  entriesOf,
  type Named,
  number,
  type Problem,
  type Reader,
  type StructIn,
  type StructOut,
  show,
  struct,
  switchable,
} from "./options.ts"
import type { RateLine } from "./vocabulary/gate.ts"

/** Left out, it stays out. */
const optional = <In, Out>(inner: Reader<In, Out>): Reader<In, Out | undefined> => ({
  read: (value, path, problems) => (value === undefined ? undefined : inner.read(value, path, problems)),
})

const limitFields = {
  /** Calls that may enter in `interval`, or what they cost. May be a fraction. */
  limit: optional(number({ default: 1, min: 0.001, max: 1_000_000 })),
  /** The time for which `limit` is meant. Default: 1 second. */
  interval: optional(duration({ default: "1 second", min: "1 millis", max: "31 days" })),
  /** What may enter at one instant after a pause. Default: `limit`, or 1 if that is less. */
  burst: optional(number({ default: 1, min: 1, max: 1_000_000 })),
}
export interface LimitFields extends Named<typeof limitFields> {}

const keyFields = {
  ...limitFields,
  /**
   * So many keys are told apart at once: those that owe something. While there are as many, those that come new share as many places again
   * (4096 at most), so each waits for the few that share its own, and all of them together get no more than so many keys may. Default: 10 000.
   */
  max: number({ default: 10_000, min: 1, max: 1_000_000, integer: true }),
}
export interface KeyFields extends Named<typeof keyFields> {}

const adaptiveFields = {
  /** The lowest rate that is learned, in calls a second. Default: 0.1, or the limit if that is less. */
  floor: optional(number({ default: 0.1, min: 0.001, max: 1_000_000 })),
  /** So many refusals by the service, and one in a hundred of the calls, before a rate is learned from them. Default: 3. */
  evidence: number({ default: 3, min: 1, max: 10_000, integer: true }),
  /** The longest that the service is left alone because it says so. Default: 5 minutes. */
  longestAsked: duration({ default: "5 minutes", min: "0 millis", max: "1 day" }),
}
export interface AdaptiveFields extends Named<typeof adaptiveFields> {}

export interface Adaptive extends StructOut<AdaptiveFields> {
  readonly floor: number
}

export interface RateSettings {
  readonly lines: readonly RateLine[]
  /** How what the service says is heeded; not at all when left out. */
  readonly adaptive?: Adaptive | undefined
}

/** One limit. */
export interface RateLimitOptions extends StructIn<LimitFields> {}

export interface RateOptions extends RateLimitOptions {
  /** More limits for the same calls: the most restrictive one decides, and a call that one refuses counts for none. */
  readonly limits?: readonly RateLimitOptions[] | undefined
  /**
   * `true`: `limit` holds for each `key` of a call by itself, and not for all of them together. An object: a limit for each key
   * beside those for all. Calls without a key are one key. Default: `false`.
   */
  readonly perKey?: boolean | StructIn<KeyFields> | undefined
  /**
   * Whether what the service says lowers the rate: refusals with status 429, Retry-After, and headers that say what is left. It
   * never raises it above the limits. Default: `true`.
   */
  readonly adaptive?: boolean | StructIn<AdaptiveFields> | undefined
}

const standard = { intervalMs: 1000, keys: 10_000, floor: 0.1 }
/** A bucket that takes longer than this to fill is a slip of the pen, and would leave too few digits to count in. */
const longestFillMs = 366 * 86_400_000

type ReadLimit = StructOut<LimitFields> & { readonly max?: number }

interface Place {
  readonly path: string
  readonly problems: Problem[]
}

const note = ({ path, problems }: Place, field: string, value: unknown, rule: string): undefined => {
  problems.push({ path: field === "" ? path : `${path}.${field}`, value: show(value), rule })
}

/** A limit in full; nothing, when there is none or it cannot be. */
function lineOf({ limit, interval, burst, max }: ReadLimit, place: Place, isNeeded: boolean): RateLine | undefined {
  if (limit === undefined) {
    if (isNeeded) return note(place, "limit", limit, "must be given")
    if (interval !== undefined) note(place, "interval", interval, "needs a limit")
    if (burst !== undefined) note(place, "burst", burst, "needs a limit")
    return undefined
  }
  const line = { limit, intervalMs: interval ?? standard.intervalMs, burst: burst ?? Math.max(1, limit) }
  if ((line.burst / limit) * line.intervalMs > longestFillMs) {
    return note(place, "burst", line.burst, "must come back within a year at this limit")
  }
  return max === undefined ? line : { ...line, keys: max }
}

const limitReader = struct<LimitFields>(limitFields)
const keyReader = struct<KeyFields>(keyFields)
const adaptiveReader = switchable(struct<AdaptiveFields>(adaptiveFields), true)

const perSecond = ({ limit, intervalMs }: RateLine) => (limit / intervalMs) * 1000

function readMore(value: unknown, place: Place): RateLine[] {
  if (value === undefined) return []
  if (!Array.isArray(value) || value.length > 16) {
    note(place, "", value, "must be a list of up to 16 limits")
    return []
  }
  return value.flatMap((each: unknown, index) => {
    const inner = { ...place, path: `${place.path}[${index}]` }
    return lineOf(limitReader.read(each, inner.path, place.problems), inner, true) ?? []
  })
}

/** The limit of each key; one that is laxer than that of all keys together would never say a word. */
function readPerKey(value: unknown, place: Place, overall: RateLine | undefined): RateLine | undefined {
  if (typeof value === "boolean" || value === undefined) return undefined
  if (typeof value !== "object") return note(place, "", value, "must be a plain object, true or false")
  const line = lineOf(keyReader.read(value, place.path, place.problems), place, true)
  if (line === undefined || overall === undefined) return line
  const isIdle = perSecond(line) >= perSecond(overall) && line.burst >= overall.burst
  return isIdle ? note(place, "limit", line.limit, "must be stricter than the limit of all keys together") : line
}

/** A floor above the limits would never be reached. */
function readAdaptive(value: unknown, place: Place, lines: readonly RateLine[]): Adaptive | undefined {
  const read = adaptiveReader.read(value, place.path, place.problems)
  if (read === undefined) return undefined
  const least = Math.min(...lines.filter(({ keys }) => keys === undefined).map(perSecond))
  const { floor = Math.min(standard.floor, least) } = read
  if (floor > least) note(place, "floor", floor, "must not be above the limits")
  return Object.freeze({ ...read, floor })
}

const known = [...Object.keys(limitFields), "limits", "perKey", "adaptive"]

function readRates(value: unknown, path: string, problems: Problem[]): RateSettings {
  const given = value === undefined ? new Map<string, unknown>() : entriesOf(value, path, problems)
  if (given === undefined) return { lines: [] }
  const place = { path, problems }
  const at = (field: string): Place => ({ path: `${path}.${field}`, problems })
  const { limits, perKey, adaptive, ...own } = Object.fromEntries(given) as { readonly [option: string]: unknown }
  const main = lineOf(readOwn(own, place), place, false)
  const more = readMore(limits, at("limits"))
  const each = readPerKey(perKey, at("perKey"), main)
  if (perKey === true && main === undefined) note(place, "perKey", perKey, "needs a limit")
  const first = main && (perKey === true ? { ...main, keys: standard.keys } : main)
  const lines = [first, ...more, each].filter((line) => line !== undefined)
  const heeded = readAdaptive(adaptive, at("adaptive"), lines)
  if (lines.length === 0 && heeded === undefined && own["limit"] === undefined) {
    note(place, "adaptive", adaptive, "must not be false where there is no limit: nothing would be limited")
  }
  return Object.freeze({ lines: Object.freeze(lines), ...(heeded && { adaptive: heeded }) })
}

/** The fields of the first limit; what stands beside them is known too. */
function readOwn(own: object, { path, problems }: Place): StructOut<LimitFields> {
  const found: Problem[] = []
  const limit = limitReader.read(own, path, found)
  problems.push(
    ...found.map((each) => ({ ...each, rule: each.rule.replace(/known: .*/, `known: ${known.join(", ")}`) })),
  )
  return limit
}

export const rateOptions: Reader<RateOptions, RateSettings> = { read: readRates }
export type { DurationInput }
