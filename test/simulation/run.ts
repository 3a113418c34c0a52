/** Runs a scenario: every policy in every world, and our own on seeds that nothing was tuned on. */
import type { BreakerConfig } from "../../src/index.ts"
import { evaluate, medianSeed, runOf } from "./evaluate.ts"
import { families, shipped } from "./policies/catalogue.ts"
import { none } from "./policies/none.ts"
import { recloser } from "./policies/recloser.ts"
import { separately } from "./policies/separate.ts"
import type { PolicyMaker } from "./policy.ts"
import type { Drawn, Panel } from "./report/chart.ts"
import { type Outcome, oursIn, type VariantOutcome } from "./report/outcome.ts"
import type { Scenario, Variant } from "./scenario.ts"
import { bestAtRandom, searchableCalls } from "./search.ts"

export interface RunSettings {
  readonly config: BreakerConfig
  readonly seeds: readonly number[]
  /** Empty: our breaker runs on the reported seeds alone. */
  readonly heldOut: readonly number[]
  /** Random settings tried for each package. */
  readonly settings: number
  readonly full: boolean
  isWanted(policy: string): boolean
  isRun(variant: Variant): boolean
  /** Told what is being run. */
  progress(what: string): void
}

/** What was best for a package in the world that was searched last, for worlds that are too large to search. */
type Found = Map<string, PolicyMaker>

async function bests(
  variant: Variant,
  { settings, isWanted }: RunSettings,
  found: Found,
): Promise<readonly PolicyMaker[]> {
  if (settings === 0) return []
  const makers: PolicyMaker[] = []
  for (const family of families.filter(({ shipped }) => isWanted(shipped.id))) {
    const { id } = family.shipped
    if (variant.calls <= searchableCalls || !found.has(id)) found.set(id, await bestAtRandom(family, variant, settings))
    const best = found.get(id)
    if (best !== undefined) makers.push(best)
  }
  return makers
}

/** One of a policy for everybody, or for each client or key, as the scenario has it. */
const spreadOver =
  ({ each }: Scenario) =>
  (maker: PolicyMaker): PolicyMaker =>
    each === undefined || maker === none ? maker : separately(maker, each)

async function variantOutcome(
  scenario: Scenario,
  variant: Variant,
  settings: RunSettings,
  found: Found,
): Promise<VariantOutcome> {
  const { config, seeds, heldOut, full, isWanted, progress } = settings
  progress(`${scenario.id}: ${variant.id}`)
  const spread = spreadOver(scenario)
  const others = [...(scenario.alsoOurs?.(recloser(config)) ?? []), ...(scenario.also ?? [])]
  const standing = [...shipped(config), ...others].filter(({ id }) => isWanted(id))
  const makers = [...standing, ...(await bests(variant, settings, found))].map(spread)
  const reached = await evaluate(variant, makers, { seeds, full, config })
  const unseen = heldOut.length > 0 && isWanted("recloser") ? [spread(recloser(config))] : []
  const [other] = await evaluate(variant, unseen, { seeds: heldOut, full, config })
  return { variant, reached, heldOut: other }
}

export async function runScenario(
  scenario: Scenario,
  settings: RunSettings,
): Promise<Pick<Outcome, "scenario" | "variants">> {
  const found: Found = new Map()
  const variants: VariantOutcome[] = []
  for (const variant of scenario.variants.filter((one) => settings.isRun(one))) {
    variants.push(await variantOutcome(scenario, variant, settings, found))
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
