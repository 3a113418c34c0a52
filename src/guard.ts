/** Running one call as an Effect: interruption-correct, in the caller's own fiber. */
import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { type DurationInput, readDuration, show } from "../machines/options.ts"
import { type Facts, noFacts } from "../machines/vocabulary/facts.ts"
import type { Judged } from "../machines/vocabulary/outcome.ts"
import type { Rejection } from "../machines/vocabulary/rejection.ts"
import type { Assembly } from "./assemble.ts"
import { CallRejected, CallTimedOut } from "./CallRejected.ts"
import { wheelOf } from "./Clock.ts"
import { checkFacts, factNames } from "./callFacts.ts"
import { classifyWith, type Verdict } from "./classify.ts"
import type { Receipt } from "./data-plane/receipt.ts"
import { Alarm } from "./data-plane/timers.ts"
import { fallbackFor } from "./dependencies.ts"
import { chargeTo } from "./dependencyNode.ts"
import { refuseNoFunction, refuseStrangers } from "./knownOptions.ts"

/** Options of one guarded effect. */
export interface GuardOptions<A, E, A2 = never, E2 = never, R2 = never> extends Facts {
  /**
   * The longest this call may take; the breaker's timeout applies too if it is shorter. A deadline shorter than the service
   * usually takes (the 99th percentile of its successes) is the caller's impatience: the outcome is ignored.
   */
  readonly deadline?: DurationInput | undefined
  /** Instead of the breaker's own classifier. */
  readonly classify?: ((exit: Exit.Exit<A, E>) => Verdict) | undefined
  /** Answers when the call is rejected or times out; its end reaches the caller and no window. */
  readonly fallback?: ((reason: CallRejected | CallTimedOut) => Effect.Effect<A2, E2, R2>) | undefined
}

function verdictOf<A, E>(
  assembly: Assembly,
  own: ((exit: Exit.Exit<A, E>) => Verdict) | undefined,
  exit: Exit.Exit<A, E>,
): Judged {
  const { classify, listeners } = assembly
  if (own === undefined && classify === undefined && Exit.isSuccess(exit)) return "success"
  const charge = chargeTo(assembly)
  const trouble = (error: unknown) => listeners.trouble("classify", error)
  // Interruption is the caller giving up: it says nothing about the service.
  if (Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause)) return "ignored"
  const asked = own && (() => own(exit))
  if (Exit.isSuccess(exit)) return classifyWith(asked ?? classify, { ok: true, value: exit.value }, trouble, charge)
  return classifyWith(asked ?? classify, { ok: false, error: Cause.squash(exit.cause) }, trouble, charge)
}

/**
 * Runs the effect in a child fiber, and interrupts it when its time is over; the outcome is settled at that instant, whatever
 * the call's finalizers still do. A child that ends at once costs no timer: `Effect.timeout` would fork a second fiber.
 */
const withDeadline = <A, E, R, A2, E2, R2>(
  assembly: Assembly,
  effect: Effect.Effect<A, E, R>,
  receipt: Receipt,
  timeoutMs: number,
  answer: Answer<A2, E2, R2>,
): Effect.Effect<A | A2, E | E2 | CallRejected | CallTimedOut, R | R2> =>
  Effect.withFiber((parent) =>
    Effect.callback<A | A2, E | E2 | CallRejected | CallTimedOut, R | R2>((resume) => {
      const child = Effect.runForkWith(parent.context as Context.Context<R>)(effect)
      const exit = child.pollUnsafe()
      if (exit !== undefined) {
        resume(exit)
        return
      }
      const { plane, clock, name } = assembly
      const wheel = wheelOf(clock)
      let timedOut: CallTimedOut | undefined
      // In the caller's fiber: what the fallback throws is the caller's.
      const late = (reason: CallTimedOut) => Effect.suspend(() => answer(reason))
      const alarm = new Alarm((now) => {
        timedOut = new CallTimedOut(name, timeoutMs)
        plane.settleAt(receipt, plane.kindOfTimeout(timeoutMs, now), now)
        child.interruptUnsafe()
      })
      alarm.holds = true
      wheel.arm(alarm, timeoutMs, receipt.startedAt)
      child.addObserver((exit) => {
        wheel.disarm(alarm)
        resume(timedOut === undefined ? exit : late(timedOut))
      })
      return Effect.suspend(() => {
        wheel.disarm(alarm)
        return Fiber.interrupt(child)
      })
    }),
  )

/** What stands in for a call. Run as an effect, what is none would end the fiber past all that could catch it. */
const standingIn =
  <A, E, R>(fallback: Answer<A, E, R>): Answer<A, E, R> =>
  (reason) => {
    const given: unknown = fallback(reason)
    if (Effect.isEffect(given)) return given as ReturnType<Answer<A, E, R>>
    return Effect.die(new TypeError(`a fallback must answer an Effect (got ${show(given)})`))
  }

/** How a call that is rejected or times out ends for its caller. */
type Answer<A, E, R> = (reason: CallRejected | CallTimedOut) => Effect.Effect<A, E | CallRejected | CallTimedOut, R>

const guardOptions = ["deadline", "classify", "fallback", ...factNames]

/** Checks the options of a guard, and answers the deadline in milliseconds. Throws `InvalidConfig`. */
export function readGuard<A, E, A2, E2, R2>(options: GuardOptions<A, E, A2, E2, R2> | undefined): number {
  if (options === undefined) return Number.POSITIVE_INFINITY
  refuseStrangers(options, guardOptions)
  checkFacts(options)
  refuseNoFunction(options.classify, "options.classify")
  refuseNoFunction(options.fallback, "options.fallback")
  return options.deadline === undefined ? Number.POSITIVE_INFINITY : readDuration(options.deadline, "options.deadline")
}

/** Enters after the settlement is in place, so that no interruption can come between taking a permit and giving it back. */
export const guardWith = <A, E, R, A2 = never, E2 = never, R2 = never>(
  assembly: Assembly,
  effect: Effect.Effect<A, E, R>,
  options: GuardOptions<A, E, A2, E2, R2> | undefined,
): Effect.Effect<A | A2, E | E2 | CallRejected | CallTimedOut, R | R2> => {
  const { plane, clock } = assembly
  const never = Number.POSITIVE_INFINITY
  const deadlineMs = readGuard(options)
  const facts: Facts = options ?? noFacts
  const isUnnamed = facts.key === undefined
  // Only this breaker's own refusals and timeouts are answered, not those that the effect itself fails with.
  const answer: Answer<A2, E2, R2> = options?.fallback === undefined ? Effect.fail : standingIn(options.fallback)
  const refuse = (refusal: Rejection) => {
    const standIn = options?.fallback === undefined ? fallbackFor(assembly, refusal) : undefined
    return (standIn === undefined ? answer : standingIn(standIn as Answer<A2, E2, R2>))(new CallRejected(refusal))
  }
  return Effect.suspend(() => {
    // Nothing is taken from a shut gate, so nothing has to be given back.
    const refusal = plane.isShut ? plane.admit(clock.now(), facts) : undefined
    if (refusal?.admitted === false) return refuse(refusal)
    let receipt: Receipt | undefined
    const entered = Effect.suspend((): Effect.Effect<A | A2, E | E2 | CallRejected | CallTimedOut, R | R2> => {
      const timeoutMs = Math.min(plane.timeoutMs, deadlineMs)
      const ticket = plane.admit(isUnnamed && plane.untimed && timeoutMs === never ? Number.NaN : clock.now(), facts)
      if (!ticket.admitted) return refuse(ticket)
      receipt = ticket
      return timeoutMs === never ? effect : withDeadline(assembly, effect, ticket, timeoutMs, answer)
    })
    return Effect.onExit(entered, (exit) => {
      if (receipt === undefined || receipt.settled) return Effect.void
      plane.settleAt(receipt, verdictOf(assembly, options?.classify, exit as Exit.Exit<A, E>), clock.now())
      return Effect.void
    })
  })
}
