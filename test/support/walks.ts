/** Random walks of a strategy: what it might hear, and time passing between. */
import fc from "fast-check"
import type { Endpoint } from "../../machines/vocabulary/endpoint.ts"
import { needs, type Standing, unknownStanding } from "../../machines/vocabulary/standing.ts"

export { moves } from "./legalMoves.ts"

import { alarm, answeredAfter, type Chart, forcedOpen, probe, released, restored } from "./charts.ts"
import { ejection } from "./endpointPlane.ts"

export type Step = { readonly type: "wait"; readonly ms: number } | Parameters<Chart["send"]>[0]

const counts = fc
  .record({
    calls: fc.integer({ min: 1, max: 300 }),
    failed: fc.double({ min: 0, max: 1, noNaN: true }),
    slow: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  .map(({ calls, failed, slow }) => ({ calls, failures: Math.floor(calls * failed), slow: Math.floor(calls * slow) }))

const open = { circuit: "open", remainingMs: 3000 }

export const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant("wait" as const), ms: fc.nat(90_000) }) },
  { weight: 2, arbitrary: fc.constant(alarm) },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant("alarm.rang" as const),
      epoch: fc.constant(0),
      rule: fc.constantFrom("failureRatio" as const, "slowRatio" as const, "row" as const),
      statistics: counts,
    }),
  },
  { weight: 4, arbitrary: fc.constant(probe("succeeded")) },
  { weight: 1, arbitrary: fc.constantFrom(probe("failed"), probe("expired")) },
  { weight: 1, arbitrary: fc.constantFrom(answeredAfter(1), answeredAfter(900)) },
  { weight: 1, arbitrary: fc.constantFrom(forcedOpen, released) },
  { weight: 1, arbitrary: fc.constantFrom(restored({}), restored({ basic: open, gradual: open })) },
)

export const describeStep = (step: Step): string => (step.type === "wait" ? `waiting ${step.ms} ms` : step.type)

export async function take(chart: Chart, step: Step): Promise<void> {
  if (step.type === "wait") await chart.clock.advance(step.ms)
  else chart.send(step)
}

const ms = fc.double({ min: 0, max: 120_000, noNaN: true })

/** A latency summary as a sketch makes it: quantiles in order. */
const latency = fc.tuple(fc.nat(2000), fc.array(ms, { minLength: 5, maxLength: 5 })).map(([samples, values]) => {
  const [p50 = 0, p90 = 0, p99 = 0, p999 = 0, max = 0] = samples === 0 ? [] : values.sort((one, other) => one - other)
  return { samples, p50, p90, p99, p999, max }
})

export const slices = fc.record({
  startedAt: fc.nat(1_000_000),
  success: fc.nat(1000),
  failure: fc.nat(1000),
  timedOut: fc.nat(1000),
  ignored: fc.nat(1000),
  slow: fc.nat(1000),
  late: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(1000) }),
  latency,
})

const circuits = ["closed", "degraded", "open", "halfOpen", "ramping"] as const

/** How a dependency may stand. */
export const standings: fc.Arbitrary<Standing> = fc.oneof(
  fc.constant(unknownStanding("ledger")),
  fc
    .record({
      circuit: fc.constantFrom(...circuits),
      health: fc.oneof(fc.constantFrom(0, 0, 1), fc.double({ min: 0, max: 1, noNaN: true })),
      probes: fc.constantFrom(undefined, 1, 3),
      retryAt: fc.constantFrom(undefined, 5000),
    })
    .map(({ probes, retryAt, ...standing }) => ({
      ...standing,
      cause: "db",
      reason: "db is ill",
      ...(standing.health === 0 && probes !== undefined ? { probes } : {}),
      ...(retryAt === undefined ? {} : { retryAt }),
    })),
)

export const dependencyIds = fc.constantFrom("ledger", "cards", "__proto__")

/** What a dependency graph hears: some of it of dependencies that it does not have. */
export const dependencySteps: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    type: fc.constant("dependency.added" as const),
    id: dependencyIds,
    need: fc.constantFrom(...needs),
    impact: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined }),
  }),
  fc.record({ type: fc.constant("dependency.removed" as const), id: dependencyIds }),
  fc.tuple(dependencyIds, standings, fc.nat(30)).map(([id, standing, blamed]) => ({
    type: "dependency.moved" as const,
    moves: Object.fromEntries([[id, { standing, blamed }]]),
  })),
)

/** What a service may say about its own limits: hostile waits included. */
const told: fc.Arbitrary<Step> = fc
  .record({
    overMs: fc.nat(5000),
    answered: fc.nat(200),
    exceeded: fc.nat(20),
    waitMs: fc.constantFrom(undefined, undefined, 1, 5000, 99_999_999_000, 1e300),
    remaining: fc.constantFrom(undefined, undefined, 0, 3, 1e300),
    resetAfterMs: fc.constantFrom(undefined, 1, 30_000, 1e300),
  })
  .map((said) => ({ type: "throttle.told" as const, epoch: 0, ...said }))

const part = fc.double({ min: 0, max: 1, noNaN: true })

/** What is told of a learned limit, and of the pressure on the process. */
export const limitSteps: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    type: fc.constant("limit.moved" as const),
    state: fc.constantFrom(...(["following", "climbing", "holding", "capped", "draining"] as const)),
    limit: fc.integer({ min: 1, max: 500 }),
    independent: fc.boolean(),
  }),
  fc.record({
    type: fc.constant("pressure.changed" as const),
    utilisation: fc.oneof(part, fc.constant(Number.NaN)),
    memory: part,
    queue: part,
  }),
)

/** What is told of the near future. */
const forecastSteps: fc.Arbitrary<Step> = fc.record({
  type: fc.constant("forecast.changed" as const),
  state: fc.constantFrom("cold" as const, "calm" as const, "warned" as const, "frozen" as const),
})

const featureNames = fc.constantFrom("pay", "refund", "__proto__", "nobody's")

/** What is told of features: of some that there are, and of some that there are not. */
export const featureSteps: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    type: fc.constant("feature.entered" as const),
    feature: featureNames,
    since: fc.constantFrom(0, 0, 1000, 90_000),
  }),
  fc.record({
    type: fc.constant("feature.settled" as const),
    feature: featureNames,
    since: fc.constantFrom(0, 0, 1000, 90_000),
    end: fc.constantFrom("good" as const, "bad" as const, "ignored" as const),
  }),
  fc.record({ type: fc.constant("feature.failed" as const), feature: featureNames, statistics: counts }),
  fc.record({
    type: fc.constant("features.changed" as const),
    state: fc.constantFrom("full" as const, "partial" as const, "outage" as const),
  }),
)

const endpointIds = ["a", "b", "c", "d"] as const

const someEndpoints: fc.Arbitrary<readonly Endpoint[]> = fc
  .uniqueArray(fc.constantFrom(...endpointIds), { maxLength: 4 })
  .chain((ids) =>
    fc.tuple(
      ...ids.map((id) => fc.tuple(fc.constant(id), fc.constantFrom(0, 1, 1, 5), fc.constantFrom("1", "2", "3"))),
    ),
  )
  .map((drawn) =>
    drawn.map(([id, weight, version]) => ({ id, address: `${id}:80`, zone: undefined, weight, metadata: { version } })),
  )

/** What a component might hear of endpoints. */
export const discoverySteps: fc.Arbitrary<Step> = fc.oneof(
  someEndpoints.map((endpoints) => ({ type: "provider.told" as const, endpoints })),
  fc.constant({ type: "provider.lost" as const, reason: "a reason" }),
  fc.subarray([...endpointIds]).map((ejected) => ({
    type: "endpoints.shifted" as const,
    ejected: ejected.map((id) => ejection(id)),
  })),
  fc.subarray([...endpointIds]).map((ids) => ({
    type: "health.found" as const,
    verdicts: Object.fromEntries(ids.map((id) => [id, id === "a" ? ("suspect" as const) : ("bad" as const)])),
  })),
)

/** What a component might hear of health. */
export const healthSteps: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    type: fc.constant("check.settled" as const),
    epoch: fc.nat(2),
    endpoint: fc.constantFrom(undefined, undefined, "a", "b", "__proto__"),
    ok: fc.boolean(),
    reason: fc.constantFrom("", "status 503"),
  }),
  fc.subarray([...endpointIds]).map((endpoints) => ({ type: "checks.changed" as const, endpoints })),
)

/** What a component might hear. */
export const adviserSteps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ type: fc.constant("wait" as const), ms: fc.nat(90_000) }) },
  {
    weight: 5,
    arbitrary: slices.map((slice) => ({ type: "slice.closed" as const, epoch: 0, slice })),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(fc.constantFrom(...circuits), fc.constantFrom(...circuits)).map(([from, to]) => ({
      type: "circuit.moved" as const,
      breaker: "service",
      from,
      to,
      epoch: 0,
      reason: "a reason",
      rule: "failureRatio",
      statistics: undefined,
    })),
  },
  { weight: 3, arbitrary: dependencySteps },
  { weight: 3, arbitrary: told },
  { weight: 3, arbitrary: discoverySteps },
  { weight: 3, arbitrary: healthSteps },
  { weight: 3, arbitrary: limitSteps },
  { weight: 2, arbitrary: forecastSteps },
  { weight: 3, arbitrary: featureSteps },
  {
    weight: 1,
    arbitrary: fc
      .anything()
      .map((junk) =>
        restored({ timeout: junk, metrics: junk, rateLimit: junk, priority: junk, recovery: junk, discovery: junk }),
      ),
  },
  { weight: 1, arbitrary: fc.nat(200_000).map((limit) => restored({ priority: { limit } })) },
  {
    weight: 2,
    arbitrary: fc.constantFrom({ type: "budget.spent" as const }, { type: "budget.funded" as const }),
  },
  { weight: 1, arbitrary: ms.map((timeoutMs) => restored({ timeout: { timeoutMs } })) },
)
