/** Breakers under Effect's TestClock, and what tests say of exits. */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import type * as Scope from "effect/Scope"
import { TestClock } from "effect/testing"
import type { EffectBreaker } from "recloser/effect"
import { expect } from "vitest"

/** Runs a program on a TestClock, silently, with a Scope that closes at its end. */
export const runTest = <A, E>(program: Effect.Effect<A, E, Scope.Scope>): Promise<A> =>
  Effect.runPromise(Effect.scoped(program).pipe(Effect.provide(Layer.merge(TestClock.layer(), Logger.layer([])))))

/** The error or defect of an exit; fails the test when it succeeded. */
export function errorOf(exit: Exit.Exit<unknown, unknown>): unknown {
  if (Exit.isSuccess(exit)) throw new Error("it succeeded")
  return Cause.squash(exit.cause)
}

export const down = new Error("down")

export const fail = (breaker: EffectBreaker, count = 1): Effect.Effect<void> =>
  Effect.ignore(breaker.guard(Effect.fail(down))).pipe(Effect.repeat({ times: count - 1 }), Effect.asVoid)

export const succeed = (breaker: EffectBreaker, count = 1): Effect.Effect<void> =>
  Effect.ignore(breaker.guard(Effect.succeed("up"))).pipe(Effect.repeat({ times: count - 1 }), Effect.asVoid)

export const expectIdle = (breaker: EffectBreaker): Effect.Effect<void> =>
  Effect.map(breaker.metrics, ({ calls }) => {
    const { admitted, success, failure, timedOut, ignored, inFlight } = calls
    expect(inFlight).toBe(0)
    expect(success + failure + timedOut + ignored).toBe(admitted)
  })
