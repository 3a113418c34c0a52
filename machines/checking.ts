/** What `health` makes of what it hears: pure functions over its context. */
import type { HealthSettings } from "./healthOptions.ts"
import type { PlugInput } from "./plug.ts"
import type { Circuit } from "./vocabulary/circuit.ts"
import type { EndpointVerdicts } from "./vocabulary/endpoint.ts"
import type { CheckSettled, ChecksChanged, EndpointChecked, HealthFinding, HealthState } from "./vocabulary/health.ts"
import type { CircuitMoved, SliceClosed } from "./vocabulary/signal.ts"

/** What is known of one that is checked. */
interface Record {
  readonly state: HealthState
  /** Passed, or failed, in a row: one of them is 0. */
  readonly passed: number
  readonly failed: number
  readonly reason: string
  /** When it was heard of last. */
  readonly at: number
}

const blank: Record = Object.freeze({ state: "unknown", passed: 0, failed: 0, reason: "", at: 0 })
/** More in a row make no difference. */
const enough = 1000

/** One sample more. A single failure makes suspect, never bad unless that is asked for. */
function sampled(before: Record, ok: boolean, reason: string, at: number, { rise, fall }: HealthSettings): Record {
  if (ok) {
    const passed = Math.min(enough, before.passed + 1)
    const isWell = before.state !== "bad" || passed >= rise
    return { state: isWell ? "healthy" : "bad", passed, failed: 0, reason: isWell ? "" : before.reason, at }
  }
  const failed = Math.min(enough, before.failed + 1)
  return { state: before.state === "bad" || failed >= fall ? "bad" : "suspect", passed: 0, failed, reason, at }
}

const isRepeated = (before: Record, ok: boolean, reason: string): boolean =>
  ok ? before.state === "healthy" : before.state === "bad" && before.passed === 0 && before.reason === reason

export interface HealthContext {
  readonly settings: HealthSettings
  readonly circuit: Circuit
  readonly epoch: number
  /** The service as checks and as calls see it. */
  readonly service: Record
  readonly calls: Record
  /** Calls of seconds with too few of them, while calls are what is bad: a trickle is to be heard, too. */
  readonly trickle: Counted
  readonly endpoints: { readonly [id: string]: Record }
  /** A check has seen the service well, and has failed since: it would see that an outage is over. */
  readonly hasSeenWell: boolean
  readonly isWitness: boolean
  readonly finding: HealthFinding
}

interface Counted {
  readonly all: number
  readonly bad: number
}

const nothing: Counted = Object.freeze({ all: 0, bad: 0 })

/** The worst of several; what is unknown is no worse than what is well. */
const severity: { readonly [S in HealthState]: number } = { unknown: 0, healthy: 1, suspect: 2, bad: 3 }
const worst = (one: HealthState, other: HealthState) => (severity[one] >= severity[other] ? one : other)

/** Endpoints are bad together only if none is well: one of them is discovery's business. */
function together(records: readonly Record[]): HealthState {
  if (records.length === 0) return "unknown"
  if (records.every(({ state }) => state === "bad")) return "bad"
  const all = records.map(({ state }) => state)
  return all.some((state) => severity[state] > 1) ? "suspect" : all.reduce(worst, "unknown")
}

const mostReasons = 10

function reasonsOf({ service, calls, endpoints }: Omit<HealthContext, "finding">): readonly string[] {
  const named = [["check", service] as const, ["calls", calls] as const, ...Object.entries(endpoints)]
  const against = named.filter(([, { reason }]) => reason !== "")
  const told = against.slice(0, mostReasons).map(([name, { reason }]) => `${name}: ${reason}`)
  return against.length > mostReasons ? [...told, `${against.length - mostReasons} more`] : told
}

const verdictsOf = (endpoints: HealthContext["endpoints"]): EndpointVerdicts =>
  Object.fromEntries(
    Object.entries(endpoints).flatMap(([id, { state }]) =>
      state === "suspect" || state === "bad" ? [[id, state]] : [],
    ),
  )

/** What follows from the rest. What says the same stays the same object: it is no news. */
function settled(
  context: Omit<HealthContext, "finding"> & Partial<HealthContext>,
  probe?: HealthFinding["probe"],
): HealthContext {
  const { service, calls, endpoints } = context
  const finding: HealthFinding = {
    health: worst(worst(service.state, calls.state), together(Object.values(endpoints))),
    reasons: reasonsOf(context),
    endpoints: verdictsOf(endpoints),
    probe,
  }
  // Each probe is one, also when it says what the one before it said.
  const isSame = probe === undefined && JSON.stringify(finding) === JSON.stringify(context.finding)
  return { ...context, finding: isSame && context.finding !== undefined ? context.finding : Object.freeze(finding) }
}

export const freshHealth = ({ settings, circuit }: PlugInput<HealthSettings>): HealthContext =>
  settled({
    ...{ settings, circuit, epoch: -1, service: blank, calls: blank, trickle: nothing },
    ...{ endpoints: {}, hasSeenWell: false, isWitness: false },
  })

/** A half-open circuit takes the word of a check that was well, and saw it fall ill: no other knows what it would look like. */
function probeOf(context: HealthContext, event: CheckSettled): HealthFinding["probe"] {
  if (!context.isWitness) return undefined
  const isOfNow = context.circuit === "halfOpen" && event.epoch === context.epoch
  return isOfNow ? { epoch: event.epoch, ok: event.ok } : undefined
}

/** What is known of endpoints after these checks; the same object when they say nothing new. */
function withAll(
  { endpoints, settings }: HealthContext,
  checks: readonly EndpointChecked[],
  at: number,
): HealthContext["endpoints"] {
  const news = new Map<string, Record>()
  for (const { endpoint, ok, reason } of checks) {
    const before = news.get(endpoint) ?? (Object.hasOwn(endpoints, endpoint) ? endpoints[endpoint] : undefined)
    if (before !== undefined && isRepeated(before, ok, reason)) continue
    news.set(endpoint, sampled(before ?? blank, ok, reason, at, settings))
  }
  return news.size === 0 ? endpoints : { ...endpoints, ...Object.fromEntries(news) }
}

export function checked(context: HealthContext, event: CheckSettled): HealthContext {
  const { settings, hasSeenWell, isWitness } = context
  const { endpoint, ok, reason, at } = event
  const calls = callsNow(context, at)
  if (endpoint !== undefined) {
    const known = withAll(context, [{ endpoint, ok, reason }, ...(event.more ?? [])], at)
    // What says what was said before changes nothing: there may be thousands of them, and it is said each time.
    if (known === context.endpoints && calls === context.calls) return context
    return settled({ ...context, calls, endpoints: known })
  }
  const probe = probeOf(context, event)
  const saw = { hasSeenWell: hasSeenWell || ok, isWitness: isWitness || (hasSeenWell && !ok) }
  return settled({ ...context, ...saw, calls, service: sampled(context.service, ok, reason, at, settings) }, probe)
}

const percent = (part: number, whole: number): string => `${Math.round((100 * part) / whole)} %`

/** The calls of a second, and those of earlier seconds that had too few. */
function countedIn({ trickle }: HealthContext, { slice }: SliceClosed): Counted {
  const { success, failure, timedOut, slow } = slice
  const all = success + failure + timedOut
  return { all: trickle.all + all, bad: trickle.bad + Math.min(all, Math.max(failure + timedOut, slow)) }
}

/** Whether these are calls enough to say something. */
export const isTelling = (context: HealthContext, event: SliceClosed): boolean =>
  countedIn(context, event).all >= (context.settings.passive?.minimumCalls ?? Number.POSITIVE_INFINITY)

/** A second of calls. Too few say nothing, unless they are what a bad verdict lets in: those are added up. */
export function observed(context: HealthContext, event: SliceClosed): HealthContext {
  const { settings, trickle } = context
  const { passive } = settings
  if (passive === undefined) return context
  const known = callsNow(context, event.at)
  const counted = countedIn(context, event)
  const { all, bad } = counted
  if (all < passive.minimumCalls)
    return settled({ ...context, calls: known, trickle: known.state === "bad" ? counted : nothing })
  const ok = bad < passive.ratio * all
  const reason = ok ? "" : `${percent(bad, all)} of ${all} calls${trickle === nothing ? " in a second" : ""} were bad`
  return settled({ ...context, calls: sampled(known, ok, reason, event.at, settings), trickle: nothing })
}

export function movedWith(context: HealthContext, { to: circuit, epoch }: CircuitMoved): HealthContext {
  const isOver = circuit === "closed"
  return settled({ ...context, circuit, epoch, isWitness: isOver ? false : context.isWitness })
}

/** Those that are checked no longer are forgotten. */
export function pruned(context: HealthContext, event: ChecksChanged): HealthContext {
  const checked = new Set(event.endpoints)
  const endpoints = Object.entries(context.endpoints).filter(([id]) => checked.has(id))
  const service = event.endpoints === undefined ? context.service : blank
  return settled({ ...context, service, endpoints: Object.fromEntries(endpoints) })
}

/** Nothing was heard for long: what was known is no longer. */
export const expired = (context: HealthContext): HealthContext =>
  settled({ ...context, service: blank, calls: blank, trickle: nothing, endpoints: {} })

/** After so long without a word nothing is known any more. */
export const expiryOf = ({ interval, timeout, jitter }: HealthSettings): number =>
  Math.max(60_000, 5 * (interval * (1 + jitter) + timeout))

/** What checks say does not keep alive what calls have said. */
const callsNow = ({ calls, settings }: HealthContext, now: number): Record =>
  now - calls.at < expiryOf(settings) ? calls : blank
