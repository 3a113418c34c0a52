/** Mistakes that a review found after the first round: each test is named after what went wrong. */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { attach, InvalidConfig } from "recloser"
import { Breaker as EffectBreaker } from "recloser/effect"
import { protectFetch } from "recloser/fetch"
import { createVirtualClock } from "recloser/testing"
import { describe, expect, test } from "vitest"
import { createActor, fromCallback } from "xstate"
import { addSample, countsAt, emptyWindow } from "../../machines/vocabulary/window.ts"
import { CallRejected, createBreaker } from "../../src/index.ts"
import { lineOf } from "../../src/observability/logging.ts"
import { deferred, fail, succeed, trip, tripAndWait, working, world } from "../support/breakers.ts"

const settleAll = () => new Promise((resolve) => setImmediate(resolve))

describe("callers", () => {
  test("with a signal that cannot be let go of hung, and their place leaked", async () => {
    const { breaker } = world()
    const half = { aborted: false, addEventListener: () => {} } as unknown as AbortSignal
    expect(await breaker.tryExecute(working, { signal: half })).toMatchObject({
      ok: false,
      error: InvalidConfig.prototype,
    })
    const trap = {
      aborted: false,
      addEventListener: () => {},
      removeEventListener: () => {
        throw new Error("trap")
      },
    } as unknown as AbortSignal
    expect(await breaker.tryExecute(working, { signal: trap })).toEqual({ ok: true, value: "up" })
    expect(breaker.metrics().calls.inFlight).toBe(0)
  })

  test("that kept one ended call kept all that came after it", async () => {
    const { breaker } = world()
    const contexts: object[] = []
    const first = deferred()
    const keeping = (work: Promise<string>) => (call: object) => {
      contexts.push(call)
      return work
    }
    // A caller who may give up: an ordinary call stands in no list of its neighbours (test/laws/flight.test.ts).
    const { signal } = new AbortController()
    const one = breaker.execute(keeping(first.promise), { signal })
    const second = deferred()
    const other = breaker.execute(keeping(second.promise), { signal })
    first.resolve("one")
    await one
    second.resolve("other")
    await other
    expect(contexts[0]).toMatchObject({ older: undefined, newer: undefined })
    expect(contexts[1]).toMatchObject({ older: undefined, newer: undefined })
  })

  test("that put a prefix before a stack, as some loggers do, threw", async () => {
    const { breaker } = world()
    breaker.forceOpen("maintenance")
    const end = await breaker.tryExecute(working)
    if (end.ok || !(end.error instanceof CallRejected)) throw new Error("not refused")
    end.error.stack = "prefix"
    expect(end.error.stack).toBe("prefix")
  })
})

describe("users' callbacks", () => {
  test("that are async and fail ended the process", async () => {
    const unhandled: unknown[] = []
    const note = (error: unknown) => unhandled.push(error)
    process.on("unhandledRejection", note)
    try {
      const bad = () => Promise.reject(new Error("later")) as never
      const breaker = createBreaker("service", { classify: bad }, { inspect: bad })
      const troubles: unknown[] = []
      breaker.on("trouble", ({ part }) => troubles.push(part))
      await succeed(breaker)
      breaker.forceOpen("maintenance")
      await settleAll()
      expect(troubles).toEqual(expect.arrayContaining(["classify"]))
      await breaker.stop()
    } finally {
      process.off("unhandledRejection", note)
    }
    expect(unhandled).toEqual([])
  })
})

describe("parts that start in the middle of an outage", () => {
  test("took the circuit for closed", async () => {
    const strategy = { type: "gradual", openFor: "5 seconds" } as const
    const { breaker, clock } = world({ strategy, metrics: false, timeout: false })
    await trip(breaker)
    breaker.reconfigure({ strategy })
    await clock.advance("1 second")
    const { metrics, timeout } = breaker.metrics().components
    expect(metrics).toMatchObject({ score: 0, msIn: { closed: 0, open: 1000 } })
    expect(timeout).toMatchObject({ state: "frozen" })
  })
})

describe("the score", () => {
  test("was not 0 while open, and told of a day ago", async () => {
    const { breaker, clock } = world({ strategy: { type: "basic", window: { type: "time", minimumCalls: 200 } } })
    for (let second = 0; second < 3; second++) {
      await fail(breaker, 10)
      await succeed(breaker, 10)
      await clock.advance("1 second")
    }
    await succeed(breaker)
    expect(breaker.metrics().components.metrics?.score).toBeCloseTo(0.5, 1)
    await clock.advance("1 day")
    expect(breaker.metrics().components.metrics?.score).toBe(1)
    await trip(breaker)
    expect(breaker.metrics().components.metrics?.score).toBe(0)
  })
})

describe("a learned timeout", () => {
  test("was made of one that was set", async () => {
    const { breaker } = world({ timeout: 500 })
    expect(breaker.save().parts).not.toHaveProperty("timeout.timeoutMs")
    breaker.reconfigure({})
    expect(breaker.metrics().components.timeout).toEqual({ state: "cold", timeoutMs: 30_000 })
  })
})

describe("stopping", () => {
  test("told a move before its gate", async () => {
    const { breaker, clock } = world({ strategy: { type: "basic", openFor: "1 second" } })
    const work = deferred()
    const running = breaker.execute(() => work.promise)
    await trip(breaker)
    const seen: string[] = []
    breaker.on("transition", ({ to }) => seen.push(`${to} ${breaker.circuit}`))
    const stopped = breaker.stop()
    await clock.advance("1 second")
    expect(seen).toEqual(["halfOpen halfOpen"])
    expect(breaker.wouldReject()).toMatchObject({ layer: "lifecycle" })
    work.resolve("done")
    await Promise.all([running, stopped])
  })

  test("left the streams of events open", () =>
    Effect.runPromise(
      Effect.gen(function* () {
        const inner = Effect.gen(function* () {
          const breaker = yield* EffectBreaker.make("service", {}, { log: false })
          const events = yield* Effect.forkDetach(Stream.runCollect(breaker.events("mode")))
          yield* Effect.sleep(0)
          yield* breaker.forceOpen("maintenance")
          return events
        })
        const events = yield* Effect.scoped(inner)
        const told = yield* Fiber.join(events)
        expect(told).toMatchObject([{ to: "forcedOpen" }])
      }),
    ))
})

describe("bad input", () => {
  const good = createVirtualClock()
  test.each(["now", "wallNow", "seed", "arm"])("was found late: a clock without %s", (method) => {
    const clock = { ...good, now: () => 0, wallNow: () => 0, seed: () => 1, arm: good.arm, [method]: undefined }
    expect(() => createBreaker("service", {}, { clock: clock as never })).toThrow(`it lacks ${method}`)
  })

  test("was taken: an inspector that is none, an actor of another machine", () => {
    expect(() => createBreaker("service", {}, { inspect: 42 as never })).toThrow(/options.inspect: must be a function/)
    const stranger = createActor(fromCallback(() => {})).start()
    expect(() => attach(stranger as never)).toThrow(/actor: must be an actor that runs breakerLogic/)
  })

  test("was told as undefined: an operator without a reason", () => {
    const { breaker } = world()
    const force = breaker.forceOpen.bind(breaker) as () => void
    force()
    expect(breaker.wouldReject()?.reason).toBe("no reason given")
  })

  test("forged lines of the log", () => {
    const message = "payments: operator: x\n2026-01-01T00:00:00.000Z INFO  payments: closed\u001b[2J"
    const line = lineOf({ level: "WARN", message, facts: {} }, "human", 0)
    expect(line.split("\n")).toHaveLength(1)
    expect(line).toContain("\\u000a2026")
    expect(line).toContain("\\u001b[2J")
  })
})

describe("fetch", () => {
  test("kept a signal that the caller had taken away", async () => {
    const gone = AbortSignal.abort(new Error("gone"))
    const { breaker } = world()
    const fetch = protectFetch(breaker, { fetch: async () => new Response("well") })
    const request = new Request("http://service.example", { signal: gone })
    expect((await fetch(request, { signal: null })).status).toBe(200)
  })

  test("charged the service with addresses that are none", async () => {
    const { breaker } = world({ strategy: { type: "basic", window: { type: "consecutive", failures: 2 } } })
    const fetch = protectFetch(breaker)
    for (let call = 0; call < 3; call++) await expect(fetch("not an address")).rejects.toThrow(TypeError)
    expect(breaker.circuit).toBe("closed")
    expect(breaker.metrics().calls.admitted).toBe(0)
  })
})

describe("windows", () => {
  test("never forgot when the clock began below zero", async () => {
    const clock = createVirtualClock({ start: -100_000 })
    const { breaker } = world({ strategy: "basic" }, { clock })
    await fail(breaker, 19)
    await clock.advance("11 seconds")
    await fail(breaker, 19)
    expect(breaker.circuit).toBe("closed")
  })

  test("forgot an idle minute by one copy for each sample", () => {
    let window = emptyWindow({ type: "count", calls: 20_000, maxAgeMs: 1000 })
    for (let call = 0; call < 20_000; call++) window = addSample(window, { at: 0, failure: true, slow: false })
    expect(countsAt(window, 999)).toMatchObject({ calls: 20_000, failures: 20_000 })
    const kept = addSample(window, { at: 5000, failure: false, slow: false })
    expect(countsAt(kept, 5000)).toMatchObject({ calls: 1, failures: 0 })
    expect(kept).toMatchObject({ chunks: [expect.anything()], skip: 0 })
  })
})

test("a probe's refusal among a thousand places says when the next is free", async () => {
  const state = world({
    strategy: { type: "basic", probes: { atOnce: 1000, needed: 1000, lease: "20 seconds" } },
    timeout: false,
  })
  await tripAndWait(state)
  const permits = Array.from({ length: 1000 }, () => state.breaker.acquire())
  expect(state.breaker.wouldReject()).toMatchObject({ layer: "probe", retryAfterMs: 100 })
  await state.clock.advance("1 second")
  expect(state.breaker.wouldReject()?.retryAfterMs).toBe(1000)
  await state.clock.advance("18999 millis")
  expect(state.breaker.wouldReject()?.retryAfterMs).toBe(1)
  for (const permit of permits) if (permit.admitted) permit.settle("ignored")
  expect(state.breaker.wouldReject()).toBeUndefined()
})
