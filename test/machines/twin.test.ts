import { type BreakerConfig, createBreaker } from "recloser"
import { createVirtualClock } from "recloser/testing"
import { expect, test } from "vitest"
import { alone, gateOf } from "../support/parts.ts"
import fc from "../support/property.ts"

const durations = fc.constantFrom(0, 10, 99, 100, 350, 2000)
const kinds = fc.constantFrom("success", "failure", "timedOut", "ignored")
const steps = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.record({ kind: kinds, durationMs: durations }) },
    { weight: 2, arbitrary: fc.record({ waitMs: fc.constantFrom(1, 500, 5000, 40_000) }) },
    { weight: 1, arbitrary: fc.record({ command: fc.constantFrom("forceOpen", "bypass", "shadow", "release") }) },
  ),
  { maxLength: 80 },
)
const window = fc.oneof(
  fc.record({
    type: fc.constant("time" as const),
    failureRatio: fc.constantFrom(0.3, 0.5, 1),
    minimumCalls: fc.integer({ min: 1, max: 8 }),
  }),
  fc.record({
    type: fc.constant("count" as const),
    calls: fc.integer({ min: 8, max: 20 }),
    minimumCalls: fc.integer({ min: 1, max: 8 }),
  }),
  fc.record({ type: fc.constant("consecutive" as const), failures: fc.integer({ min: 1, max: 5 }) }),
)
const configs = fc.record({
  window,
  slowCalls: fc.constantFrom(false as const, { after: 100, ratio: 0.5 }),
  needed: fc.integer({ min: 1, max: 3 }),
})

// Slow calls end before they are overdue: the differential law looks at those.
test("breaker law 6: told of the same calls one after the other, an actor alone and a breaker with a data plane stand alike", () => {
  return fc.assert(
    fc.asyncProperty(configs, steps, async ({ window, slowCalls, needed }, walk) => {
      const strategy = {
        type: "basic" as const,
        window,
        slowCalls,
        openFor: { base: 1000, jitter: 0 },
        probes: { needed },
      }
      const config: BreakerConfig = { strategy, timeout: false }
      const clock = createVirtualClock()
      const breaker = createBreaker("service", config, { clock })
      const twin = alone({ ...config, seed: clock.seed() })
      for (const step of walk) {
        if ("waitMs" in step) await Promise.all([clock.advance(step.waitMs), twin.clock.advance(step.waitMs)])
        else if ("command" in step) {
          const command = step.command as "release"
          breaker[command]("a test")
          twin.send({ type: `operator.${command}`, at: twin.clock.now(), why: "a test" })
        } else await call(step.kind as "success", slowCalls ? Math.min(100, step.durationMs) : step.durationMs)
        expect([breaker.circuit, breaker.mode, breaker.metrics().epoch]).toEqual([
          gateOf(twin).circuit,
          gateOf(twin).mode,
          gateOf(twin).epoch,
        ])
      }

      async function call(kind: "success", durationMs: number): Promise<void> {
        const { epoch } = gateOf(twin)
        const ticket = breaker.acquire()
        await Promise.all([clock.advance(durationMs), twin.clock.advance(durationMs)])
        if (!ticket.admitted) return
        ticket.settle(kind)
        twin.send({ type: "outcome.settled", at: twin.clock.now(), kind, durationMs, epoch })
      }
    }),
    { numRuns: 60 },
  )
})
