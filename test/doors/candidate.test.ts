/** A strategy on trial decides about the same calls, is not obeyed, and takes over where the other stands. */
import { InvalidConfig } from "recloser"
import { scriptedBackend } from "recloser/testing"
import { describe, expect, test } from "vitest"
import { wheelOf } from "../../src/Clock.ts"
import { expectConsistent, fail, failing, hanging, succeed, trip, working, world } from "../support/breakers.ts"

const lax = { type: "basic", window: { type: "consecutive", failures: 10 }, openFor: "10 seconds" } as const
const strict = {
  type: "basic",
  window: { type: "consecutive", failures: 3 },
  openFor: "5 seconds",
  probes: { needed: 1 },
} as const

const trial = () => world({ strategy: lax, candidate: strict, timeout: false })

describe("a candidate", () => {
  test("says what it would have done; nothing is refused for it", async () => {
    const { breaker, clock } = trial()
    const told: string[] = []
    breaker.on("candidate", ({ from, to }) => told.push(`${from} → ${to}`))
    await fail(breaker, 3)
    await fail(breaker, 2)
    await succeed(breaker, 4)
    expect(breaker.circuit).toBe("closed")
    expect(breaker.metrics().calls.rejected).toBe(0)
    expect(breaker.metrics().candidate).toEqual({
      strategy: "basic",
      circuit: "open",
      calls: {
        admitted: 3,
        rejected: 0,
        wouldAdmit: 0,
        wouldReject: { success: 4, failure: 2, timedOut: 0, ignored: 0 },
      },
    })
    await clock.advance("5 seconds")
    await succeed(breaker)
    expect(breaker.metrics().candidate?.circuit).toBe("closed")
    expect(told).toEqual(["closed → open", "open → halfOpen", "halfOpen → closed"])
    expectConsistent(breaker)
  })

  test("learns nothing from what the breaker refuses, and holds no place for it", async () => {
    const { breaker, clock } = trial()
    await trip(breaker)
    await clock.advance("6 seconds")
    expect(breaker.metrics().candidate?.circuit).toBe("halfOpen")
    for (let call = 0; call < 5; call++) await breaker.tryExecute(working)
    const { candidate } = breaker.metrics()
    expect(candidate?.circuit).toBe("halfOpen")
    expect(candidate?.calls.wouldAdmit).toBe(5)
    await clock.advance("4 seconds")
    await succeed(breaker, 2)
    expect([breaker.circuit, breaker.metrics().candidate?.circuit]).toEqual(["closed", "closed"])
  })

  test("hears of each call once, however it ends and whichever way it entered", async () => {
    const { breaker, clock } = trial()
    const backend = scriptedBackend(clock, { answer: "value", after: "1 second" })
    const run = breaker.execute(backend.call)
    const permit = breaker.acquire()
    if (permit.admitted) permit.settle("failure")
    await clock.advance("1 second")
    await run
    await breaker.tryExecute(failing)
    expect(breaker.metrics().candidate?.calls.admitted).toBe(3)
    await fail(breaker, 2)
    expect(breaker.metrics().candidate?.circuit).toBe("open")
  })

  test("takes over where the other stands, by promotion", async () => {
    const { breaker, clock } = trial()
    await trip(breaker)
    await clock.advance("2 seconds")
    breaker.promote()
    expect(breaker.metrics().candidate).toBeUndefined()
    expect(breaker.wouldReject()).toMatchObject({ layer: "circuit", retryAfterMs: 8000 })
    await clock.advance("8 seconds")
    await succeed(breaker)
    expect(breaker.circuit).toBe("closed")
    await fail(breaker, 3)
    expect(breaker.wouldReject()?.retryAfterMs).toBeLessThanOrEqual(10_000)
    expect(breaker.circuit).toBe("open")
    expect(() => breaker.promote()).toThrow(InvalidConfig)
  })

  test("is exchanged or dismissed by another config, and kept by one that names it again", async () => {
    const { breaker } = trial()
    await fail(breaker, 3)
    breaker.reconfigure({ strategy: lax, candidate: strict, timeout: "1 second" })
    expect(breaker.metrics().candidate?.circuit).toBe("open")
    breaker.reconfigure({ strategy: lax, candidate: lax, timeout: false })
    expect(breaker.metrics().candidate).toMatchObject({ circuit: "closed", calls: { admitted: 0 } })
    breaker.reconfigure({ strategy: lax, timeout: false })
    expect(breaker.metrics()).not.toHaveProperty("candidate")
    await succeed(breaker)
  })

  test("that cannot be read is refused with its own path, and nothing is started", () => {
    const bad = { candidate: { type: "basic", openFor: -1 } }
    expect(() => world(bad as never)).toThrow(/config\.candidate\.openFor/)
    expect(() => world({ candidate: "boldly" } as never)).toThrow(/config\.candidate: must be one of/)
  })

  test("dismissed in the middle of a probe, leaves no lease behind", async () => {
    const { breaker, clock } = trial()
    await fail(breaker, 3)
    await clock.advance("5 seconds")
    void breaker.tryExecute(hanging)
    expect(wheelOf(clock).size).toBe(1)
    breaker.reconfigure({ strategy: lax, timeout: false })
    expect(wheelOf(clock).size).toBe(0)
  })

  test("stops with its breaker: no timer is left", async () => {
    const { breaker, clock } = trial()
    await fail(breaker, 3)
    await breaker.stop()
    expect(clock.pending).toBe(0)
  })
})
