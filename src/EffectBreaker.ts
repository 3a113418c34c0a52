import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import type { InvalidConfig } from "../machines/options.ts"
import type { Circuit } from "../machines/vocabulary/circuit.ts"
import { type Facts, noFacts } from "../machines/vocabulary/facts.ts"
import type { Mode, Phase } from "../machines/vocabulary/gate.ts"
import type { Rejection } from "../machines/vocabulary/rejection.ts"
import { type Assembly, assemble, readAll, saveAssembly } from "./assemble.ts"
import type { BreakerConfig } from "./BreakerConfig.ts"
import type { CallRejected, CallTimedOut } from "./CallRejected.ts"
import { clockOfEffect, type Clock as RecloserClock, systemClock } from "./Clock.ts"
import { readFacts } from "./callFacts.ts"
import type { StartFailed } from "./control-plane/conductor.ts"
import type { SavedBreaker } from "./control-plane/persistence.ts"
import type { GaugeValue } from "./data-plane/observed.ts"
import {
  addDependency,
  type Dependable,
  type DependencyOptions,
  ownAssembly,
  removeDependency,
} from "./dependencies.ts"
import { eventsOf, StreamEnds } from "./eventStream.ts"
import type { BreakerEvents, EventName, Listener } from "./events.ts"
import { type GuardOptions, guardWith } from "./guard.ts"
import { invalid, refuseStrangers } from "./knownOptions.ts"
import { type BreakerMetrics, readMetrics } from "./metrics.ts"
import { writerToLogger } from "./observability/effectLogger.ts"
import { logEvents, type RedactedLog } from "./observability/logging.ts"
import { observe } from "./observing.ts"
import { openStream } from "./providedStream.ts"
import { promote, reconfigure } from "./reconfiguring.ts"
import { drain } from "./stopping.ts"

/** One breaker, for Effect. It lives in a Scope: closing it drains the breaker and stops it. */
export interface EffectBreaker {
  readonly name: string
  readonly phase: Phase
  readonly circuit: Circuit
  readonly mode: Mode
  /** The effect, protected. Fails with its own errors, `CallRejected` or `CallTimedOut`; runs in the caller's fiber. */
  guard<A, E, R, A2 = never, E2 = never, R2 = never>(
    effect: Effect.Effect<A, E, R>,
    options?: GuardOptions<A, E, A2, E2, R2>,
  ): Effect.Effect<A | A2, E | E2 | CallRejected | CallTimedOut, R | R2>
  /** Why a call would be rejected now; nothing is taken and nothing is counted. */
  wouldReject(facts?: Facts): Effect.Effect<Rejection | undefined>
  readonly metrics: Effect.Effect<BreakerMetrics>
  /** The present state as JSON, to be given to `make` of the same name as `restore`; once stopped, the state in which it stopped. */
  readonly save: Effect.Effect<SavedBreaker>
  /** Events of one name as they happen, until the breaker has stopped. For whoever reads slowly the last 10 000 are kept. */
  events<Name extends EventName>(name: Name): Stream.Stream<BreakerEvents[Name]>
  /** Listens; answers how to stop listening. */
  on<Name extends EventName>(name: Name, listener: Listener<Name>): () => void
  /** What a gauge of yours shows now, for `prediction`: a number, or a function that is asked once a slice. See `Breaker`. */
  observe(gauge: string, value: GaugeValue | undefined): Effect.Effect<void, InvalidConfig>
  /** Refuses everything until released. */
  forceOpen(why: string): Effect.Effect<void>
  /** Lets everything pass, untimed, and learns nothing, until released. */
  bypass(why: string): Effect.Effect<void>
  /** Decides and reports, but refuses nothing and times nothing out, until released. */
  shadow(why: string): Effect.Effect<void>
  /** Back to what the evidence supports: after `forceOpen` that is half-open. */
  release(why: string): Effect.Effect<void>
  /** Takes another config, whole; fails and changes nothing if it cannot be used. Circuit, waits and learned values are kept. */
  reconfigure(config: BreakerConfig): Effect.Effect<void, InvalidConfig>
  /** The candidate takes over from the strategy in force, where that one stands; fails when there is none. */
  readonly promote: Effect.Effect<void, InvalidConfig>
  /**
   * From now on this breaker depends on another, or on whoever is called so. Only with the strategy `dependency`. Fails with
   * `InvalidConfig` for one that it depends on already, and for one that depends on it: a cycle is refused by its names.
   */
  addDependency(dependency: Dependable | string, options: EffectDependencyOptions): Effect.Effect<void, InvalidConfig>
  /** Depends on it no longer. Fails with `InvalidConfig` for one that is no dependency. */
  removeDependency(dependency: Dependable | string): Effect.Effect<void, InvalidConfig>
}

/** How a breaker depends on another. */
export interface EffectDependencyOptions extends Omit<DependencyOptions, "fallback"> {
  /** Answers, in the place of effects that are refused because of this dependency and have no fallback of their own. */
  readonly fallback?: ((rejection: CallRejected) => Effect.Effect<unknown, unknown>) | undefined
}

const change = (run: () => void): Effect.Effect<void, InvalidConfig> =>
  Effect.try({ try: run, catch: (error) => error as InvalidConfig })

export class AssembledEffectBreaker implements EffectBreaker {
  readonly #assembly: Assembly
  readonly #ends = new StreamEnds()

  constructor(assembly: Assembly) {
    this.#assembly = assembly
  }

  get [ownAssembly](): Assembly {
    return this.#assembly
  }
  get name(): string {
    return this.#assembly.name
  }
  get phase(): Phase {
    return this.#assembly.plane.gate.phase
  }
  get circuit(): Circuit {
    return this.#assembly.plane.gate.circuit
  }
  get mode(): Mode {
    return this.#assembly.plane.gate.mode
  }

  guard<A, E, R, A2 = never, E2 = never, R2 = never>(
    effect: Effect.Effect<A, E, R>,
    options?: GuardOptions<A, E, A2, E2, R2>,
  ): Effect.Effect<A | A2, E | E2 | CallRejected | CallTimedOut, R | R2> {
    return guardWith(this.#assembly, effect, options)
  }

  wouldReject(facts: Facts = noFacts): Effect.Effect<Rejection | undefined> {
    if (facts !== noFacts) readFacts(facts, this.#assembly.plane.gate)
    return Effect.sync(() => this.#assembly.plane.wouldReject(this.#assembly.clock.now(), facts))
  }
  readonly metrics: Effect.Effect<BreakerMetrics> = Effect.sync(() => readMetrics(this.#assembly))
  readonly save: Effect.Effect<SavedBreaker> = Effect.sync(() => saveAssembly(this.#assembly))

  events<Name extends EventName>(name: Name): Stream.Stream<BreakerEvents[Name]> {
    return eventsOf(this, name, this.#ends)
  }

  endEvents(): void {
    this.#ends.endAll()
  }

  on<Name extends EventName>(name: Name, listener: Listener<Name>): () => void {
    return this.#assembly.listeners.add(name, listener)
  }

  observe(gauge: string, value: GaugeValue | undefined): Effect.Effect<void, InvalidConfig> {
    return change(() => observe(this.#assembly, gauge, value))
  }

  forceOpen(why: string): Effect.Effect<void> {
    return this.#command("operator.forceOpen", why)
  }
  bypass(why: string): Effect.Effect<void> {
    return this.#command("operator.bypass", why)
  }
  shadow(why: string): Effect.Effect<void> {
    return this.#command("operator.shadow", why)
  }
  release(why: string): Effect.Effect<void> {
    return this.#command("operator.release", why)
  }

  reconfigure(config: BreakerConfig): Effect.Effect<void, InvalidConfig> {
    return Effect.try({
      try: () => reconfigure(this.#assembly, config),
      catch: (error) => error as InvalidConfig,
    })
  }

  readonly promote: Effect.Effect<void, InvalidConfig> = Effect.try({
    try: () => promote(this.#assembly),
    catch: (error) => error as InvalidConfig,
  })
  addDependency(dependency: Dependable | string, options: EffectDependencyOptions): Effect.Effect<void, InvalidConfig> {
    return change(() => addDependency(this.#assembly, dependency, options))
  }
  removeDependency(dependency: Dependable | string): Effect.Effect<void, InvalidConfig> {
    return change(() => removeDependency(this.#assembly, dependency))
  }

  #command(type: `operator.${"forceOpen" | "bypass" | "shadow" | "release"}`, why: string): Effect.Effect<void> {
    return Effect.sync(() =>
      this.#assembly.conductor.send({ type, at: this.#assembly.clock.now(), why: String(why ?? "no reason given") }),
    )
  }
}

export interface MakeOptions {
  /**
   * Whether transitions, operator acts, troubles and sampled refusals go to Effect's Logger. Keys, features and endpoints are told in
   * clear, whatever the inspector hides: `redactedLog` of `recloser/inspect` hides them here, too (its style is the Logger's business).
   * Logins and queries of addresses never are. Default `true`.
   */
  readonly log?: boolean | RedactedLog | undefined
  /** What `save` returned, perhaps in another process. */
  readonly restore?: SavedBreaker | undefined
}

/** Throws `InvalidConfig` for options that are none, and for a log that is none. */
export function refuseMakeOptions(options: { readonly log?: unknown }): void {
  refuseStrangers(options, ["log", "restore"])
  const { log = true } = options
  if (typeof log !== "boolean" && typeof (log as RedactedLog | null)?.shown !== "function")
    throw invalid("options.log", log, "must be true or false, or what redactedLog made")
}

/** How long calls in flight may still run when the Scope closes. */
export const graceMs = 10_000

/** One clock of ours for each of Effect's: breakers on one clock share its timers, and find each other by name. */
const clocks = new WeakMap<Clock.Clock, RecloserClock>()

/** The clock of the present fiber: under TestClock a breaker sees the test's time. */
export const presentClock: Effect.Effect<RecloserClock> = Effect.gen(function* () {
  const current = yield* Clock.Clock
  if (current === Context.get(Context.empty(), Clock.Clock)) return systemClock
  const known = clocks.get(current) ?? clockOfEffect(current, yield* Random.nextInt)
  clocks.set(current, known)
  return known
})

/**
 * A breaker in the present Scope, on the present Clock and Logger. Closing the Scope admits nothing more and waits up to ten
 * seconds for calls in flight.
 */
export const make = (
  name: string,
  config: BreakerConfig = {},
  options: MakeOptions = {},
): Effect.Effect<EffectBreaker, InvalidConfig | StartFailed, Scope.Scope> =>
  Effect.gen(function* () {
    const read = yield* Effect.try({
      try: () => {
        refuseMakeOptions(options)
        return readAll(name, config, options.restore)
      },
      catch: (error) => error as InvalidConfig,
    })
    const assembly = yield* assemble(read, { clock: yield* presentClock, openStream })
    const breaker = new AssembledEffectBreaker(assembly)
    const write = yield* writerToLogger
    const { log = true } = options
    const stopped = log ? logEvents(breaker, write, (log as Partial<RedactedLog>).shown?.(assembly)) : undefined
    const left = Effect.sync(() => {
      stopped?.()
      breaker.endEvents()
    })
    yield* Effect.addFinalizer(() => Effect.andThen(drain(assembly, undefined, graceMs), left))
    return breaker
  })
