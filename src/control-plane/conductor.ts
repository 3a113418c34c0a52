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
import type { GatePublished } from "../../machines/meter.ts"
import { type Gate, leave, type Phase } from "../../machines/vocabulary/gate.ts"
import { machineClock, type Stage, type Timekeeper } from "./clock.ts"

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
    complete?: () => void
  }): { unsubscribe(): void }
  on(type: "*", listener: (event: BreakerEmitted) => void): { unsubscribe(): void }
}
type ChildActor = { getSnapshot(): unknown }

/** What an actor emits for listeners; its gates go to the data plane instead. */
export type Told = Exclude<BreakerEmitted, GatePublished>

export interface ConductorHooks {
  /** A new gate, to be obeyed at once; it was decided on then, where that was said. */
  swap(gate: Gate, decidedAt: number | undefined): void
  /** The gate in force is another one, and all that was told beside it has been: a good time to tell others of it. */
  readonly regated?: (() => void) | undefined
  /** Something for listeners. Whatever it throws is the listener's affair, not the machine's. */
  emitted(event: Told): void
}

export interface Conductor {
  /** Whether there is a root actor; whoever asks for one that is not there yet starts it. */
  readonly isStarted: boolean
  readonly root: RootActor
  send(event: BreakerEvent): void
  /** Nothing more is admitted; calls in flight may end. */
  close(at: number): void
  /** Calls in flight have ended, or were interrupted. */
  finish(at: number): void
}

/** Orders what comes out of a root actor: gate first, then listeners, outermost call last. */
export class Orchestra implements Conductor, Stage {
  readonly isStarted = true
  readonly root: RootActor
  readonly #hooks: ConductorHooks
  readonly #queue: Told[] = []
  #depth = 0
  #draining = false
  #gate: Gate
  #hasLeft = false
  #isRegated = false
  /** When that happened which the actors decide about; `undefined` where nobody said. */
  instant: number | undefined

  constructor(root: RootActor, hooks: ConductorHooks) {
    this.root = root
    this.#hooks = hooks
    this.#gate = root.getSnapshot().context.gate
  }

  /** Listens to the root from now on; answers how to stop. An actor ended by its owner leaves a breaker that has stopped. */
  listen(now: () => number): () => void {
    const emissions = this.root.on("*", (event) => {
      if (event.type === "gate.published") this.#swap(event.gate)
      else this.#queue.push(event)
    })
    const snapshots = this.root.subscribe({
      next: () => this.#drain(),
      error: (error) => this.#fail(error),
      complete: () => this.leave("stopped", now()),
    })
    this.#swap(this.root.getSnapshot().context.gate)
    return () => {
      snapshots.unsubscribe()
      emissions.unsubscribe()
    }
  }

  /** Tells the root. One that has stopped hears nothing more, and XState would complain of it on the console. */
  send(event: BreakerEvent): void {
    if (this.root.getSnapshot().status === "active") this.enter(() => this.root.send(event), event.at)
  }

  close(at: number): void {
    this.send({ type: "breaker.stop", at })
  }

  finish(at: number): void {
    this.send({ type: "breaker.drained", at })
  }

  /** `at` is when that happened which `run` tells of. */
  enter(run: () => void, at = this.instant): void {
    const outer = this.instant
    this.instant = at
    this.#depth++
    try {
      run()
    } finally {
      this.#depth--
      this.instant = outer
      this.#drain()
    }
  }

  /** Whatever the actor still says, its gate is no longer obeyed: lifecycle alone holds the data plane's. */
  leave(phase: Phase, at: number): void {
    this.#hasLeft = true
    if (this.#gate.phase === phase) return
    this.#gate = leave(this.#gate, phase, at)
    this.#hooks.swap(this.#gate, at)
  }

  /** The root itself has failed: a breaker that cannot decide must not stand in the way. */
  #fail(error: unknown): void {
    if (this.#hasLeft) return
    this.#hasLeft = true
    this.#hooks.swap({ ...this.#gate, version: this.#gate.version + 1, enforcement: "off" }, this.instant)
    this.#queue.push({
      type: "trouble",
      breaker: this.root.getSnapshot().context.name,
      part: "breaker",
      error,
      gaveUp: true,
    })
    this.#drain()
  }

  #swap(gate: Gate): void {
    if (this.#hasLeft) return
    this.#gate = gate
    this.#isRegated = true
    this.#hooks.swap(gate, this.instant)
  }

  #drain(): void {
    if (this.#depth > 0 || this.#draining) return
    this.#draining = true
    try {
      // Whoever hears of a gate may change it again, and what is told of that waits here.
      while (this.#queue.length > 0 || this.#isRegated) {
        for (let event = this.#queue.shift(); event !== undefined; event = this.#queue.shift())
          this.#hooks.emitted(event)
        const isRegated = this.#isRegated
        this.#isRegated = false
        if (isRegated) this.#hooks.regated?.()
      }
    } finally {
      this.#draining = false
    }
  }
}

/** The conductor of an actor that belongs to somebody else: it leaves the actor as it was found. */
export class AttachedOrchestra extends Orchestra {
  override close(at: number): void {
    this.leave("draining", at)
  }
  override finish(at: number): void {
    this.leave("stopped", at)
    this.send({ type: "breaker.detached", at })
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
      const answer: unknown = typeof inspect === "function" ? inspect(event) : inspect.next?.(event)
      if (answer instanceof Promise) answer.catch(trouble)
    } catch (error) {
      trouble(error)
    }
  }

/** Starts the root actor; the Scope's close stops it with all its children and timers. */
export const conduct = (options: ConductorOptions): Effect.Effect<Conductor, StartFailed, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.suspend(() => {
      const { input, time, hooks, inspect } = options
      const watch =
        inspect &&
        isolated(inspect, (error) => {
          hooks.emitted({ type: "trouble", breaker: input.name, part: "inspect", error, gaveUp: false })
        })
      const clock = machineClock(time, () => orchestra)
      const actor = createActor(breakerLogic, { input, clock, ...(watch && { inspect: watch }) })
      const orchestra = new Orchestra(actor as RootActor, hooks)
      const unlisten = orchestra.listen(() => time.now())
      const stop = () => {
        actor.stop()
        unlisten()
      }
      orchestra.enter(() => actor.start())
      const { failure } = actor.getSnapshot().context
      if (failure === undefined) return Effect.succeed({ orchestra, stop })
      stop()
      return Effect.fail(new StartFailed(input.name, failure.part, failure.error))
    }),
    ({ stop }) => Effect.sync(stop),
  ).pipe(Effect.map(({ orchestra }) => orchestra))
