/** What the simulation of bad days has found of endpoints and features, each said in a few lines. */
import { createBreaker } from "recloser"
import { createVirtualClock } from "recloser/testing"
import { describe, expect, test } from "vitest"
import { down, times, world } from "../support/breakers.ts"
import { endpointPlane, endpointsOf, lineOf, well } from "../support/endpointPlane.ts"
import { handProvider } from "../support/providers.ts"

const basic = { type: "basic", window: { type: "consecutive", failures: 2 }, openFor: "1 second" } as const

describe("endpoints", () => {
  test("a list that named some was lost when one that named none followed closely", async () => {
    const hand = handProvider()
    const it = world({ discovery: { provider: hand.provider, settle: "1 second" } })
    await it.clock.advance(0)
    for (const list of [["a"], ["b", "c"], [{ address: "d", weight: 0 }], []]) {
      hand.tell(list)
      await it.clock.advance(10)
    }
    await it.clock.advance("1 second")
    const went = new Set<string | undefined>()
    await times(20, () => it.breaker.tryExecute(async ({ endpoint }) => void went.add(endpoint?.id)))
    expect([...went].sort()).toEqual(["b", "c"])
    expect(it.breaker.metrics().components.discovery).toMatchObject({
      state: "stale",
      reason: "the last list names no endpoint",
    })
    await it.breaker.stop()
  })

  test("a restored breaker went where its config begins, and not where its provider had said", async () => {
    const clock = createVirtualClock()
    const hand = handProvider()
    const config = { discovery: { endpoints: ["old"], provider: hand.provider } } as const
    const before = createBreaker("service", config, { clock })
    await clock.advance(0)
    hand.tell(["new"])
    await clock.advance(0)
    const saved = before.save()
    await before.stop()
    const after = createBreaker("service", config, { clock, restore: saved })
    expect(await after.execute(async ({ endpoint }) => endpoint?.id)).toBe("new")
    expect(after.metrics().components.discovery?.state).toBe("stale")
    await after.stop()
    // A list in the config alone is all that there is.
    const alone = createBreaker("service", { discovery: { endpoints: ["old"] } }, { clock, restore: saved })
    expect(await alone.execute(async ({ endpoint }) => endpoint?.id)).toBe("old")
    await alone.stop()
  })

  test("a list whose only endpoint may not be called was said to be one that may", async () => {
    const hand = handProvider()
    const it = world({ discovery: { provider: hand.provider, endpoints: ["a"], settle: 0 } })
    await it.clock.advance(0)
    hand.tell([{ address: "b", weight: 0 }])
    await it.clock.advance(0)
    expect(it.breaker.metrics().components.discovery?.reason).toBe("the last list names no endpoint that may be called")
    await it.breaker.stop()
  })

  test("an endpoint with calls that never end was left out again and again, for as long as they hung", () => {
    const plane = endpointPlane(lineOf(endpointsOf("a", "b", "c")))
    plane.calls(60)
    const begun = Array.from({ length: 60 }, () => plane.begin())
    const stuck = begun.filter(({ endpoint }) => endpoint?.id === "a")
    for (const receipt of begun) if (!stuck.includes(receipt)) plane.end(receipt)
    expect(stuck.length).toBeGreaterThan(5)
    let leftOut = 0
    for (let call = 0; call < 20_000; call++) {
      const before = plane.endpoints.ejected
      plane.call(well)
      if (plane.endpoints.ejected > before) leftOut++
    }
    expect(leftOut).toBe(1)
    expect(plane.calls(3000)["a"]).toBeGreaterThan(500)
  })

  test("one long stream kept all other calls away from its endpoint", () => {
    const plane = endpointPlane(lineOf(endpointsOf("a", "b", "c"), { ejection: undefined }))
    plane.calls(60)
    const streams = [plane.begin()]
    const { endpoint } = streams[0] ?? {}
    plane.clock.step(600_000)
    plane.calls(60)
    const went = plane.calls(3000)
    expect(went[endpoint?.id ?? ""]).toBeGreaterThan(500)
    for (const stream of streams) plane.end(stream)
    expect(plane.endpoints.sites.map(({ inFlight, open }) => [inFlight, open])).toEqual([
      [0, 0],
      [0, 0],
      [0, 0],
    ])
  })
})

describe("features", () => {
  test("another config during an outage began the tests of its features, and they were over before the service was back", async () => {
    const it = world({ strategy: basic, recovery: { features: ["pay", "search"], testFor: "2 seconds" } })
    await times(2, () => it.breaker.tryExecute(async () => Promise.reject(down)))
    expect(it.breaker.circuit).toBe("open")
    it.breaker.reconfigure({ strategy: basic, recovery: { features: ["pay", "search", "rate"], testFor: "2 seconds" } })
    expect(it.breaker.metrics().components.recovery).toMatchObject({
      state: "outage",
      features: { pay: { state: "blocked" }, search: { state: "blocked" }, rate: { state: "blocked" } },
    })
    await it.clock.advance("1 minute")
    await times(5, () => it.breaker.tryExecute(async () => "up"))
    expect(it.breaker.circuit).toBe("closed")
    const { features } = it.breaker.metrics().components.recovery ?? {}
    expect(features?.["pay"]).toMatchObject({ state: "testing", dueInMs: 2000 })
    await it.breaker.stop()
  })

  test("a test whose share is all calls let in more of them than it asks for", async () => {
    const recovery = { features: ["pay"], testShare: 1, minimumSamples: 3, testFor: "1 hour" } as const
    const it = world({ strategy: basic, timeout: false, recovery })
    await times(2, () => it.breaker.tryExecute(async () => Promise.reject(down)))
    await it.clock.advance("2 seconds")
    await times(5, () => it.breaker.tryExecute(async () => "up"))
    const tickets = Array.from({ length: 10 }, () => it.breaker.acquire({ feature: "pay" }))
    expect(tickets.filter(({ admitted }) => admitted)).toHaveLength(3)
    for (const ticket of tickets) if (ticket.admitted) ticket.settle("success")
    await it.breaker.stop()
  })

  test("calls that probe a dependency were no calls of the feature that was tested", async () => {
    const recovery = { features: ["pay"], testShare: 0.2, minimumSamples: 3, testFor: "1 hour" } as const
    const it = world({ strategy: { type: "dependency", own: basic }, timeout: false, recovery })
    const ledger = createBreaker("ledger", { strategy: basic }, { clock: it.clock })
    await times(2, () => it.breaker.tryExecute(async () => Promise.reject(down)))
    await it.clock.advance("2 seconds")
    await times(5, () => it.breaker.tryExecute(async () => "up"))
    expect(it.breaker.metrics().components.recovery?.features["pay"]?.state).toBe("testing")
    it.breaker.addDependency(ledger, { type: "critical" })
    ledger.forceOpen("a test")
    ledger.release("a test")
    expect(ledger.circuit).toBe("halfOpen")
    let entered = 0
    for (let call = 0; call < 20; call++) {
      const ticket = it.breaker.acquire({ feature: "pay" })
      if (!ticket.admitted) continue
      entered++
      ticket.settle("ignored")
    }
    expect(entered).toBe(4)
    await it.breaker.stop({ grace: 0 })
    await ledger.stop({ grace: 0 })
  })
})
