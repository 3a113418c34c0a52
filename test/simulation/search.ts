/**
 * The best of many random settings of a library for one variant: all on one seed, the best ten on five. Best is who comes
 * nearest to the goals of the variant. The seeds are those that everything here was tuned on, never the held-out ones.
 */
import { distance, evaluate } from "./evaluate.ts"
import type { Family } from "./policies/catalogue.ts"
import type { PolicyMaker } from "./policy.ts"
import { stream } from "./random.ts"
import type { Variant } from "./scenario.ts"

const heats = [
  { seeds: [1], keep: 10 },
  { seeds: [1, 2, 3, 4, 5], keep: 1 },
] as const

/** Above this many calls a run, what was best in another variant is taken instead. */
export const searchableCalls = 60_000

async function best(
  variant: Variant,
  makers: readonly PolicyMaker[],
  { seeds, keep }: { readonly seeds: readonly number[]; readonly keep: number },
): Promise<readonly PolicyMaker[]> {
  const reached = await evaluate(variant, makers, { seeds, full: false, config: {} })
  const ranked = reached.map((one, index) => ({ maker: one.maker, index, far: distance(variant.goals, one) }))
  ranked.sort((a, b) => a.far - b.far || a.index - b.index)
  return ranked.slice(0, keep).map(({ maker }) => maker)
}

export async function bestAtRandom(family: Family, variant: Variant, settings: number): Promise<PolicyMaker> {
  const random = stream(settings, `settings of ${family.shipped.id}`)
  const id = `${family.shipped.id}, best of ${settings}`
  let makers: readonly PolicyMaker[] = Array.from({ length: settings }, () => family.atRandom(random, id))
  for (const heat of heats) makers = await best(variant, makers, heat)
  const [winner] = makers
  if (winner === undefined) throw new Error("no setting was drawn")
  return winner
}
