/** Mistakes in what a breaker tells of itself, and in what it does with the options it was given. */
import { createBreaker } from "recloser"
import { createVirtualClock, scriptedBackend } from "recloser/testing"
import { describe, expect, test } from "vitest"
import { deferred, fail, succeed, trip, tripAndWait, world } from "../support/breakers.ts"

describe("numbers", () => {
  test("the state was unknown before the first call", () => {
    const { breaker } = world()
    expect(breaker.metrics()).toMatchObject({
      breaker: "service",
      at: 0,
      phase: "active",
      mode: "auto",
      circuit: "closed",
      calls: { admitted: 0, rejected: 0, inFlight: 0 },
      refusals: {},
      latency: { samples: 0, p50: 0, max: 0 },
      components: { metrics: { score: 1, slices: [] }, timeout: { state: "cold", timeoutMs: 30_000 } },
    })
  })

  test("error classes made labels without bound", async () => {
    const { breaker } = world()
    const size = () => JSON.stringify(breaker.metrics()).replace(/\d+/g, "0").length
    await fail(breaker, 5)
    await succeed(breaker, 20)
    const before = size()
    for (let kind = 0; kind < 1000; kind++) {
      await breaker.tryExecute(() =>
        Promise.reject(Object.assign(new Error(`error ${kind}`), { name: `Error${kind}`, code: `E${kind}` })),
      )
      await succeed(breaker, 2)
    }
    expect(size()).toBe(before)
    expect(breaker.metrics().calls.failure).toBe(1005)
  })

  test("the score was inverted, or half-open unknown to the times in state", async () => {
    const state = world({ strategy: { type: "basic", openFor: "5 seconds", window: { type: "consecutive" } } })
    const { breaker, clock } = state
    const scoreNow = () => breaker.metrics().components.metrics?.score
    await succeed(breaker, 10)
    await clock.advance("1 second")
    await succeed(breaker)
    expect(scoreNow()).toBe(1)
    await fail(breaker, 4)
    await clock.advance("1 second")
    await succeed(breaker)
    expect(scoreNow()).toBeLessThan(1)
    await tripAndWait(state)
    await clock.advance("3 seconds")
    expect(breaker.metrics().components.metrics?.msIn).toMatchObject({ closed: 2000, open: 5000, halfOpen: 3000 })
  })

  test("latencies were made of failures, or were wrong", async () => {
    const { breaker, clock } = world({ timeout: false })
    const backend = scriptedBackend(clock, { answer: "value", after: 100 })
    for (let call = 0; call < 20; call++) {
      const answer = breaker.execute(backend.call)
      await clock.advance(100)
      await answer
    }
    const { samples, p50, max } = breaker.metrics().latency
    expect(samples).toBe(20)
    for (const value of [p50, max]) expect(Math.abs(value - 100) / 100).toBeLessThanOrEqual(1 / 32)
    await fail(breaker, 5)
    expect(breaker.metrics().latency.samples).toBe(20)
  })
})

describe("the caller's options", () => {
  const freeze = <T>(value: T): T => {
    if (typeof value === "object" && value !== null) Object.values(Object.freeze(value)).forEach(freeze)
    return value
  }

  test("were mutated: a deeply frozen config works, and is what it was", async () => {
    const make = () => ({
      strategy: {
        type: "basic" as const,
        window: { type: "count" as const, calls: 30, minimumCalls: 3 },
        slowCalls: { after: "1 second" as const },
        openFor: { base: "1 second" as const },
        probes: { needed: 1 },
      },
      timeout: { max: "3 seconds" as const },
      metrics: true,
    })
    const config = freeze(make())
    const state = world(config)
    await tripAndWait(state)
    await succeed(state.breaker)
    state.breaker.forceOpen("x")
    await state.breaker.stop()
    expect(config).toEqual(make())
  })

  test("were kept: a config changed afterwards changes nothing", async () => {
    const probes = { needed: 1 }
    const state = world({ strategy: { type: "basic", probes } })
    probes.needed = 1000
    await tripAndWait(state)
    await succeed(state.breaker)
    expect(state.breaker.circuit).toBe("closed")
  })

  test("were shared: two breakers of one config are two breakers", async () => {
    const config = {}
    const clock = createVirtualClock()
    const [one, other] = [createBreaker("one", config, { clock }), createBreaker("other", config, { clock })]
    await trip(one)
    expect(other.circuit).toBe("closed")
    const work = deferred()
    const running = other.execute(() => work.promise)
    await one.stop()
    work.resolve("up")
    expect(await running).toBe("up")
  })
})
