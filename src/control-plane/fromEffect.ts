import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { fromObservable, fromPromise, type NonReducibleUnknown } from "xstate"

/**
 * Actor logic that runs an Effect: its output is the effect's value, its error the squashed cause. Stopping the actor
 * interrupts the fiber.
 *
 * @example
 * import * as Effect from "effect/Effect"
 * import { fromEffect } from "recloser/effect"
 * import { createActor, toPromise } from "xstate"
 * import assert from "node:assert/strict"
 *
 * const double = fromEffect(({ input }: { input: number }) => Effect.succeed(input * 2))
 * assert.equal(await toPromise(createActor(double, { input: 21 }).start()), 42)
 */
export const fromEffect = <A, E, Input = NonReducibleUnknown>(
  make: (options: { readonly input: Input }) => Effect.Effect<A, E>,
) =>
  fromPromise<A, Input>(async ({ input, signal }) => {
    const exit = await Effect.runPromiseExit(
      Effect.suspend(() => make({ input })),
      { signal },
    )
    if (Exit.isSuccess(exit)) return exit.value
    throw Cause.squash(exit.cause)
  })

/**
 * Actor logic that runs a Stream: its snapshot's context is the last element; it is done when the stream ends. Stopping the
 * actor interrupts the stream.
 *
 * @example
 * import * as Stream from "effect/Stream"
 * import { fromStream } from "recloser/effect"
 * import { createActor, waitFor } from "xstate"
 * import assert from "node:assert/strict"
 *
 * const numbers = createActor(fromStream(() => Stream.make(1, 2, 3))).start()
 * const done = await waitFor(numbers, (snapshot) => snapshot.status === "done")
 * assert.equal(done.context, 3)
 */
export const fromStream = <A, E, Input = NonReducibleUnknown>(
  make: (options: { readonly input: Input }) => Stream.Stream<A, E>,
) =>
  fromObservable<A, Input>(({ input }) => ({
    subscribe: (first: unknown, onError?: (error: unknown) => void, onEnd?: () => void) => {
      const observer = (typeof first === "function" ? { next: first, error: onError, complete: onEnd } : first) as {
        next?: (value: A) => void
        error?: (error: unknown) => void
        complete?: () => void
      }
      const run = Stream.runForEach(
        Stream.suspend(() => make({ input })),
        (value) => Effect.sync(() => observer.next?.(value)),
      )
      const fiber = Effect.runFork(run)
      fiber.addObserver((exit) => {
        if (Exit.isSuccess(exit)) observer.complete?.()
        else if (!Cause.hasInterruptsOnly(exit.cause)) observer.error?.(Cause.squash(exit.cause))
      })
      return { unsubscribe: () => void Effect.runFork(Fiber.interrupt(fiber)) }
    },
  }))
