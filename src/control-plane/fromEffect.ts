/** Actor logic that runs an Effect or a Stream, on a given time: an actor of the same clock sees one time throughout. */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { fromObservable, fromPromise } from "xstate"
import { onTime, type Timekeeper } from "./clock.ts"

/** Leaves an effect on the time it has, or puts it on the given one. */
const timed = (time: Timekeeper | undefined) => (time === undefined ? <T>(effect: T): T => effect : onTime(time))

export const effectLogic = <A, E, Input>(
  make: (options: { readonly input: Input }) => Effect.Effect<A, E>,
  time: Timekeeper | undefined,
) =>
  fromPromise<A, Input>(async ({ input, signal }) => {
    const run = timed(time)(Effect.suspend(() => make({ input })))
    const exit = await Effect.runPromiseExit(run, { signal })
    if (Exit.isSuccess(exit)) return exit.value
    throw Cause.squash(exit.cause)
  })

interface Observer<A> {
  readonly next?: (value: A) => void
  readonly error?: (error: unknown) => void
  readonly complete?: () => void
}

export const streamLogic = <A, E, Input>(
  make: (options: { readonly input: Input }) => Stream.Stream<A, E>,
  time: Timekeeper | undefined,
) =>
  fromObservable<A, Input>(({ input }) => ({
    subscribe: (first: unknown, error?: (error: unknown) => void, complete?: () => void) => {
      const observer = (typeof first === "function" ? { next: first, error, complete } : first) as Observer<A>
      const run = Stream.runForEach(
        Stream.suspend(() => make({ input })),
        (value) => Effect.sync(() => observer.next?.(value)),
      )
      const fiber = Effect.runFork(timed(time)(run))
      const unobserve = fiber.addObserver((exit) => {
        if (Exit.isSuccess(exit)) observer.complete?.()
        else observer.error?.(Cause.squash(exit.cause))
      })
      const unsubscribe = () => {
        // That it was interrupted is news only of one that did so itself.
        unobserve()
        Effect.runFork(Fiber.interrupt(fiber))
      }
      return { unsubscribe }
    },
  }))
