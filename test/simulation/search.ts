/**
 * The best of many random settings of a library for one variant: all on one seed, the best ten on five. Best is who comes
 * nearest to the goals of the variant. The seeds are those that everything here was tuned on, never the held-out ones.
 */
import { createHash } from "node:crypto"
import type { BreakerConfig } from "../../src/index.ts"
import { distance, evaluate, type Reached } from "../../src/testing/simulation/evaluate.ts"
import type { PolicyMaker } from "../../src/testing/simulation/policy.ts"
import { stream } from "../../src/testing/simulation/random.ts"
import type { Variant } from "../../src/testing/simulation/scenario.ts"
import type { Entry, Ledger, Searched } from "./ledger.ts"
import type { Family } from "./policies/catalogue.ts"

interface Heat {
  readonly seeds: readonly number[]
  readonly keep: number
}

const first: Heat = { seeds: [1], keep: 10 }
const last: Heat = { seeds: [1, 2, 3, 4, 5], keep: 1 }

/** Above this many calls a run, what was best in another variant is taken instead, where there is one. */
export const searchableCalls = 100_000

export interface Search {
  readonly scenario: string
  readonly variant: Variant
  /** Random settings to try. */
  readonly settings: number
  readonly config: BreakerConfig
  /** How many of a policy there are, and whose: settings are tried as they will be used. */
  readonly spread: (maker: PolicyMaker) => PolicyMaker
  /** Where the best is looked up, and written down when it had to be searched. Without it: neither. */
  readonly ledger: Ledger | undefined
  /** Told what is being searched. */
  progress(what: string): void
}

/** The best settings of a package, and how they were come by. */
export interface Found {
  readonly maker: PolicyMaker
  /** How many settings were tried. */
  readonly tried: number
  /** The variant that they were tried in. */
  readonly world: string
}

interface Ranked {
  readonly reached: Reached
  readonly index: number
  /** From the goals; nothing can be nearer than 0. */
  readonly far: number
}

/**
 * The first so many by their distance, the earlier of two that are as far. Once so many lie at the goals, no later one could
 * take the place of any of them, so that none is run.
 */
async function best(
  { variant, config }: Search,
  makers: readonly PolicyMaker[],
  { seeds, keep }: Heat,
): Promise<readonly Ranked[]> {
  const ranked: Ranked[] = []
  for (let from = 0; from < makers.length; from += keep) {
    const some = await evaluate(variant, makers.slice(from, from + keep), { seeds, full: false, config })
    for (const reached of some) ranked.push({ reached, index: ranked.length, far: distance(variant.goals, reached) })
    if (ranked.filter(({ far }) => far === 0).length >= keep) break
  }
  return ranked.sort((a, b) => a.far - b.far || a.index - b.index).slice(0, keep)
}

const digest = (parts: readonly unknown[]): string =>
  createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 16)

/** Everything that was measured; text, because JSON has no word for never. */
const figuresOf = ({ values }: Reached): string => digest([...values].map(([{ id }, list]) => [id, list.map(String)]))

async function searched(search: Search, drawn: readonly PolicyMaker[]): Promise<Omit<Entry, keyof Searched>> {
  const promising = await best(search, drawn, first)
  const makers = promising.map(({ reached }) => reached.maker)
  const [winner] = await best(search, makers, last)
  if (winner === undefined) throw new Error("no setting was drawn")
  const { maker } = winner.reached
  return {
    winner: drawn.indexOf(maker),
    settings: maker.setup,
    distance: winner.far,
    figures: figuresOf(winner.reached),
  }
}

/** It is believed if it comes out in the seeds of the last heat as it did then: five runs, where a search has hundreds. */
async function stillHolds({ variant, config }: Search, drawn: readonly PolicyMaker[], entry: Entry): Promise<boolean> {
  const maker = drawn[entry.winner]
  if (maker === undefined || maker.setup !== entry.settings) return false
  const [reached] = await evaluate(variant, [maker], { seeds: last.seeds, full: false, config })
  if (reached === undefined) return false
  return figuresOf(reached) === entry.figures && distance(variant.goals, reached) === entry.distance
}

/** So many settings of a package, the same whenever they are drawn, and what tells them from others. */
export function drawnOf({ shipped, atRandom }: Family, { settings, spread }: Pick<Search, "settings" | "spread">) {
  const random = stream(settings, `settings of ${shipped.id}`)
  const id = `${shipped.id}, best of ${settings}`
  const makers = Array.from({ length: settings }, () => spread(atRandom(random, id)))
  return { policy: makers[0]?.id ?? id, makers, drawn: digest(makers.map(({ setup }) => setup)) }
}

export async function bestAtRandom(family: Family, search: Search): Promise<Found> {
  const { scenario, variant, settings, ledger, progress } = search
  const { makers, policy, drawn } = drawnOf(family, search)
  const asked: Searched = { scenario, world: variant.id, policy, drawn }
  const known = ledger?.find(asked)
  const found = (winner: number): Found => {
    const maker = makers[winner]
    if (maker === undefined) throw new Error("no setting was drawn")
    return { maker, tried: makers.length, world: variant.id }
  }
  if (known !== undefined && (await stillHolds(search, makers, known))) return found(known.winner)
  const what = `${scenario}: ${variant.id}: ${settings} settings of ${policy}`
  progress(known === undefined ? what : `${what}: what is known of them does not hold any more`)
  const entry = { ...asked, ...(await searched(search, makers)) }
  ledger?.keep(entry)
  return found(entry.winner)
}
