import type { CircuitFinding, Statistics } from "../machines/vocabulary/circuit.ts"
import type { EndpointsFinding } from "../machines/vocabulary/endpoint.ts"
import type { FeaturesFinding } from "../machines/vocabulary/feature.ts"
import type { ForecastFinding } from "../machines/vocabulary/forecast.ts"
import type { Mode } from "../machines/vocabulary/gate.ts"
import type { HealthFinding } from "../machines/vocabulary/health.ts"
import type { Rejection } from "../machines/vocabulary/rejection.ts"
import type { CircuitMoved } from "../machines/vocabulary/signal.ts"
import type { GraphFinding } from "../machines/vocabulary/standing.ts"
import { invalid } from "./knownOptions.ts"
import { Sampler } from "./sampler.ts"

/** What `on` can listen to, by name. `at` is in milliseconds on the breaker's monotonic clock. */
export interface BreakerEvents {
  /** The circuit moved: once per cause, with the rule and the counts it was decided on. */
  readonly transition: Omit<CircuitMoved, "type"> & {
    readonly type: "transition"
    /** Milliseconds until it lets probes through, when it opens and that is known. */
    readonly retryInMs: number | undefined
  }
  /**
   * Calls were refused: the first is told at once, then at most one event a second for the same reason. `count` says how many
   * refusals it stands for: those since the event before. Refusals that nobody listened to are counted in `metrics()` alone.
   */
  readonly refusal: {
    readonly type: "refusal"
    readonly at: number
    readonly breaker: string
    readonly count: number
    readonly rejection: Rejection
  }
  /** The operator acted. */
  readonly mode: {
    readonly type: "mode"
    readonly at: number
    readonly breaker: string
    readonly from: Mode
    readonly to: Mode
    readonly why: string
  }
  /** The operator gave it another config. */
  readonly config: {
    readonly type: "config"
    readonly at: number
    readonly breaker: string
    /** The keys of the parts that came, went, or have other settings now. */
    readonly changed: readonly string[]
  }
  /** The circuit of the candidate moved. Nothing was refused or let in for it. */
  readonly candidate: Omit<CircuitMoved, "type"> & { readonly type: "candidate" }
  /** What the strategy, `prediction`, `recovery`, `discovery` or `health` states of itself changed. */
  readonly finding: {
    readonly type: "finding"
    readonly at: number
    readonly breaker: string
    readonly part: string
    readonly finding: CircuitFinding | ForecastFinding | FeaturesFinding | EndpointsFinding | HealthFinding
  }
  /**
   * Parts of the service, as calls name them by `key`, are held back by themselves, or are no longer. The first is told at once, then
   * at most one event a second: `count` says how many cells it stands for, `key` is the last of them.
   */
  readonly cell: {
    readonly type: "cell"
    readonly at: number
    readonly breaker: string
    readonly to: "condemned" | "freed"
    readonly key: string
    readonly count: number
    /** How many cells are held back now. */
    readonly condemned: number
    /** What the last of them was condemned on, and its probes since. */
    readonly statistics: Statistics
  }
  /** What the breaker's dependencies do to it changed. Only with the strategy `dependency`. */
  readonly dependency: Omit<GraphFinding, "state"> & {
    readonly type: "dependency"
    readonly breaker: string
    /** `clear`: nothing is held back for them · `impaired` · `blocked`. */
    readonly to: GraphFinding["state"]
  }
  /**
   * Something of the user's or of a part threw. It was isolated; the breaker goes on. Of each part the first trouble is told at
   * once, then at most one a second; one that leaves the part out always.
   */
  readonly trouble: {
    readonly type: "trouble"
    readonly at: number
    readonly breaker: string
    /** How many troubles of this part the event stands for: those since the event before. */
    readonly count: number
    /** A part's key, or `classify`, `retryOn`, `schedule`, `listener`, `inspect`, `restore`, `observe`, `breaker`, `breakers`. */
    readonly part: string
    /** What was thrown last. */
    readonly error: unknown
    /** The part crashed too often and was left out. */
    readonly gaveUp: boolean
  }
}

export type EventName = keyof BreakerEvents
export type Listener<Name extends EventName> = (event: BreakerEvents[Name]) => void

/** What one change among cells is made of. */
export type CellFact = Pick<BreakerEvents["cell"], "to" | "key" | "condemned" | "statistics">
type Trouble = Pick<BreakerEvents["trouble"], "error" | "gaveUp">

const eventNames: { readonly [Name in EventName]: true } = {
  transition: true,
  refusal: true,
  mode: true,
  config: true,
  candidate: true,
  finding: true,
  cell: true,
  dependency: true,
  trouble: true,
}

/** A listener of something that never happens would wait for ever. Throws `InvalidConfig`. */
export function checkEvent(name: unknown): void {
  if (typeof name === "string" && Object.hasOwn(eventNames, name)) return
  throw invalid("event", name, `must be one of ${Object.keys(eventNames).join(", ")}`)
}

/** Users' listeners. What one throws reaches neither the caller, nor the machine, nor the other listeners. */
export class Listeners {
  readonly #byName = new Map<string, Set<Listener<never>>>()
  readonly #breaker: string
  /** On the breaker's clock. */
  readonly now: () => number
  readonly #refusals: Sampler<Rejection>
  readonly #cells: Sampler<CellFact>
  /** By part: as many as there are parts. */
  readonly #troubles = new Map<string, Sampler<Trouble>>()

  constructor(breaker: string, now: () => number) {
    this.#breaker = breaker
    this.now = now
    this.#refusals = new Sampler(
      () => this.has("refusal"),
      (rejection, count, at) => this.tell<"refusal">({ type: "refusal", at, breaker, count, rejection }),
      // Every cell has a reason of its own, and an outage of a shard is one story.
      (rejection, before) =>
        rejection.layer !== before.layer || (rejection.layer !== "cell" && rejection.reason !== before.reason),
    )
    this.#cells = new Sampler(
      () => this.has("cell"),
      (cell, count, at) => this.tell<"cell">({ type: "cell", at, breaker, count, ...cell }),
      (cell, before) => cell.to !== before.to,
    )
  }

  add<Name extends EventName>(name: Name, listener: Listener<Name>): () => void {
    checkEvent(name)
    if (typeof listener !== "function") throw invalid("listener", listener, "must be a function")
    // What was counted so far belongs to those who listened.
    this.flush()
    const listeners = this.#byName.get(name) ?? new Set()
    this.#byName.set(name, listeners)
    // A wrapper of its own for each subscription: the same function may listen twice, and leaves once.
    const own: Listener<never> = (event) => (listener as Listener<never>)(event)
    listeners.add(own)
    return () => {
      listeners.delete(own)
    }
  }

  /** Whether nobody listens to anything. */
  get isEmpty(): boolean {
    for (const listeners of this.#byName.values()) if (listeners.size > 0) return false
    return true
  }

  has(name: EventName): boolean {
    return (this.#byName.get(name)?.size ?? 0) > 0
  }

  tell<Name extends EventName>(event: BreakerEvents[Name]): void {
    for (const listener of [...(this.#byName.get(event.type) ?? [])]) {
      try {
        const answer: unknown = (listener as (event: never) => unknown)(event as never)
        // An async listener fails later, and would end the process.
        if (answer instanceof Promise)
          answer.catch((error) => event.type !== "trouble" && this.trouble("listener", error))
      } catch (error) {
        if (event.type !== "trouble") this.trouble("listener", error)
      }
    }
  }

  /** Tells what was counted and not yet told. */
  flush(): void {
    for (const sampler of this.#samplers) sampler.flush(this.now())
  }

  /** Whether what happens now would be counted, not told. */
  hasJustTold(now: number): boolean {
    return this.#samplers.some((sampler) => sampler.hasJustTold(now))
  }

  get #samplers(): readonly Pick<Sampler<unknown>, "flush" | "hasJustTold">[] {
    return [this.#refusals, this.#cells, ...this.#troubles.values()]
  }

  refused(rejection: Rejection, now: number): void {
    this.#refusals.add(rejection, now)
  }

  /** `cells`: how many changed at once. */
  cell(fact: CellFact, cells: number, now: number): void {
    this.#cells.add(fact, now, cells)
  }

  trouble(part: string, error: unknown, gaveUp = false): void {
    const troubles = this.#troubles.get(part) ?? this.#sampleTroubles(part)
    troubles.add({ error, gaveUp }, this.now())
  }

  #sampleTroubles(part: string): Sampler<Trouble> {
    const sampler = new Sampler<Trouble>(
      () => this.has("trouble"),
      (trouble, count, at) =>
        this.tell<"trouble">({ type: "trouble", at, breaker: this.#breaker, count, part, ...trouble }),
      ({ gaveUp }) => gaveUp,
    )
    this.#troubles.set(part, sampler)
    return sampler
  }
}

/** Listeners of one breaker among many: those of all of them hear it too. */
export class MemberListeners extends Listeners {
  readonly #all: Listeners

  constructor(breaker: string, now: () => number, all: Listeners) {
    super(breaker, now)
    this.#all = all
  }

  override has(name: EventName): boolean {
    return super.has(name) || this.#all.has(name)
  }

  override tell<Name extends EventName>(event: BreakerEvents[Name]): void {
    super.tell(event)
    this.#all.tell(event)
  }
}
