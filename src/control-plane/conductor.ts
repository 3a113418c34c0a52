/**
 * The conductor runs the root actor of one breaker in a Scope, hands each new gate to the data plane, and passes on what the
 * machine emits, in order, once the gate that belongs to it is in force.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { type ActorOptions, createActor } from "xstate"
import { breakerLogic } from "../../machines/breaker.ts"
import type { BreakerEmitted, BreakerEvent, BreakerInput } from "../../machines/breakerEvents.ts"
import type { BreakerContext } from "../../machines/fold.ts"
import type { Gate } from "../../machines/vocabulary/gate.ts"
import { machineClock, type Timekeeper } from "./clock.ts"

/** A breaker whose part could not start; everything that had started is stopped again. */
export class StartFailed extends Error {
  readonly _tag = "StartFailed"
  override readonly name = "StartFailed"
  readonly breaker: string
  /** The key of the part that failed. */
  readonly part: string
  constructor(breaker: string, part: string, cause: unknown) {
    const why = cause instanceof Error ? cause.message : String(cause)
    super(`breaker "${breaker}" did not start: its part "${part}" failed: ${why}`, { cause })
    this.breaker = breaker
    this.part = part
  }
}

export type Inspect = NonNullable<ActorOptions<typeof breakerLogic>["inspect"]>
/** What the conductor needs of the root actor, whoever made it. */
export interface RootActor {
  send(event: BreakerEvent): void
  getSnapshot(): {
    readonly status: string
    readonly context: BreakerContext
    readonly children: { readonly [key: string]: ChildActor | undefined }
  }
  subscribe(observer: {
    next: (snapshot: { readonly context: BreakerContext }) => void
    error?: (error: unknown) => void
  }): {
    unsubscribe(): void
  }
  on(type: "*", listener: (event: BreakerEmitted) => void): { unsubscribe(): void }
}
type ChildActor = { getSnapshot(): unknown }

export interface ConductorHooks {
  /** A new gate, to be obeyed at once. */
  swap(gate: Gate): void
  /** Something for listeners. Whatever it throws is the listener's affair, not the machine's. */
  emitted(event: BreakerEmitted): void
}

export interface Conductor {
  readonly root: RootActor
  send(event: BreakerEvent): void
}

/** Orders what comes out of a root actor: gate first, then listeners, outermost call last. */
export class Orchestra implements Conductor {
  readonly root: RootActor
  readonly #hooks: ConductorHooks
  readonly #queue: BreakerEmitted[] = []
  #depth = 0
  #draining = false
  #version = -1

  constructor(root: RootActor, hooks: ConductorHooks) {
    this.root = root
    this.#hooks = hooks
  }

  /** Listens to the root from now on; answers how to stop. */
  listen(): () => void {
    const snapshots = this.root.subscribe({ next: ({ context }) => this.#take(context.gate), error: () => {} })
    const emissions = this.root.on("*", (event) => {
      this.#queue.push(event)
    })
    this.#take(this.root.getSnapshot().context.gate)
    return () => {
      snapshots.unsubscribe()
      emissions.unsubscribe()
    }
  }

  /** Tells the root. One that has stopped hears nothing more, and XState would complain of it on the console. */
  send(event: BreakerEvent): void {
    if (this.root.getSnapshot().status === "active") this.enter(() => this.root.send(event))
  }

  enter(run: () => void): void {
    this.#depth++
    try {
      run()
    } finally {
      this.#depth--
      this.#drain()
    }
  }

  #take(gate: Gate): void {
    if (gate.version !== this.#version) {
      this.#version = gate.version
      this.#hooks.swap(gate)
    }
    this.#drain()
  }

  #drain(): void {
    if (this.#depth > 0 || this.#draining) return
    this.#draining = true
    try {
      for (let event = this.#queue.shift(); event !== undefined; event = this.#queue.shift()) this.#hooks.emitted(event)
    } finally {
      this.#draining = false
    }
  }
}

export interface ConductorOptions {
  readonly input: BreakerInput
  readonly time: Timekeeper
  readonly hooks: ConductorHooks
  readonly inspect?: Inspect | undefined
}

type InspectFunction = Extract<Inspect, (...args: never) => unknown>

/** An inspector runs in the middle of the machine's step: what it throws must not reach the caller whose call set it off. */
const isolated =
  (inspect: Inspect, trouble: (error: unknown) => void): InspectFunction =>
  (event) => {
    try {
      if (typeof inspect === "function") inspect(event)
      else inspect.next?.(event)
    } catch (error) {
      trouble(error)
    }
  }

/** Starts the root actor; the Scope's close stops it with all its children and timers. */
export const conduct = (options: ConductorOptions): Effect.Effect<Conductor, StartFailed, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.suspend(() => {
      const { input, time, hooks, inspect } = options
      const enter = (run: () => void) => orchestra.enter(run)
      const watch =
        inspect &&
        isolated(inspect, (error) => {
          hooks.emitted({ type: "trouble", breaker: input.name, part: "inspect", error, gaveUp: false })
        })
      const clock = machineClock(time, enter)
      const actor = createActor(breakerLogic, { input, clock, ...(watch && { inspect: watch }) })
      const orchestra = new Orchestra(actor as RootActor, hooks)
      const unlisten = orchestra.listen()
      const stop = () => {
        actor.stop()
        unlisten()
      }
      enter(() => actor.start())
      const { failure } = actor.getSnapshot().context
      if (failure === undefined) return Effect.succeed({ orchestra, stop })
      stop()
      return Effect.fail(new StartFailed(input.name, failure.part, failure.error))
    }),
    ({ stop }) => Effect.sync(stop),
  ).pipe(Effect.map(({ orchestra }) => orchestra))
