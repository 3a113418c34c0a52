/** The options of `discovery`. */
import { byId, readEndpoint } from "./naming.ts"
import {
  duration,
  entriesOf,
  type Named,
  number,
  type Reader,
  type StructIn,
  type StructOut,
  show,
  struct,
  switchable,
} from "./options.ts"
import type { Endpoint } from "./vocabulary/endpoint.ts"

const ejectionFields = {
  /** Most of the endpoints that may be left out at one instant, 0.01 to 1; one may always, and one always stays. Default: 0.5. */
  share: number({ default: 0.5, min: 0.01, max: 1 }),
  /** How long one is left out the first time; twice as long each time it fails again. Default: 1 second. */
  first: duration({ default: "1 second", min: "10 millis", max: "1 hour" }),
  /** The longest. Default: 30 seconds, or `first` if that is longer. */
  longest: duration({ default: "30 seconds", min: "10 millis", max: "1 day" }),
}
export interface EjectionFields extends Named<typeof ejectionFields> {}

/** What an endpoint is written as: its address alone, or more. */
export type EndpointInput =
  | string
  | {
      readonly address: string
      /** Default: its address. */
      readonly id?: string | undefined
      readonly zone?: string | undefined
      /** How much of the traffic it should get beside the others, 0 to 1 000. Default: 1. */
      readonly weight?: number | undefined
      readonly metadata?: { readonly [key: string]: string } | undefined
    }

/** A set of endpoints: all that there are. */
export type EndpointSet = readonly EndpointInput[]

/** As much of Effect's `Stream` as tells what it is a stream of: this door need not load it. */
export interface EndpointStream {
  readonly "~effect/Stream": {
    readonly _A: (_: never) => EndpointSet
    readonly _E: (_: never) => unknown
    readonly _R: (_: never) => never
  }
}

/** What a provider is asked with. */
export interface ProviderContext {
  /** Aborted when nobody listens any more. */
  readonly signal: AbortSignal
  /** Waits so many milliseconds on the breaker's clock, or until nobody listens any more, or until `until` is aborted. */
  sleep(ms: number, until?: AbortSignal): Promise<void>
}

/** Tells which endpoints there are: all of them, each time others are. */
export type EndpointProvider =
  | AsyncIterable<EndpointSet>
  | ((context: ProviderContext) => AsyncIterable<EndpointSet>)
  | EndpointStream

/** A provider, kept in a function: settings are written down and compared as JSON, and it is none. */
export type ProvidedBy = (() => EndpointProvider) | undefined

const provider: Reader<EndpointProvider, ProvidedBy> = {
  read: (value, path, problems) => {
    if (value === undefined) return undefined
    const isOne =
      typeof value === "function" ||
      (typeof value === "object" && value !== null && (Symbol.asyncIterator in value || "~effect/Stream" in value))
    if (isOne) return () => value as EndpointProvider
    problems.push({
      path,
      value: show(value),
      rule: "must be an async iterable, a function that answers one, or a Stream",
    })
    return undefined
  },
}

const endpoints: Reader<EndpointSet, readonly Endpoint[]> = {
  read: (value, path, problems) => {
    if (value === undefined) return []
    if (!Array.isArray(value)) {
      problems.push({ path, value: show(value), rule: 'must be a list such as ["10.0.0.7:8080"]' })
      return []
    }
    const seen = new Set<string>()
    const all = value.flatMap((each: unknown, index) => {
      const read = readEndpoint(each, `${path}[${index}]`, problems)
      if (read !== undefined && seen.has(read.id))
        problems.push({ path: `${path}[${index}]`, value: show(read.id), rule: "must not be there twice" })
      if (read === undefined || seen.has(read.id)) return []
      seen.add(read.id)
      return [read]
    })
    return Object.freeze(all.sort(byId))
  },
}

const name: Reader<string, string | undefined> = {
  read: (value, path, problems) => {
    if (value === undefined || (typeof value === "string" && value.length > 0 && value.length <= 200)) return value
    problems.push({ path, value: show(value), rule: "must be a string of 1 to 200 characters" })
    return undefined
  },
}

/** Metadata by key, and the values of which it must have one. */
export type Where = { readonly [key: string]: readonly string[] }
const isText = (value: unknown): value is string => typeof value === "string"

const where: Reader<{ readonly [key: string]: string | readonly string[] }, Where> = {
  read: (value, path, problems) => {
    const entries = value === undefined ? new Map<string, unknown>() : entriesOf(value, path, problems)
    const read = [...(entries ?? [])].map(([key, wanted]) => {
      const all: readonly unknown[] = Array.isArray(wanted) ? wanted : [wanted]
      if (all.length === 0 || !all.every(isText))
        problems.push({ path: `${path}.${key}`, value: show(wanted), rule: "must be a string, or a list of them" })
      return [key, all.filter(isText)] as const
    })
    return Object.freeze(Object.fromEntries(read))
  },
}

const fields = {
  /** The endpoints, where they are known beforehand: all that there are, or those to begin with until `provider` tells of others. */
  endpoints,
  /**
   * Tells which endpoints there are: an async iterable of lists, a function that answers one, or a Stream. One that throws or ends is
   * asked again later; meanwhile the last list that named any is kept. `recloser/discovery` has several.
   */
  provider,
  /** Endpoints of this zone are taken first, as long as half of them are well. */
  zone: name,
  /** Only endpoints with this metadata: `{ version: "2" }`, or `{ version: ["2", "3"] }`. */
  where,
  /** Most endpoints that are kept of a list that `provider` tells, 1 to 10 000; which ones, differs from process to process. Default: 1 000. */
  max: number({ default: 1000, min: 1, max: 10_000, integer: true }),
  /** Whether an endpoint whose calls end worse than the others' is left out, and tried again with one call at a time. Default: on. */
  ejection: switchable(
    struct<EjectionFields>(
      ejectionFields,
      ({ first, longest }) =>
        first > longest ? { path: "longest", rule: "must not be shorter than first" } : undefined,
      ({ first, longest }) => ({ longest: Math.max(first, longest) }),
    ),
    true,
  ),
  /** When a smaller part of the endpoints than this is well, calls go to all of them, 0 to 1. Default: 0.3. */
  panic: number({ default: 0.3, min: 0, max: 1 }),
  /** How long a new endpoint takes until it gets its whole part of the calls. Default: 10 seconds. */
  slowStart: duration({ default: "10 seconds", min: "0 millis", max: "1 hour" }),
  /** Lists that come quicker than this are taken together: the last one, and the last that names any. Default: 1 second. */
  settle: duration({ default: "1 second", min: "0 millis", max: "1 hour" }),
}
export interface DiscoveryFields extends Named<typeof fields> {}

export interface DiscoveryOptions extends StructIn<DiscoveryFields> {}
export interface DiscoverySettings extends StructOut<DiscoveryFields> {}
export const discoveryOptions: Reader<DiscoveryOptions, DiscoverySettings> = struct<DiscoveryFields>(fields)
