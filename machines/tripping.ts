/** Tripping and recovering: what every strategy that opens, waits and probes remembers, as pure steps over its context. */
import type { Snapshot } from "xstate"
import { chance } from "./chance.ts"
import { duration, type Named, number } from "./options.ts"
import { circuitOf, only } from "./plug.ts"
import { type Bound, type Circuit, type CircuitFinding, circuits, type Statistics } from "./vocabulary/circuit.ts"
import type { Signal } from "./vocabulary/signal.ts"
import { type Waits, waitAfter } from "./waiting.ts"

/** The options of a strategy that probes. */
export const probing = {
  /** Most probes at one instant, 1 to 1000. Default: 1. */
  atOnce: number({ default: 1, min: 1, max: 1000, integer: true }),
  // Longer than the longest default timeout: a probe that is merely slow must end by itself.
  /** A probe that has not ended after this long counts as failed and gives its place back. Default: 1 minute. */
  lease: duration({ default: "1 minute", min: "1 millis", max: "1 day" }),
}
export interface ProbingFields extends Named<typeof probing> {}

export interface TripContext {
  readonly settings: { readonly openFor: Waits }
  readonly seed: number
  /** Entered states, re-entries included. */
  readonly entries: number
  /** When and why the present state was entered. */
  readonly at: number
  readonly reason: string
  readonly rule: string
  readonly statistics: Statistics | undefined
  /** Trips in a row, each lengthening the wait. */
  readonly trips: number
  /** All trips ever: the serial under which chance is drawn. */
  readonly draws: number
  readonly closedAt: number
  readonly waitMs: number
  /** The service itself asked for the present wait. */
  readonly isAsked: boolean
  readonly retryAt: number
  /** Probes that went well since it let them through, less those that failed; and those that failed. */
  readonly successes: number
  readonly failed: number
}

type Fresh = Omit<TripContext, "settings" | "seed">
type Step = Partial<Fresh>

export const freshTrip = (at: number): Fresh => ({
  entries: 0,
  at,
  reason: "started",
  rule: "start",
  statistics: undefined,
  trips: 0,
  draws: 0,
  closedAt: Number.NEGATIVE_INFINITY,
  waitMs: 0,
  isAsked: false,
  retryAt: at,
  successes: 0,
  failed: 0,
})

export const entered = (context: TripContext): Step => ({ entries: context.entries + 1, successes: 0, failed: 0 })

/** Whether the last trip counts no more: it ended long ago, whatever an operator has made of the closed circuit since. */
const isForgotten = ({ closedAt, retryAt, settings }: TripContext, at: number): boolean =>
  closedAt >= retryAt && at - closedAt > settings.openFor.memory

/** How long the service itself asked to be left alone, as far as that is heeded. */
const askedMs = ({ settings }: TripContext, event: Signal): number =>
  "retryAfterMs" in event ? Math.min(event.retryAfterMs ?? 0, settings.openFor.longestAsked) : 0

/** The circuit opens: once more in a row if the last trip is still remembered, and then for longer. */
export function tripped(context: TripContext, event: Signal, again: number = context.trips + 1): Step {
  const trips = isForgotten(context, event.at) ? 1 : again
  const own = waitAfter(context.settings.openFor, trips, chance(context.seed, context.draws))
  const asked = askedMs(context, event)
  const waitMs = Math.max(own, asked)
  return { at: event.at, trips, draws: context.draws + 1, waitMs, isAsked: asked > own, retryAt: event.at + waitMs }
}

/** It has closed: nothing is waited for any more, however long that was to be. Who closes anew brings no old trip back to mind. */
export const closedBy = (context: TripContext): Step => {
  const { at, trips } = context
  return { closedAt: at, retryAt: at, trips: isForgotten(context, at) ? 0 : trips }
}

export const waited = (context: TripContext): Step => ({
  at: Math.max(context.at, context.retryAt),
  rule: "openFor",
  reason: `waited ${Math.round(context.waitMs)} ms`,
  statistics: undefined,
})

const probeReasons: { readonly [type: string]: string } = {
  "probe.failed": "a probe failed",
  "probe.expired": "a probe hung",
}

/** What the probes said that have ended, the one that decides included; one that failed, or hung, decides by itself where none is weighed. */
export function probed(event: Signal, enough: number, { successes, failed }: TripContext, weighed?: Bound): Step {
  const failures = failed + (event.type === "probe.succeeded" ? 0 : 1)
  const [value, line] = failures > 0 ? [1, 1] : [successes + 1, enough]
  const bound = weighed ?? { of: "row", value, line }
  return {
    at: event.at,
    rule: event.type,
    reason: probeReasons[event.type] ?? (enough === 1 ? "a probe succeeded" : `${enough} probes succeeded`),
    statistics: { calls: successes + 2 * failed + 1, failures, slow: 0, bound },
  }
}

export const reconfigured = (event: Signal): Step => ({
  at: event.at,
  rule: "reconfigured",
  reason: "reconfigured: another window",
  statistics: undefined,
})

export const operated = (event: Signal): Step => ({
  at: event.at,
  rule: "operator",
  reason: `operator: ${only(event, ["operator.forcedOpen", "operator.released"]).why}`,
  statistics: undefined,
})

/** What `save` keeps of a circuit, and `breaker.restored` brings back. */
export interface SavedTrip {
  readonly circuit: Circuit
  readonly remainingMs: number
  readonly trips: number
  readonly sinceCloseMs: number
  /** The service itself asked for the wait: it may be longer than the circuit's own longest. */
  readonly isAsked: boolean
  /** How often chance was drawn: a recording that begins here draws on from there. */
  readonly draws: number
}

/** What was saved of a circuit by whatever strategy; `undefined` for what cannot be that. */
function readTrip(saved: unknown): SavedTrip | undefined {
  if (typeof saved !== "object" || saved === null) return undefined
  const { circuit, remainingMs = 0, trips = 1, sinceCloseMs = 0, isAsked, draws = 0 } = saved as Partial<SavedTrip>
  if (circuit === undefined || !circuits.includes(circuit)) return undefined
  const numbers: readonly unknown[] = [remainingMs, trips, sinceCloseMs, draws]
  if (!numbers.every((n) => Number.isFinite(n) && (n as number) >= 0)) return undefined
  return { circuit, remainingMs, trips, sinceCloseMs, isAsked: isAsked === true, draws }
}

/** The saved part of this strategy, waits shortened by the time that has passed; `undefined` when there is none. */
export function savedTrip(key: string, event: Signal): SavedTrip | undefined {
  const { parts, elapsedMs } = only(event, "breaker.restored")
  const saved = readTrip(parts[key])
  if (saved === undefined) return undefined
  const { remainingMs, sinceCloseMs } = saved
  return { ...saved, remainingMs: Math.max(0, remainingMs - elapsedMs), sinceCloseMs: sinceCloseMs + elapsedMs }
}

export function restored(context: TripContext, event: Signal, saved: SavedTrip): Step {
  const { max, longestAsked } = context.settings.openFor
  const { isAsked, trips, draws } = saved
  const waitMs = Math.min(saved.remainingMs, isAsked ? Math.max(max, longestAsked) : max)
  const { at } = event
  const closedAt = at - saved.sinceCloseMs
  const isClosed = saved.circuit === "closed" || saved.circuit === "degraded"
  const times = { at, waitMs, isAsked, retryAt: isClosed ? closedAt : at + waitMs, closedAt }
  return { ...times, trips, draws, rule: "restored", reason: "restored from a saved state" }
}

function saveTrip(context: TripContext, circuit: Circuit, at: number): SavedTrip {
  const { retryAt, closedAt, isAsked, draws } = context
  const trips = isForgotten(context, at) ? 0 : context.trips
  const sinceCloseMs = Number.isFinite(closedAt) ? Math.max(0, at - closedAt) : Number.MAX_SAFE_INTEGER
  return { circuit, remainingMs: Math.max(0, retryAt - at), trips, sinceCloseMs, isAsked, draws }
}

const findingOf = (context: TripContext, circuit: Circuit): CircuitFinding => {
  const { entries, at, reason, rule, statistics } = context
  return { circuit, entries, at, reason, rule, statistics }
}

/** What every strategy that trips says of itself, keeps, and takes up again: the same, read from its snapshot. */
export const trippingPart = (contextOf: (snapshot: Snapshot<unknown>) => TripContext) => ({
  finding: (snapshot: Snapshot<unknown>) => findingOf(contextOf(snapshot), circuitOf(snapshot)),
  canRestore: (saved: unknown) => readTrip(saved) !== undefined,
  save: (snapshot: Snapshot<unknown>, at: number) => saveTrip(contextOf(snapshot), circuitOf(snapshot), at),
})
