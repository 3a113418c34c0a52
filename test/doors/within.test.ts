/** Calls within calls: a call has no more time than the one that it is part of, and ends with it. */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import { type Breaker, CallTimedOut, createBreaker } from "recloser"
import { Breaker as EffectBreaker } from "recloser/effect"
import { protectFetch } from "recloser/fetch"
import { createVirtualClock, type VirtualClock } from "recloser/testing"
import { afterEach, describe, expect, test } from "vitest"
import { hanging, working } from "../support/breakers.ts"
import { runTest } from "../support/effects.ts"

const open: Breaker[] = []
const breakerOn = (clock: VirtualClock, name: string, config: object = {}): Breaker => {
  const breaker = createBreaker(name, config, { clock })
  open.push(breaker)
  return breaker
}
afterEach(async () => {
  await Promise.all(open.splice(0).map((breaker) => breaker.stop({ grace: 0 })))
})

/** An outer breaker that gives two seconds, and an inner one that would give ten. */
function nested() {
  const clock = createVirtualClock()
  return {
    clock,
    outer: breakerOn(clock, "outer", { timeout: 2000 }),
    inner: breakerOn(clock, "inner", { timeout: 10_000 }),
  }
}

describe("a call within another", () => {
  test("has what that one has left, and tells it on", async () => {
    const { clock, outer, inner } = nested()
    const told: number[] = []
    const call = outer.execute(async (within) => {
      await clock.advance(500)
      return inner.execute(async ({ remainingMs }) => told.push(remainingMs), { within })
    })
    await call
    expect(told).toEqual([1500])
  })

  test("that waits for a slot when that one ends has given up its place in the line", async () => {
    const clock = createVirtualClock()
    const outer = breakerOn(clock, "outer", { timeout: 500 })
    const inner = breakerOn(clock, "inner", { timeout: 10_000, priority: { limit: 1, queue: { max: 1 } } })
    const settled: unknown[] = []
    const note = (error: unknown) => void settled.push(error)
    void inner.execute(hanging).catch(note)
    void outer.execute((within) => inner.execute(working, { within })).catch(note)
    await clock.advance(500)
    expect(settled).toEqual([expect.any(CallTimedOut)])
    void inner.execute(working).catch(note)
    await clock.advance(1)
    expect(settled).toHaveLength(1)
    await clock.advance("10 seconds")
  })

  test("of a shorter deadline of its own keeps that", async () => {
    const { outer, inner } = nested()
    const told = await outer.execute((within) =>
      inner.execute(async ({ remainingMs }) => remainingMs, { within, deadline: 300 }),
    )
    expect(told).toBe(300)
  })

  test("has no end where neither has one", async () => {
    const clock = createVirtualClock()
    const [outer, inner] = [
      breakerOn(clock, "outer", { timeout: false }),
      breakerOn(clock, "inner", { timeout: false }),
    ]
    const told = await outer.execute((within) => inner.execute(async ({ remainingMs }) => remainingMs, { within }))
    expect(told).toBe(Number.POSITIVE_INFINITY)
  })

  test("on another clock has as much time as is left on the first", async () => {
    const [clock, other] = [createVirtualClock(), createVirtualClock()]
    await other.advance("1 hour")
    const [outer, inner] = [
      breakerOn(clock, "outer", { timeout: 2000 }),
      breakerOn(other, "inner", { timeout: 10_000 }),
    ]
    const told = await outer.execute(async (within) => {
      await clock.advance(700)
      return inner.execute(async ({ remainingMs, deadline }) => [remainingMs, deadline - other.now()], { within })
    })
    expect(told).toEqual([1300, 1300])
  })

  test("that hangs is a timeout of both, whichever clock strikes first", async () => {
    const { clock, outer, inner } = nested()
    const call = outer.tryExecute((within) => inner.execute(hanging, { within }))
    await clock.advance(2000)
    expect(await call).toMatchObject({ ok: false, error: { _tag: "CallTimedOut", breaker: "outer", timeoutMs: 2000 } })
    expect([outer, inner].map((breaker) => breaker.metrics().calls)).toMatchObject([
      { timedOut: 1, inFlight: 0 },
      { timedOut: 1, ignored: 0, inFlight: 0 },
    ])
  })

  test("is given up with that one, by its caller's signal, down to the work, and counts for nothing", async () => {
    const { outer, inner } = nested()
    const caller = new AbortController()
    let stopped: unknown
    const call = outer.tryExecute(
      (within) =>
        inner.execute(
          ({ signal }) => {
            signal.addEventListener("abort", () => {
              stopped = signal.reason
            })
            return hanging()
          },
          { within },
        ),
      { signal: caller.signal },
    )
    const reason = new Error("gave up")
    caller.abort(reason)
    expect(await call).toEqual({ ok: false, error: reason })
    expect(stopped).toBe(reason)
    expect([outer, inner].map((breaker) => breaker.metrics().calls)).toMatchObject([{ ignored: 1 }, { ignored: 1 }])
  })

  test("also heeds a signal of its own", async () => {
    const { outer, inner } = nested()
    const own = new AbortController()
    const call = outer.tryExecute((within) =>
      inner.execute(hanging, { within, signal: own.signal }).catch((error) => error),
    )
    const reason = new Error("enough")
    own.abort(reason)
    expect(await call).toEqual({ ok: true, value: reason })
  })

  test("is not made when no time is left: no permit, no count, and the fallback answers", async () => {
    const { clock, outer, inner } = nested()
    let late: unknown
    const after: unknown[] = []
    await outer.tryExecute(async (within) => {
      late = within
      return "up"
    })
    await clock.advance(2000)
    const within = late as never
    const end = await inner.tryExecute(async () => after.push("ran"), { within })
    expect(end).toMatchObject({ ok: false, error: { _tag: "CallTimedOut", breaker: "inner", timeoutMs: 0 } })
    expect(await inner.execute(working, { within, fallback: (reason) => reason instanceof CallTimedOut })).toBe(true)
    expect(after).toEqual([])
    expect(inner.metrics().calls).toMatchObject({ admitted: 0, rejected: 0, timedOut: 0 })
  })

  test("through protectFetch: the service is told what is left of the whole", async () => {
    const { clock, outer, inner } = nested()
    const heard: unknown[] = []
    const fetch = protectFetch(inner, {
      fetch: async (input, init) => {
        heard.push(new Request(input, init).headers.get("x-request-timeout-ms"), "within" in (init ?? {}))
        return new Response("up")
      },
      propagateDeadline: true,
    })
    await outer.execute(async (within) => {
      await clock.advance(750)
      return fetch("http://service.test/", { within })
    })
    expect(heard).toEqual(["1250", false])
  })

  test("three deep has what the outermost has left", async () => {
    const { clock, outer, inner } = nested()
    const middle = breakerOn(clock, "middle", { timeout: 5000 })
    const told = await outer.execute((first) =>
      middle.execute(
        async (second) => {
          await clock.advance(1900)
          return inner.execute(async ({ remainingMs }) => remainingMs, { within: second })
        },
        { within: first },
      ),
    )
    expect(told).toBeCloseTo(100, 6)
  })
})

describe("a guard within another", () => {
  const make = (name: string, timeout: number | false) => EffectBreaker.make(name, { timeout }, { log: false })

  test("has what that one has left, without a word, and can be asked for it", () =>
    runTest(
      Effect.gen(function* () {
        const [outer, inner] = [yield* make("outer", 2000), yield* make("inner", 10_000)]
        const fiber = yield* Effect.forkChild(
          outer.guard(Effect.andThen(Effect.sleep(500), inner.guard(EffectBreaker.remainingMs))),
        )
        yield* TestClock.adjust(500)
        expect(yield* Fiber.join(fiber)).toBe(1500)
        expect(yield* EffectBreaker.remainingMs).toBe(Number.POSITIVE_INFINITY)
        expect(yield* (yield* make("endless", false)).guard(EffectBreaker.remainingMs)).toBe(Number.POSITIVE_INFINITY)
      }).pipe(Effect.scoped),
    ))

  test("that hangs is a timeout of both", () =>
    runTest(
      Effect.gen(function* () {
        const [outer, inner] = [yield* make("outer", 2000), yield* make("inner", 10_000)]
        const fiber = yield* Effect.forkChild(Effect.flip(outer.guard(inner.guard(Effect.never))))
        yield* TestClock.adjust(2000)
        expect(yield* Fiber.join(fiber)).toMatchObject({ _tag: "CallTimedOut", timeoutMs: 2000 })
        expect((yield* inner.metrics).calls).toMatchObject({ timedOut: 1, ignored: 0, inFlight: 0 })
        // Its own end, or the inner's as its effect's error: either is bad, and counted once.
        const { timedOut, failure, ignored, inFlight } = (yield* outer.metrics).calls
        expect([timedOut + failure, ignored, inFlight]).toEqual([1, 0, 0])
      }).pipe(Effect.scoped),
    ))

  test("that is interrupted before its time counts for nothing", () =>
    runTest(
      Effect.gen(function* () {
        const [outer, inner] = [yield* make("outer", 2000), yield* make("inner", 10_000)]
        const fiber = yield* Effect.forkChild(outer.guard(inner.guard(Effect.never)))
        yield* TestClock.adjust(1999)
        yield* Fiber.interrupt(fiber)
        for (const breaker of [outer, inner]) {
          expect((yield* breaker.metrics).calls).toMatchObject({ timedOut: 0, ignored: 1 })
        }
      }).pipe(Effect.scoped),
    ))

  test("is not run when no time is left", () =>
    runTest(
      Effect.gen(function* () {
        const inner = yield* make("inner", 10_000)
        let ran = false
        const run = Effect.sync(() => {
          ran = true
        })
        const error = yield* Effect.flip(inner.guard(run, { deadline: 0 }))
        expect(error).toMatchObject({ _tag: "CallTimedOut", timeoutMs: 0 })
        expect([ran, (yield* inner.metrics).calls.admitted]).toEqual([false, 0])
      }).pipe(Effect.scoped),
    ))
})
