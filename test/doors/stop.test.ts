/** The end of a breaker, and its second life: draining, interrupting, leaving nothing; saving and restoring. */
import { CallRejected, createBreaker } from "recloser"
import { createVirtualClock, scriptedBackend } from "recloser/testing"
import { describe, expect, test } from "vitest"
import { wheelOf } from "../../src/Clock.ts"
import { deferred, expectConsistent, hanging, succeed, trip, working, world } from "../support/breakers.ts"

describe("stop", () => {
  test("admits nothing more at once, and waits for what runs", async () => {
    const { breaker } = world()
    const work = deferred()
    const running = breaker.execute(() => work.promise)
    let isStopped = false
    const stopping = breaker.stop().then(() => {
      isStopped = true
    })
    expect(breaker.phase).toBe("draining")
    await expect(breaker.execute(working)).rejects.toMatchObject({
      layer: "lifecycle",
      reason: "the breaker is draining",
    })
    expect(isStopped).toBe(false)
    work.resolve("in time")
    expect(await running).toBe("in time")
    await stopping
    expect(breaker.phase).toBe("stopped")
    expect(breaker.metrics().calls).toMatchObject({ success: 1, ignored: 0, inFlight: 0 })
  })

  test("interrupts what still runs when the grace is over, and tells caller and work", async () => {
    const { breaker, clock } = world()
    const backend = scriptedBackend(clock, { answer: "hang" })
    const calls = Array.from({ length: 3 }, () => breaker.tryExecute(backend.call))
    const stopping = breaker.stop({ grace: "2 seconds" })
    await clock.advance("1999 millis")
    expect(breaker.phase).toBe("draining")
    await clock.advance("1 millis")
    await stopping
    for (const end of await Promise.all(calls)) {
      expect(end).toMatchObject({ ok: false, error: { _tag: "CallRejected", layer: "lifecycle" } })
    }
    expect(backend.aborted).toBe(3)
    expect(breaker.metrics().calls).toMatchObject({ ignored: 3, failure: 0, inFlight: 0 })
    expectConsistent(breaker)
  })

  test("a call without a timeout that never asks for its signal is its caller's: it is booked when it ends by itself", async () => {
    const { breaker, clock } = world({ timeout: false })
    const work = deferred<string>()
    const call = breaker.execute(() => work.promise)
    const stopping = breaker.stop({ grace: "2 seconds" })
    await clock.advance("2 seconds")
    await stopping
    expect(breaker.phase).toBe("stopped")
    expect(breaker.metrics().calls).toMatchObject({ ignored: 0, inFlight: 1 })
    work.resolve("late")
    expect(await call).toBe("late")
    expect(breaker.metrics().calls).toMatchObject({ inFlight: 0 })
    expectConsistent(breaker)
  })

  test("interrupts calls without a timeout too, once they have asked for their signal: their callers do not wait", async () => {
    const { breaker, clock } = world({ timeout: false })
    const call = breaker.execute(
      ({ signal }) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    )
    const outcome = call.catch((error: unknown) => error)
    const stopping = breaker.stop({ grace: "2 seconds" })
    await clock.advance("2 seconds")
    await stopping
    expect(await outcome).toBeInstanceOf(CallRejected)
    expect(breaker.metrics().calls).toMatchObject({ ignored: 1, failure: 0, inFlight: 0 })
  })

  test.each([
    ["a quiet breaker", async () => {}],
    ["an open one", trip],
    [
      "one whose probe hangs",
      async (breaker: ReturnType<typeof world>["breaker"]) => {
        breaker.forceOpen("x")
        breaker.release("x")
        void breaker.tryExecute(hanging)
      },
    ],
    [
      "one with a forgotten permit",
      async (breaker: ReturnType<typeof world>["breaker"]) => {
        breaker.acquire()
      },
    ],
  ] as const)("leaves no timer of %s behind", async (_what, prepare) => {
    const { breaker, clock } = world({ strategy: { type: "basic", slowCalls: { after: "1 second" } } })
    await succeed(breaker, 3)
    await prepare(breaker)
    const stopping = breaker.stop({ grace: "1 second" })
    await clock.advance("1 second")
    await stopping
    expect(wheelOf(clock).size).toBe(0)
    await clock.advance("1 hour")
    expect(clock.pending).toBe(0)
  })

  test("is idempotent: whoever asks, however often, waits for the one end", async () => {
    const { breaker, clock } = world()
    void breaker.tryExecute(hanging)
    const [one, other] = [breaker.stop({ grace: "5 seconds" }), breaker.stop({ grace: 1 })]
    await clock.advance("5 seconds")
    await Promise.all([one, other, breaker[Symbol.asyncDispose]()])
    expect(breaker.phase).toBe("stopped")
  })

  test("tells nobody of anything afterwards", async () => {
    const { breaker, clock, transitions } = world({ strategy: { type: "basic", openFor: "1 second" } })
    await trip(breaker)
    await breaker.stop()
    const before = transitions.length
    await clock.advance("1 hour")
    expect(transitions).toHaveLength(before)
  })

  test("comes with the end of a block", async () => {
    const { breaker } = world()
    {
      await using own = breaker
      await succeed(own)
    }
    expect(breaker.phase).toBe("stopped")
  })

  test("of one breaker leaves others of its clock alone", async () => {
    const clock = createVirtualClock()
    const [one, other] = [
      createBreaker("one", {}, { clock }),
      createBreaker("other", { timeout: "1 second" }, { clock }),
    ]
    const call = other.tryExecute(hanging)
    await one.stop()
    await clock.advance("1 second")
    expect(await call).toMatchObject({ ok: false, error: { _tag: "CallTimedOut" } })
  })
})

describe("save", () => {
  test("is JSON, and made again from what it restores", async () => {
    const { breaker, clock } = world(
      { strategy: { type: "basic", openFor: "30 seconds" } },
      { clock: createVirtualClock({ wall: 5000 }) },
    )
    await trip(breaker)
    await clock.advance("10 seconds")
    const saved = breaker.save()
    expect(JSON.parse(JSON.stringify(saved))).toEqual(saved)
    expect(saved).toEqual({
      format: 1,
      breaker: "service",
      savedAt: 15_000,
      mode: "auto",
      why: "",
      parts: {
        basic: {
          ...{ circuit: "open", remainingMs: 20_000, trips: 1, sinceCloseMs: expect.any(Number), isAsked: false },
          draws: 1,
        },
        timeout: { timeoutMs: 30_000 },
      },
    })
    const again = world(
      { strategy: { type: "basic", openFor: "30 seconds" } },
      { clock: createVirtualClock({ wall: 15_000 }), restore: saved },
    )
    expect(again.breaker.save()).toEqual(saved)
  })

  test.each(["forceOpen", "bypass", "shadow"] as const)("keeps the operator's %s and why", (command) => {
    const { breaker } = world()
    breaker[command]("incident 12")
    const again = world({}, { restore: breaker.save() })
    expect(again.breaker.mode).toBe(breaker.mode)
    expect(again.breaker.save()).toMatchObject({ why: "incident 12" })
  })

  test("keeps what the timeout had learned", async () => {
    const { breaker } = world(
      { timeout: { min: 100, max: 10_000 } },
      { restore: { ...world().breaker.save(), parts: { timeout: { timeoutMs: 750 } } } },
    )
    expect(breaker.metrics().components.timeout).toEqual({ state: "tracking", timeoutMs: 750 })
    expect(await breaker.execute(({ deadline }) => deadline)).toBe(750)
  })

  test("fits a breaker of another make: parts that it lacks are ignored", () => {
    const saved = world().breaker.save()
    expect(world({ timeout: false, metrics: false }, { restore: saved }).breaker.circuit).toBe("closed")
  })

  test("of a stopped breaker came back closed: it is what there was when it stopped", async () => {
    const { breaker, clock } = world({ strategy: { type: "basic", openFor: "1 minute" } })
    await trip(breaker)
    await clock.advance("5 seconds")
    const before = breaker.save()
    await breaker.stop()
    await clock.advance("20 seconds")
    expect(breaker.save()).toEqual(before)
    await breaker.stop()
    expect(breaker.save()).toEqual(before)
    const wall = createVirtualClock({ wall: before.savedAt + 15_000 })
    const again = world({ strategy: { type: "basic", openFor: "1 minute" } }, { restore: breaker.save(), clock: wall })
    expect(again.breaker.circuit).toBe("open")
    expect(again.breaker.wouldReject()?.retryAfterMs).toBe(40_000)
  })

  test("of a breaker that stopped under the operator's hand keeps the hand", async () => {
    const { breaker } = world()
    breaker.forceOpen("incident 12")
    await breaker.stop()
    expect(world({}, { restore: breaker.save() }).breaker.mode).toBe("forcedOpen")
  })

  test("while it drains goes on with what the drain brings", async () => {
    const { breaker, clock } = world({ strategy: { type: "basic", openFor: "1 second", probes: { needed: 1 } } })
    const work = deferred()
    const running = breaker.tryExecute(() => work.promise)
    await trip(breaker)
    const stopping = breaker.stop()
    expect(breaker.save().parts).toMatchObject({ basic: { circuit: "open" } })
    await clock.advance("2 seconds")
    work.resolve("late")
    await running
    await stopping
    expect(breaker.save().parts).toMatchObject({ basic: { circuit: "halfOpen" } })
  })
})
