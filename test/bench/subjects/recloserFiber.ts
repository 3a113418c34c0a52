/** The Effect door, inside one fiber. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import type { BreakerConfig } from "recloser"
import { Breaker } from "recloser/effect"
import type { Subject } from "../measure.ts"
import { answer, inOneFiber } from "./effect.ts"
import { alone, watched } from "./recloser.ts"

/** The scope stays open: the process ends with the case. */
const make = (config: BreakerConfig) =>
  Effect.runSync(Breaker.make("service", config, { log: false }).pipe(Scope.provide(Effect.runSync(Scope.make()))))

const guarding = (name: string, calls: number, config: BreakerConfig, effect: Effect.Effect<number>): Subject => {
  const breaker = make(config)
  return inOneFiber(name, calls, () => breaker.guard(effect))
}

export const closed = (calls: number): Subject => guarding("recloser guard, no component", calls, alone, answer)

export const closedWatched = (calls: number): Subject =>
  guarding("recloser guard, slow calls + metrics", calls, watched, answer)

export const withDeadline = (name: string, calls: number, effect: Effect.Effect<number>): Subject =>
  guarding(name, calls, {}, effect)

export const open = async (calls: number): Promise<Subject> => {
  const breaker = make({ strategy: { type: "basic", openFor: { base: "1 hour", max: "1 hour" } } })
  for (let i = 0; i < 200; i++) await Effect.runPromiseExit(breaker.guard(Effect.fail("down")))
  const last = await Effect.runPromiseExit(breaker.guard(answer))
  if (Exit.isSuccess(last)) throw new Error("the guarded circuit did not open")
  return inOneFiber("recloser guard", calls, () =>
    Effect.catch(breaker.guard(Effect.succeed(0)), (error) => Effect.succeed(error._tag === "CallRejected" ? 1 : 0)),
  )
}
