/** Mistakes about half-open circuits: who probes, and what a probe's end may do. */
import { scriptedBackend } from "recloser/testing"
import { describe, expect, test } from "vitest"
import {
  deferred,
  expectConsistent,
  fail,
  failing,
  hanging,
  succeed,
  trip,
  tripAndWait,
  type World,
  working,
  world,
} from "../support/breakers.ts"
import { keyedPlane, keysOf } from "../support/keyedPlane.ts"

const probing = (probes: object, more: object = {}) =>
  world({ strategy: { type: "basic", openFor: "5 seconds", probes, ...more }, timeout: false })

describe("half-open", () => {
  test.each([1, 3])(
    "was unlimited: of 50 callers at that instant at most %i run, the rest are told when to come back",
    async (atOnce) => {
      const { breaker, clock } = probing({ atOnce, needed: 10, lease: "10 seconds" })
      const backend = scriptedBackend(clock, { answer: "value", after: "2 seconds" })
      await trip(breaker)
      await clock.advance("5 seconds")
      expect(breaker.circuit).toBe("halfOpen")
      const calls = Array.from({ length: 50 }, () => breaker.tryExecute(backend.call))
      await clock.advance("1 second")
      expect(backend.mostInFlight).toBe(atOnce)
      await clock.advance("1 second")
      const ends = await Promise.all(calls)
      const rejections = ends.flatMap((end) => (end.ok ? [] : [end.error]))
      expect(rejections).toHaveLength(50 - atOnce)
      for (const error of rejections)
        expect(error).toMatchObject({ _tag: "CallRejected", layer: "probe", retryAfterMs: 100 })
      expectConsistent(breaker)
    },
  )

  test("was unlimited over time: the cap holds at every instant of a long probing", async () => {
    const { breaker, clock } = probing({ atOnce: 2, needed: 50, lease: "1 minute" })
    const backend = scriptedBackend(clock, { answer: "value", after: "700 millis" })
    await trip(breaker)
    await clock.advance("5 seconds")
    for (let tick = 0; tick < 50; tick++) {
      void breaker.tryExecute(backend.call)
      void breaker.tryExecute(backend.call)
      await clock.advance("100 millis")
    }
    expect(backend.mostInFlight).toBe(2)
    expect(backend.calls).toBeGreaterThan(10)
  })

  test("was reported as open", async () => {
    const state = probing({})
    await tripAndWait(state)
    expect(state.breaker.metrics().circuit).toBe("halfOpen")
    expect(state.breaker.circuit).toBe("halfOpen")
    expect(state.transitions.at(-1)).toMatchObject({ from: "open", to: "halfOpen" })
  })

  test("an idle breaker stayed open: without any traffic it is ready to probe when its wait is over", async () => {
    const { breaker, clock } = probing({ needed: 1 })
    await trip(breaker)
    await clock.advance("1 hour")
    expect(breaker.circuit).toBe("halfOpen")
    expect(breaker.wouldReject()).toBeUndefined()
    await succeed(breaker)
    expect(breaker.circuit).toBe("closed")
  })

  test("asking whether a call would be rejected took the probe's place", async () => {
    const state = probing({ needed: 1 })
    await tripAndWait(state)
    for (let ask = 0; ask < 10; ask++) expect(state.breaker.wouldReject()).toBeUndefined()
    await succeed(state.breaker)
    expect(state.breaker.circuit).toBe("closed")
  })
})

describe("a probe that hangs", () => {
  test("wedged the breaker: its place is free when its lease ends", async () => {
    const state = probing({ needed: 1, lease: "2 seconds" })
    const { breaker, clock } = state
    await tripAndWait(state)
    const hung = breaker.tryExecute(hanging)
    expect(breaker.wouldReject()).toMatchObject({ layer: "probe", retryAfterMs: 100 })
    await clock.advance("1999 millis")
    expect(breaker.wouldReject()).toMatchObject({ layer: "probe", retryAfterMs: 1 })
    expect(breaker.circuit).toBe("halfOpen")
    await clock.advance("1 millis")
    expect(breaker.circuit).toBe("open")
    expect(breaker.metrics().calls).toMatchObject({ probes: 1, inFlight: 1 })
    await clock.advance("5 seconds")
    await succeed(breaker)
    expect(breaker.circuit).toBe("closed")
    const stopping = breaker.stop({ grace: "1 second" })
    await clock.advance("1 second")
    await stopping
    expect(await hung).toMatchObject({ ok: false, error: { _tag: "CallRejected", layer: "lifecycle" } })
  })

  test("answered after its lease and moved the circuit", async () => {
    const state = probing({ needed: 1, lease: "2 seconds" })
    const { breaker, clock, moves } = state
    await tripAndWait(state)
    const work = deferred()
    const late = breaker.execute(() => work.promise)
    await clock.advance("8 seconds")
    expect(breaker.circuit).toBe("halfOpen")
    const before = moves.length
    work.resolve("late")
    expect(await late).toBe("late")
    expect(moves).toHaveLength(before)
    expect(breaker.metrics().calls).toMatchObject({ stragglers: 1, inFlight: 0 })
  })

  test("was forgotten by its holder and stayed in flight for ever", async () => {
    const state = probing({ needed: 1, lease: "2 seconds" })
    const { breaker, clock } = state
    await tripAndWait(state)
    expect(breaker.acquire()).toMatchObject({ admitted: true, probe: true })
    await clock.advance("2 seconds")
    expect(breaker.circuit).toBe("open")
    expect(breaker.metrics().calls).toMatchObject({ inFlight: 0, ignored: 1 })
    expectConsistent(breaker)
  })
})

describe("a probe that says nothing", () => {
  test("closed or opened it by being cancelled", async () => {
    const state = probing({ needed: 1 })
    const { breaker } = state
    await tripAndWait(state)
    const caller = new AbortController()
    const cancelled = breaker.tryExecute(hanging, { signal: caller.signal })
    expect(breaker.wouldReject()).toMatchObject({ layer: "probe" })
    caller.abort(new Error("gave up"))
    expect(await cancelled).toMatchObject({ ok: false, error: { message: "gave up" } })
    expect(breaker.circuit).toBe("halfOpen")
    expect(breaker.wouldReject()).toBeUndefined()
    expect(breaker.metrics().calls).toMatchObject({ ignored: 1, inFlight: 0 })
  })

  test.each(["error", "value"] as const)("closed or opened it by ending in an ignored %s", async (end) => {
    const state = probing({ needed: 1 })
    const { breaker } = state
    await tripAndWait(state)
    await breaker.tryExecute<string>(end === "error" ? failing : working, { classify: () => "ignored" })
    expect(breaker.circuit).toBe("halfOpen")
    expect(breaker.wouldReject()).toBeUndefined()
  })

  test("closed it by being disposed unsettled", async () => {
    const state = probing({ needed: 1 })
    const { breaker } = state
    await tripAndWait(state)
    const ticket = breaker.acquire()
    if (!ticket.admitted) throw new Error("the probe was refused")
    ticket[Symbol.dispose]()
    expect(breaker.circuit).toBe("halfOpen")
    expect(breaker.wouldReject()).toBeUndefined()
  })
})

describe("a probe that fails", () => {
  test("one bad probe was forgiven: it opens at once, for longer, up to the cap", async () => {
    const { breaker, clock } = world({
      strategy: { type: "basic", openFor: { base: "1 second", factor: 3, max: "10 seconds", jitter: 0 } },
    })
    await trip(breaker)
    const waits: (number | undefined)[] = []
    for (let round = 0; round < 5; round++) {
      waits.push(breaker.wouldReject()?.retryAfterMs)
      await clock.advance(breaker.wouldReject()?.retryAfterMs ?? 0)
      await fail(breaker)
    }
    expect(waits).toEqual([1000, 3000, 9000, 10_000, 10_000])
  })

  test("a slow probe closed it", async () => {
    const state = probing({ needed: 1 }, { slowCalls: { after: "1 second" } })
    const { breaker, clock } = state
    await tripAndWait(state)
    const backend = scriptedBackend(clock, { answer: "value", after: "1 second" })
    const slow = breaker.execute(backend.call)
    await clock.advance("1 second")
    await slow
    expect(breaker.circuit).toBe("open")
  })

  test("a probe that timed out was no failure", async () => {
    const state = world({ strategy: { type: "basic", openFor: "5 seconds" }, timeout: "1 second" })
    await tripAndWait(state)
    const hung = state.breaker.tryExecute(hanging)
    await state.clock.advance("1 second")
    expect(await hung).toMatchObject({ ok: false, error: { _tag: "CallTimedOut" } })
    expect(state.breaker.circuit).toBe("open")
    expect(state.transitions.at(-1)).toMatchObject({ rule: "probe.failed" })
  })

  test("the windows of before decided after the close", async () => {
    const state = probing({ needed: 2 })
    await tripAndWait(state)
    await succeed(state.breaker, 2)
    expect(state.breaker.circuit).toBe("closed")
    await fail(state.breaker, 19)
    expect(state.breaker.circuit).toBe("closed")
    await fail(state.breaker)
    expect(state.breaker.circuit).toBe("open")
  })
})

describe("a caller that found every probe place taken", () => {
  const told = ({ breaker }: World): number => breaker.wouldReject()?.retryAfterMs ?? Number.NaN

  test("was sent away for the whole lease: a minute, for a probe that takes milliseconds", async () => {
    const state = world({ strategy: "basic" })
    for (let call = 0; call < 200; call++) {
      const { promise, resolve } = deferred()
      const answer = state.breaker.execute(() => promise)
      await state.clock.advance(call % 10 === 0 ? 400 : 20)
      resolve("up")
      await answer
    }
    await tripAndWait(state)
    const { promise, resolve } = deferred()
    const probe = state.breaker.execute(() => promise)
    await state.clock.advance(10)
    // What the service usually takes at most, but for what has passed of it.
    expect(told(state)).toBeGreaterThan(300)
    expect(told(state)).toBeLessThan(410)
    resolve("up")
    await probe
  })

  test("is told to wait as long again as the probe has run, where nobody knows how long calls take", async () => {
    const state = world({ strategy: { type: "basic", probes: { lease: "1 minute" } }, timeout: false })
    await tripAndWait(state)
    const { promise, resolve } = deferred()
    const probe = state.breaker.execute(() => promise)
    const waits: number[] = []
    // Who comes back each time when told to waits at most twice as long as the probe takes.
    for (let passed = 0; passed < 59_000; passed += waits.at(-1) ?? 0) {
      waits.push(told(state))
      await state.clock.advance(waits.at(-1) ?? 0)
    }
    expect(waits).toEqual([100, 100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 8800])
    resolve("up")
    await probe
  })

  test("is told of the place that is taken last, where there are several", async () => {
    const state = world({ strategy: { type: "basic", probes: { atOnce: 2 } }, timeout: false })
    await tripAndWait(state)
    void state.breaker.tryExecute(hanging)
    await state.clock.advance(10_000)
    void state.breaker.tryExecute(hanging)
    expect(told(state)).toBe(100)
    await state.clock.advance(49_950)
    expect(told(state)).toBeCloseTo(50)
  })
})

describe("a probe of a cell that somebody else's call sets free meanwhile", () => {
  test("kept its place when it ended: the next cell that died was held back for the rest of the lease", () => {
    const it = keyedPlane()
    it.warm(300, keysOf(30))
    const before = it.plane.admit(it.clock.now(), { key: "key 1" })
    it.kill("key 1")
    it.clock.step(500)
    const probe = it.plane.admit(it.clock.now(), { key: "key 1" })
    if (!(before.admitted && probe.admitted)) throw new Error("both were to enter")
    before.settle("success")
    it.warm(2000, keysOf(30))
    probe.settle("success")
    it.kill("key 2")
    it.clock.step(500)
    expect(it.call("key 2")).toBe(true)
  })
})
