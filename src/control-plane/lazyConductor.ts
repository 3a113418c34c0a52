/**
 * A conductor whose root actor is started by the first thing that could move it. While the circuit is quiet, slices are put by:
 * they are told, in order, before whatever starts it, so that the actors have then heard all that they would have heard.
 */
import type { BreakerEvent } from "../../machines/breakerEvents.ts"
import type { Phase } from "../../machines/vocabulary/gate.ts"
import type { Conductor, RootActor } from "./conductor.ts"

export class LazyConductor implements Conductor {
  readonly #start: () => Conductor
  readonly #leave: (phase: Phase, at: number) => void
  #started: Conductor | undefined
  /** Hears that there are actors now. */
  whenStarted: (() => void) | undefined
  #slices: BreakerEvent[] | undefined = []

  /** `leave` stands for starting an actor only to stop it. */
  constructor(start: () => Conductor, leave: (phase: Phase, at: number) => void) {
    this.#start = start
    this.#leave = leave
  }

  get isStarted(): boolean {
    return this.#started !== undefined
  }

  get root(): RootActor {
    return this.started().root
  }

  /** The slices that were put by. */
  get slices(): readonly BreakerEvent[] {
    return this.#slices ?? []
  }

  send(event: BreakerEvent): void {
    if (this.#started !== undefined) return this.#started.send(event)
    if (event.type === "slice.closed" && this.#slices !== undefined) {
      this.#slices.push(event)
      return
    }
    this.started().send(event)
  }

  close(at: number): void {
    if (this.#started === undefined) this.#leave("draining", at)
    else this.#started.close(at)
  }

  finish(at: number): void {
    if (this.#started === undefined) this.#leave("stopped", at)
    else this.#started.finish(at)
  }

  /** Puts nothing by any more: from now on there is too much to learn. */
  hearAll(): void {
    if (this.#started === undefined && this.slices.length > 0) this.started()
    this.#slices = undefined
  }

  started(): Conductor {
    if (this.#started !== undefined) return this.#started
    const conductor = this.#start()
    this.#started = conductor
    this.whenStarted?.()
    const slices = this.slices
    this.#slices = undefined
    for (const slice of slices) conductor.send(slice)
    return conductor
  }
}
