/** The Effect door: guarded effects that failed are run again, in the caller's fiber, under TestClock. */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schedule from "effect/Schedule"
import { TestClock } from "effect/testing"
import type { BreakerConfig } from "recloser"
import { Breaker, Breakers, CallRejected, CallTimedOut, type EffectBreaker, InvalidConfig } from "recloser/effect"
import { describe, expect, test } from "vitest"
import { down, errorOf, expectIdle, runTest } from "../support/effects.ts"

const calm = { type: "basic", window: { type: "count", calls: 1000, minimumCalls: 1000 } } as const
const make = (retry: BreakerConfig["retry"] = true, others: BreakerConfig = {}, name = "service") =>
  Breaker.make(name, { strategy: calm, retry, ...others })
const twice = { idempotent: true } as const

/** An effect that fails so often, and then succeeds. */
function failingFirst(failures: number, error: unknown = down) {
  const runs: number[] = []
  const effect = Effect.suspend(() => {
    runs.push(runs.length + 1)
    return runs.length <= failures ? Effect.fail(error) : Effect.succeed("up")
  })
  return { runs, effect }
}

/** Runs it while the clock goes on. */
const inTime = <A, E, R>(effect: Effect.Effect<A, E, R>, duration: "1 second" | "1 minute" | "1 hour" = "1 minute") =>
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(effect)
    yield* TestClock.adjust(duration)
    return yield* Fiber.join(fiber)
  })

const report = (breaker: EffectBreaker) => Effect.map(breaker.metrics, ({ components }) => components.retry)

describe("guard with retry", () => {
  test("runs an effect again, each attempt with a permit and an outcome", () =>
    runTest(
      Effect.gen(function* () {
        const breaker = yield* make()
        const { runs, effect } = failingFirst(2)
        expect(yield* inTime(breaker.guard(effect, twice))).toBe("up")
        expect(runs).toHaveLength(3)
        expect((yield* breaker.metrics).calls).toMatchObject({ admitted: 3, failure: 2, success: 1 })
        expect(yield* report(breaker)).toMatchObject({ retries: 2, budget: 8 })
        yield* expectIdle(breaker)
      }),
    ))

  test("fails with its own last error, and runs once what is not idempotent", () =>
    runTest(
      Effect.gen(function* () {
        const breaker = yield* make()
        const again = failingFirst(9)
        expect(yield* Effect.flip(inTime(breaker.guard(again.effect, twice)))).toBe(down)
        expect(again.runs).toHaveLength(3)
        const once = failingFirst(9)
        expect(yield* Effect.flip(breaker.guard(once.effect))).toBe(down)
        expect(once.runs).toHaveLength(1)
        const refused = failingFirst(9, Object.assign(new Error("no"), { code: "ECONNREFUSED" }))
        yield* Effect.flip(inTime(breaker.guard(refused.effect)))
        expect(refused.runs).toHaveLength(3)
        const said = failingFirst(9)
        yield* Effect.flip(breaker.guard(said.effect, { ...twice, retry: false }))
        expect(said.runs).toHaveLength(1)
      }),
    ))

  test("does not run a defect again", () =>
    runTest(
      Effect.gen(function* () {
        const breaker = yield* make()
        let runs = 0
        const exit = yield* Effect.exit(
          breaker.guard(
            Effect.sync(() => (runs++ === 0 ? JSON.parse("{") : 0)),
            twice,
          ),
        )
        expect(errorOf(exit)).toBeInstanceOf(SyntaxError)
        expect(runs).toBe(1)
      }),
    ))

  test("runs again what timed out; the fallback answers the last timeout", () =>
    runTest(
      Effect.gen(function* () {
        const breaker = yield* make({ attempts: 2 }, { timeout: "1 second" })
        let runs = 0
        const hanging = Effect.suspend(() => {
          runs++
          return Effect.never
        })
        const fallback = (reason: CallTimedOut | CallRejected) => Effect.succeed(reason)
        expect(yield* inTime(breaker.guard(hanging, { ...twice, fallback }))).toBeInstanceOf(CallTimedOut)
        expect(runs).toBe(2)
        expect((yield* breaker.metrics).calls).toMatchObject({ timedOut: 2, inFlight: 0 })
      }),
    ))

  test("can be interrupted while it waits: nothing follows, and what was paid comes back", () =>
    runTest(
      Effect.gen(function* () {
        const breaker = yield* make({ backoff: { initial: "1 hour", max: "1 hour" } })
        const { runs, effect } = failingFirst(9)
        const fiber = yield* Effect.forkChild(breaker.guard(effect, twice))
        yield* TestClock.adjust("1 second")
        expect(yield* report(breaker)).toMatchObject({ budget: 9 })
        yield* Fiber.interrupt(fiber)
        yield* TestClock.adjust("2 hours")
        expect(runs).toHaveLength(1)
        expect(yield* report(breaker)).toMatchObject({ budget: 10, retries: 0 })
        yield* expectIdle(breaker)
      }),
    ))

  test("ends its wait when the breaker stops, with the real error", () =>
    runTest(
      Effect.gen(function* () {
        const { runs, effect } = failingFirst(9)
        const fiber = yield* Effect.scoped(
          Effect.gen(function* () {
            const breaker = yield* make({ backoff: { initial: "1 hour", max: "1 hour" } })
            const forked = yield* Effect.forkDetach(breaker.guard(effect, twice))
            yield* TestClock.adjust("1 second")
            return forked
          }),
        )
        expect(yield* Effect.flip(Fiber.join(fiber))).toBe(down)
        expect(runs).toHaveLength(1)
      }),
    ))

  test("tells the real error, not the refusal, when the circuit opens meanwhile", () =>
    runTest(
      Effect.gen(function* () {
        const breaker = yield* Breaker.make("service", {
          retry: { backoff: { initial: "4 seconds", max: "4 seconds" } },
        })
        const { runs, effect } = failingFirst(9)
        const fiber = yield* Effect.forkChild(breaker.guard(effect, twice))
        yield* Effect.yieldNow
        yield* breaker.forceOpen("a test")
        yield* TestClock.adjust("10 seconds")
        expect(yield* Effect.flip(Fiber.join(fiber))).toBe(down)
        expect(runs).toHaveLength(1)
      }),
    ))

  test("a refused first attempt is not repeated, and its fallback answers", () =>
    runTest(
      Effect.gen(function* () {
        const breaker = yield* make()
        yield* breaker.forceOpen("a test")
        expect(yield* Effect.flip(breaker.guard(Effect.succeed(1), twice))).toBeInstanceOf(CallRejected)
        expect(yield* breaker.guard(Effect.succeed(1), { ...twice, fallback: () => Effect.succeed(2) })).toBe(2)
        expect((yield* breaker.metrics).calls.rejected).toBe(2)
      }),
    ))

  test("keeps to its deadline, all attempts together", () =>
    runTest(
      Effect.gen(function* () {
        const breaker = yield* make({ attempts: 10, backoff: { initial: 1, max: 1 } }, { timeout: "400 millis" })
        let runs = 0
        const hanging = Effect.suspend(() => {
          runs++
          return Effect.never
        })
        const fiber = yield* Effect.forkChild(breaker.guard(hanging, { ...twice, deadline: "1 second" }))
        yield* TestClock.adjust("1 second")
        expect(yield* Effect.flip(Fiber.join(fiber))).toBeInstanceOf(CallTimedOut)
        expect(runs).toBe(3)
      }),
    ))
})

describe("a Schedule", () => {
  test("retry law 2: that never ends is ended by `attempts`", () =>
    runTest(
      Effect.gen(function* () {
        const breaker = yield* make({ attempts: 4 })
        const { runs, effect } = failingFirst(1000)
        const retry = { schedule: Schedule.forever }
        expect(yield* Effect.flip(inTime(breaker.guard(effect, { ...twice, retry })))).toBe(down)
        expect(runs).toHaveLength(4)
      }),
    ))

  test("says when attempts follow, and may end before `attempts`", () =>
    runTest(
      Effect.gen(function* () {
        const breaker = yield* make({ attempts: 5 })
        const { runs, effect } = failingFirst(1000)
        const fiber = yield* Effect.forkChild(
          breaker.guard(effect, {
            ...twice,
            retry: { schedule: Schedule.spaced("10 seconds").pipe(Schedule.upTo({ times: 2 })) },
          }),
        )
        yield* TestClock.adjust("9 seconds")
        expect(runs).toHaveLength(1)
        yield* TestClock.adjust("1 second")
        expect(runs).toHaveLength(2)
        yield* TestClock.adjust("1 minute")
        expect(yield* Effect.flip(Fiber.join(fiber))).toBe(down)
        expect(runs).toHaveLength(3)
        expect(yield* report(breaker)).toMatchObject({ retries: 2, budget: 8 })
      }),
    ))

  test("has no say over a service that asks to be left alone for longer", () =>
    runTest(
      Effect.gen(function* () {
        const breaker = yield* make({ attempts: 2 })
        const { runs, effect } = failingFirst(1, Object.assign(new Error("busy"), { retryAfterMs: 5000 }))
        const fiber = yield* Effect.forkChild(
          breaker.guard(effect, { ...twice, retry: { schedule: Schedule.forever } }),
        )
        yield* TestClock.adjust("4 seconds")
        expect(runs).toHaveLength(1)
        yield* TestClock.adjust("1 second")
        expect(yield* Fiber.join(fiber)).toBe("up")
      }),
    ))

  test.each([
    [{ retry: { schedule: "often" } }, "options.retry.schedule"],
    [{ retry: { every: 5 } }, "options.retry.every"],
    [{ retry: true }, "options.retry"],
    [{ idempotent: 1 }, "options.idempotent"],
  ])("%j is refused where it is written", (options, path) =>
    runTest(
      Effect.gen(function* () {
        const breaker = yield* make()
        expect(() => breaker.guard(Effect.succeed(1), options as never)).toThrow(InvalidConfig)
        expect(() => breaker.guard(Effect.succeed(1), options as never)).toThrow(path)
      }),
    ),
  )
})

describe("layers of guards", () => {
  test("retry law 7: know of each other by the fiber: what the inner repeated the outer does not", () =>
    runTest(
      Effect.gen(function* () {
        const outer = yield* make({ attempts: 3 }, {}, "outer")
        const inner = yield* make({ attempts: 3 }, {}, "inner")
        const { runs, effect } = failingFirst(1000)
        const through = inner.guard(effect, twice).pipe(Effect.mapError(() => new Error("another error altogether")))
        yield* Effect.flip(inTime(outer.guard(through, twice)))
        expect(runs).toHaveLength(3)
        expect(yield* report(outer)).toMatchObject({ retries: 0, refused: { inner: 1 } })
      }),
    ))

  test("retry law 7: an outer budget that cannot pay for a repeat within its own gives the inner's price back", () =>
    runTest(
      Effect.gen(function* () {
        const outer = yield* make({ attempts: 3, budget: { share: 0, reserve: 1 } }, {}, "outer")
        const inner = yield* make({ attempts: 3 }, {}, "inner")
        const { runs, effect } = failingFirst(1000)
        const first = failingFirst(1)
        const through = Effect.flatMap(first.effect, () => inner.guard(effect, twice))
        expect(yield* Effect.flip(inTime(outer.guard(through, twice)))).toBe(down)
        expect([first.runs.length, runs.length]).toEqual([2, 1])
        expect(yield* report(outer)).toMatchObject({ retries: 1, budget: 0, state: "spent" })
        expect(yield* report(inner)).toMatchObject({ retries: 0, budget: 10, refused: { budget: 1 } })
      }),
    ))
})

describe("hedging", () => {
  const hedging = () => make({ attempts: 2, hedge: { after: "50 millis" } }, { timeout: false })

  test("runs a second attempt beside one that takes long; the loser is interrupted and ignored", () =>
    runTest(
      Effect.gen(function* () {
        const breaker = yield* hedging()
        const ended: string[] = []
        let runs = 0
        const effect = Effect.suspend(() =>
          ++runs === 1
            ? Effect.onInterrupt(Effect.never, () => Effect.sync(() => ended.push("first")))
            : Effect.succeed("second"),
        )
        expect(yield* inTime(breaker.guard(effect, twice), "1 second")).toBe("second")
        yield* Effect.yieldNow
        expect(ended).toEqual(["first"])
        expect((yield* breaker.metrics).calls).toMatchObject({ success: 1, ignored: 1, inFlight: 0 })
        expect(yield* report(breaker)).toMatchObject({ hedges: 1, hedgesWon: 1, budget: 9 })
      }),
    ))

  test("costs nothing where the first is quick, and waits for the other where one fails", () =>
    runTest(
      Effect.gen(function* () {
        const breaker = yield* hedging()
        expect(yield* breaker.guard(Effect.succeed("quick"), twice)).toBe("quick")
        const first = yield* Deferred.make<string, Error>()
        let runs = 0
        const effect = Effect.suspend(() => (++runs === 1 ? Deferred.await(first) : Effect.fail(down)))
        const fiber = yield* Effect.forkChild(breaker.guard(effect, twice))
        yield* TestClock.adjust("60 millis")
        expect(runs).toBe(2)
        yield* Deferred.succeed(first, "slow")
        expect(yield* Fiber.join(fiber)).toBe("slow")
        expect(yield* report(breaker)).toMatchObject({ hedges: 1, hedgesWon: 0 })
      }),
    ))

  test("interrupts both when the caller is, and gives both places back", () =>
    runTest(
      Effect.gen(function* () {
        const breaker = yield* hedging()
        const fiber = yield* Effect.forkChild(breaker.guard(Effect.never, twice))
        yield* TestClock.adjust("60 millis")
        expect((yield* breaker.metrics).calls.inFlight).toBe(2)
        yield* Fiber.interrupt(fiber)
        expect((yield* breaker.metrics).calls).toMatchObject({ ignored: 2, inFlight: 0 })
      }),
    ))
})

describe("guards by key", () => {
  test("repeat too", () =>
    runTest(
      Effect.gen(function* () {
        const breakers = yield* Breakers.make({ config: () => ({ retry: { attempts: 2 } }) })
        const { runs, effect } = failingFirst(1)
        expect(yield* inTime((yield* breakers.get("a")).guard(effect, twice))).toBe("up")
        expect(runs).toHaveLength(2)
      }),
    ))
})
