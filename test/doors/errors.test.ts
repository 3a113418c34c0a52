/** What an error of the library tells: whoever prints, logs or compares it. */
import { inspect } from "node:util"
import { CallRejected, CallTimedOut, createBreaker } from "recloser"
import { createVirtualClock } from "recloser/testing"
import { describe, expect, test } from "vitest"
import { failing, hanging, succeed, times, tripAndWait, working, world } from "../support/breakers.ts"

const forty = { type: "count", calls: 40, minimumCalls: 40 } as const

/** 25 of 40 calls fail, and some time passes. */
async function opened(openFor: string, passed: number) {
  const clock = createVirtualClock()
  const breaker = createBreaker(
    "payments",
    { strategy: { type: "basic", window: forty, openFor: openFor as "1 second" } },
    { clock },
  )
  await succeed(breaker, 15)
  await times(25, () => breaker.tryExecute(failing))
  await clock.advance(passed)
  return breaker
}

const errorOf = (run: Promise<unknown>) => run.then(Promise.reject, (error: unknown) => error as CallRejected)

describe("a rejection's message", () => {
  test("says that the call was rejected, where, why and when to come back", async () => {
    const breaker = await opened("5 seconds", 810)
    expect((await errorOf(breaker.execute(working))).message).toBe(
      "payments: rejected (circuit open): 63 % of 40 calls failed; retry in 4.2 s",
    )
  })

  test("never sends a caller back too early, nor in units of nothing", async () => {
    const breaker = await opened("1 second", 999.5)
    expect((await errorOf(breaker.execute(working))).message).toMatch(/; retry in 1 ms$/)
  })

  test("has no word about coming back when nobody can know", async () => {
    const { breaker } = world()
    breaker.forceOpen("maintenance")
    expect((await errorOf(breaker.execute(working))).message).toBe("service: rejected (operator): maintenance")
    await breaker.stop()
    expect((await errorOf(breaker.execute(working))).message).toBe(
      "service: rejected (lifecycle): the breaker is stopped",
    )
  })

  test("tells of probes, in the words of prose", async () => {
    const state = world({ strategy: { type: "basic", probes: { lease: "8 seconds" } }, timeout: "4 seconds" })
    await tripAndWait(state)
    void state.breaker.tryExecute(hanging)
    await state.clock.advance(2000)
    const error = await errorOf(state.breaker.execute(working))
    expect(error.message).toBe("service: rejected (probe): half-open and every probe place is taken; retry in 2 s")
    expect(error.circuit).toBe("halfOpen")
  })
})

describe("whoever shows a rejection shows its message", () => {
  const message = "payments: rejected (circuit open): 63 % of 40 calls failed; retry in 5 s"
  const refused = async () => errorOf((await opened("5 seconds", 0)).execute(working))

  test("String, console.log, JSON, a stack", async () => {
    const error = await refused()
    expect(String(error)).toBe(`CallRejected: ${message}`)
    expect(error.stack).toBe(`CallRejected: ${message}`)
    expect(inspect(error)).toContain(`CallRejected: ${message}`)
    expect(inspect({ error })).toContain(message)
    expect(JSON.parse(JSON.stringify({ error }))).toMatchObject({
      error: { name: "CallRejected", _tag: "CallRejected", message, layer: "circuit", retryAfterMs: 5000 },
    })
  })

  test("an assertion", async () => {
    const error = await refused()
    const run = () => {
      throw error
    }
    expect(run).toThrow(message)
    expect(run).toThrow(CallRejected)
    expect(run).toThrow(expect.objectContaining({ message, layer: "circuit" }))
  })

  test("a cause, and one who writes before it", async () => {
    const error = await refused()
    expect(inspect(new Error("charge failed", { cause: error }))).toContain(message)
    error.message = `charge: ${error.message}`
    expect(String(error)).toBe(`CallRejected: charge: ${message}`)
    expect((await refused()).message).toBe(message)
  })

  test("a timeout as well", () => {
    const error = new CallTimedOut("payments", 1999.6)
    expect(String(error)).toBe("CallTimedOut: payments: timed out after 2000 ms")
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      name: "CallTimedOut",
      message: "payments: timed out after 2000 ms",
      _tag: "CallTimedOut",
      breaker: "payments",
      timeoutMs: 1999.6,
    })
  })
})
