/** The options of `health`, and what it makes of what it hears: pure functions over its context. */
import {
  duration,
  type Named,
  number,
  type Reader,
  type StructIn,
  type StructOut,
  show,
  struct,
  switchable,
} from "./options.ts"
import type { PlugInput } from "./plug.ts"
import type { Circuit } from "./vocabulary/circuit.ts"
import type { Endpoint, EndpointVerdicts } from "./vocabulary/endpoint.ts"
import type { HealthFinding, HealthState } from "./vocabulary/health.ts"
import type { Signal, Slice } from "./vocabulary/signal.ts"

/** What a check is given. */
export interface CheckContext {
  /** The endpoint to be checked; `undefined`: the service as a whole. */
  readonly endpoint: Endpoint | undefined
  /** Aborted when the check has taken too long, or when nobody waits for it any more. */
  readonly signal: AbortSignal
  readonly timeoutMs: number
}

/**
 * Says how a service, or one of its endpoints, is: it passes unless it throws, rejects, or comes to `false` or `{ healthy: false, reason }`.
 * It may answer a promise or an Effect.
 */
export type HealthCheck = (context: CheckContext) => unknown

const check: Reader<HealthCheck, HealthCheck | undefined> = {
  read: (value, path, problems) => {
    if (value === undefined || typeof value === "function") return value as HealthCheck | undefined
    problems.push({
      path,
      value: show(value),
      rule: "must be a function, such as httpCheck of recloser/health answers",
    })
    return undefined
  },
}

const passiveFields = {
  /** The part of the calls of a second that must have failed or been slow, 0.01 to 1. Default: 0.5. */
  ratio: number({ default: 0.5, min: 0.01, max: 1 }),
  /** Seconds with fewer calls say nothing. Default: 10. */
  minimumCalls: number({ default: 10, min: 1, max: 1_000_000, integer: true }),
}
export interface PassiveFields extends Named<typeof passiveFields> {}

const fields = {
  /** Checks the service, or with `discovery` each of its endpoints, now and then. Default: none; only calls tell. */
  check,
  /** How often. Default: 10 seconds. */
  interval: duration({ default: "10 seconds", min: "10 millis", max: "1 day" }),
  /** By how much of it each wait differs, so that checks of many processes do not come together, 0 to 1. Default: 0.2. */
  jitter: number({ default: 0.2, min: 0, max: 1 }),
  /** What takes longer has failed. Default: 2 seconds, or `interval` if that is less. */
  timeout: duration({ default: "2 seconds", min: "1 millis", max: "1 hour" }),
  /** So many checks in a row must pass until what was bad is healthy. Default: 2. */
  rise: number({ default: 2, min: 1, max: 1000, integer: true }),
  /** So many must fail until it is bad. Default: 3. */
  fall: number({ default: 3, min: 1, max: 1000, integer: true }),
  /** Whether the calls themselves are heeded. Default: on. */
  passive: switchable(struct<PassiveFields>(passiveFields), true),
  /** The part of the calls that enters while the service is bad, 0.001 to 1: enough to see it get well. Default: 0.05. */
  trickle: number({ default: 0.05, min: 0.001, max: 1 }),
}
export interface HealthFields extends Named<typeof fields> {}
export interface HealthOptions extends StructIn<HealthFields> {}
export interface HealthSettings extends StructOut<HealthFields> {}

export const healthOptions: Reader<HealthOptions, HealthSettings> = struct<HealthFields>(
  fields,
  ({ timeout, interval }) =>
    timeout > interval ? { path: "timeout", rule: "must not be longer than interval" } : undefined,
  ({ timeout, interval }) => ({ timeout: Math.min(timeout, interval) }),
)

/** What is known of one that is checked. */
interface Record {
  readonly state: HealthState
  /** Passed, or failed, in a row: one of them is 0. */
  readonly passed: number
  readonly failed: number
  readonly reason: string
}

const blank: Record = Object.freeze({ state: "unknown", passed: 0, failed: 0, reason: "" })
/** More in a row make no difference. */
const enough = 1000

/** One sample more. A single failure makes suspect, never bad unless that is asked for. */
function sampled(before: Record, ok: boolean, reason: string, { rise, fall }: HealthSettings): Record {
  if (ok) {
    const passed = Math.min(enough, before.passed + 1)
    const isWell = before.state !== "bad" || passed >= rise
    return { state: isWell ? "healthy" : "bad", passed, failed: 0, reason: isWell ? "" : before.reason }
  }
  const failed = Math.min(enough, before.failed + 1)
  return { state: before.state === "bad" || failed >= fall ? "bad" : "suspect", passed: 0, failed, reason }
}

export interface HealthContext {
  readonly settings: HealthSettings
  readonly circuit: Circuit
  readonly epoch: number
  /** The service as checks and as calls see it. */
  readonly service: Record
  readonly calls: Record
  readonly endpoints: { readonly [id: string]: Record }
  /** A check has seen the service well, and has failed since: it would see that an outage is over. */
  readonly hasSeenWell: boolean
  readonly isWitness: boolean
  readonly finding: HealthFinding
}

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
    ...{ settings, circuit, epoch: -1, service: blank, calls: blank, endpoints: {} },
    ...{ hasSeenWell: false, isWitness: false },
  })

/** A half-open circuit takes the word of a check that was well, and saw it fall ill: no other knows what it would look like. */
function probeOf(context: HealthContext, event: Signal): HealthFinding["probe"] {
  if (event.type !== "check.settled" || event.endpoint !== undefined || !context.isWitness) return undefined
  const isOfNow = context.circuit === "halfOpen" && event.epoch === context.epoch
  return isOfNow ? { epoch: event.epoch, ok: event.ok } : undefined
}

export function checked(context: HealthContext, event: Signal): HealthContext {
  if (event.type !== "check.settled") return context
  const { settings, hasSeenWell, isWitness } = context
  const { endpoint, ok, reason } = event
  if (endpoint !== undefined) {
    const before = Object.hasOwn(context.endpoints, endpoint) ? context.endpoints[endpoint] : undefined
    const after = sampled(before ?? blank, ok, reason, settings)
    return settled({ ...context, endpoints: { ...context.endpoints, [endpoint]: after } })
  }
  const probe = probeOf(context, event)
  const saw = { hasSeenWell: hasSeenWell || ok, isWitness: isWitness || (hasSeenWell && !ok) }
  return settled({ ...context, ...saw, service: sampled(context.service, ok, reason, settings) }, probe)
}

const percent = (part: number, whole: number): string => `${Math.round((100 * part) / whole)} %`

function callsIn({ success, failure, timedOut, slow }: Slice): { readonly all: number; readonly bad: number } {
  const all = success + failure + timedOut
  return { all, bad: Math.min(all, Math.max(failure + timedOut, slow)) }
}

/** A second of calls. Too few say nothing. */
export function observed(context: HealthContext, event: Signal): HealthContext {
  const { passive } = context.settings
  if (event.type !== "slice.closed" || passive === undefined) return context
  const { all, bad } = callsIn(event.slice)
  if (all < passive.minimumCalls) return context
  const ok = bad < passive.ratio * all
  const reason = ok ? "" : `${percent(bad, all)} of ${all} calls in a second were bad`
  return settled({ ...context, calls: sampled(context.calls, ok, reason, context.settings) })
}

export function movedWith(context: HealthContext, event: Signal): HealthContext {
  if (event.type !== "circuit.moved") return context
  const isOver = event.to === "closed"
  const { to: circuit, epoch } = event
  return settled({ ...context, circuit, epoch, isWitness: isOver ? false : context.isWitness })
}

/** Those that are checked no longer are forgotten. */
export function pruned(context: HealthContext, event: Signal): HealthContext {
  if (event.type !== "checks.changed") return context
  const endpoints = Object.entries(context.endpoints).filter(([id]) => event.endpoints.includes(id))
  return settled({ ...context, endpoints: Object.fromEntries(endpoints) })
}

/** Nothing was heard for long: what was known is no longer. */
export const expired = (context: HealthContext): HealthContext =>
  settled({ ...context, service: blank, calls: blank, endpoints: {} })

/** After so long without a word nothing is known any more. */
export const expiryOf = ({ settings: { interval, timeout, jitter } }: HealthContext): number =>
  Math.max(60_000, 5 * (interval * (1 + jitter) + timeout))
