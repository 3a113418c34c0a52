/** Each transition says by which rule, on how many calls, and by which figure beside its line: whoever asks why need not guess. */

import { type BreakerConfig, type BreakerEvents, createBreaker } from "recloser"
import { createVirtualClock } from "recloser/testing"
import { describe, expect, test } from "vitest"
import fc from "../support/property.ts"

/** Nothing was weighed: time passed, somebody ordered it, or the service asked for it. */
const unweighed = /^(?:openFor|operator|restored|reconfigured|asked)$/

const step = fc.oneof(
  fc.record({
    type: fc.constant("calls" as const),
    count: fc.integer({ min: 1, max: 120 }),
    bad: fc.constantFrom(0, 0, 0.02, 0.4, 1, 1),
  }),
  fc.record({ type: fc.constant("wait" as const), ms: fc.constantFrom(300, 1000, 5000, 60_000) }),
  fc.record({ type: fc.constant("hang" as const) }),
)

const configs: Readonly<Record<string, BreakerConfig>> = {
  basic: { strategy: { type: "basic", probes: { needed: 2 } } },
  "a row": { strategy: { type: "basic", window: { type: "consecutive", failures: 5 } } },
  gradual: {},
  "gradual that weighs probes": { strategy: { type: "gradual", probes: { wrong: 0.001, atOnce: 3 } } },
  dependency: { strategy: { type: "dependency" } },
}

async function play(steps: readonly (typeof step extends fc.Arbitrary<infer S> ? S : never)[], config: BreakerConfig) {
  const clock = createVirtualClock()
  const breaker = createBreaker("service", { ...config, timeout: false, priority: false }, { clock })
  const moves: BreakerEvents["transition"][] = []
  breaker.on("transition", (move) => moves.push(move))
  for (const one of steps) {
    if (one.type === "wait") await clock.advance(one.ms)
    // Nobody comes back with it: as a probe it hangs until its lease has ended.
    else if (one.type === "hang") breaker.acquire({ lease: "1 hour" })
    else
      for (let call = 0; call < one.count; call++) {
        const ticket = breaker.acquire()
        if (ticket.admitted) ticket.settle(((call * 37) % 100) / 100 < one.bad ? "failure" : "success")
        await clock.advance(20)
      }
  }
  const stopped = breaker.stop({ grace: 0 })
  await clock.advance(1)
  await stopped
  return moves
}

describe("each transition says what decided it", () => {
  test.each(Object.entries(configs))("%s", async (_name, config) => {
    const rules = new Set<string>()
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 14 }), async (steps) => {
        for (const { from, to, rule, statistics } of await play(steps, config)) {
          if (unweighed.test(rule)) continue
          rules.add(rule)
          const said = `${from} to ${to} by ${rule}: ${JSON.stringify(statistics)}`
          const { calls = 0, failures = 0, bound } = statistics ?? {}
          expect(calls, said).toBeGreaterThan(0)
          expect(failures, said).toBeLessThanOrEqual(calls)
          expect(Number.isFinite(bound?.value) && Number.isFinite(bound?.line), said).toBe(true)
          // Evidence and rows reach their lines; a share may stay below the one that it is held against.
          if (bound?.of === "evidence" || bound?.of === "row")
            expect(bound.value, said).toBeGreaterThanOrEqual(bound.line - 1e-9)
        }
      }),
      { numRuns: 40, seed: 20_261_129 },
    )
    // Probes have decided, and what opened it: or nothing was looked at.
    expect([...rules].filter((rule) => rule.startsWith("probe.")).length).toBeGreaterThanOrEqual(2)
    expect(rules.size).toBeGreaterThanOrEqual(3)
  })
})
