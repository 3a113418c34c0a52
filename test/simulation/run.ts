/** Runs a scenario: every policy in every world, and our own on seeds that nothing was tuned on. */
import type { BreakerConfig } from "../../src/index.ts"
import { evaluate, medianSeed, runOf } from "../../src/testing/simulation/evaluate.ts"
import { none } from "../../src/testing/simulation/policies/none.ts"
import { recloser } from "../../src/testing/simulation/policies/recloser.ts"
import { separately, spreadOver } from "../../src/testing/simulation/policies/separate.ts"
import type { PolicyMaker } from "../../src/testing/simulation/policy.ts"
import type { Scenario, Variant } from "../../src/testing/simulation/scenario.ts"
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

/** Where calls pass many layers, other policies make sense than elsewhere. */
async function layeredOutcome(
  variant: Variant,
  ours: PolicyMaker,
  { config, seeds, heldOut, full, isWanted }: RunSettings,
): Promise<VariantOutcome> {
  const makers = [ours, none, ...layersWithoutBreakers].filter(({ id }) => isWanted(id))
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
  const { each, alsoEach } = scenario
  const ours = variant.ours?.(config)
  if (ours !== undefined) return layeredOutcome(variant, ours, settings)
  const spread = spreadOver(each)
  const alsoOurs = alsoEach === undefined ? [] : [separately(recloser(config), alsoEach)]
  const others = [...alsoOurs, ...(alsoIn[scenario.id] ?? [])]
  const standing = [...shipped(config), ...others].filter(({ id }) => isWanted(id))
  const found = await bests(scenario, variant, settings, known)
  const makers = [...standing.map(spread), ...found.map(({ maker }) => maker)]
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
  const runs: Drawn[] = []
  for (const { maker } of reached) {
    if (maker === none || maker.id.includes("best of")) continue
    runs.push({ id: maker.id, recording: await runOf(variant, maker, seed, full), hasStates: hasStates(maker) })
  }
  return { variant, seed, runs, unprotected: await runOf(variant, none, seed, full) }
}
