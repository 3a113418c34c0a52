/** The testing door: time that a test moves, and services that answer as their script says. */
import { createBreaker } from "recloser"
import { breakerLogic } from "recloser/machines"
import { createVirtualClock, scriptedBackend } from "recloser/testing"
import { describe, expect, test } from "vitest"
import { createActor } from "xstate"
import { down, trip } from "../support/breakers.ts"

describe("a virtual clock", () => {
  test("stands still until it is moved, and starts where it is told", async () => {
    const clock = createVirtualClock({ start: 500, wall: 1_000_000, seed: 7 })
    expect([clock.now(), clock.wallNow(), clock.seed()]).toEqual([500, 1_000_000, 7])
    await clock.advance("2 seconds")
    expect([clock.now(), clock.wallNow()]).toEqual([2500, 1_002_000])
    clock.setWall(0)
    expect([clock.now(), clock.wallNow()]).toEqual([2500, 0])
  })

  test("fires timers in order of their instants, each at its own, those that are armed on the way too", async () => {
    const clock = createVirtualClock()
    const fired: string[] = []
    const note = (name: string) => () => {
      fired.push(`${name} at ${clock.now()}`)
      if (name === "b") clock.arm(5, note("d"), false)
    }
    clock.arm(30, note("c"), false)
    clock.arm(10, note("a"), false)
    clock.arm(10, note("b"), false)
    clock.arm(5, note("never"), false).disarm()
    expect(clock.pending).toBe(3)
    await clock.advance(20)
    expect(fired).toEqual(["a at 10", "b at 10", "d at 15"])
    expect(clock.now()).toBe(20)
    await clock.advance(10)
    expect(fired).toHaveLength(4)
    expect(clock.pending).toBe(0)
  })

  test("lets promises run between timers", async () => {
    const clock = createVirtualClock()
    const seen: number[] = []
    clock.arm(10, () => void Promise.resolve().then(() => seen.push(clock.now())), false)
    clock.arm(20, () => {}, false)
    await clock.advance(20)
    expect(seen).toEqual([10])
  })

  test("reaches the instant that a rejection names, whatever its fractions", async () => {
    for (let seed = 0; seed < 50; seed++) {
      const clock = createVirtualClock({ seed, start: seed / 3 })
      const breaker = createBreaker("service", {}, { clock })
      await trip(breaker)
      await clock.advance(0.1 * seed)
      await clock.advance(breaker.wouldReject()?.retryAfterMs ?? Number.NaN)
      expect(breaker.circuit).toBe("halfOpen")
    }
  })

  test("serves as XState's clock", async () => {
    const clock = createVirtualClock()
    const strategy = { type: "basic", window: { type: "consecutive", failures: 1 }, openFor: "5 seconds" } as const
    const actor = createActor(breakerLogic, { input: { name: "service", strategy }, clock }).start()
    actor.send({ type: "outcome.settled", at: 0, kind: "failure", durationMs: 1 })
    await clock.advance("5 seconds")
    expect(actor.getSnapshot().context.gate.circuit).toBe("halfOpen")
    actor.stop()
  })
})

describe("a scripted backend", () => {
  test("answers line by line, and repeats the last", async () => {
    const clock = createVirtualClock()
    const backend = scriptedBackend(
      clock,
      { answer: "value", value: 1 },
      { answer: "error", error: down },
      { answer: "value", value: 3 },
    )
    expect(await backend.call()).toBe(1)
    await expect(backend.call()).rejects.toBe(down)
    expect(await backend.call()).toBe(3)
    expect(await backend.call()).toBe(3)
    backend.respond({ answer: "error" })
    await expect(backend.call()).rejects.toThrow("scripted failure")
    expect(backend).toMatchObject({ calls: 5, inFlight: 0, mostInFlight: 1, aborted: 0 })
  })

  test("takes the time that it is told, and counts what it works on", async () => {
    const clock = createVirtualClock()
    const backend = scriptedBackend(
      clock,
      { answer: "value", after: "2 seconds" },
      { answer: "error", after: "1 second", error: down },
    )
    const ends: string[] = []
    const first = backend.call().then(() => ends.push("first"))
    const second = backend.call().catch(() => ends.push("second"))
    expect(backend).toMatchObject({ inFlight: 2, mostInFlight: 2 })
    await clock.advance("1 second")
    expect(ends).toEqual(["second"])
    await clock.advance("1 second")
    await Promise.all([first, second])
    expect(ends).toEqual(["second", "first"])
    expect(backend.inFlight).toBe(0)
  })

  test("hangs until it is aborted", async () => {
    const clock = createVirtualClock()
    const backend = scriptedBackend(clock, { answer: "hang" })
    const breaker = createBreaker("service", { timeout: "1 second" }, { clock })
    const call = breaker.tryExecute(backend.call)
    await clock.advance("999 millis")
    expect(backend).toMatchObject({ inFlight: 1, aborted: 0 })
    await clock.advance("1 millis")
    expect(await call).toMatchObject({ ok: false, error: { _tag: "CallTimedOut" } })
    expect(backend).toMatchObject({ inFlight: 0, aborted: 1 })
  })

  test("without a script answers at once", async () => {
    expect(await scriptedBackend(createVirtualClock()).call()).toBeUndefined()
  })
})
