/** What a review of breakers by key and of dependencies found at the Effect door: each test is named after what went wrong. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import type { BreakerConfig } from "recloser"
import { Breaker, Breakers, InvalidConfig } from "recloser/effect"
import { expect, test } from "vitest"
import { errorOf, fail, runTest } from "../support/effects.ts"

const own = { type: "basic", openFor: "5 seconds", window: { type: "consecutive", failures: 5 } } as const
const plain: BreakerConfig = { strategy: own }

test("a stream of one key's events went on for ever after all had stopped", () =>
  runTest(
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const many = yield* Scope.provide(Breakers.make({ config: () => plain }), scope)
      const breaker = yield* many.get("a")
      const events = yield* Effect.forkChild(Stream.runCollect(breaker.events("mode")))
      yield* Effect.yieldNow
      yield* breaker.forceOpen("test")
      yield* Scope.close(scope, Exit.void)
      yield* Effect.yieldNow
      expect(events.pollUnsafe()).toBeDefined()
      expect([...(yield* Fiber.join(events))]).toMatchObject([{ to: "forcedOpen" }])
    }),
  ))

test("breakers under TestClock did not find each other by name", () =>
  runTest(
    Effect.gen(function* () {
      const db = yield* Breaker.make("db", plain)
      const dependencies = { db: { type: "critical" } } as const
      const shop = yield* Breaker.make("shop", { strategy: { type: "dependency", own, dependencies } })
      yield* db.forceOpen("test")
      expect(yield* shop.wouldReject()).toMatchObject({ reason: "db is open" })
    }),
  ))

test("breakers that share a clock do not probe at the same instant", () =>
  runTest(
    Effect.gen(function* () {
      const made = yield* Effect.forEach(["a", "b"], (name) =>
        Breaker.make(name, { strategy: { ...own, openFor: { base: "5 seconds", jitter: 0.5 } } }),
      )
      const waits = yield* Effect.forEach(made, (breaker) =>
        Effect.andThen(
          fail(breaker, 5),
          Effect.map(breaker.wouldReject(), (rejection) => rejection?.retryAfterMs),
        ),
      )
      expect(waits[0]).not.toBe(waits[1])
      yield* TestClock.adjust("1 minute")
    }),
  ))

test("a fallback that answers no effect ended the fiber past all that would have caught it", () =>
  runTest(
    Effect.gen(function* () {
      const db = yield* Breaker.make("db", plain)
      const shop = yield* Breaker.make("shop", { strategy: { type: "dependency", own } })
      yield* shop.addDependency(db, { type: "critical", fallback: (() => 5) as never })
      yield* db.forceOpen("test")
      const refused = yield* Effect.exit(shop.guard(Effect.void))
      expect(errorOf(refused)).toMatchObject({ message: "a fallback must answer an Effect (got 5)" })
      const own2 = yield* Effect.exit(shop.guard(Effect.void, { fallback: (() => undefined) as never }))
      expect(errorOf(own2)).toMatchObject({ message: "a fallback must answer an Effect (got undefined)" })
      const thrown = yield* Effect.exit(
        shop.guard(Effect.void, {
          fallback: () => {
            throw new Error("boom")
          },
        }),
      )
      expect(errorOf(thrown)).toMatchObject({ message: "boom" })
    }),
  ))

test("a fallback that threw for a call that timed out left its caller waiting for ever", () =>
  runTest(
    Effect.gen(function* () {
      const shop = yield* Breaker.make("shop", { ...plain, timeout: "1 second" })
      const call = yield* Effect.forkChild(
        Effect.exit(
          shop.guard(Effect.never, {
            fallback: () => {
              throw new Error("boom")
            },
          }),
        ),
      )
      yield* TestClock.adjust("2 seconds")
      expect(call.pollUnsafe()).toBeDefined()
      expect(errorOf(yield* Fiber.join(call))).toMatchObject({ message: "boom" })
    }),
  ))

test("a stream of events that began after its breaker had stopped went on for ever", () =>
  runTest(
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const one = yield* Scope.provide(Breaker.make("one", plain), scope)
      const many = yield* Scope.provide(Breakers.make({ config: () => plain }), scope)
      const key = yield* many.get("a")
      yield* Scope.close(scope, Exit.void)
      for (const events of [one.events("mode"), many.events("mode"), key.events("mode")]) {
        const all = yield* Effect.forkChild(Stream.runCollect(events), { startImmediately: true })
        yield* TestClock.adjust("1 second")
        expect(all.pollUnsafe()).toEqual(Exit.succeed([]))
      }
    }),
  ))

test("a question about a call that cannot be, of a key that rests, was answered as if it could", () =>
  runTest(
    Effect.gen(function* () {
      const breaker = yield* (yield* Breakers.make({ config: () => plain })).get("a")
      for (const facts of [{ priority: "hgih" }, { typo: 1 }, null, 5]) {
        expect(() => breaker.wouldReject(facts as never)).toThrow(InvalidConfig)
      }
      expect(yield* breaker.wouldReject({ priority: "high" })).toBeUndefined()
    }),
  ))

test("a service of one breaker and one of many, of the same name, were one service", () =>
  runTest(
    Effect.gen(function* () {
      class One extends Breaker.Service<One>()("payments", plain) {}
      class Many extends Breakers.Service<Many>()("payments", { config: () => plain }) {}
      const program = Effect.gen(function* () {
        return yield* (yield* One).guard(yield* Effect.map(Many, ({ get }) => Effect.succeed(typeof get)))
      })
      const layer = Layer.merge(Breaker.layer(One), Breakers.layer(Many))
      expect(yield* Effect.provide(program, layer)).toBe("function")
    }),
  ))
