/** The Effect door: guarding effects in the caller's fiber, under TestClock. */
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { TestClock } from "effect/testing"
import { Breaker, CallRejected, CallTimedOut, InvalidConfig } from "recloser/effect"
import { describe, expect, test } from "vitest"
import { down, errorOf, expectIdle, fail, runTest, succeed } from "../support/effects.ts"
import fc from "../support/property.ts"

const basic = (options: object) => ({ strategy: { type: "basic", ...options } as const })

describe("guard", () => {
  test("answers, fails and dies as the effect does, and counts each", () =>
    runTest(
      Effect.gen(function* () {
        const breaker = yield* Breaker.make("service")
        expect(yield* breaker.guard(Effect.succeed("up"))).toBe("up")
        expect(yield* Effect.flip(breaker.guard(Effect.fail(down)))).toBe(down)
        expect(errorOf(yield* Effect.exit(breaker.guard(Effect.die(down))))).toBe(down)
        expect(errorOf(yield* Effect.exit(breaker.guard(Effect.sync(() => JSON.parse("{")))))).toBeInstanceOf(
          SyntaxError,
        )
        expect((yield* breaker.metrics).calls).toMatchObject({ admitted: 4, success: 1, failure: 3, inFlight: 0 })
      }),
    ))

  test("opens on failures and refuses with a typed error, running nothing", () =>
    runTest(
      Effect.gen(function* () {
        const breaker = yield* Breaker.make("service", basic({ openFor: "5 seconds" }))
        yield* fail(breaker, 20)
        let ran = false
        const exit = yield* breaker
          .guard(Effect.sync(() => (ran = true)))
          .pipe(Effect.catchTag("CallRejected", (error) => Effect.succeed(error)))
        expect(exit).toBeInstanceOf(CallRejected)
        expect(exit).toMatchObject({ layer: "circuit", heldBy: ["basic"], retryAfterMs: 5000 })
        expect(ran).toBe(false)
        expect(yield* breaker.wouldReject()).toMatchObject({ layer: "circuit" })
        yield* TestClock.adjust("5 seconds")
        expect(breaker.circuit).toBe("halfOpen")
        yield* succeed(breaker, 2)
        expect(breaker.circuit).toBe("closed")
      }),
    ))

  test("does nothing until it is run, and can be run again", () =>
    runTest(
      Effect.gen(function* () {
        const breaker = yield* Breaker.make("service")
        const guarded = breaker.guard(Effect.succeed(1))
        expect((yield* breaker.metrics).calls.admitted).toBe(0)
        yield* guarded
        yield* guarded
        expect((yield* breaker.metrics).calls.admitted).toBe(2)
      }),
    ))

  test("is pipeable", () =>
    runTest(
      Effect.gen(function* () {
        const breaker = yield* Breaker.make("service")
        yield* breaker.forceOpen("maintenance")
        const cached = yield* Effect.succeed("up").pipe(
          Breaker.guard(breaker, { fallback: () => Effect.succeed("cached") }),
        )
        expect(cached).toBe("cached")
      }),
    ))

  test("classifies exits, by the breaker and by the call", () =>
    runTest(
      Effect.gen(function* () {
        const breaker = yield* Breaker.make("service", { classify: ({ ok }) => (ok ? "failure" : "ignored") })
        yield* succeed(breaker)
        yield* fail(breaker, 2)
        const classify = (exit: Exit.Exit<string, Error>) => (Exit.isSuccess(exit) ? "ignored" : "failure")
        yield* breaker.guard(Effect.succeed("up") as Effect.Effect<string, Error>, { classify })
        expect((yield* breaker.metrics).calls).toMatchObject({ failure: 1, ignored: 3, success: 0 })
      }),
    ))

  test("isolates a classifier that throws", () =>
    runTest(
      Effect.gen(function* () {
        const breaker = yield* Breaker.make("service")
        const troubles: string[] = []
        breaker.on("trouble", ({ part }) => troubles.push(part))
        const boom = () => {
          throw new Error("boom")
        }
        expect(yield* breaker.guard(Effect.succeed("up"), { classify: boom })).toBe("up")
        expect(troubles).toEqual(["classify"])
        expect((yield* breaker.metrics).calls.success).toBe(1)
      }),
    ))
})

describe("timeouts under TestClock", () => {
  const table: readonly (readonly [string, object, object | undefined])[] = [
    ["the breaker's fixed timeout", { timeout: "2 seconds" }, undefined],
    ["the breaker's longest timeout", { timeout: { max: "2 seconds" } }, undefined],
    ["the deadline of the call", {}, { deadline: "2 seconds" }],
    ["the deadline of a breaker without any timeout", { timeout: false }, { deadline: "2 seconds" }],
    ["the deadline of a breaker without any component", { timeout: false, metrics: false }, { deadline: "2 seconds" }],
    ["a fixed timeout without metrics", { timeout: "2 seconds", metrics: false }, undefined],
  ]
  test.each(table)("%s ends a call, and interrupts it", (_what, config, options) =>
    runTest(
      Effect.gen(function* () {
        const breaker = yield* Breaker.make("service", config)
        yield* TestClock.adjust("7 seconds")
        let interrupted = false
        const hang = Effect.onInterrupt(Effect.never, () => Effect.sync(() => (interrupted = true)))
        const fiber = yield* Effect.forkChild(breaker.guard(hang, options))
        yield* TestClock.adjust("1999 millis")
        expect((yield* breaker.metrics).calls).toMatchObject({ inFlight: 1, timedOut: 0 })
        yield* TestClock.adjust("1 millis")
        expect((yield* breaker.metrics).calls).toMatchObject({ inFlight: 0, timedOut: 1 })
        const error = errorOf(yield* Fiber.await(fiber))
        expect(error).toBeInstanceOf(CallTimedOut)
        expect(error).toMatchObject({ _tag: "CallTimedOut", timeoutMs: 2000, breaker: "service" })
        expect(interrupted).toBe(true)
      }),
    ),
  )

  test.each([{ timeout: "2 seconds" }, { timeout: false }] as const)(
    "the effect finds the services of its caller (%o)",
    (config) =>
      runTest(
        Effect.gen(function* () {
          class Rate extends Context.Service<Rate, number>()("Rate") {}
          const breaker = yield* Breaker.make("service", config)
          const guarded = breaker.guard(Effect.map(Rate, (rate) => rate * 2))
          expect(yield* Effect.provideService(guarded, Rate, 21)).toBe(42)
        }),
      ),
  )

  test("settles at the timeout, although the call's own finalizers take longer", () =>
    runTest(
      Effect.gen(function* () {
        const breaker = yield* Breaker.make("service", { timeout: "2 seconds" })
        const slow = Effect.onInterrupt(Effect.never, () => Effect.sleep("1 minute"))
        const fiber = yield* Effect.forkChild(breaker.guard(slow))
        yield* TestClock.adjust("2 seconds")
        expect((yield* breaker.metrics).calls).toMatchObject({ timedOut: 1, inFlight: 0 })
        yield* TestClock.adjust("1 minute")
        expect(errorOf(yield* Fiber.await(fiber))).toBeInstanceOf(CallTimedOut)
        expect((yield* breaker.metrics).calls).toMatchObject({ timedOut: 1, ignored: 0, failure: 0 })
      }),
    ))

  test("a call that ends in time leaves no timer that ends another", () =>
    runTest(
      Effect.gen(function* () {
        const breaker = yield* Breaker.make("service", { timeout: "2 seconds" })
        yield* succeed(breaker)
        yield* TestClock.adjust("1500 millis")
        const fiber = yield* Effect.forkChild(breaker.guard(Effect.delay(Effect.succeed("up"), "1 second")))
        yield* TestClock.adjust("1 second")
        expect(yield* Fiber.join(fiber)).toBe("up")
      }),
    ))

  test.each([Number.NaN, -1, "soon"])("a deadline of %s is refused with its path", (deadline) =>
    runTest(
      Effect.gen(function* () {
        const breaker = yield* Breaker.make("service")
        const guarded = Effect.suspend(() => breaker.guard(Effect.succeed(1), { deadline: deadline as number }))
        const error = errorOf(yield* Effect.exit(guarded))
        expect(error).toBeInstanceOf(InvalidConfig)
        expect(error).toMatchObject({ problems: [{ path: "options.deadline" }] })
        yield* expectIdle(breaker)
      }),
    ),
  )
})

describe("interruption", () => {
  test("counts for nothing and gives the permit back", () =>
    runTest(
      Effect.gen(function* () {
        const breaker = yield* Breaker.make("service")
        const started = yield* Deferred.make<void>()
        const fiber = yield* Effect.forkChild(
          breaker.guard(Effect.andThen(Deferred.succeed(started, undefined), Effect.never)),
        )
        yield* Deferred.await(started)
        expect((yield* breaker.metrics).calls.inFlight).toBe(1)
        yield* Fiber.interrupt(fiber)
        expect((yield* breaker.metrics).calls).toMatchObject({ ignored: 1, failure: 0, success: 0, inFlight: 0 })
      }),
    ))

  test("of a probe gives its place back: neither closed nor opened", () =>
    runTest(
      Effect.gen(function* () {
        const breaker = yield* Breaker.make("service", basic({ openFor: "5 seconds", probes: { needed: 1 } }))
        yield* fail(breaker, 20)
        yield* TestClock.adjust("5 seconds")
        const fiber = yield* Effect.forkChild(breaker.guard(Effect.never))
        yield* Effect.yieldNow
        expect(yield* breaker.wouldReject()).toMatchObject({ layer: "probe" })
        yield* Fiber.interrupt(fiber)
        expect(breaker.circuit).toBe("halfOpen")
        expect(yield* breaker.wouldReject()).toBeUndefined()
        yield* succeed(breaker)
        expect(breaker.circuit).toBe("closed")
      }),
    ))

  test("by a race, a timeout or a parent around it is the caller's affair", () =>
    runTest(
      Effect.gen(function* () {
        const breaker = yield* Breaker.make("service")
        const hang = breaker.guard(Effect.never)
        expect(yield* Effect.race(hang, Effect.succeed("other"))).toBe("other")
        const fiber = yield* Effect.forkChild(Effect.timeoutOption(hang, "1 second"))
        yield* TestClock.adjust("1 second")
        yield* Fiber.join(fiber)
        yield* Effect.exit(Effect.all([hang, Effect.fail(down)], { concurrency: "unbounded" }))
        expect((yield* breaker.metrics).calls).toMatchObject({ ignored: 3, failure: 0, timedOut: 0, inFlight: 0 })
      }),
    ))

  test("at any instant leaves nothing in flight, and every call has one end", () => {
    const call = fc.record({
      takes: fc.integer({ min: 0, max: 40 }),
      cleanup: fc.integer({ min: 0, max: 20 }),
      cutAt: fc.option(fc.integer({ min: 0, max: 50 }), { nil: undefined }),
      fails: fc.boolean(),
      uninterruptible: fc.boolean(),
    })
    return fc.assert(
      fc.asyncProperty(
        fc.array(call, { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 5, max: 45 }),
        (calls, timeout) =>
          runTest(
            Effect.gen(function* () {
              const config = {
                timeout,
                ...basic({ window: { type: "consecutive", failures: 3 }, openFor: 10, probes: { lease: 15 } }),
              }
              const breaker = yield* Breaker.make("service", config)
              const fibers = yield* Effect.forEach(calls, ({ takes, cleanup, cutAt, fails, uninterruptible }) => {
                const work = Effect.delay(fails ? Effect.fail(down) : Effect.succeed("up"), takes)
                const careful = Effect.ensuring(
                  uninterruptible ? Effect.uninterruptible(work) : work,
                  Effect.sleep(cleanup),
                )
                const guarded = breaker.guard(careful)
                return Effect.forkChild(cutAt === undefined ? guarded : Effect.timeoutOption(guarded, cutAt))
              })
              for (let tick = 0; tick < 25; tick++) {
                yield* TestClock.adjust(5)
                const { admitted, success, failure, timedOut, ignored, inFlight } = (yield* breaker.metrics).calls
                expect(success + failure + timedOut + ignored + inFlight).toBe(admitted)
              }
              yield* Effect.forEach(fibers, Fiber.await)
              yield* expectIdle(breaker)
            }),
          ),
      ),
      { numRuns: 60 },
    )
  })
})

test("reconfigure takes another config, or fails with InvalidConfig and changes nothing", () =>
  runTest(
    Effect.gen(function* () {
      const breaker = yield* Breaker.make("service", basic({ window: { type: "consecutive", failures: 5 } }))
      const refused = yield* Effect.flip(breaker.reconfigure(basic({ openFor: -1 })))
      expect(refused).toBeInstanceOf(InvalidConfig)
      yield* breaker.reconfigure(basic({ window: { type: "consecutive", failures: 2 } }))
      yield* fail(breaker, 2)
      expect(breaker.circuit).toBe("open")
    }),
  ))
