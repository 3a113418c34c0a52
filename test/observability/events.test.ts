import { describe, expect, test } from "vitest"
import { expectConsistent, fail, succeed, trip, working, world } from "../support/breakers.ts"

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
        statistics: { calls: 20, failures: 20, slow: 0 },
      },
      expect.objectContaining({ from: "open", to: "halfOpen", at: 6500, rule: "openFor", reason: "waited 5000 ms" }),
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
    expect(heard.map(([at]) => at)).toEqual([0, 1000, 2000])
    expect(heard.map(([, count]) => count).slice(1)).toEqual([100, 100])
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
    breaker.on("finding", ({ part, finding }) => findings.push(`${part}: ${finding.circuit}`))
    await trip(breaker)
    expect(findings).toEqual(["basic: open"])
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
    expect(world({ metrics: false, timeout: false }).breaker.metrics().components).toEqual({})
  })
})
