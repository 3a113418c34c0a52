import type * as Effect from "effect/Effect"
import { CallRejected, CallTimedOut, createBreaker, InvalidConfig } from "recloser"
import { Breaker } from "recloser/effect"
import { protectFetch } from "recloser/fetch"
import { createVirtualClock } from "recloser/testing"
import type { Equal, Expect } from "./Expect.ts"

/** Errors are told apart by `_tag`, and by `instanceof`. */
export function explain(error: CallRejected | CallTimedOut | InvalidConfig): string | number {
  if (error._tag === "CallTimedOut") return error.timeoutMs
  if (error._tag === "CallRejected") return error.reason
  return error.problems.length
}
export const narrow = (error: unknown): number | undefined =>
  error instanceof CallRejected ? error.retryAfterMs : error instanceof CallTimedOut ? error.timeoutMs : undefined
export const invalid = (error: unknown): boolean => error instanceof InvalidConfig

/** A protected fetch is a fetch. */
const breaker = createBreaker("fetch", {}, { clock: createVirtualClock() })
export const protectedFetch: typeof fetch = protectFetch(breaker)
export const protectedOther: typeof fetch = protectFetch(breaker, { fetch: undefined })

/** Guarding an effect keeps its value and its needs, and adds what the breaker can say to its errors. */
declare const pay: Effect.Effect<{ cents: number }, "declined", "ledger">
export const guarded = (payments: Effect.Success<ReturnType<typeof Breaker.make>>) => payments.guard(pay)
type Guarded = ReturnType<typeof guarded>
export type Guard = [
  Expect<Equal<Effect.Success<Guarded>, { cents: number }>>,
  Expect<Equal<Effect.Error<Guarded>, "declined" | CallRejected | CallTimedOut>>,
  Expect<Equal<Effect.Services<Guarded>, "ledger">>,
]
export const made = Breaker.make("payments", { timeout: "2 seconds" })
// @ts-expect-error: not a duration
export const unmade = Breaker.make("payments", { timeout: "soon" })
