/** A living breaker as those see it who look on: the recorder and the inspector. They hold it only as long as they look. */
import type { AnyActorRef, InspectionEvent } from "xstate"
import { type Assembly, saveAssembly } from "./assemble.ts"
import { wheelOf } from "./Clock.ts"
import type { BreakerEvents } from "./events.ts"
import type { EventLine, RecordedPart } from "./observability/recording/format.ts"
import type { Recordable } from "./observability/recording/recorder.ts"
import type { ReelTape } from "./observability/recording/reel.ts"

type Heard = EventLine["event"]

/** What comes from outside: neither from calls, nor from clocks, nor from the breaker's own actors. */
const isCommand = (type: string): boolean =>
  /^(?:operator|dependency)\.|^breaker\.(?:reconfigured|stop|drained)$/.test(type)

interface Parts {
  readonly parts: Assembly["parts"]
}

export const partsOf = ({ parts }: Parts): readonly RecordedPart[] =>
  parts.map(({ plug: { key }, settings }) => ({ key, settings }))

/** Settings travel with their key: a chart is nothing that can be written down. */
const written = (event: Heard): Heard =>
  event.type === "breaker.reconfigured" ? { ...event, parts: partsOf(event as unknown as Parts) } : event

export class Subject implements Recordable {
  readonly #assembly: Assembly

  constructor(assembly: Assembly) {
    this.#assembly = assembly
  }

  get name(): string {
    return this.#assembly.name
  }
  now(): number {
    return this.#assembly.clock.now()
  }
  wallNow(): number {
    return this.#assembly.clock.wallNow()
  }
  turnedAt(): number {
    return wheelOf(this.#assembly.clock).turnedAt
  }
  record(tape: ReelTape | undefined): void {
    this.#assembly.plane.record(tape)
  }

  describe(): ReturnType<Recordable["describe"]> {
    const { conductor, plane } = this.#assembly
    const { seed } = conductor.root.getSnapshot().context
    const { circuit, mode, version } = plane.gate
    const isFresh =
      plane.tally.admitted + plane.tally.rejected === 0 && circuit === "closed" && mode === "auto" && version <= 1
    return { seed, parts: partsOf(this.#assembly), ...(isFresh ? {} : { saved: saveAssembly(this.#assembly) }) }
  }

  onTransition(listener: (event: BreakerEvents["transition"]) => void): () => void {
    return this.#assembly.listeners.add("transition", listener)
  }

  onHeard(listener: (event: Heard | undefined) => void): () => void {
    const root = this.#assembly.conductor.root as unknown as AnyActorRef
    return this.onInspection((heard) => {
      if (heard.type !== "@xstate.event") return
      const isOutside = heard.actorRef === root && isCommand(heard.event.type)
      listener(isOutside ? written(heard.event as Heard) : undefined)
    })
  }

  /** XState's own inspection of all actors of the breaker; answers how to stop. */
  onInspection(listener: (event: InspectionEvent) => void): () => void {
    const { system } = this.#assembly.conductor.root as unknown as AnyActorRef
    const subscription = system.inspect({ next: listener })
    return () => subscription.unsubscribe()
  }
}
