/** Guarding an effect: what it may be given, and how a call that is refused or late ends for its caller. */
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Schedule from "effect/Schedule"
import { type DurationInput, readDuration, show } from "../machines/options.ts"
import type { Facts } from "../machines/vocabulary/facts.ts"
import type { Gate } from "../machines/vocabulary/gate.ts"
import type { Rejection } from "../machines/vocabulary/rejection.ts"
import type { Assembly } from "./assemble.ts"
import { CallRejected, type CallTimedOut } from "./CallRejected.ts"
import { checkFacts, checkFeature, factNames } from "./callFacts.ts"
import type { Verdict } from "./classify.ts"
import { fallbackFor } from "./dependencies.ts"
import { type AttemptEnds, attemptNow } from "./guardedAttempt.ts"
import { repeatedly } from "./guardedCall.ts"
import { invalid, refuseNoFunction, refuseStrangers } from "./knownOptions.ts"
import { timeLeftIn } from "./timeLeft.ts"

/** How one guarded effect is repeated, where the component `retry` is on. */
export interface GuardRetry<A, E> {
  /**
   * When further attempts follow, instead of the component's own backoff, and whether any more do. It sees errors, and values that
   * mean a failure. The component's `attempts`, its budget and the gate still have the last word, so that it need not end.
   */
  readonly schedule?: Schedule.Schedule<unknown, A | E | CallTimedOut> | undefined
}

/** Options of one guarded effect. */
export interface GuardOptions<A, E, A2 = never, E2 = never, R2 = never> extends Facts {
  /**
   * The longest this call may take, further attempts included; the breaker's timeout bounds each attempt. A deadline shorter than the
   * service usually takes (the 99th percentile of its successes) is the caller's impatience: the outcome is ignored.
   */
  readonly deadline?: DurationInput | undefined
  /** Instead of the breaker's own classifier. */
  readonly classify?: ((exit: Exit.Exit<A, E>) => Verdict) | undefined
  /** Answers when the call is rejected or times out; its end reaches the caller and no window. */
  readonly fallback?: ((reason: CallRejected | CallTimedOut) => Effect.Effect<A2, E2, R2>) | undefined
  /**
   * That it does no harm when this effect is run twice. Without it the component `retry` repeats only what provably never reached the
   * service, and hedges nothing.
   */
  readonly idempotent?: boolean | undefined
  /** How it is repeated; `false`: it runs once, whatever the component `retry` could do. */
  readonly retry?: false | GuardRetry<A, E> | undefined
}

/** How a call that is rejected or times out ends for its caller. */
export type Answer<A, E, R> = (
  reason: CallRejected | CallTimedOut,
) => Effect.Effect<A, E | CallRejected | CallTimedOut, R>

/** What stands in for a call. Run as an effect, what is none would end the fiber past all that could catch it. */
function standIn<A, E, R>(fallback: Answer<A, E, R>, reason: CallRejected | CallTimedOut): ReturnType<Answer<A, E, R>> {
  const given: unknown = fallback(reason)
  if (Effect.isEffect(given)) return given as ReturnType<Answer<A, E, R>>
  return Effect.die(new TypeError(`a fallback must answer an Effect (got ${show(given)})`))
}

function readRetry({ idempotent, retry }: GuardOptions<never, never, unknown, unknown, unknown>): void {
  if (idempotent !== undefined && typeof idempotent !== "boolean")
    throw invalid("options.idempotent", idempotent, "must be true or false")
  if (retry === undefined || retry === false) return
  refuseStrangers(retry, ["schedule"], "options.retry")
  const { schedule } = retry
  if (schedule !== undefined && !Schedule.isSchedule(schedule))
    throw invalid("options.retry.schedule", schedule, "must be a Schedule")
}

const guardOptions = ["deadline", "classify", "fallback", "idempotent", "retry", ...factNames]

/** Checks the options of a guard, and answers the deadline in milliseconds; `gate` knows which features there are. Throws `InvalidConfig`. */
export function readGuard<A, E, A2, E2, R2>(options: GuardOptions<A, E, A2, E2, R2> | undefined, gate?: Gate): number {
  if (options === undefined) return Number.POSITIVE_INFINITY
  refuseStrangers(options, guardOptions)
  checkFacts(options)
  if (gate !== undefined) checkFeature(options, gate)
  refuseNoFunction(options.classify, "options.classify")
  refuseNoFunction(options.fallback, "options.fallback")
  readRetry(options as GuardOptions<never, never, unknown, unknown, unknown>)
  return options.deadline === undefined ? Number.POSITIVE_INFINITY : readDuration(options.deadline, "options.deadline")
}

/** Only this breaker's own refusals and timeouts are answered, not those that the effect itself fails with. */
class OwnEnds<A, E, R> implements AttemptEnds<A, E, R> {
  readonly #assembly: Assembly
  readonly #fallback: Answer<A, E, R> | undefined

  constructor(assembly: Assembly, fallback: Answer<A, E, R> | undefined) {
    this.#assembly = assembly
    this.#fallback = fallback
  }

  late(error: CallTimedOut) {
    return this.#fallback === undefined ? Effect.fail(error) : standIn(this.#fallback, error)
  }

  refuse(refusal: Rejection) {
    const fallback = this.#fallback ?? (fallbackFor(this.#assembly, refusal) as Answer<A, E, R> | undefined)
    const error = new CallRejected(refusal)
    return fallback === undefined ? Effect.fail(error) : standIn(fallback, error)
  }
}

export const guardWith = <A, E, R, A2 = never, E2 = never, R2 = never>(
  assembly: Assembly,
  effect: Effect.Effect<A, E, R>,
  options: GuardOptions<A, E, A2, E2, R2> | undefined,
): Effect.Effect<A | A2, E | E2 | CallRejected | CallTimedOut, R | R2> => {
  const deadlineMs = readGuard(options, assembly.plane.gate)
  const ends = new OwnEnds<A2, E2, R2>(assembly, options?.fallback)
  return Effect.withFiber((fiber) => {
    const msLeft = Math.min(deadlineMs, timeLeftIn(fiber))
    return assembly.plane.retryBudget === undefined || options?.retry === false
      ? attemptNow(assembly, effect, options, msLeft, ends)
      : repeatedly(assembly, effect, options, msLeft, ends)
  })
}
