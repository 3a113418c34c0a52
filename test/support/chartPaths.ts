/** Where every chart can get to: shortest paths by samples of everything that may happen. */
import { registry } from "recloser/machines"
import {
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type AnyStateNode,
  type EventObject,
  initialTransition,
  transition,
} from "xstate"
import type { AnyPlug } from "../../machines/plug.ts"
import { samplesFor } from "./chartEvents.ts"
import { settingsOf } from "./charts.ts"
import { heapLimit, leaking, sliceAt } from "./foretold.ts"
import { reachable } from "./reachable.ts"

/** Every chart that a breaker can run beside its root. */
export const parts: readonly AnyPlug[] = [
  ...Object.values(registry.strategies),
  ...Object.values(registry.companions),
  ...Object.values(registry.components),
]

/** A provider that has not told anything yet. */
const silent: AsyncIterable<never> = { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) }

/** Options that the chart is started with, beside its defaults. */
const starts: { readonly [key: string]: readonly unknown[] } = {
  gradual: [{ probes: { wrong: 0.01 } }],
  timeout: [{ min: 500, max: 500 }],
  rateLimit: [{ limit: 10, adaptive: false }],
  priority: [{ limit: 5 }],
  recovery: [{ features: ["pay", "refund"], minimumSamples: 2 }],
  discovery: [{ endpoints: ["a", "b"] }, { endpoints: ["a", "b"], provider: silent }],
  health: [{ check: () => true, fall: 1 }],
}

/** Pasts too long for a path: the chart is walked from where they lead as well, and by what would come next. */
const pasts: { readonly [key: string]: { readonly options: unknown; readonly slices: readonly EventObject[] } } = {
  prediction: {
    options: heapLimit,
    slices: Array.from({ length: 360 }, (_, at) => sliceAt(at + 1, leaking(at + 1))),
  },
}

interface Later {
  readonly state: AnyMachineSnapshot
  readonly next: EventObject
}

/** Where the past leads just before it warns, and the slice by which it does; then what it hears while it warns. */
function afterPast(plug: AnyPlug): readonly Later[] {
  const past = pasts[plug.key]
  if (past === undefined) return []
  const input = { settings: settingsOf(plug, past.options), seed: 1, at: 0, circuit: "closed" }
  let [state] = initialTransition(plug.chart as AnyStateMachine, input as never) as unknown as [AnyMachineSnapshot]
  const found: Later[] = []
  for (const next of past.slices) {
    const [after] = transition(plug.chart as AnyStateMachine, state, next) as unknown as [AnyMachineSnapshot]
    if (after.value === "warned")
      found.push({ state, next }, ...(state.value === "warned" ? [{ state: lessSure(state), next }] : []))
    state = after
  }
  return found
}

/** As if it had been less sure when it warned: no past that is known makes it surer later. */
const lessSure = (state: AnyMachineSnapshot): AnyMachineSnapshot => {
  const context = state.context as { readonly finding: object }
  return { ...state, context: { ...context, finding: { ...context.finding, probability: 0.3 } } } as AnyMachineSnapshot
}

/** Settings under which a change begins something new, beside one under which it does not. */
const changes: { readonly [key: string]: readonly unknown[] } = {
  basic: [{}, { window: { type: "count" } }],
  timeout: [{}, { min: 10, max: 20 }],
  rateLimit: [{}, { limit: 10, adaptive: false }],
  discovery: [undefined, { endpoints: ["a", "b"] }],
}
const settings = (plug: AnyPlug): readonly unknown[] =>
  (changes[plug.key] ?? [undefined]).map((options) => settingsOf(plug, options))

export const nodesOf = (node: AnyStateNode): readonly AnyStateNode[] => [
  node,
  ...Object.values(node.states).flatMap(nodesOf),
]

function eventsFor(plug: AnyPlug, nodes: readonly AnyStateNode[]): readonly EventObject[] {
  const delays = nodes.flatMap((node) => node.ownEvents.filter((type) => type.startsWith("xstate.after")))
  const all = [
    ...samplesFor(plug.key),
    ...settings(plug).map((settings) => ({ type: "settings.changed", settings })),
    ...delays.map((type) => ({ type })),
  ]
  // What a component learns depends on the time that has passed; a strategy waits by its own timers.
  const times = plug.kind === "strategy" ? [1000] : [1000, 1_000_000]
  return times.flatMap((at) => all.map((event) => ({ ...event, at })))
}

/** Times, reasons and serials make no other state; neither do counts beyond those that decide. */
const passing = [
  "at",
  "retryAt",
  "waitMs",
  "closedAt",
  "reason",
  "rule",
  "statistics",
  "entries",
  "draws",
  "trips",
  "settings",
  "hung",
  "stale",
  "spent",
  "slowAfterMs",
  "pressure",
  "line",
]
function small(what: unknown): unknown {
  if (typeof what === "number") return Math.sign(what) * Math.min(2, Math.round(Math.abs(what)))
  if (typeof what === "boolean") return what
  if (typeof what !== "object" || what === null || Array.isArray(what)) return typeof what
  return Object.entries(what).flatMap(([key, inner]) => (passing.includes(key) ? [] : [[key, small(inner)]]))
}
/** Of all settings only this one makes another chart: whether somebody will tell of endpoints. */
const isProvided = ({ settings }: { readonly settings?: { readonly provider?: unknown } }): boolean =>
  settings?.provider !== undefined
const serialize = ({ value, context }: AnyMachineSnapshot): string =>
  JSON.stringify([value, small(context), isProvided(context)])

export const nameOf = (source: AnyStateNode, type: string, index: number) => `${source.id} on ${type} #${index}`

/** How it is started: with its defaults, and with what else makes a difference. */
export const beginningsOf = (plug: AnyPlug) => [
  ...[undefined, ...(starts[plug.key] ?? [])].map((options) => begun(plug, options, "closed")),
  // One that is added, or replaced, while the circuit is open.
  ...(startsAway.includes(plug.key) ? [begun(plug, undefined, "open")] : []),
]

/** Parts to which it makes a difference that they start while the circuit is not closed. */
const startsAway = ["timeout", "prediction", "retry", "recovery"]

const begun = (plug: AnyPlug, options: unknown, circuit: string) => ({
  input: { settings: settingsOf(plug, options), seed: 1, at: 0, circuit },
})

export interface Explored {
  readonly machine: AnyStateMachine
  readonly nodes: readonly AnyStateNode[]
  readonly events: readonly EventObject[]
  /** Snapshots, one for each place that differs in more than times and counts. */
  readonly states: readonly AnyMachineSnapshot[]
  /** What a long past leads to, event by event. */
  readonly later: readonly Later[]
}

export function explore(plug: AnyPlug): Explored {
  const machine = plug.chart as AnyStateMachine
  const nodes = nodesOf(machine.root)
  const later = afterPast(plug)
  const [first] = later
  const events = [...eventsFor(plug, nodes), ...(first ? [first.next] : [])]
  const beginnings = [...beginningsOf(plug), ...(first ? [{ fromState: first.state }] : [])]
  const states = beginnings.flatMap((beginning) => reachable(machine, beginning, events, serialize))
  return { machine, nodes, events, states, later }
}
