/** The Effect door to many breakers. */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import { type BreakerConfig, Breakers, InvalidConfig } from "recloser/effect"
import { describe, expect, test } from "vitest"
import { down, errorOf, fail, runTest, succeed } from "../support/effects.ts"

const brittle: BreakerConfig = {
  strategy: { type: "basic", window: { type: "consecutive", failures: 2 }, openFor: "1 hour" },
  timeout: "1 second",
}

const make = Breakers.make({ max: 100, idle: "10 minutes", config: () => brittle })

describe("many breakers under Effect", () => {
  test("guard effects by key: one opens, the others do not notice", () =>
    runTest(
      Effect.gen(function* () {
        const breakers = yield* make
        const a = yield* breakers.get("a")
        expect(yield* a.guard(Effect.succeed("up"))).toBe("up")
        expect(yield* Effect.flip(a.guard(Effect.fail(down)))).toBe(down)
        expect(yield* breakers.metrics).toMatchObject({ keys: 1, live: 0, calls: { success: 1, failure: 1 } })
        yield* fail(a, 2)
        expect(errorOf(yield* Effect.exit(a.guard(Effect.succeed("up"))))).toMatchObject({
          breaker: "a",
          layer: "circuit",
        })
        expect(yield* a.wouldReject()).toMatchObject({ layer: "circuit" })
        expect(yield* (yield* breakers.get("b")).wouldReject()).toBeUndefined()
        expect(a.circuit).toBe("open")
        expect(yield* a.metrics).toMatchObject({ breaker: "a", calls: { failure: 2, rejected: 2 } })
        expect(yield* a.save).toMatchObject({ breaker: "a", parts: { basic: { circuit: "open" } } })
      }),
    ))

  test("time out, and are forgotten, on the test's time", () =>
    runTest(
      Effect.gen(function* () {
        const breakers = yield* make
        const a = yield* breakers.get("a")
        const call = yield* Effect.forkChild(Effect.exit(a.guard(Effect.never)))
        yield* TestClock.adjust("1 second")
        expect(errorOf(yield* Fiber.join(call))).toMatchObject({ _tag: "CallTimedOut", breaker: "a" })
        yield* TestClock.adjust("20 minutes")
        expect(breakers.size).toBe(0)
        yield* succeed(a)
        expect(breakers.has("a")).toBe(true)
      }),
    ))

  test("fail typed for a key or a config that cannot be used", () =>
    runTest(
      Effect.gen(function* () {
        const broken = yield* Breakers.make({ config: () => ({ timeout: "soon" }) as never })
        for (const key of ["a", 7 as never]) {
          expect(yield* Effect.flip(broken.get(key))).toBeInstanceOf(InvalidConfig)
        }
        expect(yield* Effect.flip(Breakers.make({ max: 0 }))).toBeInstanceOf(InvalidConfig)
        const breaker = yield* (yield* make).get("a")
        expect(() => breaker.guard(Effect.void, { deadline: "soon" as never })).toThrow(InvalidConfig)
      }),
    ))

  test("obey the operator, key by key", () =>
    runTest(
      Effect.gen(function* () {
        const breakers = yield* make
        const a = yield* breakers.get("a")
        for (const act of ["forceOpen", "bypass", "shadow"] as const) yield* a[act]("x")
        expect(a.mode).toBe("shadow")
        yield* a.release("x")
        expect([a.mode, (yield* breakers.get("b")).mode]).toEqual(["auto", "auto"])
      }),
    ))

  test("take another config, one key or all of them, and fail typed when it cannot be used", () =>
    runTest(
      Effect.gen(function* () {
        const breakers = yield* make
        const [a, b] = [yield* breakers.get("a"), yield* breakers.get("b")]
        yield* a.reconfigure({ ...brittle, classify: () => "ignored" })
        yield* fail(a, 3)
        expect(a.circuit).toBe("closed")
        yield* breakers.reconfigure(() => ({ ...brittle, candidate: "basic", classify: () => "failure" }))
        for (const breaker of [a, b]) {
          yield* succeed(breaker, 2)
          expect(breaker.circuit).toBe("open")
          expect((yield* breaker.metrics).candidate).toMatchObject({ circuit: "closed" })
        }
        yield* b.promote
        for (const wrong of [a.reconfigure({ timeout: -1 }), breakers.reconfigure({} as never), b.promote]) {
          expect(yield* Effect.flip(wrong)).toBeInstanceOf(InvalidConfig)
        }
      }),
    ))

  test("tell of all keys in one stream, and of one key in its own", () =>
    runTest(
      Effect.gen(function* () {
        const breakers = yield* make
        const [a, b] = [yield* breakers.get("a"), yield* breakers.get("b")]
        const all = yield* Effect.forkChild(Stream.runCollect(Stream.take(breakers.events("transition"), 2)))
        const own = yield* Effect.forkChild(Stream.runCollect(Stream.take(b.events("transition"), 1)))
        yield* Effect.yieldNow
        yield* fail(a, 2)
        yield* fail(b, 2)
        expect((yield* Fiber.join(all)).map(({ breaker }) => breaker)).toEqual(["a", "b"])
        expect((yield* Fiber.join(own)).map(({ breaker }) => breaker)).toEqual(["b"])
      }),
    ))

  test("end with their scope: it refuses, waits for what runs, and stops", () =>
    runTest(
      Effect.gen(function* () {
        const scope = yield* Scope.make()
        const breakers = yield* Scope.provide(make, scope)
        const [running, quiet] = [yield* breakers.get("running"), yield* breakers.get("quiet")]
        const live = yield* breakers.get("live")
        yield* fail(live, 2)
        const work = yield* Deferred.make<string>()
        const call = yield* Effect.forkChild(running.guard(Deferred.await(work)))
        yield* Effect.yieldNow
        const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void))
        yield* Effect.yieldNow
        // One that has nothing in flight need not wait for the others.
        expect([running.phase, quiet.phase, live.phase]).toEqual(["draining", "draining", "stopped"])
        for (const breaker of [running, quiet, live]) {
          expect(errorOf(yield* Effect.exit(breaker.guard(Effect.succeed(1))))).toMatchObject({ layer: "lifecycle" })
        }
        yield* Deferred.succeed(work, "in time")
        expect(yield* Fiber.join(call)).toBe("in time")
        yield* Fiber.join(closing)
        for (const breaker of [running, quiet, live]) expect(breaker.phase).toBe("stopped")
      }),
    ))

  test("are logged: transitions and operator acts of every key, and no refusal", () => {
    const lines: unknown[] = []
    const logger = Logger.make(({ message }) => void lines.push(message))
    return runTest(
      Effect.gen(function* () {
        const a = yield* (yield* make).get("a")
        yield* fail(a, 5)
        yield* a.bypass("x")
        yield* Effect.yieldNow
      }).pipe(Effect.provide(Logger.layer([logger]))),
    ).then(() =>
      expect(lines.flat()).toEqual([
        "a: closed → open: 2 calls in a row failed, at the line of 2; next probe in 60 min",
        "a: operator: auto → bypassed: x",
      ]),
    )
  })
})
