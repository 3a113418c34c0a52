/**
 * The best of many random settings of a library for one variant: all on one seed, the best ten on five. Best is who comes
 * nearest to the goals of the variant. The seeds are those that everything here was tuned on, never the held-out ones.
 */
import type { BreakerConfig } from "../../src/index.ts"
import { distance, evaluate } from "../../src/testing/simulation/evaluate.ts"
import type { PolicyMaker } from "../../src/testing/simulation/policy.ts"
import { stream } from "../../src/testing/simulation/random.ts"
import type { Variant } from "../../src/testing/simulation/scenario.ts"
import type { Family } from "./policies/catalogue.ts"

const heats = [
  { seeds: [1], keep: 10 },
  { seeds: [1, 2, 3, 4, 5], keep: 1 },
] as const

/** Above this many calls a run, what was best in another variant is taken instead, where there is one. */
export const searchableCalls = 100_000

export interface Search {
  readonly variant: Variant
  /** Random settings to try. */
  readonly settings: number
  readonly config: BreakerConfig
  /** How many of a policy there are, and whose: settings are tried as they will be used. */
  readonly spread: (maker: PolicyMaker) => PolicyMaker
}

/** The best settings of a package, and how they were come by. */
export interface Found {
  readonly maker: PolicyMaker
  /** How many settings were tried. */
  readonly tried: number
  /** The variant that they were tried in. */
  readonly world: string
}

async function best(
  { variant, config }: Search,
  makers: readonly PolicyMaker[],
  { seeds, keep }: { readonly seeds: readonly number[]; readonly keep: number },
): Promise<readonly PolicyMaker[]> {
  const reached = await evaluate(variant, makers, { seeds, full: false, config })
  const ranked = reached.map((one, index) => ({ maker: one.maker, index, far: distance(variant.goals, one) }))
  ranked.sort((a, b) => a.far - b.far || a.index - b.index)
  return ranked.slice(0, keep).map(({ maker }) => maker)
}

export async function bestAtRandom(family: Family, search: Search): Promise<Found> {
  const { variant, settings, spread } = search
  const random = stream(settings, `settings of ${family.shipped.id}`)
  const id = `${family.shipped.id}, best of ${settings}`
  const drawn = Array.from({ length: settings }, () => spread(family.atRandom(random, id)))
  let makers: readonly PolicyMaker[] = drawn
  for (const heat of heats) makers = await best(search, makers, heat)
  const [winner] = makers
  if (winner === undefined) throw new Error("no setting was drawn")
  return { maker: winner, tried: drawn.length, world: variant.id }
}
