/** The strategy `dependency` through Effect's door. */
import { expect, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import { createBreaker } from "recloser"
import { Breaker, type BreakerConfig, CallRejected, InvalidConfig } from "recloser/effect"
import { describe } from "vitest"

const config: BreakerConfig = { strategy: { type: "dependency", own: { type: "basic", openFor: "5 seconds" } } }
const quiet = { log: false } as const

describe("dependencies of Effect's breakers", () => {
  it.effect("name the root, follow it, and end with their Scope", () =>
    Effect.gen(function* () {
      const below = yield* Scope.make()
      const db = yield* Scope.provide(Breaker.make("db", config, quiet), below)
      const ledger = yield* Breaker.make("ledger", config, quiet)
      const payments = yield* Breaker.make("payments", config, quiet)
      yield* ledger.addDependency(db, { type: "critical" })
      yield* payments.addDependency(ledger, { type: "critical" })
      yield* db.forceOpen("maintenance")
      const refused = yield* Effect.flip(payments.guard(Effect.succeed("paid")))
      expect(refused).toBeInstanceOf(CallRejected)
      expect(refused).toMatchObject({ reason: "db is open", rule: "dependency" })
      yield* Scope.close(below, Exit.void)
      expect(yield* payments.guard(Effect.succeed("paid"))).toBe("paid")
    }),
  )

  it.effect("are refused as failures, and removed", () =>
    Effect.gen(function* () {
      const a = yield* Breaker.make("a", config, quiet)
      const b = yield* Breaker.make("b", config, quiet)
      yield* a.addDependency(b, { type: "critical" })
      const cycle = yield* Effect.flip(b.addDependency(a, { type: "critical" }))
      expect(cycle).toBeInstanceOf(InvalidConfig)
      expect(cycle.message).toContain("b → a → b")
      yield* b.forceOpen("test")
      expect(yield* a.wouldReject()).toMatchObject({ reason: "b is open" })
      yield* a.removeDependency("b")
      expect(yield* a.wouldReject()).toBeUndefined()
      expect((yield* Effect.flip(a.removeDependency("b"))).message).toContain('is no dependency of "a"')
      const own = yield* Effect.flip(
        Breaker.make("c", { strategy: { type: "dependency", dependencies: { c: { type: "critical" } } } }, quiet),
      )
      expect(own.message).toContain("c → c")
    }),
  )

  it.effect("have fallbacks that are effects, and are charged with what they fail", () =>
    Effect.gen(function* () {
      const ledger = yield* Breaker.make("ledger", config, quiet)
      const shop = yield* Breaker.make("shop", config, quiet)
      yield* shop.addDependency(ledger, {
        type: "critical",
        fallback: ({ reason }) => Effect.succeed(`cached: ${reason}`),
      })
      const blame = () => ({ kind: "failure", dependency: "ledger" }) as const
      const door = yield* Deferred.make<void>()
      const work = Effect.andThen(Deferred.await(door), Effect.fail("down"))
      const inFlight = yield* Effect.forkChild(shop.guard(work, { classify: blame }), { startImmediately: true })
      yield* ledger.forceOpen("test")
      yield* Deferred.succeed(door, undefined)
      yield* Effect.exit(Fiber.join(inFlight))
      expect((yield* shop.metrics).calls).toMatchObject({ failure: 0, ignored: 1 })
      expect(yield* shop.guard(Effect.succeed("fresh"))).toBe("cached: ledger is open")
      expect(yield* shop.guard(Effect.succeed("fresh"), { fallback: () => Effect.succeed("mine") })).toBe("mine")
    }),
  )

  it.effect("may be breakers of the other door", () =>
    Effect.gen(function* () {
      const plain = createBreaker("plain")
      const shop = yield* Breaker.make("shop", config, quiet)
      yield* shop.addDependency(plain, { type: "critical" })
      plain.forceOpen("test")
      expect(yield* shop.wouldReject()).toMatchObject({ reason: "plain is open" })
      yield* Effect.promise(() => plain.stop())
      expect(yield* shop.wouldReject()).toBeUndefined()
    }),
  )
})
