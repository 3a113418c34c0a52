/** A guarded effect that may run more than once: one attempt after another, or one beside another. */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schedule from "effect/Schedule"
import { noFacts } from "../machines/vocabulary/facts.ts"
import type { FailedExit } from "../machines/vocabulary/failure.ts"
import type { Assembly } from "./assemble.ts"
import { Attempts } from "./attempts.ts"
import type { CallRejected, CallTimedOut } from "./CallRejected.ts"
import { timekeeperOf } from "./Clock.ts"
import type { GuardOptions } from "./guard.ts"
import { type AttemptEnds, attemptNow } from "./guardedAttempt.ts"
import { type Ended, hedged } from "./guardedHedge.ts"
import { repeaterOf } from "./repeater.ts"

/** The attempts of the guarded effect that a fiber runs in: a breaker further in asks for them. */
const PresentAttempts = Context.Reference<Attempts | undefined>("recloser/PresentAttempts", {
  defaultValue: () => undefined,
})

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }

const exitOf = <A, E>(exit: Exit.Exit<A, E>): FailedExit =>
  Exit.isSuccess(exit) ? { ok: true, value: exit.value } : { ok: false, error: Cause.squash(exit.cause) }

/** A defect is a mistake in the program, and is no other one the next time. */
const isDefect = <A, E>(exit: Exit.Exit<A, E>): exit is Exit.Failure<A, E> =>
  Exit.isFailure(exit) && Cause.hasDies(exit.cause)

class GuardedCall<A, E, R, A2, E2, R2> extends Attempts {
  readonly #effect: Effect.Effect<A, E, R>
  readonly #options: GuardOptions<A, E, A2, E2, R2> | undefined
  readonly #ends: AttemptEnds<A2, E2, R2>
  /** Only the first attempt waits for a slot: a further one that finds none is not worth waiting for. */
  #waits = true

  constructor(
    assembly: Assembly,
    effect: Effect.Effect<A, E, R>,
    options: GuardOptions<A, E, A2, E2, R2> | undefined,
    deadlineMs: number,
    ends: AttemptEnds<A2, E2, R2>,
    outer: Attempts | undefined,
  ) {
    const now = assembly.clock.now()
    super(assembly, {
      facts: options ?? noFacts,
      idempotent: options?.idempotent ?? false,
      deadline: now + deadlineMs,
      outer,
    })
    this.#effect = Effect.provideService(effect, PresentAttempts, this)
    this.#options = options
    this.#ends = ends
  }

  /** One attempt, and how it ended; a refusal and a timeout by this breaker are not answered yet. */
  #attempt(entered: () => void): Effect.Effect<Ended<A, E>, never, R> {
    const ended: Mutable<Omit<Ended<A, E>, "exit">> = { judged: undefined, refused: undefined, late: undefined }
    const waits = this.#waits
    this.#waits = false
    const ends: AttemptEnds<never, never, never> = {
      waits,
      refuse: (rejection) => {
        ended.refused = rejection
        // Whoever asked for the attempt looks at what refused it, not at how it ended.
        return Effect.interrupt
      },
      late: (error) => {
        ended.late = error
        return Effect.fail(error)
      },
      facts: this.facts,
      entered: ({ endpoint }) => {
        this.begin()
        this.noteTried(endpoint)
        entered()
      },
      judged: (judged) => {
        ended.judged = judged
      },
    }
    const msLeft = this.terms.deadline - this.assembly.clock.now()
    const attempt = attemptNow(this.assembly, this.#effect, this.#options, msLeft, ends)
    return Effect.map(Effect.exit(attempt), (exit) => ({ exit, ...ended }))
  }

  /** The attempt after a failed one. */
  #again(last: Ended<A, E>) {
    if (!this.isWanted) return this.#yield(last)
    const { retryBudget } = this.assembly.plane
    const attempt = this.#attempt(() => {
      if (retryBudget !== undefined) retryBudget.tally.retries++
    })
    // A later attempt that is refused leaves the caller with the last real end.
    return Effect.flatMap(attempt, (ended) => (ended.refused === undefined ? Effect.succeed(ended) : this.#yield(last)))
  }

  #yield(last: Ended<A, E>) {
    return Effect.sync(() => {
      this.giveUp(exitOf(last.exit))
      return { ...last, judged: undefined }
    })
  }

  /** Waits, unless the breaker stops; the caller's interruption ends the wait. */
  #wait(ms: number): Effect.Effect<void> {
    if (ms === 0) return Effect.yieldNow
    return Effect.callback<void>((resume) => {
      const { pauses } = repeaterOf(this.assembly)
      const leave = () => {
        cancel()
        pauses.delete(end)
      }
      const end = () => {
        leave()
        resume(Effect.void)
      }
      const cancel = timekeeperOf(this.assembly.clock).after(ms, end, true)
      pauses.add(end)
      return Effect.sync(leave)
    })
  }

  run() {
    const schedule = this.#options?.retry === false ? undefined : this.#options?.retry?.schedule
    return Effect.gen({ self: this }, function* () {
      let ended = yield* this.#first()
      let step: Step<A | E | CallTimedOut> | undefined
      while (ended.refused === undefined && ended.judged !== undefined && !isDefect(ended.exit)) {
        const exit = exitOf(ended.exit)
        const ownMs = this.next(exit, ended.judged, this.assembly.clock.now())
        if (ownMs === undefined) break
        if (schedule !== undefined) step ??= yield* Schedule.toStep(schedule)
        const waitMs = step === undefined ? ownMs : yield* this.#scheduled(step, exit)
        ended = waitMs === undefined ? yield* this.#yield(ended) : yield* this.#afterWait(waitMs, ended)
      }
      return yield* this.#answer(ended)
    })
  }

  #afterWait(ms: number, last: Ended<A, E>) {
    return Effect.andThen(
      this.#wait(ms),
      Effect.suspend(() => this.#again(last)),
    )
  }

  /** When the schedule has the next attempt made; `undefined` when it has ended, or leaves no time. */
  #scheduled(step: Step<A | E | CallTimedOut>, exit: FailedExit): Effect.Effect<number | undefined> {
    const { clock } = this.assembly
    const said = (exit.ok ? exit.value : exit.error) as A | E | CallTimedOut
    return Effect.map(Effect.exit(step(clock.wallNow(), said)), (next) => {
      // One that breaks is told, and the call ends as it has: to its caller that would look like one that has ended.
      if (isDefect(next)) this.assembly.listeners.trouble("schedule", Cause.squash(next.cause))
      // A service that asks to be left alone is, whatever the schedule says.
      const ms = Exit.isSuccess(next) ? Math.max(this.askedMs, Duration.toMillis(next.value[1])) : Number.NaN
      return Number.isFinite(ms) && this.hasTimeFor(ms, clock.now(), repeaterOf(this.assembly)) ? ms : undefined
    })
  }

  #answer({ exit, refused, late }: Ended<A, E>) {
    return refused !== undefined ? this.#ends.refuse(refused) : late !== undefined ? this.#ends.late(late) : exit
  }

  #first() {
    const after = this.#hedgeAfterMs()
    const attempt = (entered: () => void) => this.#attempt(entered)
    return after === Number.POSITIVE_INFINITY ? attempt(() => {}) : hedged(this, attempt, after)
  }

  #hedgeAfterMs(): number {
    const { plane, clock } = this.assembly
    if (plane.gate.restriction.hedges === 0 || !this.terms.idempotent) return Number.POSITIVE_INFINITY
    const repeater = repeaterOf(this.assembly)
    const after = repeater.settings?.hedge?.after
    return after === undefined ? Number.POSITIVE_INFINITY : repeater.hedgeAfterMs(after, clock.now())
  }
}

type Step<Input> = Effect.Success<ReturnType<typeof Schedule.toStep<unknown, Input, never, never>>>

/** Guards an effect that may be repeated, in the caller's fiber. */
export const repeatedly = <A, E, R, A2, E2, R2>(
  assembly: Assembly,
  effect: Effect.Effect<A, E, R>,
  options: GuardOptions<A, E, A2, E2, R2> | undefined,
  deadlineMs: number,
  ends: AttemptEnds<A2, E2, R2>,
): Effect.Effect<A | A2, E | E2 | CallRejected | CallTimedOut, R | R2> =>
  Effect.withFiber((fiber) => {
    const outer = Context.get(fiber.context, PresentAttempts)
    const call = new GuardedCall(assembly, effect, options, deadlineMs, ends, outer)
    return Effect.onExitPrimitive(call.run(), () => void call.over())
  })
