import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import { InvalidConfig } from "../machines/options.ts"
import type { Facts } from "../machines/vocabulary/facts.ts"
import type { Rejection } from "../machines/vocabulary/rejection.ts"
import { saveAssembly } from "./assemble.ts"
import type { BreakerConfig } from "./BreakerConfig.ts"
import { type BreakersConfig, readConfigOf, readGroupConfig } from "./BreakersConfig.ts"
import type { CallRejected, CallTimedOut } from "./CallRejected.ts"
import { readFacts } from "./callFacts.ts"
import { readManySaved, type SavedBreaker } from "./control-plane/persistence.ts"
import type { GaugeValue } from "./data-plane/observed.ts"
import { addDependency, type Dependable, removeDependency } from "./dependencies.ts"
import {
  AssembledEffectBreaker,
  type EffectBreaker,
  type EffectDependencyOptions,
  graceMs,
  presentClock,
  refuseMakeOptions,
} from "./EffectBreaker.ts"
import { eventsOf, StreamEnds } from "./eventStream.ts"
import type { BreakerEvents, EventName, Listener } from "./events.ts"
import { type BreakersMetrics, readGroup } from "./groupMetrics.ts"
import { type GuardOptions, readGuard } from "./guard.ts"
import { Member } from "./member.ts"
import { type BreakerMetrics, readMetrics } from "./metrics.ts"
import { writerToLogger } from "./observability/effectLogger.ts"
import { logMany, type RedactedLog } from "./observability/logging.ts"
import { observe } from "./observing.ts"
import { promote, reconfigure } from "./reconfiguring.ts"
import { drain } from "./stopping.ts"
import { Table } from "./table.ts"

/** Many breakers, one for each key, for Effect. They live in a Scope: closing it drains them all and stops them. */
export interface EffectBreakers {
  /**
   * The breaker of a key, made when it is first asked for. It may be kept: when its key has been forgotten meanwhile, the next
   * call makes the key known again. Fails for what is no string of 1 to 200 characters, and when the config of this key cannot
   * be used; other keys do not notice.
   */
  get(key: string): Effect.Effect<EffectBreaker, InvalidConfig>
  /** Whether a key is known now. Asking makes nothing known. */
  has(key: string): boolean
  /** Keys that are known now. */
  readonly size: number
  /** Sums over all keys. Reading takes time in proportion to the keys. */
  readonly metrics: Effect.Effect<BreakersMetrics>
  /**
   * The present state as JSON, to be given to `make` as `restore`: of each key whose breaker has more to tell than a few calls. Once
   * stopped: the state in which they stopped.
   */
  readonly save: Effect.Effect<readonly SavedBreaker[]>
  /**
   * Another config for all keys, those known and those to come; fails and changes nothing if it cannot be used for one that is
   * known. Each keeps what `reconfigure` of a breaker keeps.
   */
  reconfigure(config: (key: string) => BreakerConfig): Effect.Effect<void, InvalidConfig>
  /** Events of one name, of all keys, as they happen; `breaker` of an event is the key. For whoever reads slowly the last 10 000 are kept. */
  events<Name extends EventName>(name: Name): Stream.Stream<BreakerEvents[Name]>
  /** Listens to all of them; answers how to stop listening. */
  on<Name extends EventName>(name: Name, listener: Listener<Name>): () => void
}

/** A config that cannot be used fails; all else is a defect. */
const typed = <A>(run: () => A): Effect.Effect<A, InvalidConfig> =>
  Effect.suspend(() => {
    try {
      return Effect.succeed(run())
    } catch (error) {
      if (error instanceof InvalidConfig) return Effect.fail(error)
      throw error
    }
  })

/** The breaker of one key, for Effect. */
class KeyedEffectBreaker extends Member<AssembledEffectBreaker> implements EffectBreaker {
  readonly #ends: StreamEnds

  constructor(ends: StreamEnds, ...made: ConstructorParameters<typeof Member<AssembledEffectBreaker>>) {
    super(...made)
    this.#ends = ends
  }

  guard<A, E, R, A2 = never, E2 = never, R2 = never>(
    effect: Effect.Effect<A, E, R>,
    options?: GuardOptions<A, E, A2, E2, R2>,
  ): Effect.Effect<A | A2, E | E2 | CallRejected | CallTimedOut, R | R2> {
    // A mistake is told where it is made, not where the effect is run.
    readGuard(options)
    return Effect.suspend(() => this.enter().guard(effect, options))
  }
  wouldReject(facts?: Facts): Effect.Effect<Rejection | undefined> {
    if (facts !== undefined) readFacts(facts, this.gate)
    return Effect.suspend(() => this.ask(facts)?.wouldReject(facts) ?? Effect.succeed(undefined))
  }
  get metrics(): Effect.Effect<BreakerMetrics> {
    return Effect.sync(() => this.read(readMetrics))
  }
  get save(): Effect.Effect<SavedBreaker> {
    return Effect.sync(() => this.read(saveAssembly))
  }
  events<Name extends EventName>(name: Name): Stream.Stream<BreakerEvents[Name]> {
    return eventsOf(this, name, this.#ends)
  }
  on<Name extends EventName>(name: Name, listener: Listener<Name>): () => void {
    return this.listen(name, listener)
  }
  observe(gauge: string, value: GaugeValue | undefined): Effect.Effect<void, InvalidConfig> {
    return typed(() => this.change((assembly) => observe(assembly, gauge, value)))
  }
  forceOpen(why: string): Effect.Effect<void> {
    return Effect.suspend(() => this.take().face.forceOpen(why))
  }
  bypass(why: string): Effect.Effect<void> {
    return Effect.suspend(() => this.take().face.bypass(why))
  }
  shadow(why: string): Effect.Effect<void> {
    return Effect.suspend(() => this.take().face.shadow(why))
  }
  release(why: string): Effect.Effect<void> {
    return Effect.suspend(() => this.take().face.release(why))
  }
  reconfigure(config: BreakerConfig): Effect.Effect<void, InvalidConfig> {
    return typed(() => this.change((assembly) => reconfigure(assembly, config)))
  }
  get promote(): Effect.Effect<void, InvalidConfig> {
    return typed(() => this.change(promote))
  }
  addDependency(dependency: Dependable | string, options: EffectDependencyOptions): Effect.Effect<void, InvalidConfig> {
    return typed(() => this.change((assembly) => addDependency(assembly, dependency, options)))
  }
  removeDependency(dependency: Dependable | string): Effect.Effect<void, InvalidConfig> {
    return typed(() => this.change((assembly) => removeDependency(assembly, dependency)))
  }
}

class TabledEffectBreakers implements EffectBreakers {
  readonly #table: Table<AssembledEffectBreaker, KeyedEffectBreaker>
  readonly #ends: StreamEnds

  /** `ends` end the streams of events when all have stopped. */
  constructor(table: Table<AssembledEffectBreaker, KeyedEffectBreaker>, ends: StreamEnds) {
    this.#table = table
    this.#ends = ends
  }

  get(key: string): Effect.Effect<EffectBreaker, InvalidConfig> {
    return typed(() => this.#table.get(key))
  }
  has(key: string): boolean {
    return this.#table.has(key)
  }
  get size(): number {
    return this.#table.size
  }
  reconfigure(config: (key: string) => BreakerConfig): Effect.Effect<void, InvalidConfig> {
    return typed(() => this.#table.reconfigure(readConfigOf(config)))
  }
  get save(): Effect.Effect<readonly SavedBreaker[]> {
    return Effect.sync(() => this.#table.saved.save(this.#table.members))
  }
  get metrics(): Effect.Effect<BreakersMetrics> {
    return Effect.sync(() => readGroup(this.#table))
  }
  events<Name extends EventName>(name: Name): Stream.Stream<BreakerEvents[Name]> {
    return eventsOf(this, name, this.#ends)
  }
  on<Name extends EventName>(name: Name, listener: Listener<Name>): () => void {
    return this.#table.listeners.add(name, listener)
  }
}

export interface MakeBreakersOptions {
  /**
   * Whether transitions, operator acts and troubles go to Effect's Logger; refusals of many keys would drown them. Keys are told in clear,
   * whatever the inspector hides: `redactedLog` of `recloser/inspect` hides them here, too (its style is the Logger's business). Default `true`.
   */
  readonly log?: boolean | RedactedLog | undefined
  /** What `save` returned, perhaps in another process. A key comes back when it becomes known for the first time. */
  readonly restore?: readonly SavedBreaker[] | undefined
}

const stopAll = (table: Table<AssembledEffectBreaker, KeyedEffectBreaker>): Effect.Effect<void> =>
  Effect.suspend(() => {
    const drained = table.halt().map(({ assembly }) => drain(assembly, undefined, graceMs))
    return Effect.andThen(
      Effect.all(drained, { concurrency: "unbounded", discard: true }),
      Effect.sync(() => table.finish()),
    )
  })

/**
 * Many breakers in the present Scope, on the present Clock and Logger. Closing the Scope admits nothing more and waits up to
 * ten seconds for calls in flight. What a key costs, and what happens when there are too many, is said at `createBreakers`.
 */
export const makeMany = (
  config: BreakersConfig = {},
  options: MakeBreakersOptions = {},
): Effect.Effect<EffectBreakers, InvalidConfig, Scope.Scope> =>
  Effect.gen(function* () {
    const read = yield* Effect.try({
      try: () => {
        refuseMakeOptions(options)
        return { ...readGroupConfig(config), saved: readManySaved(options.restore) }
      },
      catch: (error) => error as InvalidConfig,
    })
    const ends = new StreamEnds()
    const table = new Table<AssembledEffectBreaker, KeyedEffectBreaker>({
      ...read,
      clock: yield* presentClock,
      face: (assembly) => new AssembledEffectBreaker(assembly),
      member: (name, recipe, classify, group) => new KeyedEffectBreaker(ends, name, recipe, classify, group),
    })
    const breakers = new TabledEffectBreakers(table, ends)
    const write = yield* writerToLogger
    const { log = true } = options
    if (log) logMany(breakers, write, (log as Partial<RedactedLog>).shown?.())
    yield* Effect.addFinalizer(() =>
      Effect.andThen(
        stopAll(table),
        Effect.sync(() => ends.endAll()),
      ),
    )
    return breakers
  })
