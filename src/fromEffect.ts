import type * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import type { NonReducibleUnknown, ObservableActorLogic, PromiseActorLogic } from "xstate"
import { type Clock, timekeeperOf } from "./Clock.ts"
import { effectLogic, streamLogic } from "./control-plane/fromEffect.ts"

export interface FromEffectOptions {
  /** Whose time the effect sees; give the clock of the actor system. Default: Effect's own. */
  readonly clock?: Clock | undefined
}

const timeOf = ({ clock }: FromEffectOptions) => (clock === undefined ? undefined : timekeeperOf(clock))

/**
 * Actor logic that runs an Effect: its output is the effect's value, its error the squashed cause. Stopping the actor
 * interrupts the fiber.
 *
 * @example
 * import * as Effect from "effect/Effect"
 * import { fromEffect } from "recloser/effect"
 * import { createVirtualClock } from "recloser/testing"
 * import { createActor, toPromise } from "xstate"
 * import assert from "node:assert/strict"
 *
 * const clock = createVirtualClock()
 * const slow = ({ input }: { input: number }) => Effect.delay(Effect.succeed(input * 2), "1 hour")
 * const actor = createActor(fromEffect(slow, { clock }), { input: 21 }).start()
 * await clock.advance("1 hour")
 * assert.equal(await toPromise(actor), 42)
 */
export const fromEffect = <A, E, Input = NonReducibleUnknown>(
  make: (options: { readonly input: Input }) => Effect.Effect<A, E>,
  options: FromEffectOptions = {},
): PromiseActorLogic<A, Input> => effectLogic(make, timeOf(options))

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
  options: FromEffectOptions = {},
): ObservableActorLogic<A, Input> => streamLogic(make, timeOf(options))
