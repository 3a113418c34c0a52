/** Calls that are settled by the short way, where somebody beside the meter wants to hear of them. */
import { type BreakerConfig, createBreaker } from "recloser"
import { createVirtualClock, type VirtualClock } from "recloser/testing"
import { describe, expect, test } from "vitest"
import type { SequentialLine } from "../../machines/vocabulary/gate.ts"
import { barePlane, openGate } from "../support/barePlane.ts"

const watch: SequentialLine = { kind: "sequential", threshold: 20, rate: 0.5, cohort: 0, watch: "usual", tells: "late" }

describe("a call of no feature that went well by the short way", () => {
  test("says that the service is well: a feature that fails beside it is what has failed", () => {
    const { plane, clock, reports } = barePlane()
    plane.swap(openGate({ features: { pay: { since: 0, watch } } }))
    for (let call = 0; call < 60; call++) {
      clock.step(10)
      const paid = plane.admit(clock.now(), { feature: "pay" })
      if (paid.admitted) paid.settle("failure")
      const other = plane.admit(clock.now())
      if (other.admitted) other.settle("success")
    }
    expect(reports).toContainEqual(expect.objectContaining({ type: "feature.failed", feature: "pay" }))
  })
})

describe("calls of no feature, of a breaker that measures nothing else", () => {
  const bare = { strategy: "basic", timeout: false, metrics: false, priority: false } as const satisfies BreakerConfig
  const watched = { ...bare, recovery: { features: ["pay"] } } as const satisfies BreakerConfig

  /** One call in six is of the feature, and fails. */
  async function failing(breaker: ReturnType<typeof createBreaker>, clock: VirtualClock): Promise<void> {
    for (let round = 0; round < 100; round++) {
      void breaker.tryExecute(() => Promise.reject(new Error("503")), { feature: "pay" })
      for (let call = 0; call < 5; call++) await breaker.execute(async () => "well")
      await clock.advance(10)
    }
  }

  // Nobody had read the clock when they entered, so that they had gone well at no time.
  test("say that the service is well: the feature that fails beside them is held back", async () => {
    const clock = createVirtualClock()
    const breaker = createBreaker("shop", watched, { clock })
    await failing(breaker, clock)
    expect(breaker.metrics().refusals.feature).toBeGreaterThan(0)
    await breaker.stop()
  })

  test("that entered before there were features say nothing of when the service was well, and hide nothing", async () => {
    const clock = createVirtualClock()
    const breaker = createBreaker("shop", bare, { clock })
    const slow = breaker.execute(() => new Promise((resolve) => clock.arm(5, () => resolve("well"), false)))
    breaker.reconfigure(watched)
    await breaker.execute(async () => "well", { feature: "pay" })
    await clock.advance(10)
    await slow
    await failing(breaker, clock)
    expect(breaker.metrics().refusals.feature).toBeGreaterThan(0)
    await breaker.stop()
  })
})
