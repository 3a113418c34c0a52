/** Mistakes that let one broken piece of code take the others down, or let events lie. */

import type { BreakerConfig } from "recloser"
import { describe, expect, test } from "vitest"
import { down, expectConsistent, fail, failing, hanging, succeed, trip, working, world } from "../support/breakers.ts"
import fc from "../support/property.ts"

const boom = new Error("boom")
const throwing = () => {
  throw boom
}

describe("a listener that throws", () => {
  test("reached the caller, or kept the others from hearing", async () => {
    const { breaker, clock, troubles } = world({ strategy: { type: "gradual", openFor: "5 seconds" } })
    const heard: string[] = []
    breaker.on("transition", throwing)
    breaker.on("transition", ({ to }) => heard.push(to))
    breaker.on("refusal", throwing)
    await trip(breaker)
    await clock.advance("1 second")
    expect(await breaker.tryExecute(working)).toMatchObject({ ok: false, error: { _tag: "CallRejected" } })
    expect(heard).toEqual(["open"])
    expect(troubles).toMatchObject([
      { part: "listener", error: boom, gaveUp: false },
      { part: "listener", error: boom },
    ])
  })

  test("listened to trouble and called itself for ever", async () => {
    const { breaker, troubles } = world()
    breaker.on("trouble", throwing)
    breaker.on("transition", throwing)
    await trip(breaker)
    expect(troubles).toHaveLength(1)
    expect(breaker.circuit).toBe("open")
  })

  test("left while being told, and others lost their turn", async () => {
    const { breaker } = world()
    const heard: string[] = []
    const leave = breaker.on("transition", () => leave())
    breaker.on("transition", () => heard.push("second"))
    await trip(breaker)
    expect(heard).toEqual(["second"])
  })

  test("was added twice and left twice with one goodbye", async () => {
    const { breaker } = world()
    let heard = 0
    const listener = () => heard++
    const leave = breaker.on("transition", listener)
    breaker.on("transition", listener)
    leave()
    leave()
    await trip(breaker)
    expect(heard).toBe(1)
  })
})

describe("a classifier that throws", () => {
  test.each([
    ["throws", throwing],
    ["answers nonsense", () => "whatever" as "success"],
    ["answers with a timeout, which is not its to say", () => "timedOut" as "success"],
  ])("took the call down: it %s, and the default stands", async (_what, classify) => {
    const { breaker, clock, troubles } = world({ classify: classify as NonNullable<BreakerConfig["classify"]> })
    expect(await breaker.execute(working)).toBe("up")
    await clock.advance("1 second")
    expect(await breaker.tryExecute(failing)).toEqual({ ok: false, error: down })
    expect(breaker.metrics().calls).toMatchObject({ success: 1, failure: 1, ignored: 0, inFlight: 0 })
    expect(troubles.map(({ part }) => part)).toEqual(["classify", "classify"])
  })
})

describe("a fallback that throws", () => {
  test("hid itself, or reached a window", async () => {
    const { breaker } = world()
    await trip(breaker)
    const before = breaker.metrics().calls
    expect(await breaker.tryExecute(working, { fallback: throwing })).toEqual({ ok: false, error: boom })
    expect(await breaker.tryExecute(working, { fallback: () => Promise.reject(boom) })).toEqual({
      ok: false,
      error: boom,
    })
    expect(breaker.metrics().calls).toEqual({ ...before, rejected: before.rejected + 2 })
  })

  test("answered instead of the service's own error", async () => {
    const { breaker } = world()
    expect(await breaker.tryExecute<string>(failing, { fallback: () => "cached" })).toEqual({ ok: false, error: down })
  })
})

describe("events", () => {
  test("came before the gate that they tell of was in force", async () => {
    const { breaker } = world()
    const seen: unknown[] = []
    breaker.on("transition", ({ to }) => seen.push([to, breaker.circuit, breaker.wouldReject()?.layer]))
    await trip(breaker)
    expect(seen).toEqual([["open", "open", "circuit"]])
  })

  test("were told out of order when a listener acted on the breaker", async () => {
    const { breaker } = world()
    const heard: string[] = []
    const modes: string[] = []
    breaker.on("transition", ({ to }) => {
      if (to === "open" && breaker.mode === "auto") {
        breaker.forceOpen("a listener")
        breaker.release("a listener")
      }
    })
    breaker.on("transition", ({ from, to }) => heard.push(`${from} → ${to}`))
    breaker.on("mode", ({ to }) => modes.push(to))
    // Those beyond the last that a closed circuit lets in would be probes.
    for (let call = 0; call < 100 && breaker.circuit === "closed"; call++) await fail(breaker)
    expect(heard).toEqual(["closed → open", "open → halfOpen"])
    expect(modes).toEqual(["forcedOpen", "auto"])
  })

  test("a listener that called through the breaker upset the call that told it", async () => {
    const { breaker } = world()
    const inner: unknown[] = []
    breaker.on("transition", () => void breaker.tryExecute(working).then((end) => inner.push(end)))
    await trip(breaker)
    await succeed(breaker)
    expect(inner).toMatchObject([{ ok: false, error: { _tag: "CallRejected" } }])
    expectConsistent(breaker)
  })

  test("skipped or repeated a move: each begins where the last ended, in order of time and epoch", () => {
    const acts = fc.array(
      fc.oneof(
        { weight: 5, arbitrary: fc.constantFrom("fail", "succeed", "hang", "cancel") },
        { weight: 2, arbitrary: fc.nat(8000) },
        { weight: 1, arbitrary: fc.constantFrom("forceOpen", "bypass", "shadow", "release") },
      ),
      { maxLength: 60 },
    )
    return fc.assert(
      fc.asyncProperty(acts, async (walk) => {
        const { breaker, clock, transitions } = world({
          strategy: { type: "basic", window: { type: "consecutive", failures: 2 }, openFor: "2 seconds" },
          timeout: "3 seconds",
        })
        const calls: Promise<unknown>[] = []
        for (const act of walk) {
          if (typeof act === "number") await clock.advance(act)
          else if (act === "fail") calls.push(breaker.tryExecute(failing))
          else if (act === "succeed") calls.push(breaker.tryExecute(working))
          else if (act === "hang") calls.push(breaker.tryExecute(hanging))
          else if (act === "cancel") calls.push(cancelled())
          else breaker[act as "release"]("a test")
          expectConsistent(breaker)
        }
        // What hangs while the operator lets everything pass has no timeout: the stop ends it.
        const stopping = breaker.stop({ grace: "10 seconds" })
        await clock.advance("10 seconds")
        await stopping
        await Promise.all(calls)
        expect(breaker.metrics().calls.inFlight).toBe(0)
        let [circuit, at, epoch] = ["closed", 0, 0]
        for (const event of transitions) {
          expect(event.from).toBe(circuit)
          expect(event.to).not.toBe(event.from)
          expect(event.at).toBeGreaterThanOrEqual(at)
          expect(event.epoch).toBeGreaterThan(epoch)
          circuit = event.to
          at = event.at
          epoch = event.epoch
        }
        expect(circuit).toBe(breaker.circuit)

        function cancelled(): Promise<unknown> {
          const caller = new AbortController()
          const call = breaker.tryExecute(hanging, { signal: caller.signal })
          caller.abort()
          return call
        }
      }),
      { numRuns: 60 },
    )
  })
})
