/** A breaker among many is made when it is needed, and let go when it is not: nobody can tell by what it decides. */

import { type Breaker, type BreakerConfig, createBreaker, createBreakers, type Permit } from "recloser"
import { afterAll, describe, expect, it } from "vitest"
import type { OutcomeKind } from "../../machines/vocabulary/outcome.ts"
import { expectEqual } from "../support/expectEqual.ts"
import fc from "../support/property.ts"
import { type StepClock, stepClock } from "../support/stepClock.ts"
import { calmConfig, calmStep, config, millis, type Step, step } from "../support/steps.ts"

const runs = 3000
const leastSteps = 40_000

const kind = fc.oneof(
  { weight: 6, arbitrary: fc.constant<OutcomeKind>("success") },
  { weight: 3, arbitrary: fc.constantFrom<OutcomeKind>("failure", "timedOut", "ignored") },
)
/** A call or two, and long silences: what leaves a breaker quiet. */
const mildStep: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant("call" as const) }),
  fc.record({ do: fc.constant("settle" as const), which: fc.nat(5), kind, asks: fc.constant(undefined) }),
  fc.record({
    do: fc.constant("wait" as const),
    ms: fc.oneof(millis(50), millis(3000), millis(30_000), millis(900_000)),
  }),
)
const walk = fc.oneof(
  { weight: 5, arbitrary: fc.array(mildStep, { minLength: 5, maxLength: 40 }) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.array(mildStep, { maxLength: 20 }), fc.array(step, { minLength: 20, maxLength: 200 }))
      .map(([mild, rough]) => [...mild, ...rough]),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.array(mildStep, { maxLength: 20 }), fc.array(calmStep, { minLength: 20, maxLength: 100 }))
      .map(([mild, calm]) => [...mild, ...calm]),
  },
)
const anyConfig = fc.oneof({ weight: 4, arbitrary: config }, { weight: 1, arbitrary: calmConfig })

/** The calls in flight of one of the twins, and everything that can be done to it. */
class Twin {
  readonly clock: StepClock = stepClock()
  readonly breaker: Breaker
  readonly #open: Permit[] = []

  constructor(make: (clock: StepClock) => Breaker) {
    this.breaker = make(this.clock)
  }

  call(): unknown {
    const ticket = this.breaker.acquire({ lease: "1 day" })
    if (ticket.admitted) this.#open.push(ticket)
    return ticket.admitted ? { probe: ticket.probe, epoch: ticket.epoch } : { ...ticket, since: 0 }
  }

  settle(which: number, kind: OutcomeKind): unknown {
    const [permit] = this.#open.splice(which % Math.max(1, this.#open.length), 1)
    return permit?.settle(kind)
  }

  take(step: Step): readonly unknown[] {
    if (step.do === "call") return [this.call()]
    if (step.do === "settle") return [this.settle(step.which, step.kind)]
    if (step.do === "wait") this.clock.step(step.ms)
    if (step.do === "act") this.breaker[step.act]("law")
    if (step.do !== "burst") return []
    const before = this.#open.length
    const calls = Array.from({ length: step.calls }, () => this.call())
    this.clock.step(step.afterMs)
    while (this.#open.length > before) this.settle(before, step.kind)
    return calls
  }

  look(): object {
    const { circuit, mode, phase } = this.breaker
    return { circuit, mode, phase, refuses: this.breaker.wouldReject()?.reason }
  }
}

const oneOfMany = (config: BreakerConfig) => {
  const made: { size: number; live(): number }[] = []
  const twin = new Twin((clock) => {
    const breakers = createBreakers({ idle: "300 days", config: () => config }, { clock })
    made.push({ size: breakers.size, live: () => breakers.metrics().live })
    return breakers.get("twin")
  })
  return { twin, isLive: () => made.some(({ live }) => live() > 0) }
}

describe("one breaker among many", () => {
  const seen = { steps: 0, quiet: 0, circuits: new Set<string>() }

  it("decides at every step what one made alone decides, and tells the same of itself", () => {
    fc.assert(
      fc.property(anyConfig, walk, (config, steps) => {
        const eager = new Twin((clock) => createBreaker("twin", config, { clock }))
        const { twin: lazy, isLive } = oneOfMany(config)
        for (const step of steps) {
          expectEqual(lazy.take(step), eager.take(step))
          expectEqual(lazy.look(), eager.look())
          seen.steps++
          seen.circuits.add(lazy.breaker.circuit)
          if (!isLive()) seen.quiet++
        }
        // Reading turns the pages of the latency sketch, so it is read once.
        expect(lazy.breaker.metrics()).toEqual(eager.breaker.metrics())
        expect({ ...lazy.breaker.save(), savedAt: 0 }).toEqual({ ...eager.breaker.save(), savedAt: 0 })
      }),
      { numRuns: runs, seed: 20_261 },
    )
  }, 240_000)

  afterAll(() => {
    // A law that never left the closed state, or never was quiet, would prove nothing.
    expect(seen.steps).toBeGreaterThanOrEqual(leastSteps)
    expect(seen.quiet).toBeGreaterThan(seen.steps / 10)
    expect(seen.quiet).toBeLessThan(seen.steps)
    expect([...seen.circuits].sort()).toEqual(["closed", "degraded", "halfOpen", "open", "ramping"])
  })
})
