import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
import type { BreakerEvent } from "../machines/breakerEvents.ts"
import { hooksOf, preparePlane } from "./assemble.ts"
import { AssembledBreaker, type Breaker } from "./Breaker.ts"
import { type Clock, systemClock } from "./Clock.ts"
import { type Conductor, Orchestra, type RootActor } from "./control-plane/conductor.ts"

/** An actor that runs `breakerLogic`: made by `createActor`, spawned or invoked by a machine of yours. */
export interface BreakerActorRef {
  send(event: BreakerEvent): void
  getSnapshot(): unknown
  subscribe(observer: never): { unsubscribe(): void }
  on(type: never, listener: never): { unsubscribe(): void }
}

const attached = new WeakMap<object, Breaker>()

/**
 * The breaker that obeys this actor: calls go through a data plane, the actor decides. One data plane per actor, made once.
 * Stopping the breaker stops its calls; the actor belongs to whoever made it.
 *
 * @example
 * import { attach } from "recloser"
 * import { breakerLogic } from "recloser/machines"
 * import { createActor } from "xstate"
 * import assert from "node:assert/strict"
 *
 * const actor = createActor(breakerLogic, { input: { name: "search" } }).start()
 * const search = attach(actor)
 * assert.equal(await search.execute(async () => 42), 42)
 * assert.equal(attach(actor), search)
 * await search.stop()
 * actor.stop()
 */
export function attach(actor: BreakerActorRef, options: { readonly clock?: Clock | undefined } = {}): Breaker {
  const known = attached.get(actor)
  if (known !== undefined) return known
  const { clock = systemClock } = options
  const root = actor as unknown as RootActor
  const { name, parts } = root.getSnapshot().context
  const late: { conductor?: Conductor } = {}
  const { plane, listeners, whenIdle } = preparePlane(name, clock, undefined, (report) => late.conductor?.send(report))
  const conductor = new Orchestra(root, hooksOf(plane, listeners))
  conductor.send({ type: "breaker.attached" })
  const unlisten = conductor.listen()
  late.conductor = conductor
  const scope = Scope.makeUnsafe()
  Effect.runSync(
    Scope.addFinalizer(
      scope,
      Effect.sync(() => {
        plane.stop()
        unlisten()
      }),
    ),
  )
  const breaker = new AssembledBreaker(
    { name, clock, plane, conductor, listeners, classify: undefined, parts, whenIdle },
    scope,
  )
  attached.set(actor, breaker)
  return breaker
}
