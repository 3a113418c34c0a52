/**
 * `discovery`: where the service is reached. It keeps the last list of endpoints that named any, and decides which of them calls may
 * go to: those that filters, health checks and their own calls speak for. When too few are left of them it trusts nobody's judgement
 * and lets calls go to all. The data plane chooses one for each call, and leaves out for a time whichever does worse than the others.
 *
 * Owns:    the list of endpoints, which of them are away, and whether the list is still believed.
 * Hears:   provider.told, provider.lost, endpoints.shifted, health.found, breaker.restored, settings.changed.
 * Demands: empty: share 0 · else nothing; it states the line of endpoints.
 * Laws:
 *   1. A list that names no endpoint, or none that may be called, takes none away: the last good one is kept.
 *   2. The line names only endpoints of the last good list, and each that the filters let pass.
 *   3. It panics exactly while a smaller part than `panic` is well, and then no endpoint is left out.
 *   4. What is known of endpoints that are gone is forgotten with them.
 *   5. Restored, it begins with the list of before, and believes the next one.
 *   6. Whom checks only suspect is named, and gets less than its part; that takes nobody away.
 */
import { assign, type Snapshot, type SnapshotFrom, setup } from "xstate"
import {
  type DiscoveryContext,
  freshDiscovery,
  inState,
  isRestorable,
  isUseful,
  lost,
  noted,
  panics,
  readSaved,
  resettled,
  restoredEndpoints,
  taken,
  watchedEndpoints,
} from "../discovering.ts"
import { type DiscoverySettings, discoveryOptions } from "../endpointOptions.ts"
import { component, only, type PlugInput, type StateMeta } from "../plug.ts"
import type { EndpointsFinding } from "../vocabulary/endpoint.ts"
import type { Signal } from "../vocabulary/signal.ts"

type Known = "fresh" | "stale" | "panicking"

/** What a state that knows endpoints hears; a list that is of use leads to one state, one that is not to another. */
const hearing = (here: Known, useful: Known, useless: Known) => {
  const noted = { target: here, reenter: true, actions: "note" } as const
  const doubted = { target: useless, reenter: true, actions: "doubt" } as const
  return {
    "provider.told": [{ guard: "isUseful", target: useful, reenter: true, actions: "take" }, doubted],
    "provider.lost": doubted,
    "endpoints.shifted": noted,
    "health.found": noted,
    "settings.changed": { target: here, reenter: true, actions: "resettle" },
  } as const
}

const machine = setup({
  types: {
    context: {} as DiscoveryContext,
    events: {} as Signal,
    input: {} as PlugInput<DiscoverySettings>,
    meta: {} as StateMeta<DiscoveryContext>,
  },
  guards: {
    isKnown: ({ context }) => context.endpoints.length > 0,
    isUseful: ({ context, event }) => isUseful(context, only(event, "provider.told")),
    isRestorable: ({ context, event }) => isRestorable(context, only(event, "breaker.restored")),
    panics: ({ context }) => panics(context, false),
    isCalmAndStale: ({ context }) => context.isStale && !panics(context, true),
    isCalm: ({ context }) => !panics(context, true),
    isVouchedFor: ({ context }) => !context.isStale,
  },
  actions: {
    take: assign(({ context, event }) => taken(context, only(event, "provider.told"))),
    doubt: assign(({ context, event }) => lost(context, only(event, ["provider.told", "provider.lost"]))),
    note: assign(({ context, event }) => noted(context, only(event, ["endpoints.shifted", "health.found"]))),
    resettle: assign(({ context, event }) =>
      resettled(context, only(event, "settings.changed").settings as DiscoverySettings),
    ),
    restore: assign(({ context, event }) => restoredEndpoints(context, only(event, "breaker.restored"))),
    tell: assign(({ context, event }, { state }: { state: EndpointsFinding["state"] }) =>
      inState(context, state, event.at),
    ),
  },
}).createMachine({
  id: "discovery",
  context: ({ input }) => freshDiscovery(input),
  initial: "empty",
  states: {
    empty: {
      entry: { type: "tell", params: { state: "empty" } },
      meta: { demand: () => ({ share: 0 }) },
      always: { guard: "isKnown", target: "fresh" },
      on: {
        "provider.told": [
          { guard: "isUseful", target: "fresh", actions: "take" },
          { target: "empty", reenter: true, actions: "doubt" },
        ],
        "provider.lost": { target: "empty", reenter: true, actions: "doubt" },
        "breaker.restored": { guard: "isRestorable", target: "stale", actions: "restore" },
        "settings.changed": { actions: "resettle" },
      },
    },
    fresh: {
      entry: { type: "tell", params: { state: "fresh" } },
      meta: { lines: watchedEndpoints },
      always: { guard: "panics", target: "panicking" },
      on: {
        ...hearing("fresh", "fresh", "stale"),
        // What a provider told before is newer than what the config has it begin with.
        "breaker.restored": { guard: "isRestorable", target: "stale", actions: "restore" },
      },
    },
    // Nobody vouches for the list any more. It is still the best that is known.
    stale: {
      entry: { type: "tell", params: { state: "stale" } },
      meta: { lines: watchedEndpoints },
      always: [
        { guard: "panics", target: "panicking" },
        { guard: "isVouchedFor", target: "fresh" },
      ],
      on: hearing("stale", "fresh", "stale"),
    },
    panicking: {
      entry: { type: "tell", params: { state: "panicking" } },
      meta: { lines: watchedEndpoints },
      always: [
        { guard: "isCalmAndStale", target: "stale" },
        { guard: "isCalm", target: "fresh" },
      ],
      on: hearing("panicking", "panicking", "panicking"),
    },
  },
})

const snapshotOf = (snapshot: Snapshot<unknown>) => snapshot as SnapshotFrom<typeof machine>
const contextOf = (snapshot: Snapshot<unknown>) => snapshotOf(snapshot).context

export const discovery = component({
  key: "discovery",
  layer: "discovery",
  standard: false,
  options: discoveryOptions,
  chart: machine,
  hears: [
    "provider.told",
    "provider.lost",
    "endpoints.shifted",
    "health.found",
    "breaker.restored",
    "settings.changed",
  ],
  reason: (snapshot) => contextOf(snapshot).reason,
  finding: (snapshot) => contextOf(snapshot).finding,
  canRestore: (saved) => readSaved(saved).length > 0,
  save: (snapshot) => {
    const { told } = contextOf(snapshot)
    return told.length === 0
      ? undefined
      : { endpoints: told.map(({ zone, ...rest }) => (zone === undefined ? rest : { ...rest, zone })) }
  },
  report: (snapshot) => {
    const { value, context } = snapshotOf(snapshot)
    const { away, suspect, reason, endpoints } = context.finding
    return { state: value, endpoints: endpoints.length, away: away.length, suspect: suspect.length, reason }
  },
})
