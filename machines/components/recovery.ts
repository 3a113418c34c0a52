/**
 * `recovery`: what a service can do comes back one by one. After an outage each feature waits until those that it needs are back, is
 * tested with a small part of its calls, and is let in whole, or held back for a while, by what became of them. A feature that fails at any
 * other time, while the rest of the service is well, goes alone, with those that cannot do without it.
 *
 * Owns:    how each feature stands, its failures in a row, and the calls of its present test.
 * Hears:   feature.entered, feature.settled, feature.failed, circuit.moved, breaker.restored, settings.changed.
 * Demands: partial: features: share 0 of those that are blocked, the test share of those that are tested.
 * Laws:
 *   1. What needs a feature that is not full is blocked; no more are tested at once than `atOnce`, in the order of needs and importance.
 *   2. A feature is decided on its own calls alone: on `minimumSamples` of them, or on those that there are when the time of its test is
 *      over; on none, it has gone well.
 *   3. Each block ends by itself, with no traffic at all too.
 *   4. One that failed waits: by `factor` longer with each failure in a row, never longer than `max`, and is then tested again.
 *   5. A required feature that fails puts what it needs in doubt, and with it what needs that: tested again, once in a recovery.
 *   6. While the circuit is open or half-open it speaks for all, and nothing is held back here.
 *   7. Restored, features stand as they did, and waits last as long as they would have.
 *   8. Other options keep what is known of the features that stay.
 */
import { assign, type Snapshot, type SnapshotFrom, setup } from "xstate"
import { type RecoverySettings, recoveryOptions } from "../featuring.ts"
import { component, only, type PlugInput, type StateMeta } from "../plug.ts"
import {
  adopted,
  begun,
  decides,
  due,
  entered,
  fallen,
  lost,
  nextDue,
  type RecoveryContext,
  settled,
} from "../recovering.ts"
import { readRecovery, reportOf, restoredRecovery, savedRecovery } from "../recoveryMemory.ts"
import { areAllFull, findingOf, freshStandings, named, watched } from "../returning.ts"
import { unbounded } from "../vocabulary/feature.ts"
import type { Signal } from "../vocabulary/signal.ts"

interface Context extends RecoveryContext {
  readonly startsAway: boolean
}

/** Where all are full nothing is due, ever; of a time that never comes a host's own clock makes one that has come. */
const longestMs = 2 ** 31 - 1

const isAway = (event: Signal): boolean =>
  event.type === "circuit.moved" && (event.to === "open" || event.to === "halfOpen")

const machine = setup({
  types: {
    context: {} as Context,
    events: {} as Signal,
    input: {} as PlugInput<RecoverySettings>,
    meta: {} as StateMeta<Context>,
  },
  delays: { untilDue: ({ context }) => Math.min(longestMs, Math.max(0, nextDue(context) - context.at)) },
  guards: {
    startsAway: ({ context }) => context.startsAway,
    areAllFull: ({ context }) => areAllFull(context),
    isAway: ({ event }) => isAway(event),
    isBack: ({ event }) => event.type === "circuit.moved" && !isAway(event),
    decides: ({ context, event }) => event.type === "feature.settled" && decides(context, event),
    falls: ({ context, event }) => event.type === "feature.failed" && fallen(context, event) !== undefined,
    isKnown: ({ event }) => event.type === "breaker.restored" && readRecovery(event.parts["recovery"]) !== undefined,
  },
  actions: {
    lose: assign(({ context, event }) => ({ ...lost(context, event.at), startsAway: false })),
    loseAtOnce: assign(({ context }) => ({ ...lost(context, context.at), startsAway: false })),
    begin: assign(({ context, event }) => begun(context, event.at)),
    countEntry: assign(({ context, event }) => entered(context, only(event, "feature.entered"))),
    countEnd: assign(({ context, event }) => settled(context, only(event, "feature.settled"))),
    fall: assign(({ context, event }) => fallen(context, only(event, "feature.failed")) as Partial<Context>),
    decideDue: assign(({ context }) => due(context)),
    adopt: assign(({ context, event }) =>
      adopted(context, only(event, "settings.changed").settings as RecoverySettings, event.at),
    ),
    restore: assign(({ context, event }) => restoredRecovery(context, only(event, "breaker.restored"))),
  },
}).createMachine({
  id: "recovery",
  context: ({ input: { settings, seed, at, circuit } }) => {
    const standings = freshStandings(settings, at)
    const startsAway = circuit === "open" || circuit === "halfOpen"
    const finding = findingOf(settings, standings, "full")
    return { settings, seed, at, standings, draws: 0, bounds: unbounded, finding, startsAway }
  },
  initial: "full",
  on: {
    "circuit.moved": { guard: "isAway", target: ".outage", actions: "lose" },
    "settings.changed": { target: ".partial", actions: "adopt" },
    "breaker.restored": { guard: "isKnown", target: ".partial", actions: "restore" },
  },
  states: {
    full: {
      meta: { lines: (context) => ({ features: watched(context) }) },
      always: { guard: "startsAway", target: "outage", actions: "loseAtOnce" },
      on: { "feature.failed": { guard: "falls", target: "partial", actions: "fall" } },
    },
    partial: {
      meta: {
        demand: ({ bounds }) => ({ features: bounds }),
        lines: (context) => ({ features: watched(context) }),
      },
      always: { guard: "areAllFull", target: "full" },
      after: { untilDue: { target: "partial", reenter: true, actions: "decideDue" } },
      on: {
        "feature.entered": { actions: "countEntry" },
        "feature.settled": [
          { guard: "decides", target: "partial", reenter: true, actions: "countEnd" },
          { actions: "countEnd" },
        ],
        "feature.failed": { guard: "falls", target: "partial", reenter: true, actions: "fall" },
      },
    },
    outage: {
      meta: { lines: (context) => ({ features: named(context) }) },
      on: {
        "circuit.moved": [{ guard: "isBack", target: "partial", actions: "begin" }, {}],
        "settings.changed": { actions: "adopt" },
      },
    },
  },
})

const snapshotOf = (snapshot: Snapshot<unknown>) => snapshot as SnapshotFrom<typeof machine>

export const recovery = component({
  key: "recovery",
  layer: "feature",
  standard: false,
  options: recoveryOptions,
  chart: machine,
  hears: [
    "feature.entered",
    "feature.settled",
    "feature.failed",
    "circuit.moved",
    "breaker.restored",
    "settings.changed",
  ],
  reason: (snapshot) => Object.values(snapshotOf(snapshot).context.bounds)[0]?.reason ?? "",
  finding: (snapshot) => snapshotOf(snapshot).context.finding,
  tells: (snapshot, at) => [{ type: "features.changed", at, state: snapshotOf(snapshot).context.finding.state }],
  retracts: (at) => [{ type: "features.changed", at, state: "full" }],
  canRestore: (saved) => readRecovery(saved) !== undefined,
  save: (snapshot, at) => savedRecovery(snapshotOf(snapshot).context, at),
  report: (snapshot, at) => reportOf(snapshotOf(snapshot).context, at),
})
