/** What `simulate` does once it is asked: a scenario without a breaker, with the default config, and with the user's. */
import { type BreakerConfig, readConfig } from "../../BreakerConfig.ts"
import { invalid, refuseStrangers } from "../../knownOptions.ts"
import type { ScenarioId, SimulatedWorld, SimulateOptions, Simulation } from "../simulate.ts"
import { perRunColumns } from "./conclusion.ts"
import { evaluate, type Reached } from "./evaluate.ts"
import { none } from "./policies/none.ts"
import { recloser } from "./policies/recloser.ts"
import { separately, spreadOver } from "./policies/separate.ts"
import type { PolicyMaker } from "./policy.ts"
import type { Scenario, Variant } from "./scenario.ts"
import { scenarios } from "./scenarios/catalogue.ts"
import { seedsOf, seedsRule, standardSeeds } from "./seeds.ts"
import { worldOf } from "./simulated.ts"

const known = ["scenario", "config", "only", "seeds", "full", "signal"]

/** Options that have been read: nothing in them can fail any more. */
export interface Asked {
  readonly scenario: Scenario
  readonly variants: readonly Variant[]
  readonly config: BreakerConfig | undefined
  readonly seeds: readonly number[]
  readonly full: boolean
  readonly signal: AbortSignal | undefined
}

function variantsOf({ id, variants }: Scenario, only: unknown): readonly Variant[] {
  if (only === undefined) return variants
  const found = typeof only === "string" ? variants.filter((one) => one.id.includes(only)) : []
  const names = variants.map((one) => `"${one.id}"`).join(", ")
  if (found.length === 0) throw invalid("only", only, `must be part of the name of a world of ${id}: ${names}`)
  return found
}

/** Reads the options once. Throws `InvalidConfig` for what cannot be used. */
export function ask(options: SimulateOptions): Asked {
  refuseStrangers(options, known)
  const { scenario: id, config, only, seeds = standardSeeds, full = false, signal } = options
  const scenario = scenarios.find((one) => one.id === id)
  if (scenario === undefined)
    throw invalid("scenario", id, `must be one of ${scenarios.map((one) => one.id).join(", ")}`)
  const read = seedsOf(seeds)
  if (read === undefined) throw invalid("seeds", seeds, seedsRule)
  if (typeof full !== "boolean") throw invalid("full", full, "must be true or false")
  if (signal !== undefined && typeof signal?.throwIfAborted !== "function")
    throw invalid("signal", signal, "must be an AbortSignal")
  if (config !== undefined) readConfig("service", config)
  return { scenario, variants: variantsOf(scenario, only), config, seeds: read, full, signal }
}

const called = (maker: PolicyMaker, id: string): PolicyMaker => ({ ...maker, id })

/** A policy under the name that the user knows it by, in every way in which the scenario has it used. */
function usesOf({ each, alsoEach }: Scenario, maker: PolicyMaker): readonly PolicyMaker[] {
  const { id } = maker
  const used = maker === none ? maker : called(spreadOver(each)(maker), id)
  return alsoEach === undefined || maker === none ? [used] : [used, separately(maker, alsoEach)]
}

/** Lets the process hear signals and write what it has to, and ends a run that nobody wants any more. */
const pauseFor = (signal: AbortSignal | undefined) => async (): Promise<void> => {
  await new Promise((resolve) => setImmediate(resolve))
  signal?.throwIfAborted()
}

async function reachedIn(
  { scenario, config, seeds, full, signal }: Asked,
  variant: Variant,
): Promise<readonly Reached[]> {
  if (variant.ours !== undefined) {
    const standard = called(variant.ours({}), "default")
    const yours = config === undefined ? [] : [called(variant.ours(config), "yours")]
    const also = Object.values(perRunColumns)
    return evaluate(variant, [none, standard, ...yours], { seeds, full, also, pause: pauseFor(signal), config: {} })
  }
  const common = { seeds, full, also: Object.values(perRunColumns), pause: pauseFor(signal) }
  const standard = called(recloser({}), "default")
  const bare = [none, ...usesOf(scenario, standard)]
  const reached = await evaluate(variant, bare, { ...common, config: {} })
  if (config === undefined) return reached
  const yours = usesOf(scenario, called(recloser(config), "yours"))
  return [...reached, ...(await evaluate(variant, yours, { ...common, config }))]
}

/** World after world, each as soon as it has been run. */
export async function* worldsOf(asked: Asked): AsyncGenerator<SimulatedWorld> {
  const { full, signal } = asked
  for (const variant of asked.variants) {
    yield await worldOf(variant, await reachedIn(asked, variant), { full, pause: pauseFor(signal) })
  }
}

export async function simulateAll(options: SimulateOptions): Promise<Simulation> {
  const asked = ask(options)
  const { title, about, notMeasured } = asked.scenario
  const worlds: SimulatedWorld[] = []
  for await (const world of worldsOf(asked)) worlds.push(world)
  return { scenario: asked.scenario.id as ScenarioId, title, about, notMeasured, seeds: asked.seeds, worlds }
}
