/** Actors as they may be shown: the same to whoever inspects them, but what they tell of themselves has its names hidden. */
import type { AnyActorRef, InspectionEvent } from "xstate"
import { Mask } from "./mask.ts"
import type { Redaction } from "./redaction.ts"

const isActor = (value: object): value is AnyActorRef => "sessionId" in value && "getSnapshot" in value

interface Observing {
  readonly next?: ((snapshot: unknown) => void) | undefined
  readonly error?: ((error: unknown) => void) | undefined
  readonly complete?: (() => void) | undefined
}

export class StandIns {
  readonly #mask: Mask
  readonly #known = new WeakMap<AnyActorRef, AnyActorRef>()

  constructor(redaction: Redaction) {
    this.#mask = new Mask(redaction, (value) => (isActor(value) ? this.of(value) : value))
  }

  of(actor: AnyActorRef): AnyActorRef {
    const known = this.#known.get(actor)
    if (known !== undefined) return known
    const standIn = new Proxy(actor, { get: (target, property) => this.#shown(target, property) })
    this.#known.set(actor, standIn)
    return standIn
  }

  event(event: InspectionEvent): InspectionEvent {
    return this.#mask.value(event)
  }

  #shown(actor: AnyActorRef, property: PropertyKey): unknown {
    const value: unknown = Reflect.get(actor, property)
    if (typeof value !== "function") return this.#mask.value(value)
    // Also what answers with the actor itself answers with what stands in for it.
    const method = (...given: readonly unknown[]): unknown => this.#mask.value(Reflect.apply(value, actor, given))
    if (property === "on")
      return (type: unknown, hear: (emitted: unknown) => void) =>
        method(type, (emitted: unknown) => hear(this.#mask.value(emitted)))
    if (property !== "subscribe") return method
    return (observer: Observing | ((snapshot: unknown) => void), ...others: readonly unknown[]) =>
      method(this.#observing(observer), ...others)
  }

  #observing(observer: Observing | ((snapshot: unknown) => void)): Observing {
    const { next, error, complete } = typeof observer === "function" ? { next: observer } : observer
    return {
      next: (snapshot) => next?.call(observer, this.#mask.value(snapshot)),
      error: error && ((thrown) => error.call(observer, this.#mask.error(thrown))),
      complete: complete && (() => complete.call(observer)),
    }
  }
}
