/** Random steps of calls, outcomes, time and operators, and random configs: what the differential laws walk. */
import fc from "fast-check"
import type { PartsConfig, StrategyConfig } from "../../machines/registry.ts"
import type { OutcomeKind } from "../../machines/vocabulary/outcome.ts"
import type { Quota } from "../../machines/vocabulary/quota.ts"
import type { Standing } from "../../machines/vocabulary/standing.ts"

export type Act = "forceOpen" | "bypass" | "shadow" | "release"

export type Step =
  | { readonly do: "call"; readonly feature?: string | undefined }
  | {
      readonly do: "settle"
      readonly which: number
      readonly kind: OutcomeKind
      readonly asks: number | undefined
      readonly quota?: Quota | undefined
    }
  | {
      readonly do: "burst"
      readonly calls: number
      readonly kind: OutcomeKind
      readonly afterMs: number
      readonly feature?: string | undefined
    }
  | { readonly do: "wait"; readonly ms: number }
  | { readonly do: "act"; readonly act: Act }
  | { readonly do: "move"; readonly id: string; readonly standing: Standing }

/** Exact in binary, so that both twins compute the same instants. */
export const millis = (max: number) => fc.integer({ min: 1, max: max * 64 }).map((ticks) => ticks / 64)
const kind = fc.oneof(
  { weight: 5, arbitrary: fc.constant<OutcomeKind>("failure") },
  { weight: 5, arbitrary: fc.constant<OutcomeKind>("success") },
  { weight: 1, arbitrary: fc.constantFrom<OutcomeKind>("timedOut", "ignored") },
)

/** Once in a while the service asks to be left alone. */
const asks = fc.oneof(
  { weight: 60, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: fc.constantFrom(0, 2048, 1e9) },
)

export const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 20, arbitrary: fc.record({ do: fc.constant("call" as const) }) },
  { weight: 16, arbitrary: fc.record({ do: fc.constant("settle" as const), which: fc.nat(30), kind, asks }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("burst" as const),
      calls: fc.integer({ min: 5, max: 30 }),
      kind,
      afterMs: millis(300),
    }),
  },
  {
    weight: 12,
    arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.oneof(millis(50), millis(2000), millis(20_000)) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("act" as const),
      act: fc.constantFrom<Act>("forceOpen", "bypass", "shadow", "release", "release"),
    }),
  },
)

const slowCalls = fc.option(fc.record({ after: fc.constantFrom(64, 512, 1024), ratio: fc.constantFrom(0.3, 0.8) }), {
  nil: undefined,
})
const window = fc.oneof(
  fc.record({
    type: fc.constant("time" as const),
    duration: fc.constantFrom(640, 10_240),
    minimumCalls: fc.constantFrom(1, 5, 20),
    failureRatio: fc.constantFrom(0.1, 0.5, 1),
  }),
  fc.record({
    type: fc.constant("count" as const),
    calls: fc.constantFrom(20, 70),
    minimumCalls: fc.constantFrom(1, 10, 20),
    failureRatio: fc.constantFrom(0.25, 0.5),
    maxAge: fc.constantFrom(1024, 65_536),
  }),
  fc.record({
    type: fc.constant("consecutive" as const),
    failures: fc.constantFrom(1, 3, 8),
    maxAge: fc.constantFrom(1024, 65_536),
  }),
)
const openFor = fc.record({
  base: fc.constantFrom(128, 1024),
  step: fc.constantFrom(0, 32),
  max: fc.constantFrom(1024, 16_384),
  jitter: fc.constantFrom(0, 0.25),
})
const gradual = fc.record({
  type: fc.constant("gradual" as const),
  falseAlarms: fc.constantFrom(false as const, { every: "1 minute" as const, callsPerSecond: 1 }),
  brokenAt: fc.constantFrom(0.5, 0.8),
  trial: fc.constantFrom(true, false, { share: 0.75, calls: 10 }),
  slowCalls: fc.constantFrom<boolean | { after: number }>(true, false, { after: 64 }, { after: 512 }),
  ramp: fc.record({ outcomes: fc.constantFrom(5, 12) }),
  openFor,
  probes: fc.record({
    atOnce: fc.constantFrom(1, 3),
    wrong: fc.constantFrom(0.05, 0.001),
    lease: fc.constantFrom(256, 4096),
  }),
})
const basic = fc.record({
  type: fc.constant("basic" as const),
  window,
  slowCalls,
  openFor,
  probes: fc.record({
    atOnce: fc.constantFrom(1, 3),
    needed: fc.constantFrom(1, 2, 4),
    lease: fc.constantFrom(256, 4096),
  }),
})
/** Without slots, or with so few that they bind. A limit that is learned is the data plane's alone. */
const priority = fc.constantFrom<NonNullable<PartsConfig["priority"]>>(false, { limit: 4 }, { limit: 12, queue: false })

export const config: fc.Arbitrary<PartsConfig> = fc.record({
  priority,
  strategy: fc.oneof(basic, gradual),
  timeout: fc.constantFrom<NonNullable<PartsConfig["timeout"]>>(true, false, 500),
  metrics: fc.boolean(),
})

/** Bursts of a service that is quick, save for some calls that time out and some that take longer: the timeout explores. */
const burst = (kind: OutcomeKind, most: number, longestMs: number): fc.Arbitrary<Step> =>
  fc.record({
    do: fc.constant("burst" as const),
    calls: fc.integer({ min: 1, max: most }),
    kind: fc.constant(kind),
    afterMs: millis(longestMs),
  })
export const calmStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 20, arbitrary: burst("success", 30, 30) },
  { weight: 2, arbitrary: burst("timedOut", 3, 100) },
  { weight: 1, arbitrary: fc.oneof(burst("failure", 3, 30), burst("success", 2, 400)) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: millis(2000) }) },
)
export const calmConfig: fc.Arbitrary<PartsConfig> = fc.record({
  strategy: fc.constant({ type: "basic" as const, window: { type: "count" as const, calls: 500, failureRatio: 1 } }),
  timeout: fc.constantFrom({ min: 64, max: 4096 }, { min: 16, max: 512 }),
  priority: fc.constant(false as const),
  metrics: fc.boolean(),
})

/** How dependencies move, between all that may happen otherwise. */
const move: fc.Arbitrary<Step> = fc.record({
  do: fc.constant("move" as const),
  id: fc.constantFrom("ledger", "cards"),
  standing: fc
    .record({ health: fc.constantFrom(0, 1, 1, 1, 0.5), probes: fc.constantFrom(undefined, 1, 3) })
    .map(({ health, probes }): Standing => {
      const standing = { circuit: "closed", health, cause: "db", reason: "db is ill" } as const
      return health === 0 && probes !== undefined ? { ...standing, probes } : standing
    }),
})
export const dependingStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: step },
  { weight: 1, arbitrary: move },
)

/** The same breakers, with dependencies. */
export const dependingConfig: fc.Arbitrary<PartsConfig> = config.map(({ strategy: own, ...others }) => ({
  ...others,
  strategy: {
    type: "dependency" as const,
    own: own as StrategyConfig,
    dependencies: { ledger: { type: "critical" as const }, cards: { type: "required" as const, impact: 0.5 } },
  },
}))

/** What a service says about its limits, among all that may happen otherwise. */
const quota: fc.Arbitrary<Quota> = fc.oneof(
  fc.record({ exceeded: fc.constant(true), retryAfterMs: fc.constantFrom(undefined, undefined, 512, 8192) }),
  fc.record({
    exceeded: fc.constant(false),
    remaining: fc.constantFrom(0, 3, 1000),
    resetAfterMs: fc.constantFrom(256, 16_384),
  }),
)
export const limitedStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 30, arbitrary: step },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("settle" as const),
      which: fc.nat(30),
      kind: fc.constant<OutcomeKind>("success"),
      asks: fc.constant(undefined),
      quota,
    }),
  },
)
/** What is learned never binds here: how buckets refuse under a rate that changes is the law of rates to say. */
const adaptive = fc.constantFrom(false as const, { floor: 90_000, evidence: 1 }, { floor: 90_000, evidence: 5 })
export const limitedConfig: fc.Arbitrary<PartsConfig> = fc
  .record({ config, adaptive, burst: fc.constantFrom(4, 16), limit: fc.constantFrom(0.5, 7) })
  .map(({ config: others, adaptive: learns, burst: atOnce, limit }) => {
    const most = { limit: 100_000, burst: 100_000 }
    const perKey = { limit, interval: "1 second" as const, burst: atOnce }
    return { ...others, rateLimit: { ...most, perKey, adaptive: learns } }
  })

/** Calls that name what they are for, among all that may happen otherwise. */
const feature = fc.constantFrom(undefined, undefined, "pay", "refund", "search")
const ofFeature = fc.constantFrom("pay", "refund", "search")
export const featuredStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 20, arbitrary: fc.tuple(step, feature).map(([next, named]) => withFeature(next, named)) },
  // One feature fails while others are well: what features are watched for.
  {
    weight: 4,
    arbitrary: fc.tuple(burst("failure", 12, 60), ofFeature).map(([next, named]) => withFeature(next, named)),
  },
  {
    weight: 25,
    arbitrary: fc.tuple(burst("success", 30, 60), feature).map(([next, named]) => withFeature(next, named)),
  },
)

const withFeature = (next: Step, named: string | undefined): Step =>
  named !== undefined && (next.do === "call" || next.do === "burst") ? { ...next, feature: named } : next

export const featuredConfig: fc.Arbitrary<PartsConfig> = fc
  .record({
    config,
    minimumSamples: fc.constantFrom(1, 3, 10),
    testShare: fc.constantFrom(0.25, 1),
    atOnce: fc.constantFrom(1, 2),
    failureRatio: fc.constantFrom(0.25, 0.5),
  })
  .map(({ config: others, ...own }) => ({
    ...others,
    recovery: {
      ...own,
      features: { pay: { required: true }, refund: ["pay"], search: true },
      testFor: 2048,
      retry: { base: 512, max: 4096, jitter: 0.25 },
    },
  }))
