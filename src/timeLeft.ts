/** The deadline of the guarded effect that a fiber runs in: guards further in, and whoever talks to a service there, ask for it. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type { Clock } from "./Clock.ts"

const never = Number.POSITIVE_INFINITY

class Deadline {
  readonly #clock: Clock
  readonly #at: number
  constructor(clock: Clock, at: number) {
    this.#clock = clock
    this.#at = at
  }
  get remainingMs(): number {
    return Math.max(0, this.#at - this.#clock.now())
  }
}

const PresentDeadline = Context.Reference<Deadline | undefined>("recloser/PresentDeadline", {
  defaultValue: () => undefined,
})

/** The same context, for an effect whose time is over at `at` on this clock. */
export const endingAt = <R>(context: Context.Context<R>, clock: Clock, at: number): Context.Context<R> =>
  Context.add(context, PresentDeadline, new Deadline(clock, at))

/** Milliseconds that are left to what runs in this fiber; `Infinity` where there is no end. */
export const timeLeftIn = (fiber: Fiber.Fiber<unknown, unknown>): number =>
  fiber.getRef(PresentDeadline)?.remainingMs ?? never

/**
 * How many milliseconds are left to the guarded effect that this is part of: never negative, `Infinity` outside of one, or without a
 * timeout. For a header, or to do without what would take too long.
 */
export const remainingMs: Effect.Effect<number> = Effect.withFiber((fiber) => Effect.succeed(timeLeftIn(fiber)))
