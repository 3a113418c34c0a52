/**
 * `basic`: the classical breaker. Closed, it watches a window of outcomes; when the alarm rings it opens and refuses
 * everything for a while; then it lets a few leased probes through, and either closes on their success or opens for longer.
 *
 * Owns:    how often it tripped, how long it waits, how many probes succeeded.
 * Hears:   alarm.rang, probe.succeeded, probe.failed, probe.expired, operator.forcedOpen, operator.released, breaker.restored.
 * Demands: open: share 0 until retryAt · halfOpen: a capped number of leased probes · closed: nothing.
 * Laws:
 *   1. It opens only on an alarm whose counts reach the configured line, or by the operator's order.
 *   2. It closes only from halfOpen, and only after `needed` probes in a row succeeded.
 *   3. One failed, slow or hung probe opens it again, for longer.
 *   4. A wait never exceeds `max`, grows by `factor` with each trip in a row, and is forgotten `memory` after a close.
 *   5. Forced open, it stays open until released, and is then half-open: never straight to closed.
 *   6. Restored, it waits for what remained of its wait.
 */
import { assign, type Snapshot, type SnapshotFrom, setup } from "xstate"
import { chance } from "../chance.ts"
import { duration, number, type OutOf, struct } from "../options.ts"
import { circuitOf, type PlugInput, type StateMeta, strategy } from "../plug.ts"
import type { Statistics } from "../vocabulary/circuit.ts"
import type { Signal } from "../vocabulary/signal.ts"
import { waitAfter, waiting } from "../waiting.ts"
import { circuitLine, describeAlarm, isAlarmed, watching } from "../watching.ts"

export const basicOptions = struct({
  ...watching,
  ...waiting,
  probes: struct({
    atOnce: number({ default: 1, min: 1, max: 1000, integer: true }),
    needed: number({ default: 2, min: 1, max: 1000, integer: true }),
    lease: duration({ default: "10 seconds", min: "1 millis", max: "1 day" }),
  }),
})

export type BasicSettings = OutOf<typeof basicOptions>

interface BasicContext {
  readonly settings: BasicSettings
  readonly seed: number
  readonly entries: number
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
  readonly retryAt: number
  readonly successes: number
}

/** What `save` keeps, and `breaker.restored` brings back. */
interface Saved {
  readonly circuit: "closed" | "open" | "halfOpen"
  readonly remainingMs: number
  readonly trips: number
  readonly sinceCloseMs: number
}

function savedOf(signal: Signal): Saved | undefined {
  const part = signal.type === "breaker.restored" ? (signal.parts["basic"] as Partial<Saved> | undefined) : undefined
  const { circuit, remainingMs = 0, trips = 1, sinceCloseMs = 0 } = part ?? {}
  const elapsedMs = signal.type === "breaker.restored" ? signal.elapsedMs : 0
  if (circuit === undefined || ![remainingMs, trips, sinceCloseMs].every((n) => Number.isFinite(n) && n >= 0))
    return undefined
  return { circuit, remainingMs: Math.max(0, remainingMs - elapsedMs), trips, sinceCloseMs: sinceCloseMs + elapsedMs }
}

const machine = setup({
  types: {
    context: {} as BasicContext,
    events: {} as Signal,
    input: {} as PlugInput<BasicSettings>,
    meta: {} as StateMeta<BasicContext>,
  },
  delays: { untilRetry: ({ context }) => context.waitMs },
  guards: {
    alarmed: ({ context, event }) => event.type === "alarm.rang" && isAlarmed(context.settings, event),
    enough: ({ context }) => context.successes + 1 >= context.settings.probes.needed,
    savedOpen: ({ event }) => savedOf(event)?.circuit === "open",
    savedHalfOpen: ({ event }) => savedOf(event)?.circuit === "halfOpen",
    savedClosed: ({ event }) => savedOf(event)?.circuit === "closed",
  },
  actions: {
    enter: assign({ entries: ({ context }) => context.entries + 1, successes: 0 }),
    noteAlarm: assign(({ event }) =>
      event.type === "alarm.rang"
        ? { reason: describeAlarm(event), rule: event.rule, statistics: event.statistics }
        : {},
    ),
    noteProbe: assign(({ context, event }) => ({
      at: "at" in event ? event.at : context.at,
      rule: event.type,
      reason:
        event.type === "probe.succeeded"
          ? `${context.settings.probes.needed} probes succeeded`
          : `a ${event.type.replace(".", " ")}`,
      statistics: undefined,
    })),
    noteWaited: assign(({ context }) => ({
      at: Math.max(context.at, context.retryAt),
      rule: "openFor",
      reason: `waited ${Math.round(context.waitMs)} ms`,
      statistics: undefined,
    })),
    noteOperator: assign(({ context, event }) => ({
      at: "at" in event ? event.at : context.at,
      rule: "operator",
      reason:
        event.type === "operator.forcedOpen" || event.type === "operator.released"
          ? `operator: ${event.why}`
          : context.reason,
      statistics: undefined,
    })),
    noteRestored: assign(({ context, event }) => {
      const saved = savedOf(event)
      const at = "at" in event ? event.at : context.at
      if (saved === undefined) return {}
      const waitMs = Math.min(saved.remainingMs, context.settings.openFor.max)
      const closedAt = at - saved.sinceCloseMs
      return {
        at,
        waitMs,
        retryAt: at + waitMs,
        trips: saved.trips,
        closedAt,
        rule: "restored",
        reason: "restored from a saved state",
      }
    }),
    trip: assign(({ context, event }) => {
      const at = "at" in event ? event.at : context.at
      const remembered = at - context.closedAt <= context.settings.openFor.memory || event.type !== "alarm.rang"
      const trips = remembered ? context.trips + 1 : 1
      const waitMs = waitAfter(context.settings.openFor, trips, chance(context.seed, context.draws))
      return { at, trips, draws: context.draws + 1, waitMs, retryAt: at + waitMs }
    }),
    countSuccess: assign({ successes: ({ context }) => context.successes + 1 }),
    noteClosed: assign({ closedAt: ({ context }) => context.at }),
  },
}).createMachine({
  id: "basic",
  context: ({ input }) => ({
    settings: input.settings,
    seed: input.seed,
    entries: 0,
    at: input.at,
    reason: "started",
    rule: "start",
    statistics: undefined,
    trips: 0,
    draws: 0,
    closedAt: Number.NEGATIVE_INFINITY,
    waitMs: 0,
    retryAt: input.at,
    successes: 0,
  }),
  initial: "closed",
  on: {
    "operator.forcedOpen": { target: ".open.held", actions: "noteOperator" },
    "operator.released": { target: ".halfOpen", actions: "noteOperator" },
    "breaker.restored": [
      { guard: "savedOpen", target: ".open.waiting", actions: "noteRestored" },
      { guard: "savedHalfOpen", target: ".halfOpen", actions: "noteRestored" },
      { guard: "savedClosed", actions: "noteRestored" },
    ],
  },
  states: {
    closed: {
      entry: "enter",
      meta: {
        circuit: "closed",
        lines: ({ settings }) => ({ circuit: circuitLine(settings), slowAfterMs: settings.slowCalls?.after }),
      },
      on: { "alarm.rang": { guard: "alarmed", target: "open.waiting", actions: ["noteAlarm", "trip"] } },
    },
    open: {
      entry: "enter",
      meta: { circuit: "open" },
      initial: "waiting",
      states: {
        waiting: {
          meta: { demand: ({ retryAt }) => ({ share: 0, retryAt }) },
          after: { untilRetry: { target: "#basic.halfOpen", actions: "noteWaited" } },
        },
        held: { meta: { demand: () => ({ share: 0 }) } },
      },
    },
    halfOpen: {
      entry: "enter",
      meta: {
        circuit: "halfOpen",
        demand: ({ settings }) => ({ probes: settings.probes.atOnce }),
        lines: ({ settings }) => ({ leaseMs: settings.probes.lease, slowAfterMs: settings.slowCalls?.after }),
      },
      on: {
        "probe.succeeded": [
          { guard: "enough", target: "closed", actions: ["noteProbe", "noteClosed"] },
          { actions: "countSuccess" },
        ],
        "probe.failed": { target: "open.waiting", actions: ["noteProbe", "trip"] },
        "probe.expired": { target: "open.waiting", actions: ["noteProbe", "trip"] },
      },
    },
  },
})

const contextOf = (snapshot: Snapshot<unknown>) => (snapshot as SnapshotFrom<typeof machine>).context

export const basic = strategy({
  key: "basic",
  layer: "circuit",
  options: basicOptions,
  chart: machine,
  hears: [
    "alarm.rang",
    "probe.succeeded",
    "probe.failed",
    "probe.expired",
    "operator.forcedOpen",
    "operator.released",
    "breaker.restored",
  ],
  finding: (snapshot) => {
    const { entries, at, reason, rule, statistics } = contextOf(snapshot)
    return { circuit: circuitOf(snapshot), entries, at, reason, rule, statistics }
  },
  save: (snapshot, at): Saved => {
    const { retryAt, trips, closedAt } = contextOf(snapshot)
    const circuit = circuitOf(snapshot) as Saved["circuit"]
    const sinceCloseMs = Number.isFinite(closedAt) ? Math.max(0, at - closedAt) : Number.MAX_SAFE_INTEGER
    return { circuit, remainingMs: Math.max(0, retryAt - at), trips, sinceCloseMs }
  },
})
