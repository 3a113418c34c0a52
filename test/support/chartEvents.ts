/** A sample of every event of the vocabulary: what charts are walked by, and what they must leave alone where they do not hear it. */
import type { EventObject } from "xstate"
import { answeredAfter, forcedOpen, probe, released, restored } from "./charts.ts"
import { ejection } from "./endpointPlane.ts"

const rules = ["failureRatio", "run", "excursion", "rate", "relief", "dead", "cohort", "asked"] as const
const counts = [
  { calls: 20, failures: 20, slow: 0 },
  { calls: 20, failures: 10, slow: 0 },
  { calls: 20, failures: 0, slow: 0 },
  { calls: 5, failures: 0, slow: 5 },
]
const latency = (samples: number) => ({ samples, p50: 50, p90: 90, p99: 100, p999: 110, max: 120 })
export const slice = (samples: number, late: number, calls = 100) => ({
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
const forecasts = ["warned", "calm"].map((state) => ({ type: "forecast.changed", state }))
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
export const savedOf = (key: string) => [
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

const standing = (circuit: string, health: number, probes?: number) => ({ circuit, health, probes, reason: circuit })
const standings = [standing("closed", 1), standing("ramping", 0.5), standing("open", 0), standing("halfOpen", 0, 1)]
const ofDependencies = [
  ...["critical", "required"].map((need) => ({ type: "dependency.added", id: "ledger", need, impact: 0.5 })),
  { type: "dependency.removed", id: "ledger" },
  ...standings.map((standing) => ({ type: "dependency.moved", moves: { ledger: { standing } } })),
]

/** What only a breaker that runs alone is told, and passes on to no chart. */
const ofCalls = [
  { type: "call.entered" },
  { type: "call.overdue", calls: 1 },
  { type: "outcome.settled", kind: "failure", durationMs: 1 },
]

/** Everything that may happen, once or in several forms, without a time. */
export const samplesFor = (key: string): readonly EventObject[] => [
  ...rules.flatMap((rule) =>
    counts.map((statistics) => ({ type: "alarm.rang", epoch: 0, rule, statistics, seen: 1e6 })),
  ),
  ...(["succeeded", "failed", "expired"] as const).map(probe),
  answeredAfter(1),
  forcedOpen,
  released,
  ...moved,
  ...budgets,
  ...savedOf(key),
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
  ...forecasts,
  ...ofFeatures,
  ...(key === "dependency" ? ofDependencies : ofDependencies.slice(0, 1)),
  ofDependencies[2] as EventObject,
  ofDependencies[3] as EventObject,
  ...ofCalls,
]
