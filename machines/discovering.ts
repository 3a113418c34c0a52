/** What `discovery` makes of what it hears: pure functions over its context. */
import type { DiscoverySettings, Where } from "./endpointOptions.ts"
import { byId, readEndpoints } from "./naming.ts"
import type { PlugInput } from "./plug.ts"
import type { Ejection, Endpoint, EndpointsFinding, EndpointsLine } from "./vocabulary/endpoint.ts"
import type { Lines } from "./vocabulary/gate.ts"
import type { EndpointsShifted, HealthFound, ProviderLost, ProviderTold } from "./vocabulary/knowledge.ts"
import type { BreakerRestored } from "./vocabulary/signal.ts"

export interface DiscoveryContext {
  readonly settings: DiscoverySettings
  readonly seed: number
  /** All that the last list named, and those of them that calls may go to. */
  readonly told: readonly Endpoint[]
  readonly endpoints: readonly Endpoint[]
  readonly isStale: boolean
  readonly reason: string
  /** Ids of those that checks call bad, of those that they suspect, and those that were ejected. */
  readonly bad: readonly string[]
  readonly suspect: readonly string[]
  readonly ejected: readonly Ejection[]
  readonly line: EndpointsLine
  readonly finding: EndpointsFinding
}

const matches = (filter: Where, { metadata }: Endpoint): boolean =>
  Object.entries(filter).every(
    ([key, wanted]) => Object.hasOwn(metadata, key) && wanted.includes(metadata[key] as string),
  )

/** Those of a list that calls may go to. */
export const filtered = ({ where: filter }: DiscoverySettings, told: readonly Endpoint[]): readonly Endpoint[] =>
  told.filter((endpoint) => endpoint.weight > 0 && matches(filter, endpoint))

type Doubts = Pick<DiscoveryContext, "endpoints" | "bad" | "suspect" | "ejected">

const amongThem = ({ endpoints }: Doubts, ids: ReadonlySet<string>): readonly string[] =>
  endpoints.map(({ id }) => id).filter((id) => ids.has(id))

const awayOf = (context: Doubts): readonly string[] =>
  amongThem(context, new Set([...context.bad, ...context.ejected.map(({ id }) => id)]))

/** Those that get less than their part: nobody does where so few are well that all are tried. */
function doubtedOf(context: Doubts, away: readonly string[], state: EndpointsFinding["state"]): readonly string[] {
  const left = new Set(away)
  return state === "panicking" ? [] : amongThem(context, new Set(context.suspect)).filter((id) => !left.has(id))
}

/** Whether so few are well that all are to be tried. Once they are, it takes a tenth more to end that. */
export function panics(context: DiscoveryContext, isPanicking: boolean): boolean {
  const { endpoints, settings } = context
  const well = 1 - awayOf(context).length / endpoints.length
  return well < Math.min(1, settings.panic + (isPanicking ? 0.1 : 0))
}

/** What says the same stays the same object: it is no news. A list of endpoints is looked at only if it is another. */
function kept<Told extends { readonly endpoints: readonly Endpoint[] }>(before: Told | undefined, now: Told): Told {
  const { endpoints: _before, ...one } = before ?? now
  const { endpoints: _now, ...other } = now
  const isSame = before?.endpoints === now.endpoints && JSON.stringify(one) === JSON.stringify(other)
  return isSame && before !== undefined ? before : Object.freeze(now)
}

/** What follows from the rest, made anew when that has changed. */
function settled(
  context: Omit<DiscoveryContext, "line" | "finding"> & Partial<DiscoveryContext>,
  state: EndpointsFinding["state"],
  at: number,
): DiscoveryContext {
  const { settings, seed, endpoints, bad, reason, ejected } = context
  const { zone, ejection } = settings
  const away = awayOf(context)
  const suspect = doubtedOf(context, away, state)
  const line: EndpointsLine = {
    ...{ endpoints, bad, suspect, zone, seed, panic: state === "panicking", slowStartMs: settings.slowStart },
    ejection: ejection && { share: ejection.share, firstMs: ejection.first, longestMs: ejection.longest },
  }
  const since = context.finding?.state === state ? context.finding.since : at
  const finding: EndpointsFinding = { state, endpoints, away, suspect, ejections: ejected, reason, since }
  return { ...context, line: kept(context.line, line), finding: kept(context.finding, finding) }
}

export function freshDiscovery({ settings, seed, at }: PlugInput<DiscoverySettings>): DiscoveryContext {
  const base = { seed, isStale: false, reason: "no endpoint is known yet", bad: [], suspect: [], ejected: [] }
  const told = settings.endpoints
  return settled({ ...base, settings, told, endpoints: filtered(settings, told) }, "empty", at)
}

/** `at`: of what brought it there; nothing does so at the very beginning. */
export const inState = (
  context: DiscoveryContext,
  state: EndpointsFinding["state"],
  at: number | undefined,
): DiscoveryContext =>
  settled({ ...context, reason: state === "fresh" ? "" : context.reason }, state, at ?? context.finding.since)

/** Why a list is of no use; nothing when it is. */
function objectionTo({ settings }: DiscoveryContext, told: readonly Endpoint[]): string {
  if (filtered(settings, told).length > 0) return ""
  return `the last list names no endpoint${told.length > 0 ? " that may be called" : ""}`
}

export const isUseful = (context: DiscoveryContext, { endpoints }: ProviderTold): boolean =>
  objectionTo(context, endpoints) === ""

export function taken(context: DiscoveryContext, event: ProviderTold): Partial<DiscoveryContext> {
  const told = [...event.endpoints].sort(byId)
  const endpoints = filtered(context.settings, told)
  const known = new Set(endpoints.map(({ id }) => id))
  const isKnown = (id: string): boolean => known.has(id)
  const { bad, suspect, ejected } = context
  const kept = {
    bad: bad.filter(isKnown),
    suspect: suspect.filter(isKnown),
    ejected: ejected.filter(({ id }) => isKnown(id)),
  }
  return { told, endpoints, isStale: false, reason: "", ...kept }
}

/** A list of no use, or none: the last one is kept. */
export function lost(context: DiscoveryContext, event: ProviderTold | ProviderLost): Partial<DiscoveryContext> {
  const reason = event.type === "provider.lost" ? event.reason : objectionTo(context, event.endpoints)
  return { isStale: true, reason }
}

/** Others are bad, suspect or ejected than before. */
export function noted(context: DiscoveryContext, event: EndpointsShifted | HealthFound): Partial<DiscoveryContext> {
  if (event.type === "endpoints.shifted") return { ejected: event.ejected }
  const ids = context.told.map(({ id }) => id)
  const are = (verdict: "suspect" | "bad") => ids.filter((id) => event.verdicts[id] === verdict)
  return { bad: are("bad"), suspect: are("suspect") }
}

/** The same list under other settings. */
export function resettled(context: DiscoveryContext, settings: DiscoverySettings): Partial<DiscoveryContext> {
  const isStatic = settings.provider === undefined || context.told.length === 0
  const told = isStatic && settings.endpoints.length > 0 ? settings.endpoints : context.told
  const endpoints = filtered(settings, told)
  if (endpoints.length === 0) return { settings }
  // Nobody has to vouch for a list that stands in the config.
  const vouched = isStatic && told === settings.endpoints ? { isStale: false, reason: "" } : {}
  return { settings, told, endpoints, ...vouched }
}

export const readSaved = (saved: unknown): readonly Endpoint[] =>
  typeof saved === "object" && saved !== null && "endpoints" in saved
    ? readEndpoints(saved.endpoints, 10_000).endpoints
    : []

export function restoredEndpoints(context: DiscoveryContext, { parts }: BreakerRestored): Partial<DiscoveryContext> {
  const told = readSaved(parts["discovery"])
  return {
    told,
    endpoints: filtered(context.settings, told),
    isStale: true,
    reason: "known from before; not told again yet",
  }
}

/** Whether it should begin with what was known before. Where nobody tells of endpoints, those in the config are all that there are. */
export const isRestorable = ({ settings, endpoints }: DiscoveryContext, { parts }: BreakerRestored): boolean =>
  (settings.provider !== undefined || endpoints.length === 0) &&
  filtered(settings, readSaved(parts["discovery"])).length > 0

export const watchedEndpoints = ({ line }: DiscoveryContext): Lines => ({ endpoints: line })
