/** Verdicts that say more than a word: the service asks to be left alone. */
import { type BreakerConfig, createBreaker } from "recloser"
import { createVirtualClock } from "recloser/testing"
import { describe, expect, test } from "vitest"
import { down, failing, world } from "../support/breakers.ts"

const basic: BreakerConfig = { strategy: { type: "basic", openFor: { base: 1000, jitter: 0 } } }
const gradual: BreakerConfig = { strategy: { type: "gradual", openFor: { base: 1000, jitter: 0 } } }

describe.each([
  ["basic", basic],
  ["gradual", gradual],
])("with %s", (_key, config) => {
  test("one failure that trips opens the circuit, and retryAfter lengthens the wait", async () => {
    const { breaker } = world({
      ...config,
      classify: () => ({ kind: "failure", trip: true, retryAfter: "20 seconds" }),
    })
    await breaker.tryExecute(failing)
    expect(breaker.circuit).toBe("open")
    expect(breaker.wouldReject()).toMatchObject({
      rule: "asked",
      reason: "the service asked to be left alone",
      retryAfterMs: 20_000,
      statistics: { calls: 1, failures: 1, slow: 0 },
    })
  })

  test("a failure that does not trip is one failure among others, whatever it asks for", async () => {
    const { breaker } = world({ ...config, classify: () => ({ kind: "failure", retryAfter: "20 seconds" }) })
    await breaker.tryExecute(failing)
    expect(breaker.circuit).toBe("closed")
    expect(breaker.metrics().calls.failure).toBe(1)
  })

  test("only a failure trips", async () => {
    for (const kind of ["success", "ignored"] as const) {
      const { breaker } = world({ ...config, classify: () => ({ kind, trip: true }) })
      await breaker.tryExecute(failing)
      expect(breaker.circuit).toBe("closed")
      expect(breaker.metrics().calls[kind]).toBe(1)
    }
  })

  test("a probe that fails and asks for time lengthens the next wait", async () => {
    const { breaker, clock } = world({
      ...config,
      classify: () => ({ kind: "failure", trip: true, retryAfter: "5 seconds" }),
    })
    await breaker.tryExecute(failing)
    await clock.advance("5 seconds")
    expect(breaker.circuit).toBe("halfOpen")
    await breaker.tryExecute(failing)
    expect(breaker.wouldReject()).toMatchObject({ retryAfterMs: 5000 })
  })

  test("a permit's holder reports the error, and the classifier says what it asks for", () => {
    const clock = createVirtualClock()
    const breaker = createBreaker(
      "service",
      { ...config, classify: () => ({ kind: "failure", trip: true }) },
      { clock },
    )
    const ticket = breaker.acquire()
    if (ticket.admitted) ticket.settle("failure", { error: down })
    expect(breaker.circuit).toBe("open")
  })

  test("a time that cannot be read is reported, and asks for nothing", async () => {
    const { breaker, troubles } = world({
      ...config,
      classify: () => ({ kind: "failure", trip: true, retryAfter: "soon" as "1 second" }),
    })
    await breaker.tryExecute(failing)
    expect(breaker.wouldReject()).toMatchObject({ retryAfterMs: 1000 })
    expect(troubles.map(({ part }) => part)).toEqual(["classify"])
  })
})
