/** Runs a scenario: every policy in every world, and our own on seeds that nothing was tuned on. */
import type { BreakerConfig } from "../../src/index.ts"
import { runWorld } from "../../src/testing/simulation/engine.ts"
import { evaluate, medianSeed } from "../../src/testing/simulation/evaluate.ts"
import { none } from "../../src/testing/simulation/policies/none.ts"
import { recloser } from "../../src/testing/simulation/policies/recloser.ts"
import { separately, spreadOver } from "../../src/testing/simulation/policies/separate.ts"
import type { PolicyMaker } from "../../src/testing/simulation/policy.ts"
import type { Scenario, Variant } from "../../src/testing/simulation/scenario.ts"
import type { World } from "../../src/testing/simulation/world.ts"
import type { Ledger } from "./ledger.ts"
import { alsoIn, families, shipped } from "./policies/catalogue.ts"
import { layersWithoutBreakers } from "./policies/layers.ts"
import type { Drawn, Panel } from "./report/chart.ts"
import { type Outcome, oursIn, type VariantOutcome } from "./report/outcome.ts"
import { bestAtRandom, type Found, type Search, searchableCalls } from "./search.ts"

export interface RunSettings {
  readonly config: BreakerConfig
  readonly seeds: readonly number[]
  /** Empty: our breaker runs on the reported seeds alone. */
  readonly heldOut: readonly number[]
  /** Random settings tried for each package. */
  readonly settings: number
  /** Where the best of them is known from earlier runs. Without it they are all tried. */
  readonly ledger?: Ledger | undefined
  readonly full: boolean
  isWanted(policy: string): boolean
  isRun(variant: Variant): boolean
  /** Told what is being run. */
  progress(what: string): void
}

/** What was best for a package in the world that was searched last, for worlds that are too large to search. */
type Known = Map<string, Found>

type Spread = Search["spread"]

/** The ways in which policies are used in a scenario. */
const spreadsOf = ({ each, alsoEach }: Scenario): readonly Spread[] =>
  [each, ...(alsoEach === undefined ? [] : [alsoEach])].map(spreadOver)

async function bests(
  scenario: Scenario,
  variant: Variant,
  { settings, config, ledger, isWanted, progress }: RunSettings,
  known: Known,
): Promise<readonly Found[]> {
  if (settings === 0) return []
  const all: Found[] = []
  for (const spread of spreadsOf(scenario)) {
    for (const family of families.filter(({ shipped }) => isWanted(shipped.id))) {
      const { id } = spread(family.shipped)
      const earlier = variant.calls <= searchableCalls ? undefined : known.get(id)
      const search: Search = { scenario: scenario.id, variant, settings, config, spread, ledger, progress }
      const best = earlier ?? (await bestAtRandom(family, search))
      known.set(id, best)
      all.push(best)
    }
  }
  return all
}

/** The policies that are run in a world as they ship, ours first. Where calls pass many layers, others make sense than elsewhere. */
export function standingIn(
  { id, each, alsoEach }: Scenario,
  variant: Variant,
  { config, isWanted }: Pick<RunSettings, "config" | "isWanted">,
): readonly PolicyMaker[] {
  const layered = variant.ours?.(config)
  if (layered !== undefined) return [layered, none, ...layersWithoutBreakers].filter((one) => isWanted(one.id))
  const alsoOurs = alsoEach === undefined ? [] : [separately(recloser(config), alsoEach)]
  const all = [...shipped(config), ...alsoOurs, ...(alsoIn[id] ?? [])]
  return all.filter((one) => isWanted(one.id)).map(spreadOver(each))
}

async function layeredOutcome(
  variant: Variant,
  ours: PolicyMaker,
  makers: readonly PolicyMaker[],
  { config, seeds, heldOut, full, isWanted }: RunSettings,
): Promise<VariantOutcome> {
  const reached = await evaluate(variant, makers, { seeds, full, config })
  const unseen = heldOut.length > 0 && isWanted(ours.id) ? [ours] : []
  const [other] = await evaluate(variant, unseen, { seeds: heldOut, full, config })
  return { variant, reached, found: [], heldOut: other }
}

async function variantOutcome(
  scenario: Scenario,
  variant: Variant,
  settings: RunSettings,
  known: Known,
): Promise<VariantOutcome> {
  const { config, seeds, heldOut, full, isWanted, progress } = settings
  progress(`${scenario.id}: ${variant.id}`)
  const ours = variant.ours?.(config)
  const standing = standingIn(scenario, variant, settings)
  if (ours !== undefined) return layeredOutcome(variant, ours, standing, settings)
  const spread = spreadOver(scenario.each)
  const found = await bests(scenario, variant, settings, known)
  const makers = [...standing, ...found.map(({ maker }) => maker)]
  const reached = await evaluate(variant, makers, { seeds, full, config })
  const unseen = heldOut.length > 0 && isWanted("recloser") ? [spread(recloser(config))] : []
  const [other] = await evaluate(variant, unseen, { seeds: heldOut, full, config })
  return { variant, reached, found, heldOut: other }
}

export async function runScenario(
  scenario: Scenario,
  settings: RunSettings,
): Promise<Pick<Outcome, "scenario" | "variants">> {
  const known: Known = new Map()
  const variants: VariantOutcome[] = []
  for (const variant of scenario.variants.filter((one) => settings.isRun(one))) {
    variants.push(await variantOutcome(scenario, variant, settings, known))
  }
  return { scenario, variants }
}

const hasStates = ({ kind, id }: PolicyMaker): boolean => kind !== "none" && !/throttle|limit/.test(id)

/** The runs that a chart shows: those of the median seed of our breaker, the best settings left out. */
export async function panelOf({ variant, reached }: VariantOutcome, full: boolean): Promise<Panel | undefined> {
  const ours = oursIn(reached)
  if (ours === undefined) return undefined
  const seed = medianSeed(variant, ours)
  const makers = reached.map(({ maker }) => maker).filter((maker) => maker !== none && !maker.id.includes("best of"))
  return drawnPanel(variant, seed, makers, full)
}

/** Whoever has not been answered until then was not answered in time. */
const spareMs = 10_000

/** What happens after the last second that a chart shows changes nothing in it. */
function shownOf({ shown, world }: Variant, seed: number, full: boolean): World {
  const whole = world(seed, full)
  const horizonMs = Math.min(whole.horizonMs, Math.ceil(shown[1]) * 1000 + 2 * whole.patienceMs + spareMs)
  return { ...whole, horizonMs }
}

/** The runs of these policies, and the one without any, as far as a chart shows them. */
export async function drawnPanel(
  variant: Variant,
  seed: number,
  makers: readonly PolicyMaker[],
  full: boolean,
): Promise<Panel> {
  const run = (maker: PolicyMaker) => runWorld(shownOf(variant, seed, full), maker, seed)
  const runs: Drawn[] = []
  for (const maker of makers) runs.push({ id: maker.id, recording: await run(maker), hasStates: hasStates(maker) })
  return { variant, seed, runs, unprotected: await run(none) }
}
