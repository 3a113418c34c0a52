/** A guarded effect whose first attempt gets a second beside it when it takes unusually long. */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { isFailure, type Judged, kindOf } from "../machines/vocabulary/outcome.ts"
import type { Rejection } from "../machines/vocabulary/rejection.ts"
import type { Attempts } from "./attempts.ts"
import type { CallRejected, CallTimedOut } from "./CallRejected.ts"
import { timekeeperOf } from "./Clock.ts"
import { repeaterOf } from "./repeater.ts"

/** How an attempt ended. What this breaker itself did to it waits for whether another attempt follows. */
export interface Ended<A, E> {
  readonly exit: Exit.Exit<A, E | CallRejected | CallTimedOut>
  readonly judged: Judged | undefined
  readonly refused: Rejection | undefined
  readonly late: CallTimedOut | undefined
}

/** Makes an attempt, and says when it has entered. */
type Attempt<A, E, R> = (entered: () => void) => Effect.Effect<Ended<A, E>, never, R>

type Fork<R> = <A, E>(effect: Effect.Effect<A, E, R>) => Fiber.Fiber<A, E>

const isBad = (judged: Judged | undefined): boolean => judged !== undefined && isFailure(kindOf(judged))

class Race<A, E, R> {
  readonly #attempts: Attempts
  readonly #attempt: Attempt<A, E, R>
  readonly #fork: Fork<R>
  readonly #resume: (effect: Effect.Effect<Ended<A, E>>) => void
  readonly #running = new Set<Fiber.Fiber<Ended<A, E>>>()
  readonly #cancel: () => void
  #isOver = false

  constructor(
    attempts: Attempts,
    attempt: Attempt<A, E, R>,
    afterMs: number,
    fork: Fork<R>,
    resume: (effect: Effect.Effect<Ended<A, E>>) => void,
  ) {
    this.#attempts = attempts
    this.#attempt = attempt
    this.#fork = fork
    this.#resume = resume
    const { clock } = attempts.assembly
    this.#cancel = timekeeperOf(clock).after(afterMs, () => this.#hedge(), false)
    repeaterOf(attempts.assembly).pauses.add(this.#leave)
    this.#launch(
      () => {},
      () => {},
    )
  }

  /** The caller is interrupted: both attempts are, and are waited for. */
  readonly interrupt: Effect.Effect<void> = Effect.suspend(() => {
    this.#isOver = true
    this.#leave()
    return Fiber.interruptAll(this.#running)
  })

  #hedge(): void {
    this.#leave()
    const { plane, clock } = this.#attempts.assembly
    const tally = plane.retryBudget?.tally
    if (this.#running.size === 0 || tally === undefined || !this.#attempts.mayHedge(clock.now())) return
    this.#launch(
      () => tally.hedges++,
      () => tally.hedgesWon++,
    )
  }

  #launch(entered: () => void, won: () => void): void {
    const child = this.#fork(this.#attempt(entered))
    this.#running.add(child)
    child.addObserver((exit) => {
      this.#running.delete(child)
      if (this.#isOver) return
      if (Exit.isSuccess(exit)) this.#hear(exit.value, won)
      // Work that interrupts its own fiber has no end that could be judged.
      else if (this.#running.size === 0) this.#end(exit)
    })
  }

  #hear(ended: Ended<A, E>, won: () => void): void {
    const { judged, refused } = ended
    if (refused !== undefined) this.#attempts.giveBack()
    // Of two attempts that run, the other may still succeed.
    if (this.#running.size > 0 && (refused !== undefined || isBad(judged))) return
    this.#isOver = true
    if (judged !== undefined && kindOf(judged) === "success") won()
    for (const other of this.#running) other.interruptUnsafe()
    this.#end(Effect.succeed(ended))
  }

  #end(effect: Effect.Effect<Ended<A, E>>): void {
    this.#leave()
    this.#resume(effect)
  }

  readonly #leave = (): void => {
    this.#cancel()
    this.#attempts.assembly.repeater?.pauses.delete(this.#leave)
  }
}

/** Makes the first attempt, and a second beside it after so long; whichever comes to a good end first is heard. */
export const hedged = <A, E, R>(
  attempts: Attempts,
  attempt: Attempt<A, E, R>,
  afterMs: number,
): Effect.Effect<Ended<A, E>, never, R> =>
  Effect.withFiber((parent) =>
    Effect.callback<Ended<A, E>, never, R>((resume) => {
      const fork: Fork<R> = Effect.runForkWith(parent.context as Context.Context<R>)
      return new Race(attempts, attempt, afterMs, fork, resume).interrupt
    }),
  )
