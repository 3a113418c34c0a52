/**
 * `priority`: how many calls may be in flight, and who goes first. It holds the bounds; the data plane learns the limit between
 * them, and tells now and then where it stands. When the process itself is pressed, or failure is foretold, it raises the floor: calls
 * that matter least are refused before they cost anything.
 *
 * Owns:    the bounds of limit and queue, what was told of the limit last, how hard the process is pressed, and whether failure is foretold.
 * Hears:   limit.moved, pressure.changed, forecast.changed, breaker.restored.
 * Demands: slots and queue, always: their bounds · foretold, pressed, saturated: floor.
 * Laws:
 *   1. It never refuses calls of normal priority and above by their class: the floor is at most `normal`.
 *   2. The floor is raised where a gauge reaches its line, and lowered only when all gauges are clearly below it.
 *   3. A floor that nothing is heard of any more is lowered: whoever is refused by it must not wait for others to tell.
 *   4. What it says of the limit is what the data plane told last; it never changes the bounds for it.
 *   5. A fixed limit stays where it was set, whatever is told.
 *   6. Restored, a learned limit begins where it was, within the bounds of today.
 *   7. While failure is foretold bulk calls alone give way, so that the others have what room is left; then they are let in again.
 */
import { assign, type Snapshot, type SnapshotFrom, setup } from "xstate"
import { component, only, type PlugInput, type StateMeta } from "../plug.ts"
import {
  bounds,
  freshSlots,
  isFixed,
  longestUnheardMs,
  movedTo,
  noteLimit,
  notePressure,
  type PrioritySettings,
  pressureAt,
  priorityOptions,
  readSlots,
  restoredSlots,
  type SlotContext,
  unpressed,
  watched,
} from "../slotting.ts"
import { rankOf } from "../vocabulary/priority.ts"
import type { Signal } from "../vocabulary/signal.ts"

/** Pressure is told where there was none. */
const rising = {
  "pressure.changed": [
    { guard: "saturates", target: "saturated", actions: "notePressure" },
    { guard: "presses", target: "pressed", actions: "notePressure" },
    { actions: "notePressure" },
  ],
} as const

const machine = setup({
  types: {
    context: {} as SlotContext,
    events: {} as Signal,
    input: {} as PlugInput<PrioritySettings>,
    meta: {} as StateMeta<SlotContext>,
  },
  guards: {
    isFixed: ({ context }) => isFixed(context),
    climbs: movedTo("climbing"),
    holds: movedTo("holding"),
    caps: movedTo("capped"),
    drains: movedTo("draining"),
    follows: movedTo("following"),
    isBlameless: ({ event }) => only(event, "limit.moved").independent,
    isToBlame: ({ event }) => !only(event, "limit.moved").independent,
    presses: ({ context, event }) => pressureAt(context, only(event, "pressure.changed"), 0) === 1,
    saturates: ({ context, event }) => pressureAt(context, only(event, "pressure.changed"), 1) === 2,
    easesFromPressed: ({ context, event }) => pressureAt(context, only(event, "pressure.changed"), 1) === 0,
    easesToPressed: ({ context, event }) => pressureAt(context, only(event, "pressure.changed"), 2) === 1,
    isForetold: ({ context: { isForetold, settings } }) => isForetold && settings.pressure !== undefined,
    isForetoldNoMore: ({ context }) => !context.isForetold,
    easesAltogether: ({ context, event }) => pressureAt(context, only(event, "pressure.changed"), 2) === 0,
  },
  actions: {
    noteLimit: assign(({ event }) => noteLimit(only(event, "limit.moved"))),
    notePressure: assign(({ event }) => notePressure(only(event, "pressure.changed"))),
    noteForecast: assign({ isForetold: ({ event }) => only(event, "forecast.changed").state === "warned" }),
    forgetPressure: assign(() => unpressed),
    restore: assign(({ context, event }) => restoredSlots(context, only(event, "breaker.restored"))),
  },
  delays: { unheard: longestUnheardMs },
}).createMachine({
  id: "priority",
  type: "parallel",
  context: ({ input }) => freshSlots(input),
  meta: { demand: bounds, lines: watched },
  states: {
    pressure: {
      initial: "relaxed",
      on: { "forecast.changed": { actions: "noteForecast" } },
      states: {
        relaxed: { always: { guard: "isForetold", target: "foretold" }, on: rising },
        // The process is well, and the service may soon be in trouble: whoever matters least gives way already.
        foretold: {
          meta: { demand: () => ({ floor: rankOf("low") }) },
          always: { guard: "isForetoldNoMore", target: "relaxed" },
          on: rising,
        },
        pressed: {
          meta: { demand: () => ({ floor: rankOf("low") }) },
          on: {
            "pressure.changed": [
              { guard: "saturates", target: "saturated", actions: "notePressure" },
              { guard: "easesFromPressed", target: "relaxed", actions: "notePressure" },
              { target: "pressed", reenter: true, actions: "notePressure" },
            ],
          },
          after: { unheard: { target: "relaxed", actions: "forgetPressure" } },
        },
        saturated: {
          meta: { demand: () => ({ floor: rankOf("normal") }) },
          on: {
            "pressure.changed": [
              { guard: "easesAltogether", target: "relaxed", actions: "notePressure" },
              { guard: "easesToPressed", target: "pressed", actions: "notePressure" },
              { target: "saturated", reenter: true, actions: "notePressure" },
            ],
          },
          after: { unheard: { target: "relaxed", actions: "forgetPressure" } },
        },
      },
    },
    limit: {
      initial: "following",
      on: {
        "limit.moved": [
          { guard: "climbs", target: ".climbing", actions: "noteLimit" },
          { guard: "holds", target: ".holding", actions: "noteLimit" },
          { guard: "caps", target: ".capped", actions: "noteLimit" },
          { guard: "drains", target: ".draining", actions: "noteLimit" },
          { guard: "follows", target: ".following", actions: "noteLimit" },
        ],
        "breaker.restored": { actions: "restore" },
      },
      states: {
        fixed: { on: { "limit.moved": {}, "breaker.restored": {} } },
        // The limit leaves room above what is used.
        following: { always: { guard: "isFixed", target: "fixed" } },
        // Calls wait, and more of them at once have not been shown to be slower.
        climbing: {},
        // At the knee: more at once would be slower, and no more would be done.
        holding: {},
        // Failures or timeouts came with the load.
        capped: {},
        // Calls that timed out are taken to be under way still, as many as there are slots.
        draining: {},
      },
    },
    failures: {
      initial: "suspect",
      states: {
        suspect: { on: { "limit.moved": { guard: "isBlameless", target: "independent" } } },
        // Less load did not help: they are the circuit's business.
        independent: { on: { "limit.moved": { guard: "isToBlame", target: "suspect" } } },
      },
    },
  },
})

type PrioritySnapshot = SnapshotFrom<typeof machine>
const read = (snapshot: Snapshot<unknown>) => snapshot as PrioritySnapshot

export const priority = component({
  key: "priority",
  layer: "limit",
  standard: true,
  options: priorityOptions,
  chart: machine,
  hears: ["limit.moved", "pressure.changed", "forecast.changed", "breaker.restored"],
  reason: (snapshot) => {
    const { value, context } = read(snapshot)
    const { level, by } = context.pressure
    if (value.pressure === "relaxed") return "bounds the calls in flight"
    return value.pressure === "foretold" ? "failure is foretold" : `the ${by} is ${Math.round(100 * level)} % full`
  },
  canRestore: (saved) => readSlots(saved) !== undefined,
  // What was set is nothing to keep; nor is what a process under pressure has made of it.
  save: (snapshot) => {
    const { value, context } = read(snapshot)
    const { learned } = context
    const isOwn = !isFixed(context) && value.pressure === "relaxed"
    return isOwn && learned !== undefined ? { limit: Math.floor(learned) } : undefined
  },
  report: (snapshot) => {
    const { value, context } = read(snapshot)
    const { learned: limit = context.line.first, pressure } = context
    return { state: value.limit, limit, pressure: value.pressure, level: pressure.level, failures: value.failures }
  },
})
