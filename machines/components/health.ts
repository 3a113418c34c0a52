/**
 * `health`: how the service is, as active checks and its own calls say it. Its checks run outside, now and then; it counts how many in a
 * row passed or failed. A service that is bad still gets a trickle of calls, and a verdict that nobody renews expires. Of endpoints it
 * only states what it finds: which of them get calls is for discovery to decide.
 *
 * Owns:    what is known of the service and of each endpoint that is checked.
 * Hears:   check.settled, checks.changed, slice.closed, circuit.moved.
 * Demands: bad: share = trickle, retries 0, hedges 0 · else nothing.
 * Laws:
 *   1. It is bad only after `fall` failures in a row of one source, and healthy again after `rise` that passed.
 *   2. While bad a part of the calls enters, and a verdict that nothing confirms expires: calls and checks do not keep alive each other's.
 *   3. One endpoint that is bad is stated and demands nothing; all of them together are the service.
 *   4. A check stands for a probe only if it has passed, has failed since, and began in the present half-open epoch.
 *   5. What is known of endpoints that are checked no longer is forgotten.
 */
import { assign, type Snapshot, type SnapshotFrom, setup } from "xstate"
import {
  checked,
  expired,
  expiryOf,
  freshHealth,
  type HealthContext,
  isTelling,
  movedWith,
  observed,
  pruned,
} from "../checking.ts"
import { type HealthSettings, healthOptions } from "../healthOptions.ts"
import { component, only, type PlugInput, type StateMeta } from "../plug.ts"
import { unrepeated } from "../vocabulary/gate.ts"
import type { HealthState } from "../vocabulary/health.ts"
import type { Signal } from "../vocabulary/signal.ts"

const lines = ({ settings: { passive } }: HealthContext) => (passive === undefined ? {} : { sliceMs: 1000 })
const is =
  (state: HealthState) =>
  ({ context }: { readonly context: HealthContext }): boolean =>
    context.finding.health === state

const machine = setup({
  types: {
    context: {} as HealthContext,
    events: {} as Signal,
    input: {} as PlugInput<HealthSettings>,
    meta: {} as StateMeta<HealthContext>,
  },
  delays: { expiry: ({ context }) => expiryOf(context.settings) },
  guards: {
    isUnknown: is("unknown"),
    isHealthy: is("healthy"),
    isSuspect: is("suspect"),
    isBad: is("bad"),
    isTelling: ({ context, event }) => isTelling(context, only(event, "slice.closed")),
  },
  actions: {
    check: assign(({ context, event }) => checked(context, only(event, "check.settled"))),
    observe: assign(({ context, event }) => observed(context, only(event, "slice.closed"))),
    move: assign(({ context, event }) => movedWith(context, only(event, "circuit.moved"))),
    prune: assign(({ context, event }) => pruned(context, only(event, "checks.changed"))),
    expire: assign(({ context }) => expired(context)),
  },
}).createMachine({
  id: "health",
  context: ({ input }) => freshHealth(input),
  initial: "unknown",
  on: {
    "check.settled": { actions: "check" },
    "slice.closed": { actions: "observe" },
    "circuit.moved": { actions: "move" },
    "checks.changed": { actions: "prune" },
  },
  states: {
    unknown: {
      meta: { lines },
      always: [
        { guard: "isBad", target: "bad" },
        { guard: "isSuspect", target: "suspect" },
        { guard: "isHealthy", target: "healthy" },
      ],
    },
    healthy: {
      meta: { lines },
      always: [
        { guard: "isBad", target: "bad" },
        { guard: "isSuspect", target: "suspect" },
        { guard: "isUnknown", target: "unknown" },
      ],
    },
    // Each word that is heard renews the verdict; what each source has said expires by itself.
    suspect: {
      meta: { lines },
      after: { expiry: { target: "unknown", actions: "expire" } },
      always: [
        { guard: "isBad", target: "bad" },
        { guard: "isHealthy", target: "healthy" },
        { guard: "isUnknown", target: "unknown" },
      ],
      on: {
        "check.settled": { target: "suspect", reenter: true, actions: "check" },
        "slice.closed": [
          { guard: "isTelling", target: "suspect", reenter: true, actions: "observe" },
          { actions: "observe" },
        ],
      },
    },
    bad: {
      meta: { demand: ({ settings: { trickle } }) => ({ share: trickle, ...unrepeated }), lines },
      after: { expiry: { target: "unknown", actions: "expire" } },
      always: [
        { guard: "isSuspect", target: "suspect" },
        { guard: "isHealthy", target: "healthy" },
        { guard: "isUnknown", target: "unknown" },
      ],
      on: {
        "check.settled": { target: "bad", reenter: true, actions: "check" },
        "slice.closed": [
          { guard: "isTelling", target: "bad", reenter: true, actions: "observe" },
          { actions: "observe" },
        ],
      },
    },
  },
})

const contextOf = (snapshot: Snapshot<unknown>) => (snapshot as SnapshotFrom<typeof machine>).context

export const health = component({
  key: "health",
  layer: "health",
  standard: false,
  options: healthOptions,
  chart: machine,
  hears: ["check.settled", "checks.changed", "slice.closed", "circuit.moved"],
  reason: (snapshot) => contextOf(snapshot).finding.reasons.join("; ") || "the service is not well",
  finding: (snapshot) => contextOf(snapshot).finding,
  tells: (snapshot, at) => {
    const { endpoints: verdicts, probe } = contextOf(snapshot).finding
    const found = { type: "health.found", at, verdicts } as const
    if (probe === undefined) return [found]
    return [found, { type: probe.ok ? "probe.succeeded" : "probe.failed", at, epoch: probe.epoch } as const]
  },
  retracts: (at) => [{ type: "health.found", at, verdicts: {} }],
  report: (snapshot) => {
    const { finding, endpoints } = contextOf(snapshot)
    const { health: state, reasons, endpoints: verdicts } = finding
    const bad = Object.values(verdicts).filter((verdict) => verdict === "bad").length
    return { state, reasons, endpoints: Object.keys(endpoints).length, bad }
  },
})
