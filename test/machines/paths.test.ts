/** Every chart of the registry is walked along generated paths: each of its states is reached, each of its transitions is taken. */
import { registry } from "recloser/machines"
import { describe, expect, test } from "vitest"
import {
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type AnyStateNode,
  type EventObject,
  initialTransition,
  transition,
} from "xstate"
import { getShortestPaths } from "xstate/graph"
import type { AnyPlug } from "../../machines/plug.ts"
import { forcedOpen, probe, released, restored, settingsOf } from "../support/charts.ts"
import { ejection } from "../support/endpointPlane.ts"
import { heapLimit, leaking, sliceAt } from "../support/foretold.ts"

const parts: readonly AnyPlug[] = [...Object.values(registry.strategies), ...Object.values(registry.components)]

const rules = ["failureRatio", "run", "excursion", "rate", "relief", "dead", "cohort", "asked"] as const
const counts = [
  { calls: 20, failures: 20, slow: 0 },
  { calls: 20, failures: 10, slow: 0 },
  { calls: 20, failures: 0, slow: 0 },
  { calls: 5, failures: 0, slow: 5 },
]
const latency = (samples: number) => ({ samples, p50: 50, p90: 90, p99: 100, p999: 110, max: 120 })
const slice = (samples: number, late: number, calls = 100) => ({
  type: "slice.closed",
  epoch: 0,
  slice: {
    startedAt: 0,
    success: calls,
    failure: 0,
    timedOut: late,
    ignored: 0,
    slow: 0,
    late,
    latency: latency(samples),
  },
})
const circuits = ["closed", "degraded", "open", "halfOpen", "ramping"] as const
const moved = circuits.map((to) => ({ type: "circuit.moved", breaker: "service", from: "closed", to, epoch: 0 }))
const budgets = [{ type: "budget.spent" }, { type: "budget.funded" }]
const limits = (["following", "climbing", "holding", "capped", "draining"] as const).flatMap((state) =>
  [true, false].map((independent) => ({ type: "limit.moved", state, limit: 10, independent })),
)
const pressures = [0.1, 0.92, 0.99].map((memory) => ({ type: "pressure.changed", utilisation: 0, memory, queue: 0 }))
const endpoint = (id: string) => ({ id, address: id, zone: undefined, weight: 1, metadata: {} })
const sets = [[], [endpoint("a")], [endpoint("a"), endpoint("b")]]
const endpoints = [
  ...sets.map((endpoints) => ({ type: "provider.told", endpoints })),
  { type: "provider.lost", reason: "a reason" },
  ...[[], [ejection("a")]].map((ejected) => ({ type: "endpoints.shifted", ejected })),
  ...[{}, { a: "bad" }].map((verdicts) => ({ type: "health.found", verdicts })),
]
const checks = [
  ...[true, false].flatMap((ok) =>
    [undefined, "a"].map((endpoint) => ({ type: "check.settled", epoch: 0, endpoint, ok, reason: ok ? "" : "down" })),
  ),
  { type: "checks.changed", endpoints: [] },
]
const saved = (key: string) => [
  ...circuits.map((circuit) =>
    restored({ [key]: { circuit, remainingMs: 5, trips: 1, sinceCloseMs: 5, timeoutMs: 400 } }),
  ),
  restored({ [key]: { timeoutMs: 400, trialMs: 900 } }),
  restored({ [key]: { cut: { rate: 8.9, from: 6, ms: 500 } } }),
  restored({ [key]: { heldMs: 500 } }),
  restored({ [key]: { limit: 7 } }),
  restored({ [key]: { features: { pay: { state: "blocked", reason: "failed", failures: 1, isDoubted: false } } } }),
  restored({ [key]: { endpoints: ["a"] } }),
  restored({ [key]: { version: 1, samples: 9, mostRunning: 1, load: [1, 1, 0, 9, 9, 9, 1, 1, 1, 1], followed: {} } }),
]

const ofFeatures = [
  ...["full", "partial"].map((state) => ({ type: "features.changed", state })),
  { type: "feature.entered", feature: "pay", since: 1000 },
  { type: "feature.settled", feature: "pay", since: 1000, end: "good" },
  { type: "feature.settled", feature: "pay", since: 1000, end: "bad" },
  ...["pay", "refund"].map((feature) => ({
    type: "feature.failed",
    feature,
    statistics: { calls: 5, failures: 5, slow: 0 },
  })),
]

const told = [
  { overMs: 1000, answered: 50, exceeded: 30 },
  { overMs: 1000, answered: 50, exceeded: 0 },
  { overMs: 1000, answered: 50, exceeded: 1, waitMs: 5000 },
  { overMs: 1000, answered: 50, exceeded: 1, waitMs: 5_000_000 },
  { overMs: 1000, answered: 50, exceeded: 0, remaining: 5, resetAfterMs: 5000 },
].map((said) => ({ type: "throttle.told", epoch: 0, ...said }))

/** Options that the chart is started with, beside its defaults. */
const starts: { readonly [key: string]: readonly unknown[] } = {
  gradual: [{ probes: { wrong: 0.01 } }],
  timeout: [{ min: 500, max: 500 }],
  rateLimit: [{ limit: 10, adaptive: false }],
  priority: [{ limit: 5 }],
  recovery: [{ features: ["pay", "refund"], minimumSamples: 2 }],
}

/** Pasts too long for a path: the chart is walked from where they lead as well, and by what would come next. */
const pasts: { readonly [key: string]: { readonly options: unknown; readonly slices: readonly EventObject[] } } = {
  prediction: {
    options: heapLimit,
    slices: Array.from({ length: 360 }, (_, at) => sliceAt(at + 1, leaking(at + 1))),
  },
}

/** Where the past leads just before it warns, and the slice by which it does. */
function afterPast(plug: AnyPlug): readonly { readonly state: AnyMachineSnapshot; readonly next: EventObject }[] {
  const past = pasts[plug.key]
  if (past === undefined) return []
  const input = { settings: settingsOf(plug, past.options), seed: 1, at: 0, circuit: "closed" }
  let [state] = initialTransition(plug.chart as AnyStateMachine, input as never) as unknown as [AnyMachineSnapshot]
  for (const next of past.slices) {
    const [after] = transition(plug.chart as AnyStateMachine, state, next) as unknown as [AnyMachineSnapshot]
    if (after.value === "warned") return [{ state, next }]
    state = after
  }
  return []
}

/** Settings under which a change begins something new, and one under which it does not. */
const settings = (plug: AnyPlug): readonly unknown[] =>
  plug.key === "basic"
    ? [settingsOf(plug, {}), settingsOf(plug, { window: { type: "count" } })]
    : plug.key === "timeout"
      ? [settingsOf(plug, {}), settingsOf(plug, { min: 10, max: 20 })]
      : plug.key === "rateLimit"
        ? [settingsOf(plug, {}), settingsOf(plug, { limit: 10, adaptive: false })]
        : [settingsOf(plug)]

const nodesOf = (node: AnyStateNode): readonly AnyStateNode[] => [node, ...Object.values(node.states).flatMap(nodesOf)]

function eventsFor(plug: AnyPlug, nodes: readonly AnyStateNode[]): readonly EventObject[] {
  const delays = nodes.flatMap((node) => node.ownEvents.filter((type) => type.startsWith("xstate.after")))
  const alarms = rules.flatMap((rule) =>
    counts.map((statistics) => ({ type: "alarm.rang", epoch: 0, rule, statistics, seen: 1e6 })),
  )
  const all = [
    ...alarms,
    ...(["succeeded", "failed", "expired"] as const).map(probe),
    ...[
      forcedOpen,
      released,
      ...moved,
      ...budgets,
      ...saved(plug.key),
      ...told,
      slice(0, 0),
      slice(5000, 0),
      slice(5000, 90),
      slice(5000, 0, 0),
      slice(5000, 90, 0),
      ...limits,
      ...endpoints,
      ...checks,
      ...pressures,
      ...ofFeatures,
    ],
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
const serialize = ({ value, context }: AnyMachineSnapshot): string => JSON.stringify([value, small(context)])

const nameOf = (source: AnyStateNode, type: string, index: number) => `${source.id} on ${type} #${index}`

const transitionsOf = (node: AnyStateNode): readonly string[] =>
  [...node.transitions].flatMap(([type, list]) => list.map((_, index) => nameOf(node, type, index)))

describe.each(parts.map((plug) => [plug.key, plug] as const))("the chart of %s", (_key, plug) => {
  const machine = plug.chart as AnyStateMachine
  const nodes = nodesOf(machine.root)
  const later = afterPast(plug)
  const events = [...eventsFor(plug, nodes), ...later.map(({ next }) => next)]
  const beginnings = [undefined, ...(starts[plug.key] ?? [])].map((options) => ({
    input: { settings: settingsOf(plug, options), seed: 1, at: 0, circuit: "closed" },
  }))
  const states = [...beginnings, ...later.map(({ state }) => ({ fromState: state as never }))].flatMap((beginning) =>
    getShortestPaths(machine, {
      ...beginning,
      events: events as never,
      serializeState: (state) => serialize(state as AnyMachineSnapshot),
      limit: 1_000_000,
    }).map(({ state }) => state as AnyMachineSnapshot),
  )

  test("has each of its states reached", () => {
    const reached = new Set(states.flatMap((state) => state._nodes.map(({ id }) => id)))
    expect(nodes.map(({ id }) => id).filter((id) => !reached.has(id))).toEqual([])
  })

  test("has each of its transitions taken", () => {
    const taken = new Set(
      states.flatMap((state) =>
        events.flatMap((event) =>
          (machine.getTransitionData(state as never, event as never) ?? []).map((found) => {
            const list = found.source.transitions.get(found.eventType) ?? []
            return nameOf(found.source, found.eventType, list.indexOf(found))
          }),
        ),
      ),
    )
    expect(nodes.flatMap(transitionsOf).filter((name) => !taken.has(name))).toEqual([])
  })

  test("stays active along every path", () => {
    expect(states.filter(({ status }) => status !== "active")).toEqual([])
  })
})
