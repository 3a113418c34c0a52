/** A running breaker takes another config: checked whole, in one step, and nothing that still holds is lost. */
import { InvalidConfig } from "recloser"
import { describe, expect, test } from "vitest"
import { deferred, fail, hanging, succeed, trip, world } from "../support/breakers.ts"

const basic = (more: object = {}) => ({ type: "basic" as const, ...more })

describe("reconfigure", () => {
  test("basic law 7: keeps the window when only the line in it moves", async () => {
    const { breaker } = world({ strategy: basic(), timeout: false })
    await fail(breaker, 12)
    const { epoch } = breaker.metrics()
    breaker.reconfigure({ strategy: basic({ window: { type: "time", minimumCalls: 13 } }), timeout: false })
    expect(breaker.metrics().epoch).toBe(epoch)
    expect(breaker.circuit).toBe("closed")
    await fail(breaker)
    expect(breaker.circuit).toBe("open")
  })

  test("basic law 7: begins a new window when it is of another kind: its evidence would be no evidence", async () => {
    const { breaker, moves } = world({ strategy: basic(), timeout: false })
    await fail(breaker, 12)
    const { epoch } = breaker.metrics()
    breaker.reconfigure({ strategy: basic({ window: { type: "consecutive", failures: 5 } }), timeout: false })
    expect(breaker.metrics().epoch).toBe(epoch + 1)
    await fail(breaker, 4)
    expect(moves).toEqual([])
    await fail(breaker)
    expect(breaker.circuit).toBe("open")
  })

  test("keeps an open circuit open for as long as it was told; the next wait is of the new length", async () => {
    const { breaker, clock } = world({ strategy: basic({ openFor: "10 seconds" }), timeout: false })
    await trip(breaker)
    await clock.advance("4 seconds")
    breaker.reconfigure({ strategy: basic({ openFor: "1 minute" }), timeout: false })
    expect(breaker.wouldReject()).toMatchObject({ layer: "circuit", retryAfterMs: 6000 })
    await clock.advance("6 seconds")
    expect(breaker.circuit).toBe("halfOpen")
    await fail(breaker)
    expect(breaker.wouldReject()?.retryAfterMs).toBe(60_000)
  })

  test("refuses a config that cannot be used, with every problem, and changes nothing", async () => {
    const { breaker } = world({ strategy: basic(), timeout: "2 seconds" })
    await fail(breaker, 19)
    const bad = { strategy: { type: "basic", openFor: Number.NaN, more: 1 }, timeout: -1 }
    expect(() => breaker.reconfigure(bad as never)).toThrow(InvalidConfig)
    expect(() => breaker.reconfigure(bad as never)).toThrow(/openFor[\s\S]*more|more[\s\S]*openFor/)
    expect(breaker.metrics().components.timeout).toMatchObject({ timeoutMs: 2000 })
    await fail(breaker)
    expect(breaker.circuit).toBe("open")
  })

  test("starts and stops components, and lets go of what they demanded", async () => {
    const { breaker, clock } = world({ strategy: basic(), timeout: "2 seconds" })
    breaker.reconfigure({ strategy: basic(), timeout: false })
    expect(breaker.metrics().components).not.toHaveProperty("timeout")
    const long = deferred()
    const run = breaker.execute(() => long.promise)
    await clock.advance("1 minute")
    long.resolve("late")
    expect(await run).toBe("late")
    breaker.reconfigure({ strategy: basic(), timeout: "1 second" })
    const hung = breaker.tryExecute(hanging)
    await clock.advance("1 second")
    expect(await hung).toMatchObject({ ok: false, error: { timeoutMs: 1000 } })
  })

  test("keeps what a component has learned, if it still lies within the bounds", async () => {
    const { breaker, clock } = world({ strategy: basic() })
    for (let second = 0; second < 60; second++) {
      await succeed(breaker, 20)
      await clock.advance("1 second")
    }
    const learned = breaker.metrics().components.timeout?.timeoutMs
    expect(learned).toBeLessThan(30_000)
    breaker.reconfigure({ strategy: basic(), timeout: { max: "20 seconds" } })
    expect(breaker.metrics().components.timeout?.timeoutMs).toBe(learned)
  })

  test("takes another classifier, or lets go of it", async () => {
    const { breaker } = world({ classify: () => "ignored" })
    await fail(breaker)
    breaker.reconfigure({})
    await fail(breaker)
    expect(breaker.metrics().calls).toMatchObject({ ignored: 1, failure: 1 })
  })

  test("leaves calls in flight alone: each ends once, and counts", async () => {
    const { breaker } = world({ strategy: basic(), timeout: "2 seconds" })
    const work = deferred()
    const run = breaker.execute(() => work.promise)
    breaker.reconfigure({ strategy: basic({ openFor: "3 seconds" }), timeout: "3 seconds" })
    work.resolve("done")
    expect(await run).toBe("done")
    expect(breaker.metrics().calls).toMatchObject({ success: 1, stragglers: 0, inFlight: 0 })
  })

  test("is told once, with what changed; the same config changes nothing", () => {
    const { breaker } = world({ strategy: basic(), timeout: "2 seconds" })
    const told: (readonly string[])[] = []
    breaker.on("config", ({ changed }) => told.push(changed))
    const { epoch } = breaker.metrics()
    breaker.reconfigure({ strategy: basic(), timeout: "2 seconds" })
    breaker.reconfigure({ strategy: basic({ openFor: "3 seconds" }), timeout: "4 seconds", metrics: false })
    expect(told).toEqual([[], ["metrics", "basic", "timeout"]])
    expect(breaker.metrics().epoch).toBe(epoch)
  })

  test("of a stopped breaker changes nothing", async () => {
    const { breaker } = world()
    await breaker.stop()
    breaker.reconfigure({ timeout: false })
    expect(breaker.phase).toBe("stopped")
  })

  test("keeps the operator's will", () => {
    const { breaker } = world()
    breaker.forceOpen("maintenance")
    breaker.reconfigure({ timeout: false })
    expect(breaker.wouldReject()).toMatchObject({ layer: "operator", reason: "maintenance" })
    breaker.release("done")
    expect(breaker.circuit).toBe("halfOpen")
  })
})
