/** Mistakes about guarded effects that are not ours to trust: schedules, verdicts, and effects that interrupt themselves. */
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Schedule from "effect/Schedule"
import { TestClock } from "effect/testing"
import type { BreakerConfig } from "recloser"
import { Breaker, type EffectBreaker } from "recloser/effect"
import { describe, expect, test } from "vitest"
import { down, expectIdle, runTest } from "../support/effects.ts"

const calm = { type: "basic", window: { type: "count", calls: 1000, minimumCalls: 1000 } } as const
const make = (retry: BreakerConfig["retry"], others: BreakerConfig = {}) =>
  Breaker.make("service", { strategy: calm, timeout: false, retry, ...others })
const twice = { idempotent: true } as const
const report = (breaker: EffectBreaker) => Effect.map(breaker.metrics, ({ components }) => components.retry)

describe("a further attempt that was paid for and never made", () => {
  test("cost its price when the fiber was interrupted while a schedule made up its mind", () =>
    runTest(
      Effect.gen(function* () {
        const breaker = yield* make(true)
        const schedule = Schedule.tap(Schedule.forever, () => Effect.never)
        const fiber = yield* Effect.forkChild(breaker.guard(Effect.fail(down), { ...twice, retry: { schedule } }))
        yield* TestClock.adjust("1 second")
        yield* Fiber.interrupt(fiber)
        expect(yield* report(breaker)).toMatchObject({ retries: 0, budget: 10 })
        yield* expectIdle(breaker)
      }),
    ))

  test("cost its price when the fiber was interrupted before an attempt that waits for nothing", () =>
    runTest(
      Effect.gen(function* () {
        const breaker = yield* make(true)
        const fiber = yield* Effect.forkChild(
          breaker.guard(Effect.fail(down), { ...twice, retry: { schedule: Schedule.recurs(5) } }),
          { startImmediately: true },
        )
        expect(yield* report(breaker)).toMatchObject({ retries: 0, budget: 9 })
        yield* Fiber.interrupt(fiber)
        expect(yield* report(breaker)).toMatchObject({ retries: 0, budget: 10 })
      }),
    ))
})

test("a schedule that waits for ever kept the caller for ever", () =>
  runTest(
    Effect.gen(function* () {
      const breaker = yield* make(true)
      const schedule = Schedule.spaced(Duration.infinity)
      const fiber = yield* Effect.forkChild(
        Effect.exit(breaker.guard(Effect.fail(down), { ...twice, retry: { schedule } })),
      )
      yield* TestClock.adjust("10 minutes")
      expect(fiber.pollUnsafe()).toEqual(Exit.succeed(Exit.fail(down)))
      expect(yield* report(breaker)).toMatchObject({ retries: 0, budget: 10 })
    }),
  ))

describe("a hedged effect", () => {
  const hedging = { attempts: 2, hedge: { after: "50 millis" } } as const

  test("whose answer says something of a limit waited for the other attempt, and failed with it", () =>
    runTest(
      Effect.gen(function* () {
        const breaker = yield* make(hedging, { rateLimit: true })
        const first = yield* Deferred.make<string, Error>()
        let runs = 0
        const effect = Effect.suspend(() => (++runs === 1 ? Deferred.await(first) : Effect.succeed("second")))
        const classify = (exit: Exit.Exit<string, Error>) =>
          ({ kind: Exit.isSuccess(exit) ? "success" : "failure", quota: { remaining: 9, reset: "1 minute" } }) as const
        const fiber = yield* Effect.forkChild(breaker.guard(effect, { ...twice, classify }))
        yield* TestClock.adjust("60 millis")
        yield* Deferred.fail(first, down)
        expect(yield* Effect.exit(Fiber.join(fiber))).toEqual(Exit.succeed("second"))
        expect(yield* report(breaker)).toMatchObject({ hedges: 1, hedgesWon: 1 })
      }),
    ))

  test("that interrupts its own fiber left its caller waiting for ever", () =>
    runTest(
      Effect.gen(function* () {
        const breaker = yield* make(hedging)
        const effect = Effect.withFiber((fiber) => {
          fiber.interruptUnsafe()
          return Effect.never
        })
        const fiber = yield* Effect.forkChild(Effect.exit(breaker.guard(effect, { ...twice, retry: {} })))
        yield* TestClock.adjust("1 second")
        expect(fiber.pollUnsafe()).toBeDefined()
        yield* expectIdle(breaker)
      }),
    ))
})

test("an effect whose fallback throws, refused while it waited for a slot, left its caller waiting for ever", () =>
  runTest(
    Effect.gen(function* () {
      const breaker = yield* make(false, { priority: { limit: 1 } })
      const gate = yield* Deferred.make<void>()
      const running = yield* Effect.forkChild(breaker.guard(Deferred.await(gate)))
      yield* Effect.yieldNow
      const mistake = new Error("a mistake in the fallback")
      const fallback = (): Effect.Effect<string> => {
        throw mistake
      }
      const waiting = yield* Effect.forkChild(Effect.exit(breaker.guard(Effect.succeed("up"), { fallback })))
      const other = yield* Effect.forkChild(Effect.exit(breaker.guard(Effect.succeed("up"))))
      yield* Effect.yieldNow
      yield* breaker.forceOpen("maintenance")
      yield* TestClock.adjust("1 second")
      expect(waiting.pollUnsafe()).toEqual(Exit.succeed(Exit.die(mistake)))
      expect(other.pollUnsafe()).toMatchObject({ value: { _tag: "Failure" } })
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(running)
      yield* breaker.release("done")
      expect((yield* breaker.metrics).calls).toMatchObject({ waiting: 0, inFlight: 0 })
    }),
  ))

test("a schedule that throws ended a call's attempts, and nobody heard of it", () =>
  runTest(
    Effect.gen(function* () {
      const breaker = yield* make(true)
      const mistake = new Error("a mistake in the schedule")
      const told: unknown[] = []
      breaker.on("trouble", ({ part, error }) => told.push([part, error]))
      const schedule = Schedule.tap(Schedule.forever, () => Effect.die(mistake))
      const guarded = breaker.guard(Effect.fail(down), { ...twice, retry: { schedule } })
      expect(yield* Effect.flip(guarded)).toBe(down)
      expect(told).toEqual([["schedule", mistake]])
      expect(
        yield* Effect.flip(breaker.guard(Effect.fail(down), { ...twice, retry: { schedule: Schedule.recurs(1) } })),
      ).toBe(down)
      expect(told).toHaveLength(1)
      yield* expectIdle(breaker)
    }),
  ))
