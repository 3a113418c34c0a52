import { afterAll, describe, expect, it } from "vitest"
import type { PartsConfig } from "../../machines/registry.ts"
import type { Gate } from "../../machines/vocabulary/gate.ts"
import type { OutcomeKind } from "../../machines/vocabulary/outcome.ts"
import type { Quota } from "../../machines/vocabulary/quota.ts"
import { expectEqual } from "../support/expectEqual.ts"
import fc from "../support/property.ts"
import {
  calmConfig,
  calmStep,
  config,
  dependingConfig,
  dependingStep,
  featuredConfig,
  featuredStep,
  limitedConfig,
  limitedStep,
  type Step,
  step,
} from "../support/steps.ts"
import { fastTwin, naiveTwin, type Twin } from "../support/twins.ts"

/** Random steps that all laws of a run must take together. */
const leastSteps = 100_000
const runs = 200
const stepsPerRun = 800

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

function settleBoth([fast, naive]: Open, kind: OutcomeKind, asks?: number, quota?: Quota): void {
  fast?.settle(kind, asks, quota)
  naive?.settle(kind, asks, quota)
}

function admitBoth(fast: Twin, naive: Twin, feature?: string): Open {
  const pair = [fast.admit(feature), naive.admit(feature)] as const
  const [one, other] = pair.map((ticket) => ({ admitted: ticket !== undefined, probe: ticket?.probe }))
  expectEqual(one, other)
  return pair
}

function take(step: Step, fast: Twin, naive: Twin, open: Open[]): void {
  if (step.do === "call") open.push(admitBoth(fast, naive, step.feature))
  if (step.do === "settle" && open.length > 0)
    for (const pair of open.splice(step.which % open.length, 1)) settleBoth(pair, step.kind, step.asks, step.quota)
  if (step.do === "wait") for (const twin of [fast, naive]) twin.step(step.ms)
  if (step.do === "move") {
    for (const twin of [fast, naive]) twin.move(Object.fromEntries([[step.id, { standing: step.standing }]]))
  }
  if (step.do === "act") for (const twin of [fast, naive]) twin.act(step.act)
  if (step.do !== "burst") return
  const pairs = Array.from({ length: step.calls }, () => admitBoth(fast, naive, step.feature))
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
        expectEqual(decision(fast.gate()), decision(naive.gate()))
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

  it("breaker law 6: so they do while dependencies move", () => {
    const held = { blocked: 0, probed: 0, impaired: 0 }
    fc.assert(
      fc.property(dependingConfig, fc.array(dependingStep, { minLength: 600, maxLength: 600 }), (parts, steps) => {
        compare(parts, steps, ({ circuit, restriction: { share, probes } }) => {
          if (circuit !== "closed") return
          if (share === 0) held.blocked++
          if (Number.isFinite(probes)) held.probed++
          if (share === 0.5) held.impaired++
        })
      }),
      { seed: 19, numRuns: 150 },
    )
    for (const steps of Object.values(held)) expect(steps).toBeGreaterThan(500)
  }, 240_000)

  it("breaker law 6: so they do while the service talks of its limits", () => {
    const said = { held: 0, throttled: 0, closed: 0 }
    fc.assert(
      fc.property(limitedConfig, fc.array(limitedStep, { minLength: 500, maxLength: 500 }), (parts, steps) => {
        compare(parts, steps, ({ circuit, holders, restriction }) => {
          if (holders.some(({ by, demand }) => by === "rateLimit" && demand.share === 0)) said.held++
          if (Number.isFinite(restriction.rate)) said.throttled++
          if (circuit === "closed") said.closed++
        })
      }),
      { seed: 23, numRuns: 120 },
    )
    for (const steps of Object.values(said)) expect(steps).toBeGreaterThan(500)
  }, 240_000)

  it("breaker law 6: so they do while features come and go", () => {
    const seenOf = { tested: 0, blocked: 0, alone: 0, back: 0 }
    fc.assert(
      fc.property(featuredConfig, fc.array(featuredStep, { minLength: 600, maxLength: 600 }), (parts, steps) => {
        compare(parts, steps, ({ circuit, restriction: { features }, lines }, before) => {
          const shares = Object.values(features).map(({ share }) => share)
          if (shares.some((share) => share > 0)) seenOf.tested++
          if (shares.includes(0)) seenOf.blocked++
          const heldBefore = Object.values(before.restriction.features).filter(({ share }) => share === 0).length
          const isMore = shares.filter((share) => share === 0).length > heldBefore
          if (isMore && circuit === "closed" && before.circuit === "closed") seenOf.alone++
          if (shares.length === 0 && lines.features && Object.keys(before.restriction.features).length > 0)
            seenOf.back++
        })
      }),
      { seed: 29, numRuns: 150 },
    )
    for (const times of Object.values(seenOf)) expect(times).toBeGreaterThan(100)
  }, 240_000)

  afterAll(() => {
    // A law that never left the closed state, or took too few steps, would prove nothing.
    expect(seen.steps).toBeGreaterThanOrEqual(leastSteps)
    expect([...seen.circuits].sort()).toEqual(["closed", "degraded", "halfOpen", "open", "ramping"])
    expect(seen.opened).toBeGreaterThan(100)
  })
})
