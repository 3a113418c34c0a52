/** One attempt as an Effect: interruption-correct, in the caller's own fiber. */

import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type { Endpoint } from "../machines/vocabulary/endpoint.ts"
import { type Facts, noFacts } from "../machines/vocabulary/facts.ts"
import type { Judged } from "../machines/vocabulary/outcome.ts"
import type { Rejection } from "../machines/vocabulary/rejection.ts"
import type { Assembly } from "./assemble.ts"
import { type CallRejected, CallTimedOut } from "./CallRejected.ts"
import { wheelOf } from "./Clock.ts"
import { classifyWith, type Verdict } from "./classify.ts"
import { kindOfTimeout } from "./data-plane/impatience.ts"
import type { Queue } from "./data-plane/queue.ts"
import type { Receipt } from "./data-plane/receipt.ts"
import { Alarm } from "./data-plane/timers.ts"
import { chargeTo } from "./dependencyNode.ts"
import { endingAt } from "./timeLeft.ts"
import { WaitingCall } from "./waitingCall.ts"

/** The endpoint that the present call of the fiber is handed. */
export const PresentEndpoint = Context.Reference<Endpoint | undefined>("recloser/PresentEndpoint", {
  defaultValue: () => undefined,
})

const toEndpoint = <A, E, R>(effect: Effect.Effect<A, E, R>, { endpoint }: Receipt): Effect.Effect<A, E, R> =>
  endpoint === undefined ? effect : Effect.provideService(effect, PresentEndpoint, endpoint)

type OwnClassify<A, E> = ((exit: Exit.Exit<A, E>) => Verdict) | undefined

/** What is said of an attempt: facts about it, and what its end means. */
export interface AttemptOptions<A, E> extends Facts {
  readonly classify?: OwnClassify<A, E>
}

function verdictOf<A, E>(assembly: Assembly, own: OwnClassify<A, E>, exit: Exit.Exit<A, E>): Judged {
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

/** What an attempt comes to when it does not come to its own end, and who hears how it is judged. */
export interface AttemptEnds<A, E, R> {
  refuse(rejection: Rejection): Effect.Effect<A, E | CallRejected | CallTimedOut, R>
  late(error: CallTimedOut): Effect.Effect<A, E | CallRejected | CallTimedOut, R>
  /** Whether it may wait for a slot: it may, unless this is false. */
  readonly waits?: boolean
  /** What is known of the attempt, where that is more than its options say. */
  readonly facts?: Facts
  /** The attempt has entered. */
  readonly entered?: (receipt: Receipt) => void
  readonly judged?: (judged: Judged) => void
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
  ends: AttemptEnds<A2, E2, R2>,
): Effect.Effect<A | A2, E | E2 | CallRejected | CallTimedOut, R | R2> =>
  Effect.withFiber((parent) =>
    Effect.callback<A | A2, E | E2 | CallRejected | CallTimedOut, R | R2>((resume) => {
      const context = endingAt(parent.context as Context.Context<R>, assembly.clock, receipt.startedAt + timeoutMs)
      const child = Effect.runForkWith(context)(effect)
      const exit = child.pollUnsafe()
      if (exit !== undefined) {
        resume(exit)
        return
      }
      const { plane, clock, name } = assembly
      const wheel = wheelOf(clock)
      let timedOut: CallTimedOut | undefined
      // In the caller's fiber: what the fallback throws is the caller's.
      const stand = (reason: CallTimedOut) => Effect.suspend(() => ends.late(reason))
      const alarm = new Alarm((now) => {
        timedOut = new CallTimedOut(name, timeoutMs)
        const kind = kindOfTimeout(plane, timeoutMs, now)
        ends.judged?.(kind)
        plane.settleAt(receipt, kind, now)
        child.interruptUnsafe()
      })
      alarm.holds = true
      wheel.arm(alarm, timeoutMs, receipt.startedAt)
      child.addObserver((exit) => {
        wheel.disarm(alarm)
        resume(timedOut === undefined ? exit : stand(timedOut))
      })
      return Effect.suspend(() => {
        wheel.disarm(alarm)
        return Fiber.interrupt(child)
      })
    }),
  )

const never = Number.POSITIVE_INFINITY
/** Ends that lie no further apart are the same: they were computed in different ways. */
const instantMs = 0.001

/** Waits for a slot, and goes on with it or without. It is taken where it is granted: no interruption can come between and leak it. */
const inTurn = <A, E, R>(
  queue: Queue,
  facts: Facts,
  now: number,
  deadline: number,
  begin: (receipt: Receipt) => Effect.Effect<A, E, R>,
  refuse: (rejection: Rejection) => Effect.Effect<A, E, R>,
): Effect.Effect<A, E, R> =>
  Effect.callback<A, E, R>((resume) => {
    const waiting = new WaitingCall(queue, facts, now, deadline, undefined, {
      begin: (receipt) => resume(begin(receipt)),
      // In the caller's fiber, not in the midst of the queue's work: what the fallback throws is the caller's.
      refuse: (rejection) => resume(Effect.suspend(() => refuse(rejection))),
      abandon: () => {},
    })
    waiting.wait(now)
    return Effect.sync(() => void queue.giveUp(waiting))
  })

/**
 * Makes one attempt now, `msLeft` milliseconds long at most; nobody is asked for what could not be answered in time. It enters after
 * the settlement is in place, so that no interruption can come between taking a permit and giving it back.
 */
export const attemptNow = <A, E, R, A2, E2, R2>(
  assembly: Assembly,
  effect: Effect.Effect<A, E, R>,
  options: AttemptOptions<A, E> | undefined,
  msLeft: number,
  ends: AttemptEnds<A2, E2, R2>,
): Effect.Effect<A | A2, E | E2 | CallRejected | CallTimedOut, R | R2> => {
  const { plane, clock } = assembly
  // Nothing is taken from a shut gate, so nothing has to be given back.
  const facts: Facts = ends.facts ?? options ?? noFacts
  if (msLeft <= 0) return ends.late(new CallTimedOut(assembly.name, 0))
  const refusal = plane.ways.isShut ? plane.admit(clock.now(), facts) : undefined
  if (refusal?.admitted === false) return ends.refuse(refusal)
  let receipt: Receipt | undefined
  let givenMs = never
  const entered = Effect.suspend((): Effect.Effect<A | A2, E | E2 | CallRejected | CallTimedOut, R | R2> => {
    const isTimed = facts.key !== undefined || !plane.untimed || msLeft !== never
    const now = isTimed ? clock.now() : Number.NaN
    const begin = (granted: Receipt) => {
      receipt = granted
      ends.entered?.(granted)
      // What it waited was its caller's time.
      givenMs = Math.min(plane.ways.timeoutMs, isTimed ? now + msLeft - granted.startedAt : never)
      const called = toEndpoint(effect, granted)
      return givenMs === never ? called : withDeadline(assembly, called, granted, givenMs, ends)
    }
    const ticket = ends.waits === false ? plane.admit(now, facts) : plane.request(now, facts)
    if (ticket === undefined)
      return inTurn(plane.queue, facts, now, now + msLeft, begin, (refused) => ends.refuse(refused))
    return ticket.admitted ? begin(ticket) : ends.refuse(ticket)
  })
  // What is settled at once needs no effect of its own.
  return Effect.onExitPrimitive(entered, (exit) => {
    if (receipt === undefined || receipt.settled) return undefined
    const now = clock.now()
    // Interrupted when its time is over anyway, as by a guard around this one, it took too long.
    const isLate = now > receipt.startedAt + givenMs - instantMs && Exit.hasInterrupts(exit)
    const judged = isLate
      ? kindOfTimeout(plane, givenMs, now)
      : verdictOf(assembly, options?.classify, exit as Exit.Exit<A, E>)
    ends.judged?.(judged)
    plane.settleAt(receipt, judged, now)
    return undefined
  })
}
