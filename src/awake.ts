/** A member of a group that has a data plane: made again from its journal, with actors that are started when they are needed. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { type Gate, leave, type Phase } from "../machines/vocabulary/gate.ts"
import { kinds } from "../machines/vocabulary/outcome.ts"
import type { Layer } from "../machines/vocabulary/rejection.ts"
import type { Report } from "../machines/vocabulary/signal.ts"
import { type Assembly, hooksOf, planeHooks, restoreAssembly, startIn } from "./assemble.ts"
import { type Clock, timekeeperOf, wheelOf } from "./Clock.ts"
import { tryOut } from "./candidate.ts"
import type { Classify } from "./classify.ts"
import { type Conductor, type ConductorHooks, conduct, StartFailed } from "./control-plane/conductor.ts"
import { LazyConductor } from "./control-plane/lazyConductor.ts"
import type { SavedBreaker } from "./control-plane/persistence.ts"
import { type Journal, pastOf, RecordingPlane } from "./data-plane/journal.ts"
import type { PlaneHooks } from "./data-plane/planeHooks.ts"
import { declareAnew } from "./declaring.ts"
import { leaveGraph } from "./dependencyGraph.ts"
import { type Listeners, MemberListeners } from "./events.ts"
import { PressureGauge } from "./pressure.ts"
import type { Recipe } from "./recipe.ts"

/** What members are made of that is the group's. */
export interface Surroundings<Face> {
  readonly clock: Clock
  readonly listeners: Listeners
  readonly idleMs: number
  readonly departures: { refused(layer: Layer): void }
  /** Once the group stops: the phase that it is in, and since when. */
  readonly ending: { readonly phase: Phase; readonly at: number } | undefined
  /** Hears of every gate that actors publish once it is in force. */
  swapped?(gate: Gate): void
  /** What a door shows of an assembly. */
  face(assembly: Assembly, scope: Scope.Closeable): Face
}

/** What a member remembers while it rests. */
export interface Memory {
  readonly name: string
  readonly recipe: Recipe
  readonly classify: Classify<never> | undefined
  /** When it was made. */
  readonly since: number
  readonly journal: Journal | undefined
  /** Calls that the journal has forgotten, in the order of `kinds`. */
  readonly past: readonly number[]
  /** What its retry budget had saved: the journal does not tell what was spent. */
  readonly budget: number | undefined
  /** By the class that calls named, if any did. */
  readonly classes?: RecordingPlane["tally"]["classes"] | undefined
  /** Seeds the chance of its actors, whenever it has some. */
  readonly seed: number
}

/** The gate of a member that has no data plane. */
export const gateAtRest = ({ gate }: Recipe, { ending }: Pick<Surroundings<unknown>, "ending">): Gate =>
  ending === undefined ? gate : leave(gate, ending.phase, ending.at)

/** Whose own counts nobody adds up any more: what it refuses is counted by the group. */
const countedIn = (group: Surroundings<never>["departures"], hooks: PlaneHooks, isGone: () => boolean): PlaneHooks => ({
  ...hooks,
  refused: (rejection, now) => {
    if (isGone()) group.refused(rejection.layer)
    hooks.refused(rejection, now)
  },
})

/** Of a few kinds, none has been forgotten: one list for all. */
export const nobody: readonly number[] = Object.freeze([])

const nothing: ConductorHooks = { swap: () => {}, emitted: () => {} }

export class Awake<Face> {
  readonly assembly: Assembly
  readonly plane: RecordingPlane
  readonly conductor: LazyConductor
  readonly listeners: Listeners
  readonly face: Face
  readonly #scope = Scope.makeUnsafe()
  readonly #memory: Memory
  readonly #around: Surroundings<Face>
  readonly #gauge: PressureGauge

  /** `settled` hears that the last call in flight has settled; `isGone`: the group has taken over what it had counted. */
  constructor(memory: Memory, around: Surroundings<Face>, settled: (isLive: boolean) => void, isGone: () => boolean) {
    const { name, recipe, classify } = memory
    const { clock } = around
    this.#memory = memory
    this.#around = around
    this.listeners = new MemberListeners(name, () => clock.now(), around.listeners)
    const whenIdle = new Set<() => void>()
    const idle = () => {
      if (this.plane.isReplaying) return
      for (const wake of whenIdle) wake()
      settled(this.conductor.isStarted)
    }
    const signal = (report: Report) => this.#hear(report)
    const own = planeHooks(this.listeners, this, { signal, idle, seed: () => memory.seed })
    const hooks = countedIn(around.departures, own, isGone)
    const memoryMs = Math.max(around.idleMs, recipe.windowMs)
    const crowded = () => this.#safely(() => this.conductor.hearAll())
    this.plane = new RecordingPlane(name, wheelOf(clock), hooks, memoryMs, crowded)
    this.#gauge = new PressureGauge(clock, this.plane)
    const end = (phase: Phase, at: number) => this.plane.swap(leave(recipe.gate, phase, at))
    this.conductor = new LazyConductor(() => this.#start(), end)
    const { plane, conductor, listeners } = this
    this.assembly = { name, clock, plane, conductor, listeners, classify, parts: recipe.parts, whenIdle }
    this.assembly.quiet = () => {
      if (plane.inFlight === 0) idle()
    }
    this.face = around.face(this.assembly, this.#scope)
    this.#recall(memory)
    if (around.ending !== undefined) end(around.ending.phase, around.ending.at)
    else if (!recipe.mayRest) this.#safely(() => this.#enliven(recipe))
  }

  /** One that is never quiet has its actors from the start, and whatever is on trial beside them. */
  #enliven({ candidate }: Recipe): void {
    this.conductor.started()
    if (candidate) tryOut(this.assembly, candidate)
    declareAnew(this.assembly)
  }

  get isIdle(): boolean {
    // A call that waits for its next attempt is not in flight, and comes back.
    const { whenIdle, repeatable = 0 } = this.assembly
    const isAtRest = this.plane.inFlight === 0 && this.plane.queue.size === 0 && repeatable === 0
    return isAtRest && this.listeners.isEmpty && whenIdle.size === 0
  }

  /** Whether there is more to say of it than of a new one: it has actors, or has spent of its limits. */
  get isWorthSaving(): boolean {
    return this.conductor.isStarted || this.plane.admission.rates?.isPaid(this.assembly.clock.now()) === false
  }

  /** Whether nothing has been published since it was made, nor any call refused: a journal tells of calls that entered. */
  get isUnmoved(): boolean {
    const { gate, tally } = this.plane
    return gate === this.#memory.recipe.gate && tally.rejected === 0 && tally.gaveUp === 0
  }

  /** Reads what only actors can tell. Those of a quiet breaker are made for it, and let go again. */
  read<A>(look: (assembly: Assembly) => A): A {
    if (this.conductor.isStarted) return look(this.assembly)
    const scope = Scope.makeUnsafe()
    try {
      const conductor = this.#conduct(scope, nothing)
      for (const slice of this.conductor.slices) conductor.send(slice)
      return look({ ...this.assembly, conductor })
    } finally {
      Effect.runSync(Scope.close(scope, Exit.void))
    }
  }

  /** Comes back as it was saved: that is more than a journal can say. */
  restore(saved: SavedBreaker): void {
    this.#safely(() => restoreAssembly(this.assembly, saved))
    this.plane.journal = undefined
  }

  /** What it remembers of itself, should it be let go now. */
  remembered(): Memory {
    const { plane } = this
    // A copy is as long as its content; what has grown by pushes is not.
    const journal = plane.journal?.length === 0 ? undefined : plane.journal?.slice()
    const known = { past: pastOf(plane) ?? nobody, budget: plane.retryBudget?.saved, classes: plane.tally.named }
    return { ...this.#memory, journal, ...known }
  }

  /** Lets go of actors and timers. */
  end(): void {
    leaveGraph(this.assembly)
    this.listeners.flush()
    if (this.assembly.candidate) tryOut(this.assembly, undefined)
    if (this.conductor.isStarted) Effect.runSync(Scope.close(this.#scope, Exit.void))
    else this.plane.stop()
  }

  /** The plane as it was when it was let go. */
  #recall({ recipe, since, journal, past, budget, classes }: Memory): void {
    this.plane.replay(recipe.gate, since, journal ?? [])
    const { tally, retryBudget } = this.plane
    if (retryBudget !== undefined && budget !== undefined) retryBudget.saved = budget
    Object.assign(tally.classes, classes)
    past.forEach((count, index) => {
      tally[kinds[index] ?? "ignored"] += count
      tally.admitted += count
    })
  }

  #conduct(scope: Scope.Closeable, hooks: ConductorHooks): Conductor {
    const { clock } = this.#around
    const { name, recipe, since, seed } = this.#memory
    const input = { name, parts: recipe.parts, metered: true, at: since, seed }
    return startIn(scope, conduct({ input, time: timekeeperOf(clock), hooks }))
  }

  /** Starts the actors. What they first publish is the gate that the plane obeys already, with the window that belongs to it. */
  #start(): Conductor {
    const { plane, listeners } = this
    const told = hooksOf(plane, listeners, this)
    let hooks = nothing
    // Of their own, so that actors that cannot start take nothing with them.
    const scope = Scope.makeUnsafe()
    const conductor = this.#conduct(scope, {
      swap: (gate, decidedAt) => hooks.swap(gate, decidedAt),
      regated: () => hooks.regated?.(),
      emitted: (event) => hooks.emitted(event),
    })
    const end = Effect.andThen(
      Scope.close(scope, Exit.void),
      Effect.sync(() => {
        tryOut(this.assembly, undefined)
        plane.stop()
      }),
    )
    Effect.runSync(Scope.addFinalizer(this.#scope, end))
    hooks = {
      swap: (gate, decidedAt) => {
        plane.journal = undefined
        told.swap(gate, decidedAt)
        this.#around.swapped?.(gate)
      },
      regated: told.regated,
      emitted: told.emitted,
    }
    return conductor
  }

  #hear(report: Report): void {
    if (report.type !== "slice.closed") {
      // An alarm in a replay is one of a shortened past: the next outcome says whether it holds.
      if (this.plane.isReplaying) return
      this.plane.journal = undefined
    }
    this.#safely(() => this.conductor.send(report))
    const pressure = this.conductor.isStarted ? this.#gauge.after(report) : undefined
    if (pressure !== undefined) this.#safely(() => this.conductor.send(pressure))
  }

  /** Actors that cannot start must not end the call whose outcome called for them. */
  #safely(run: () => void): void {
    try {
      run()
    } catch (error) {
      this.listeners.trouble(error instanceof StartFailed ? error.part : "breakers", error, true)
    }
  }
}
