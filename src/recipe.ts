/** What breakers of the same configuration share: their parts, read once, and the gate that they begin with. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { describeError, InvalidConfig, type Problem, show } from "../machines/options.ts"
import type { CircuitLine, Gate } from "../machines/vocabulary/gate.ts"
import { startIn } from "./assemble.ts"
import { type ReadConfig, readConfig } from "./BreakerConfig.ts"
import { type Clock, timekeeperOf } from "./Clock.ts"
import type { Classify } from "./classify.ts"
import { conduct } from "./control-plane/conductor.ts"
import { graphPart } from "./dependencyNode.ts"

export interface Recipe {
  readonly parts: ReadConfig["parts"]
  readonly candidate: ReadConfig["candidate"]
  /** The gate of a breaker that has just started. */
  readonly gate: Gate
  /** Whether a breaker may do without its actors while it is quiet: nothing of it waits, and every call may enter. */
  readonly mayRest: boolean
  /** How long the window remembers, in milliseconds. */
  readonly windowMs: number
  /** How many breakers are made of it now. */
  breakers: number
}

/** What a breaker is made of: what it shares, and what is its own. */
export interface Made {
  readonly recipe: Recipe
  readonly classify: Classify<never> | undefined
}

/** Recipes that no breaker uses are looked for from this many on. */
const spare = 64
/** Of a config that is wrong for many keys these many problems are told. */
const mostProblems = 20

export class Recipes {
  readonly #clock: Clock
  readonly #config: (key: string) => unknown
  readonly #known = new Map<string, Recipe>()
  readonly #identities = new WeakMap<object, number>()
  #serial = 0
  #sweepAt = spare

  constructor(clock: Clock, config: (key: string) => unknown) {
    this.#clock = clock
    this.#config = config
  }

  /** The recipe of a key, asked anew each time: what the user's function answers may change. Throws `InvalidConfig`. */
  of(key: string): Made {
    const { parts, candidate, classify } = readFor(key, this.#config)
    const settings = [...parts, candidate].map((part) => [part?.plug.key, part?.settings])
    const text = JSON.stringify(settings, (_, value) => this.#written(value))
    const known = this.#known.get(text)
    if (known !== undefined) return { recipe: known, classify }
    if (this.#known.size >= this.#sweepAt) this.#dropUnused()
    const recipe = cook(parts, candidate, this.#clock)
    this.#known.set(text, recipe)
    return { recipe, classify }
  }

  /** The recipes of many keys. Throws `InvalidConfig` with the problems of some, if it cannot be had for one. */
  ofAll<Named extends { readonly name: string }>(those: Iterable<Named>): readonly (readonly [Named, Made])[] {
    const problems: Problem[] = []
    const made: [Named, Made][] = []
    for (const one of those) {
      try {
        made.push([one, this.of(one.name)])
      } catch (error) {
        if (!(error instanceof InvalidConfig)) throw error
        problems.push(...error.problems)
        if (problems.length >= mostProblems) break
      }
    }
    if (problems.length > 0) throw new InvalidConfig(problems.slice(0, mostProblems))
    return made
  }

  /** What JSON cannot say; functions are told apart by identity. */
  #written(value: unknown): unknown {
    if (typeof value === "number" && !Number.isFinite(value)) return `number ${value}`
    if (typeof value !== "function") return value
    const known = this.#identities.get(value) ?? this.#serial++
    this.#identities.set(value, known)
    return `function ${known}`
  }

  #dropUnused(): void {
    for (const [text, { breakers }] of this.#known) if (breakers === 0) this.#known.delete(text)
    // Where each key has a config of its own, nobody looks at all of them for each.
    this.#sweepAt = Math.max(spare, 2 * this.#known.size)
  }
}

/** Asks for the config of a key and reads it. Every problem names the key. */
function readFor(key: string, config: (key: string) => unknown): ReadConfig {
  const path = `config(${show(key)})`
  let given: unknown
  try {
    given = config(key)
  } catch (error) {
    throw new InvalidConfig([{ path, value: describeError(error), rule: "must answer a config, and threw" }])
  }
  try {
    return refuseWatchers(readConfig(key, given))
  } catch (error) {
    if (!(error instanceof InvalidConfig)) throw error
    throw new InvalidConfig(error.problems.map((problem) => at(path, problem)))
  }
}

/** A breaker of many rests while it is quiet; one that listens to a provider, or checks a service, never does. */
function refuseWatchers(read: ReadConfig): ReadConfig {
  const watching = read.parts.filter(({ plug }) => plug.key === "discovery" || plug.key === "health")
  if (watching.length === 0) return read
  const rule = "is for a breaker of its own, made by createBreaker: one of many rests while it is quiet"
  throw new InvalidConfig(watching.map(({ plug }) => ({ path: `config.${plug.key}`, value: "options", rule })))
}

const at = (path: string, problem: Problem): Problem => ({
  ...problem,
  path: problem.path.replace(/^config/, () => path),
})

/** How long a call leaves a trace in what is watched. What is learned of a service is never quite forgotten. */
function memoryOf(line: CircuitLine | undefined): number {
  if (line === undefined) return 0
  if (line.kind === "sequential") return Number.POSITIVE_INFINITY
  return line.window.type === "time" ? line.window.durationMs : line.window.maxAgeMs
}

/** Starts the actors of such a breaker once, to see the gate that they publish, and stops them again. */
export function cook(parts: Recipe["parts"], candidate: Recipe["candidate"], clock: Clock): Recipe {
  const scope = Scope.makeUnsafe()
  let waits = false
  const time = {
    ...timekeeperOf(clock),
    after: () => {
      waits = true
      return () => {}
    },
  }
  const input = { name: "recipe", parts, metered: true, at: clock.now(), seed: clock.seed() }
  const { root } = startIn(scope, conduct({ input, time, hooks: { swap: () => {}, emitted: () => {} } }))
  const { gate } = root.getSnapshot().context
  Effect.runSync(Scope.close(scope, Exit.void))
  const { share, probes } = gate.restriction
  const mayRest =
    !waits &&
    candidate === undefined &&
    graphPart(parts) === undefined &&
    gate.enforcement === "on" &&
    share >= 1 &&
    !Number.isFinite(probes)
  return { parts, candidate, gate, mayRest, windowMs: memoryOf(gate.lines.circuit), breakers: 0 }
}
