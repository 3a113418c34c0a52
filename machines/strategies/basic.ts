/**
 * `basic`: the classical breaker. Closed, it watches a window of outcomes; when the alarm rings it opens and refuses
 * everything for a while; then it lets a few leased probes through, and either closes on their success or opens for longer.
 *
 * Owns:    how often it tripped, how long it waits, how many probes succeeded.
 * Hears:   alarm.rang, probe.succeeded, probe.failed, probe.expired, operator.forcedOpen, operator.released, breaker.restored,
 *          settings.changed.
 * Demands: open: share 0 until retryAt · halfOpen: a capped number of leased probes, nothing repeated · closed: nothing.
 * Laws:
 *   1. It opens only on an alarm whose counts reach the configured line, or when the service asks for it, or the operator.
 *   2. It closes only from halfOpen, and only after `needed` probes in a row succeeded.
 *   3. One failed, slow or hung probe opens it again, for longer.
 *   4. A wait never exceeds `max`, or `longestAsked` where the service asks for more, grows by `factor` with each trip in a row, and is forgotten `memory` after a close.
 *   5. Forced open, it stays open until released, and is then half-open: never straight to closed.
 *   6. Restored, it waits for what remained of its wait.
 *   7. New settings keep circuit, wait and window; only a window of another kind or length, or another slow line, begins anew.
 */
import { assign, type Snapshot, type SnapshotFrom, setup } from "xstate"
import { type Named, number, type OutOf, struct } from "../options.ts"
import { only, type PlugInput, type StateMeta, strategy } from "../plug.ts"
import {
  closedBy,
  entered,
  freshTrip,
  operated,
  type ProbingFields,
  probed,
  probing,
  reconfigured,
  restored,
  type SavedTrip,
  savedTrip,
  type TripContext,
  tripped,
  trippingPart,
  waited,
} from "../tripping.ts"
import { unrepeated } from "../vocabulary/gate.ts"
import type { AlarmRang, Signal } from "../vocabulary/signal.ts"
import { type WaitingFields, waiting } from "../waiting.ts"
import { circuitLine, describeAlarm, isAlarmed, type WatchingFields, watchesAlike, watching } from "../watching.ts"

const needed = {
  /** Probes that must succeed in a row before the circuit closes, 1 to 1000. Default: 2. */
  needed: number({ default: 2, min: 1, max: 1000, integer: true }),
}
export interface ProbeFields extends ProbingFields, Named<typeof needed> {}

const own = {
  /** The calls that a half-open circuit lets through, to see whether the service is well. */
  probes: struct<ProbeFields>({ ...probing, ...needed }),
}
export interface BasicFields extends WatchingFields, WaitingFields, Named<typeof own> {}
export const basicOptions = struct<BasicFields>({
  ...watching,
  ...waiting({ base: "5 seconds", step: "0 millis", factor: 2, max: "1 minute" }),
  ...own,
})

export type BasicSettings = OutOf<typeof basicOptions>

interface BasicContext extends TripContext {
  readonly settings: BasicSettings
}

const changed = (event: Signal) => ({ settings: only(event, "settings.changed").settings as BasicSettings })

const noted = (alarm: AlarmRang) => ({
  reason: describeAlarm(alarm),
  rule: alarm.rule,
  statistics: alarm.statistics,
})

const savedOf = (event: Signal) => savedTrip("basic", event)

const machine = setup({
  types: {
    context: {} as BasicContext,
    events: {} as Signal,
    input: {} as PlugInput<BasicSettings>,
    meta: {} as StateMeta<BasicContext>,
  },
  delays: { untilRetry: ({ context }) => context.waitMs },
  guards: {
    alarmed: ({ context, event }) => isAlarmed(context.settings, only(event, "alarm.rang")),
    watchesTheSame: ({ context, event }) => watchesAlike(context.settings, changed(event).settings),
    enough: ({ context }) => context.successes + 1 >= context.settings.probes.needed,
    savedOpen: ({ event }) => savedOf(event)?.circuit === "open",
    savedHalfOpen: ({ event }) => ["halfOpen", "ramping"].includes(savedOf(event)?.circuit ?? ""),
    savedClosed: ({ event }) => ["closed", "degraded"].includes(savedOf(event)?.circuit ?? ""),
  },
  actions: {
    enter: assign(({ context }) => entered(context)),
    noteAlarm: assign(({ event }) => noted(only(event, "alarm.rang"))),
    noteProbe: assign(({ context, event }) => probed(event, context.settings.probes.needed, context)),
    noteWaited: assign(({ context }) => waited(context)),
    noteChanged: assign(({ event }) => reconfigured(event)),
    noteOperator: assign(({ event }) => operated(event)),
    noteRestored: assign(({ context, event }) => restored(context, event, savedOf(event) as SavedTrip)),
    trip: assign(({ context, event }) => tripped(context, event)),
    countSuccess: assign({ successes: ({ context }) => context.successes + 1 }),
    learn: assign(({ event }) => changed(event)),
    noteClosed: assign(({ context }) => closedBy(context)),
  },
}).createMachine({
  id: "basic",
  context: ({ input: { settings, seed, at } }) => ({ settings, seed, ...freshTrip(at) }),
  initial: "closed",
  on: {
    "operator.forcedOpen": { target: ".open.held", actions: "noteOperator" },
    "operator.released": { target: ".halfOpen", actions: "noteOperator" },
    "settings.changed": { actions: "learn" },
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
      on: {
        "alarm.rang": { guard: "alarmed", target: "open.waiting", actions: ["noteAlarm", "trip"] },
        "settings.changed": [
          { guard: "watchesTheSame", actions: "learn" },
          { target: "closed", reenter: true, actions: ["learn", "noteChanged"] },
        ],
      },
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
        demand: ({ settings }) => ({ probes: settings.probes.atOnce, ...unrepeated }),
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
    "settings.changed",
  ],
  ...trippingPart(contextOf),
})
