import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import type { BreakerEvent } from "../machines/breakerEvents.ts"
import { InvalidConfig, show } from "../machines/options.ts"
import { type Assembly, enter, hooksOf, leave, preparePlane } from "./assemble.ts"
import { AssembledBreaker } from "./assembledBreaker.ts"
import type { Breaker } from "./Breaker.ts"
import { type Clock, systemClock } from "./Clock.ts"
import { AttachedOrchestra, type RootActor } from "./control-plane/conductor.ts"
import { refuseNoClock, refuseStrangers } from "./knownOptions.ts"

/** An actor that runs `breakerLogic`: made by `createActor`, spawned or invoked by a machine of yours. */
export interface BreakerActorRef {
  send(event: BreakerEvent): void
  getSnapshot(): unknown
  subscribe(observer: never): { unsubscribe(): void }
  on(type: never, listener: never): { unsubscribe(): void }
}

interface Attached {
  readonly breaker: Breaker
  readonly clock: Clock
}

const attached = new WeakMap<object, Attached>()

export interface AttachOptions {
  /**
   * Where the breaker gets its time from. Default: the clock of the actor's own system if it is one for breakers, such as
   * `createVirtualClock()`; else the process's clock.
   */
  readonly clock?: Clock | undefined
}

/** An actor of another machine has no gate to obey. */
function readRoot(actor: BreakerActorRef): RootActor {
  const root = actor as unknown as RootActor
  if (typeof actor?.getSnapshot === "function" && root.getSnapshot()?.context?.gate !== undefined) return root
  throw new InvalidConfig([{ path: "actor", value: show(actor), rule: "must be an actor that runs breakerLogic" }])
}

/** XState's own clocks tell no time. */
function clockOf(actor: object): Clock {
  const { clock } = actor as { readonly clock?: Partial<Clock> }
  return typeof clock?.arm === "function" ? (clock as Clock) : systemClock
}

/** One data plane cannot live on two clocks. */
function again({ breaker, clock }: Attached, asked: Clock | undefined): Breaker {
  if (asked === undefined || asked === clock) return breaker
  const rule = "must be the clock that this actor was attached with"
  throw new InvalidConfig([{ path: "options.clock", value: show(asked), rule }])
}

/**
 * The breaker that obeys this actor: calls go through a data plane, the actor decides. One data plane per actor, made once.
 * Stopping the breaker ends its calls and lets go of the actor, which belongs to whoever made it and goes on alone. When the
 * actor is stopped, or has not been started yet, the breaker refuses.
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
export function attach(actor: BreakerActorRef, options: AttachOptions = {}): Breaker {
  refuseStrangers(options, ["clock"])
  const known = attached.get(actor)
  if (known !== undefined) return again(known, options.clock)
  const root = readRoot(actor)
  const { clock = clockOf(actor) } = options
  refuseNoClock(clock)
  const { name, parts } = root.getSnapshot().context
  const late: { assembly?: Assembly } = {}
  const { plane, listeners, whenIdle } = preparePlane(name, clock, late)
  const conductor = new AttachedOrchestra(root, hooksOf(plane, listeners, late))
  const unlisten = conductor.listen(() => clock.now())
  conductor.send({ type: "breaker.attached", at: clock.now() })
  const scope = Scope.makeUnsafe()
  const assembly: Assembly = { name, clock, plane, conductor, listeners, classify: undefined, parts, whenIdle }
  late.assembly = assembly
  // An owner who ends the actor ends the breaker, and those that depend on it are told.
  const ended = () => leave(assembly)
  const watch = root.subscribe({ next: () => {}, error: ended, complete: ended })
  const letGo = () => {
    ended()
    watch.unsubscribe()
    plane.stop()
    unlisten()
    attached.delete(actor)
  }
  Effect.runSync(Scope.addFinalizer(scope, Effect.sync(letGo)))
  try {
    enter(assembly)
  } catch (error) {
    Effect.runSync(Scope.close(scope, Exit.void))
    throw error
  }
  const breaker = new AssembledBreaker(assembly, scope)
  attached.set(actor, { breaker, clock })
  return breaker
}
