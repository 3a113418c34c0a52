/** Effects that wait for a slot. */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import { TestClock } from "effect/testing"
import { Breaker, type BreakerConfig } from "recloser/effect"
import { describe, expect, test } from "vitest"
import { expectIdle, runTest } from "../support/effects.ts"

const one: BreakerConfig = { strategy: "basic", timeout: false, priority: { limit: 1 } }

/** A breaker of one slot that is taken until `gate` is done. */
const taken = Effect.gen(function* () {
  const breaker = yield* Breaker.make("service", one)
  const gate = yield* Deferred.make<void>()
  const first = yield* Effect.forkChild(breaker.guard(Deferred.await(gate)))
  yield* Effect.yieldNow
  const free = Effect.andThen(Deferred.succeed(gate, undefined), Fiber.join(first))
  return { breaker, free }
})

const waitingIn = ({ metrics }: Effect.Success<typeof taken>["breaker"]) =>
  Effect.map(metrics, ({ calls }) => calls.waiting)

describe("an effect that finds no slot", () => {
  test("waits, and runs when there is one, in the order of what matters", () =>
    runTest(
      Effect.gen(function* () {
        const { breaker, free } = yield* taken
        const order: string[] = []
        const fibers = []
        for (const priority of ["low", "critical"] as const) {
          const work = Effect.sync(() => order.push(priority))
          fibers.push(yield* Effect.forkChild(breaker.guard(work, { priority })))
        }
        yield* Effect.yieldNow
        expect(yield* waitingIn(breaker)).toBe(2)
        yield* free
        for (const fiber of fibers) yield* Fiber.join(fiber)
        expect(order).toEqual(["critical", "low"])
        yield* expectIdle(breaker)
      }),
    ))

  test("interrupted while it waits, leaves the line and leaks no slot", () =>
    runTest(
      Effect.gen(function* () {
        const { breaker, free } = yield* taken
        let ran = false
        const waiting = yield* Effect.forkChild(breaker.guard(Effect.sync(() => void (ran = true))))
        yield* Effect.yieldNow
        yield* Fiber.interrupt(waiting)
        expect((yield* breaker.metrics).calls).toMatchObject({ waiting: 0, gaveUp: 1 })
        yield* free
        expect(ran).toBe(false)
        expect(yield* breaker.guard(Effect.succeed("up"))).toBe("up")
        yield* expectIdle(breaker)
      }),
    ))

  test("interrupted at the very moment in which it is let in, gives its slot back", () =>
    runTest(
      Effect.gen(function* () {
        const { breaker, free } = yield* taken
        const waiting = yield* Effect.forkChild(breaker.guard(Effect.never))
        yield* Effect.yieldNow
        yield* free
        waiting.interruptUnsafe()
        yield* Fiber.await(waiting)
        expect((yield* breaker.metrics).calls).toMatchObject({ inFlight: 0, waiting: 0 })
        expect(yield* breaker.guard(Effect.succeed("up"))).toBe("up")
      }),
    ))

  test("spends its deadline in the line; its fallback answers", () =>
    runTest(
      Effect.gen(function* () {
        const { breaker, free } = yield* taken
        const fallback = (reason: { readonly _tag: string; readonly layer?: string }) =>
          Effect.succeed(`${reason._tag} ${reason.layer ?? ""}`.trim())
        const refused = yield* Effect.forkChild(breaker.guard(Effect.never, { deadline: "100 millis", fallback }))
        const late = yield* Effect.forkChild(breaker.guard(Effect.never, { deadline: "500 millis", fallback }))
        yield* TestClock.adjust("200 millis")
        expect(yield* Fiber.join(refused)).toBe("CallRejected queue")
        yield* free
        yield* TestClock.adjust("299 millis")
        expect(late.pollUnsafe()).toBeUndefined()
        yield* TestClock.adjust("1 millis")
        expect(yield* Fiber.join(late)).toBe("CallTimedOut")
        yield* expectIdle(breaker)
      }),
    ))

  test("repeated, waits for its first attempt alone", () =>
    runTest(
      Effect.gen(function* () {
        const breaker = yield* Breaker.make("service", { ...one, retry: true })
        const gate = yield* Deferred.make<void>()
        const first = yield* Effect.forkChild(breaker.guard(Deferred.await(gate)))
        yield* Effect.yieldNow
        let attempts = 0
        const flaky = Effect.suspend(() => Effect.fail(`down ${++attempts}`))
        const call = yield* Effect.forkChild(Effect.exit(breaker.guard(flaky, { idempotent: true })))
        yield* Effect.yieldNow
        const last = yield* Effect.forkChild(breaker.guard(Effect.never))
        yield* Effect.yieldNow
        expect((yield* breaker.metrics).calls.waiting).toBe(2)
        yield* Deferred.succeed(gate, undefined)
        yield* Fiber.join(first)
        yield* TestClock.adjust("5 seconds")
        expect(yield* Fiber.join(call)).toEqual(Exit.fail("down 1"))
        expect(attempts).toBe(1)
        yield* Fiber.interrupt(last)
        yield* expectIdle(breaker)
      }),
    ))

  test("is refused when the scope of its breaker closes", () =>
    runTest(
      Effect.gen(function* () {
        const scope = yield* Scope.make()
        const breaker = yield* Scope.provide(Breaker.make("service", one), scope)
        const running = yield* Effect.forkChild(breaker.guard(Effect.never))
        yield* Effect.yieldNow
        const waiting = yield* Effect.forkChild(Effect.exit(breaker.guard(Effect.succeed("up"))))
        yield* Effect.yieldNow
        const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void))
        yield* TestClock.adjust("1 minute")
        expect(Exit.isFailure(yield* Fiber.join(waiting))).toBe(true)
        yield* Fiber.interrupt(running)
        yield* Fiber.join(closing)
      }),
    ))
})
