/** A breaker in a replay: the production planes on a clock of the replay's, which nobody else sees. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import type { ChosenPart } from "../../../machines/registry.ts"
import type { Facts } from "../../../machines/vocabulary/facts.ts"
import type { Gate } from "../../../machines/vocabulary/gate.ts"
import type { Judged } from "../../../machines/vocabulary/outcome.ts"
import { takeUp } from "../../assemble.ts"
import { type Clock, timekeeperOf, wheelOf } from "../../Clock.ts"
import { type Conductor, type ConductorHooks, conduct } from "../../control-plane/conductor.ts"
import { readSaved } from "../../control-plane/persistence.ts"
import { Plane } from "../../data-plane/plane.ts"
import type { Receipt } from "../../data-plane/receipt.ts"
import type { BreakerLine, EventLine, RecordedPart } from "../../observability/recording/format.ts"
import { plugOf } from "../../observability/recording/read.ts"
import { type ActorStates, statesOf } from "../../subject.ts"

export type Told = Parameters<ConductorHooks["emitted"]>[0]

export interface Watch {
  gate(gate: Gate): void
  told(event: Told): void
}

/** The recorded parts, with their charts. */
export const chosen = (parts: readonly RecordedPart[]): readonly ChosenPart[] =>
  parts.flatMap(({ key, settings }) => {
    const plug = plugOf(key)
    return plug === undefined ? [] : [{ plug, settings }]
  })

export class PlayedBreaker {
  readonly plane: Plane
  readonly #conductor: Conductor
  readonly #keys: readonly string[]
  readonly #scope = Scope.makeUnsafe()
  readonly #receipts = new Map<number, Receipt>()

  constructor({ name, seed, saved }: BreakerLine, parts: readonly ChosenPart[], clock: Clock, watch: Watch) {
    const late: { conductor?: Conductor } = {}
    this.plane = new Plane(name, wheelOf(clock), {
      signal: (report) => late.conductor?.send(report),
      refused: () => {},
      classify: () => "failure",
      idle: () => {},
    })
    const hooks: ConductorHooks = {
      swap: (gate) => {
        this.plane.swap(gate)
        watch.gate(gate)
      },
      emitted: (event) => watch.told(event),
    }
    this.#keys = parts.map(({ plug: { key } }) => key)
    const time = timekeeperOf(clock)
    const input = { name, parts, metered: true, at: clock.now(), seed }
    this.#conductor = Effect.runSync(Scope.provide(conduct({ input, time, hooks }), this.#scope))
    late.conductor = this.#conductor
    const known = readSaved(saved, name)
    if (known !== undefined) takeUp({ conductor: this.#conductor, parts, clock, plane: this.plane }, known)
  }

  /** Whether the call enters; if so it is kept under this number until it ends. */
  enter(serial: number, now: number, facts: Facts): "ordinary" | "probe" | "uncounted" | "refused" {
    const ticket = this.plane.admit(now, facts)
    if (!ticket.admitted) return "refused"
    this.#receipts.set(serial, ticket)
    return ticket.probe ? "probe" : ticket.counted ? "ordinary" : "uncounted"
  }

  /** A call has ended; one that did not enter here says nothing. */
  settle(serial: number, judged: Judged, now: number): void {
    const receipt = this.#receipts.get(serial)
    if (receipt === undefined) return
    this.#receipts.delete(serial)
    this.plane.settleAt(receipt, judged, now)
  }

  /** The active states of each of its actors. */
  get actors(): readonly ActorStates[] {
    return statesOf(this.#conductor.root, this.#keys)
  }

  /** Calls that have entered and not ended. */
  get inFlight(): number {
    return this.#receipts.size
  }

  send(event: EventLine["event"]): void {
    const parts =
      event.type === "breaker.reconfigured" ? { parts: chosen(event["parts"] as readonly RecordedPart[]) } : {}
    this.#conductor.send({ ...event, ...parts } as Parameters<Conductor["send"]>[0])
  }

  end(): void {
    Effect.runSync(Scope.close(this.#scope, Exit.void))
    this.plane.stop()
  }
}
