import { createBreaker } from "recloser"
import { createVirtualClock } from "recloser/testing"
import { describe, expect, test } from "vitest"
import { expectConsistent, fail, succeed, times, trip, working, world } from "../support/breakers.ts"

describe("listening", () => {
  test("hears each transition once, with the rule and the counts it was decided on", async () => {
    const { breaker, clock, transitions } = world({
      strategy: { type: "basic", openFor: "5 seconds", probes: { needed: 1 } },
    })
    await clock.advance(1500)
    await trip(breaker)
    await clock.advance("5 seconds")
    await succeed(breaker)
    expect(transitions).toEqual([
      {
        type: "transition",
        breaker: "service",
        from: "closed",
        to: "open",
        at: 1500,
        epoch: expect.any(Number),
        reason: "100 % of 20 calls failed",
        rule: "failureRatio",
        statistics: { calls: 20, failures: 20, slow: 0, bound: { of: "share", value: 1, line: 0.5 } },
        retryInMs: 5000,
      },
      expect.objectContaining({
        from: "open",
        to: "halfOpen",
        retryInMs: undefined,
        at: 6500,
        rule: "openFor",
        reason: "waited 5000 ms",
      }),
      expect.objectContaining({ from: "halfOpen", to: "closed", at: 6500, rule: "probe.succeeded" }),
    ])
  })

  test("hears of refusals at most once a second, with their number", async () => {
    const { breaker, clock } = world({ strategy: { type: "basic", openFor: "1 hour" } })
    const heard: [number, number][] = []
    await trip(breaker)
    await breaker.tryExecute(working)
    breaker.on("refusal", ({ at, count, rejection }) => {
      expect(rejection).toMatchObject({ admitted: false, layer: "circuit" })
      heard.push([at, count])
    })
    for (let tick = 0; tick < 30; tick++) {
      for (let call = 0; call < 10; call++) await breaker.tryExecute(working)
      await clock.advance(100)
    }
    expect(heard).toEqual([
      [0, 1],
      [1000, 100],
      [2000, 100],
    ])
  })

  test("hears of no refusal that was before it listened", async () => {
    const { breaker, clock } = world({ strategy: { type: "basic", openFor: "1 day" } })
    const [early, late]: [number[], number[]] = [[], []]
    await trip(breaker)
    await times(500, () => breaker.tryExecute(working))
    breaker.on("refusal", ({ count }) => early.push(count))
    await times(30, () => breaker.tryExecute(working))
    await clock.advance("3 hours")
    breaker.on("refusal", ({ count }) => late.push(count))
    await breaker.tryExecute(working)
    await clock.advance("1 second")
    await breaker.tryExecute(working)
    // The 29 that were not told yet belong to who listened then.
    expect({ early, late }).toEqual({ early: [1, 29, 2], late: [2] })
  })

  test("hears what was counted and not yet told when the breaker stops", async () => {
    const { breaker } = world()
    const counts: number[] = []
    await trip(breaker)
    breaker.on("refusal", ({ count }) => counts.push(count))
    await times(10, () => breaker.tryExecute(working))
    await breaker.stop()
    expect(counts).toEqual([1, 9])
  })

  test("hears of an opening that only the operator ends without a time to come back", async () => {
    const { breaker, transitions } = world()
    breaker.forceOpen("maintenance")
    expect(transitions).toMatchObject([{ to: "open", retryInMs: undefined }])
  })

  test("hears of troubles at most once a second for each part, with their number", async () => {
    const boom = () => {
      throw new Error("boom")
    }
    const { breaker, clock, troubles } = world({ classify: boom as never })
    breaker.on("transition", boom)
    for (let tick = 0; tick < 20; tick++) {
      for (let call = 0; call < 50; call++) await breaker.tryExecute(working)
      await clock.advance(100)
    }
    breaker.forceOpen("so that the circuit moves")
    expect(troubles.map(({ at, part, count, gaveUp }) => [at, part, count, gaveUp])).toEqual([
      [0, "classify", 1, false],
      [1000, "classify", 500, false],
      [2000, "listener", 1, false],
    ])
  })

  test("hears of no trouble that was before it listened", async () => {
    const classify = () => {
      throw new Error("boom")
    }
    const breaker = createBreaker("service", { classify: classify as never }, { clock: createVirtualClock() })
    await times(500, () => breaker.tryExecute(working))
    const counts: number[] = []
    breaker.on("trouble", ({ count }) => counts.push(count))
    await breaker.tryExecute(working)
    expect(counts).toEqual([1])
  })

  test("stops when told", async () => {
    const { breaker } = world()
    let heard = 0
    const stop = breaker.on("transition", () => heard++)
    stop()
    await trip(breaker)
    expect(heard).toBe(0)
  })

  test("hears findings with every state that the strategy enters", async () => {
    const { breaker } = world()
    const findings: string[] = []
    breaker.on("finding", ({ part, finding }) => findings.push(`${part}: ${"circuit" in finding && finding.circuit}`))
    await trip(breaker)
    expect(findings).toEqual(["gradual: open"])
  })
})

describe("metrics", () => {
  test("are one consistent snapshot, JSON, and a copy", async () => {
    const { breaker, clock } = world()
    await succeed(breaker, 3)
    await fail(breaker, 2)
    await clock.advance("1 second")
    await succeed(breaker)
    const metrics = breaker.metrics()
    expect(JSON.parse(JSON.stringify(metrics))).toEqual(metrics)
    expect(metrics.calls).toMatchObject({ admitted: 6, success: 4, failure: 2, rejected: 0, inFlight: 0 })
    expect(metrics.components.metrics?.slices).toMatchObject([{ success: 4, failure: 2 }])
    await succeed(breaker)
    expect(metrics.calls.admitted).toBe(6)
  })

  test("count refusals by layer", async () => {
    const { breaker } = world()
    await trip(breaker)
    await succeed(breaker, 3)
    breaker.forceOpen("maintenance")
    await succeed(breaker, 2)
    expect(breaker.metrics().refusals).toEqual({ circuit: 3, operator: 2 })
    expectConsistent(breaker)
  })

  test("tell only of what runs", () => {
    expect(world({ metrics: false, timeout: false, priority: false }).breaker.metrics().components).toEqual({})
  })
})
