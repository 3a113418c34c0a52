/** Verdicts about health that lasted longer than anything that spoke for them. */
import { describe, expect, test } from "vitest"
import { down, times, type World, world } from "../support/breakers.ts"

/** Hears of nothing: here it is about health alone. */
const quiet = { type: "basic", window: { type: "consecutive", failures: 1_000_000 } } as const

const healthOf = ({ breaker }: World) => breaker.metrics().components.health

async function calls({ breaker, clock }: World, count: number, isWell: boolean): Promise<void> {
  await times(count, async () => {
    await breaker.tryExecute(async () => {
      if (!isWell) throw down
    })
    await clock.advance(10)
  })
}

describe("bad for ever", () => {
  test("calls that were bad for some seconds, while checks pass and the trickle is well", async () => {
    const it = world({
      strategy: quiet,
      health: { check: () => true },
    })
    await calls(it, 500, true)
    await times(4, async () => {
      await calls(it, 30, true)
      await calls(it, 70, false)
    })
    expect(healthOf(it)).toMatchObject({ state: "bad" })
    await calls(it, 20_000, true)
    expect(healthOf(it)).toMatchObject({ state: "healthy", reasons: [] })
    await it.breaker.stop()
  })

  test("calls that were bad for some seconds, and then nobody calls while checks pass", async () => {
    const it = world({ strategy: quiet, health: { check: () => true } })
    await calls(it, 400, false)
    expect(healthOf(it)?.state).toBe("bad")
    await it.clock.advance("90 seconds")
    expect(healthOf(it)?.state).toBe("healthy")
    await it.breaker.stop()
  })

  test("a check that never ended, though every call goes well", async () => {
    let hangs = true
    const it = world({
      health: { check: () => (hangs ? new Promise(() => {}) : true), interval: "5 seconds" },
    })
    await it.clock.advance("10 seconds")
    hangs = false
    await it.clock.advance("10 minutes")
    expect(healthOf(it)).toMatchObject({ state: "healthy" })
    await it.breaker.stop()
  })

  test("the service as a whole was bad, and now only its endpoints are checked", async () => {
    let isWell = false
    const it = world({ health: { check: () => isWell, interval: "5 seconds" } })
    await it.clock.advance("1 minute")
    expect(healthOf(it)?.state).toBe("bad")
    isWell = true
    it.breaker.reconfigure({
      health: { check: () => isWell, interval: "5 seconds" },
      discovery: { endpoints: ["a", "b"] },
    })
    await it.clock.advance("5 minutes")
    expect(healthOf(it)).toMatchObject({ state: "healthy", endpoints: 2 })
    await it.breaker.stop()
  })

  test("an endpoint, when health is not looked after any more", async () => {
    const endpoints = ["a", "b"]
    const it = world({ discovery: { endpoints }, health: { check: ({ endpoint }) => endpoint?.id === "b" } })
    await it.clock.advance("1 minute")
    expect(it.breaker.metrics().components.discovery?.away).toBe(1)
    it.breaker.reconfigure({ discovery: { endpoints } })
    expect(it.breaker.metrics().components.discovery?.away).toBe(0)
    const went = new Set<string | undefined>()
    await times(50, () => it.breaker.execute(async ({ endpoint }) => void went.add(endpoint?.id)))
    expect(went.size).toBe(2)
    await it.breaker.stop()
  })

  test("an endpoint whose checks were turned off", async () => {
    const endpoints = ["a", "b"]
    const it = world({
      discovery: { endpoints },
      health: { check: ({ endpoint }) => endpoint?.id === "b", interval: "5 seconds" },
    })
    await it.clock.advance("1 minute")
    expect(it.breaker.metrics().components.discovery?.away).toBe(1)
    it.breaker.reconfigure({ discovery: { endpoints }, health: { interval: "5 seconds" } })
    await it.clock.advance(0)
    expect(it.breaker.metrics().components.discovery?.away).toBe(0)
    await it.breaker.stop()
  })

  test("calls that are bad again and again, though seconds with few calls say nothing", async () => {
    const it = world({ strategy: quiet, health: { passive: { minimumCalls: 10 } } })
    await calls(it, 400, false)
    expect(healthOf(it)?.state).toBe("bad")
    const before = it.breaker.metrics().calls.admitted
    await calls(it, 20_000, false)
    // The trickle is heard, and renews the verdict: nothing but the trickle enters.
    expect(it.breaker.metrics().calls.admitted - before).toBeLessThan(0.06 * 20_000)
    await it.breaker.stop()
  })
})

test("a check that hangs since before the circuit was half-open does not decide about it", async () => {
  let answers = true
  const it = world({
    strategy: { type: "basic", window: { type: "consecutive", failures: 3 }, openFor: "10 seconds" },
    health: { check: () => answers || new Promise(() => {}), interval: "5 seconds", passive: false },
  })
  await it.clock.advance("10 seconds")
  answers = false
  await it.clock.advance("10 seconds")
  await times(3, () => it.breaker.tryExecute(() => Promise.reject(down)))
  await it.clock.advance("11 seconds")
  expect(it.moves).toEqual(["closed → open", "open → halfOpen"])
  expect(it.breaker.circuit).toBe("halfOpen")
  await it.breaker.stop()
})
