/** The Effect door: breakers as scopes, layers, services and streams; their logs; and actor logic made of effects. */
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import { Breaker, type BreakerConfig, CallRejected, InvalidConfig, StartFailed } from "recloser/effect"
import { timeout } from "recloser/machines"
import { describe, expect, test } from "vitest"
import { down, errorOf, fail, runTest, succeed } from "../support/effects.ts"
import { boom, whileBroken } from "../support/parts.ts"

const basic = (options: object) => ({ strategy: { type: "basic", ...options } as const })

describe("fallback", () => {
  test("answers rejections and timeouts, with what it is told; its end reaches no window", () =>
    runTest(
      Effect.gen(function* () {
        const breaker = yield* Breaker.make("service", { timeout: "1 second" })
        const fallback = (reason: { readonly _tag: string }) => Effect.succeed(`cached after ${reason._tag}`)
        const late = yield* Effect.forkChild(breaker.guard(Effect.never, { fallback }))
        yield* TestClock.adjust("1 second")
        expect(yield* Fiber.join(late)).toBe("cached after CallTimedOut")
        yield* breaker.forceOpen("maintenance")
        expect(yield* breaker.guard(Effect.succeed("up"), { fallback })).toBe("cached after CallRejected")
        const failing = { fallback: () => Effect.fail(down) }
        expect(yield* Effect.flip(breaker.guard(Effect.succeed("up"), failing))).toBe(down)
        expect((yield* breaker.metrics).calls).toMatchObject({ success: 0, failure: 0, timedOut: 1, rejected: 2 })
      }),
    ))

  test("does not answer for the effect's own errors, nor for those of a breaker further in", () =>
    runTest(
      Effect.gen(function* () {
        const outer = yield* Breaker.make("outer")
        const inner = yield* Breaker.make("inner")
        yield* inner.forceOpen("maintenance")
        const fallback = () => Effect.succeed("cached")
        expect(yield* Effect.flip(outer.guard(Effect.fail(down), { fallback }))).toBe(down)
        const error = errorOf(yield* Effect.exit(outer.guard(inner.guard(Effect.succeed("up")), { fallback })))
        expect(error).toMatchObject({ _tag: "CallRejected", breaker: "inner" })
        expect((yield* outer.metrics).calls).toMatchObject({ ignored: 1, rejected: 0 })
      }),
    ))
})

describe("life", () => {
  test("a breaker whose scope has closed was saved as one without parts: it is saved as it stopped", () =>
    runTest(
      Effect.gen(function* () {
        const scope = yield* Scope.make()
        const config = basic({ window: { type: "consecutive", failures: 2 } })
        const breaker = yield* Scope.provide(Breaker.make("service", config), scope)
        yield* fail(breaker, 2)
        const saved = yield* breaker.save
        yield* Scope.close(scope, Exit.void)
        expect(yield* breaker.save).toEqual(saved)
        expect((yield* Breaker.make("service", config, { restore: yield* breaker.save })).circuit).toBe("open")
      }),
    ))

  test("a scope that closes refuses, waits for what runs, and stops", () =>
    runTest(
      Effect.gen(function* () {
        const scope = yield* Scope.make()
        const breaker = yield* Scope.provide(Breaker.make("service"), scope)
        const work = yield* Deferred.make<string>()
        const running = yield* Effect.forkChild(breaker.guard(Deferred.await(work)))
        yield* Effect.yieldNow
        const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void))
        yield* Effect.yieldNow
        expect(breaker.phase).toBe("draining")
        expect(errorOf(yield* Effect.exit(breaker.guard(Effect.succeed(1))))).toMatchObject({ layer: "lifecycle" })
        yield* Deferred.succeed(work, "in time")
        expect(yield* Fiber.join(running)).toBe("in time")
        yield* Fiber.join(closing)
        expect(breaker.phase).toBe("stopped")
        expect(errorOf(yield* Effect.exit(breaker.guard(Effect.succeed(1))))).toBeInstanceOf(CallRejected)
      }),
    ))

  test("a scope that closes waits no longer than its grace", () =>
    runTest(
      Effect.gen(function* () {
        const scope = yield* Scope.make()
        const breaker = yield* Scope.provide(Breaker.make("service", { timeout: false }), scope)
        yield* Effect.forkChild(breaker.guard(Effect.never))
        yield* Effect.yieldNow
        const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void))
        yield* TestClock.adjust("9 seconds")
        expect(breaker.phase).toBe("draining")
        yield* TestClock.adjust("1 second")
        yield* Fiber.join(closing)
        expect(breaker.phase).toBe("stopped")
      }),
    ))

  test("a service class is one breaker for the life of its layer", () => {
    class Payments extends Breaker.Service<Payments>()(
      "payments",
      basic({ window: { type: "consecutive", failures: 1 } }),
    ) {}
    const use = Effect.gen(function* () {
      const one = yield* Payments
      const other = yield* Payments
      expect(one).toBe(other)
      expect(one.name).toBe("payments")
      yield* fail(one)
      return one
    })
    return runTest(
      Effect.gen(function* () {
        const breaker = yield* Effect.provide(use, Breaker.layer(Payments, { log: false }))
        expect(breaker).toMatchObject({ circuit: "open", phase: "stopped" })
        const again = yield* Effect.provide(use, Breaker.layer(Payments, { log: false }))
        expect(again).not.toBe(breaker)
      }),
    )
  })

  test("a bad config fails with InvalidConfig, typed, by make and by layer", () => {
    class Bad extends Breaker.Service<Bad>()("bad", { timeout: -1 }) {}
    return runTest(
      Effect.gen(function* () {
        const config = { strategy: "adaptive" } as unknown as BreakerConfig
        const paths = yield* Breaker.make("service", config).pipe(
          Effect.as(["none"]),
          Effect.catchTag("InvalidConfig", ({ problems }) => Effect.succeed(problems.map(({ path }) => path))),
        )
        expect(paths).toEqual(["config.strategy"])
        expect(errorOf(yield* Effect.exit(Effect.provide(Bad, Breaker.layer(Bad))))).toBeInstanceOf(InvalidConfig)
      }),
    )
  })

  test("a part that cannot start fails with StartFailed, which names it", () =>
    whileBroken(timeout, () =>
      runTest(
        Effect.gen(function* () {
          const error = yield* Effect.flip(Breaker.make("service"))
          expect(error).toBeInstanceOf(StartFailed)
          expect(error).toMatchObject({ _tag: "StartFailed", breaker: "service", part: "timeout", cause: boom })
        }),
      ),
    ))

  test("what is saved is restored, on the clock of the test", () =>
    runTest(
      Effect.gen(function* () {
        const config = basic({ openFor: "30 seconds" })
        const before = yield* Breaker.make("service", config)
        yield* fail(before, 20)
        yield* TestClock.adjust("10 seconds")
        const saved = yield* before.save
        yield* TestClock.adjust("5 seconds")
        const after = yield* Breaker.make("service", config, { restore: saved })
        expect(yield* after.wouldReject()).toMatchObject({ retryAfterMs: 15_000 })
        yield* TestClock.adjust("15 seconds")
        expect(after.circuit).toBe("halfOpen")
      }),
    ))
})

describe("events", () => {
  test("come as a stream, in order, and the stream's end stops the listening", () =>
    runTest(
      Effect.gen(function* () {
        const breaker = yield* Breaker.make("service", basic({ openFor: "5 seconds", probes: { needed: 1 } }))
        const heard = yield* Effect.forkChild(Stream.runCollect(Stream.take(breaker.events("transition"), 3)))
        yield* Effect.yieldNow
        yield* fail(breaker, 20)
        yield* TestClock.adjust("5 seconds")
        yield* succeed(breaker)
        yield* fail(breaker, 20)
        const moves = Array.from(yield* Fiber.join(heard), ({ from, to }) => `${from} → ${to}`)
        expect(moves).toEqual(["closed → open", "open → halfOpen", "halfOpen → closed"])
      }),
    ))

  test("of the operator come with why", () =>
    runTest(
      Effect.gen(function* () {
        const breaker = yield* Breaker.make("service")
        const heard = yield* Effect.forkChild(Stream.runCollect(Stream.take(breaker.events("mode"), 4)))
        yield* Effect.yieldNow
        yield* breaker.forceOpen("one")
        yield* breaker.bypass("two")
        yield* breaker.shadow("three")
        yield* breaker.release("four")
        expect(Array.from(yield* Fiber.join(heard), ({ to, why }) => `${to}: ${why}`)).toEqual([
          "forcedOpen: one",
          "bypassed: two",
          "shadow: three",
          "auto: four",
        ])
      }),
    ))
})

describe("logs through Effect's Logger", () => {
  interface Line {
    readonly level: string
    readonly message: unknown
    readonly annotations: Record<string, unknown>
  }
  const capture = (lines: Line[]) =>
    Logger.make<unknown, void>((options) => {
      const { level, message, annotations } = Logger.formatStructured.log(options)
      lines.push({ level, message, annotations })
    })

  const logged = (log: boolean | undefined) =>
    Effect.gen(function* () {
      const lines: Line[] = []
      const program = Effect.gen(function* () {
        const breaker = yield* Breaker.make("service", basic({ openFor: "1 hour" }), { log })
        yield* fail(breaker, 20)
        for (let second = 0; second < 30; second++) {
          yield* succeed(breaker, 10)
          yield* TestClock.adjust("1 second")
        }
        yield* breaker.forceOpen("maintenance")
        yield* breaker.release("done")
        yield* Effect.yieldNow
      })
      yield* Effect.scoped(program).pipe(Effect.provide(Logger.layer([capture(lines)])))
      return lines
    })

  test("tell transitions and operator acts once, refusals sampled", () =>
    runTest(
      Effect.gen(function* () {
        const lines = yield* logged(undefined)
        const moves = lines.filter(({ annotations }) => "rule" in annotations)
        expect(moves.map(({ annotations: { from, to } }) => `${String(from)} → ${String(to)}`)).toEqual([
          "closed → open",
          "open → halfOpen",
        ])
        expect(moves[0]).toMatchObject({ level: "WARN", annotations: { breaker: "service", calls: 20, failures: 20 } })
        const acts = lines.filter(({ annotations }) => "why" in annotations)
        expect(acts.map(({ annotations }) => annotations["why"])).toEqual(["maintenance", "done"])
        const refusals = lines.filter(({ annotations }) => "refused" in annotations)
        expect(refusals.length).toBeGreaterThan(1)
        expect(refusals.length).toBeLessThan(6)
        const life = lines.filter(({ annotations }) => "lifecycle" in annotations)
        expect(life.map(({ annotations }) => annotations["lifecycle"])).toEqual(["started", "stopped"])
        expect([lines.at(0), lines.at(-1)]).toEqual(life)
        expect(lines).toHaveLength(moves.length + acts.length + refusals.length + life.length)
      }),
    ))

  test("are silent when told to be", () => runTest(Effect.map(logged(false), (lines) => expect(lines).toEqual([]))))
})

test("a breaker in a context of its own is found by its key", () => {
  class Search extends Breaker.Service<Search>()("search") {}
  return runTest(
    Effect.gen(function* () {
      const context = yield* Layer.build(Breaker.layer(Search))
      expect(Context.get(context, Search).name).toBe("search")
    }),
  )
})
