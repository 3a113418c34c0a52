import fc from "fast-check"
import { afterAll, describe, expect, it } from "vitest"
import type { PartsConfig } from "../../machines/registry.ts"
import type { Gate } from "../../machines/vocabulary/gate.ts"
import type { OutcomeKind } from "../../machines/vocabulary/outcome.ts"
import { type Act, fastTwin, naiveTwin, type Twin } from "../support/twins.ts"

/** Random steps that all laws of a run must take together. */
const leastSteps = 100_000
const runs = 200
const stepsPerRun = 800

type Step =
  | { readonly do: "call" }
  | { readonly do: "settle"; readonly which: number; readonly kind: OutcomeKind }
  | { readonly do: "burst"; readonly calls: number; readonly kind: OutcomeKind; readonly afterMs: number }
  | { readonly do: "wait"; readonly ms: number }
  | { readonly do: "act"; readonly act: Act }

/** Exact in binary, so that both twins compute the same instants. */
const millis = (max: number) => fc.integer({ min: 1, max: max * 64 }).map((ticks) => ticks / 64)
const kind = fc.oneof(
  { weight: 5, arbitrary: fc.constant<OutcomeKind>("failure") },
  { weight: 5, arbitrary: fc.constant<OutcomeKind>("success") },
  { weight: 1, arbitrary: fc.constantFrom<OutcomeKind>("timedOut", "ignored") },
)

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 20, arbitrary: fc.record({ do: fc.constant("call" as const) }) },
  { weight: 16, arbitrary: fc.record({ do: fc.constant("settle" as const), which: fc.nat(30), kind }) },
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

/** Bursts of a service that is quick, save for some calls that time out and some that take longer: the timeout explores. */
const burst = (kind: OutcomeKind, most: number, longestMs: number): fc.Arbitrary<Step> =>
  fc.record({
    do: fc.constant("burst" as const),
    calls: fc.integer({ min: 1, max: most }),
    kind: fc.constant(kind),
    afterMs: millis(longestMs),
  })
const calmStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 20, arbitrary: burst("success", 30, 30) },
  { weight: 2, arbitrary: burst("timedOut", 3, 100) },
  { weight: 1, arbitrary: fc.oneof(burst("failure", 3, 30), burst("success", 2, 400)) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: millis(2000) }) },
)
const calmConfig: fc.Arbitrary<PartsConfig> = fc.record({
  strategy: fc.constant({ type: "basic" as const, window: { type: "count" as const, calls: 500, failureRatio: 1 } }),
  timeout: fc.constantFrom({ min: 64, max: 4096 }, { min: 16, max: 512 }),
  metrics: fc.boolean(),
})

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
const config: fc.Arbitrary<PartsConfig> = fc.record({
  strategy: fc.record({
    type: fc.constant("basic" as const),
    window,
    slowCalls,
    openFor: fc.record({
      base: fc.constantFrom(128, 1024),
      max: fc.constantFrom(1024, 16_384),
      jitter: fc.constantFrom(0, 0.25),
    }),
    probes: fc.record({
      atOnce: fc.constantFrom(1, 3),
      needed: fc.constantFrom(1, 2, 4),
      lease: fc.constantFrom(256, 4096),
    }),
  }),
  timeout: fc.constantFrom<NonNullable<PartsConfig["timeout"]>>(true, false, 500),
  metrics: fc.boolean(),
})

/** What a decision is made of. `Infinity` and all: compared by value. */
const decision = ({ epoch, version, phase, mode, enforcement, circuit, restriction, lines }: Gate) => ({
  epoch,
  version,
  phase,
  mode,
  enforcement,
  circuit,
  restriction,
  lines,
})

type Open = readonly [ReturnType<Twin["admit"]>, ReturnType<Twin["admit"]>]

function settleBoth([fast, naive]: Open, kind: OutcomeKind): void {
  fast?.settle(kind)
  naive?.settle(kind)
}

function admitBoth(fast: Twin, naive: Twin): Open {
  const pair = [fast.admit(), naive.admit()] as const
  expect({ admitted: pair[0] !== undefined, probe: pair[0]?.probe }).toEqual({
    admitted: pair[1] !== undefined,
    probe: pair[1]?.probe,
  })
  return pair
}

function take(step: Step, fast: Twin, naive: Twin, open: Open[]): void {
  if (step.do === "call") open.push(admitBoth(fast, naive))
  if (step.do === "settle" && open.length > 0)
    for (const pair of open.splice(step.which % open.length, 1)) settleBoth(pair, step.kind)
  if (step.do === "wait") for (const twin of [fast, naive]) twin.step(step.ms)
  if (step.do === "act") for (const twin of [fast, naive]) twin.act(step.act)
  if (step.do !== "burst") return
  const pairs = Array.from({ length: step.calls }, () => admitBoth(fast, naive))
  for (const twin of [fast, naive]) twin.step(step.afterMs)
  for (const pair of pairs) settleBoth(pair, step.kind)
}

describe("differential law", () => {
  const seen = { steps: 0, circuits: new Set<string>(), opened: 0 }

  function compare(parts: PartsConfig, steps: readonly Step[], note: (gate: Gate, before: Gate) => void): void {
    const [fast, naive] = [fastTwin(parts), naiveTwin(parts)]
    const open: Open[] = []
    try {
      for (const next of steps) {
        const before = fast.gate()
        take(next, fast, naive, open)
        expect(decision(fast.gate())).toEqual(decision(naive.gate()))
        note(fast.gate(), before)
      }
    } finally {
      fast.close()
      naive.close()
    }
  }

  it("breaker law 6: the data plane and the actors alone take the same decisions at every step", () => {
    fc.assert(
      fc.property(config, fc.array(step, { minLength: stepsPerRun, maxLength: stepsPerRun }), (parts, steps) => {
        compare(parts, steps, (gate, before) => {
          seen.steps++
          seen.circuits.add(gate.circuit)
          if (before.circuit !== "open" && gate.circuit === "open") seen.opened++
        })
      }),
      { numRuns: runs },
    )
  }, 240_000)

  it("breaker law 6: so they do while the timeout explores", () => {
    const explored = { trials: 0, ended: 0 }
    fc.assert(
      fc.property(calmConfig, fc.array(calmStep, { minLength: 300, maxLength: 300 }), (parts, steps) => {
        compare(parts, steps, (gate, before) => {
          if (gate.lines.lateAfterMs !== undefined && before.lines.lateAfterMs === undefined) explored.trials++
          if (gate.lines.lateAfterMs === undefined && before.lines.lateAfterMs !== undefined) explored.ended++
        })
      }),
      { seed: 17, numRuns: 40 },
    )
    expect(explored.trials).toBeGreaterThan(100)
    expect(explored.ended).toBeGreaterThan(100)
  }, 120_000)

  afterAll(() => {
    // A law that never left the closed state, or took too few steps, would prove nothing.
    expect(seen.steps).toBeGreaterThanOrEqual(leastSteps)
    expect([...seen.circuits].sort()).toEqual(["closed", "halfOpen", "open"])
    expect(seen.opened).toBeGreaterThan(100)
  })
})
