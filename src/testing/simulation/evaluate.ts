/** Runs policies through the worlds of a variant, seed by seed, and gathers what its columns measure. */
import type { BreakerConfig } from "../../index.ts"
import type { Column } from "./columns.ts"
import { runWorld } from "./engine.ts"
import { none } from "./policies/none.ts"
import type { PolicyMaker } from "./policy.ts"
import type { Recording } from "./record.ts"
import type { Goal, Goals, Variant } from "./scenario.ts"
import { median, type Summary, summarise } from "./statistics.ts"

/** What one policy reached in one variant: the values of each column, in the order of the seeds. */
export interface Reached {
  readonly maker: PolicyMaker
  readonly seeds: readonly number[]
  readonly values: ReadonlyMap<Column, readonly number[]>
}

export interface Evaluation {
  readonly seeds: readonly number[]
  readonly full: boolean
  readonly config: BreakerConfig
  /** What is measured beside the columns of the variant. */
  readonly also?: readonly Column[]
  /** See the engine's. */
  readonly pause?: () => Promise<void>
}

/** Promises are slow: without `--full` a package is run on so many calls in all, and on at least five seeds. */
const affordableCalls = 1_500_000
const leastSeeds = 5

const seedsFor = (maker: PolicyMaker, { calls }: Variant, { seeds, full }: Evaluation): readonly number[] =>
  maker.kind === "package" && !full ? seeds.slice(0, Math.max(leastSeeds, Math.floor(affordableCalls / calls))) : seeds

const columnsOf = ({ columns, goals, primary }: Variant): readonly Column[] => [
  ...new Set([...columns, primary, ...goals.flat().map(({ column }) => column)]),
]

export async function evaluate(
  variant: Variant,
  makers: readonly PolicyMaker[],
  evaluation: Evaluation,
): Promise<readonly Reached[]> {
  const { seeds, full, config, also = [], pause } = evaluation
  const columns = [...columnsOf(variant), ...also]
  const all = makers.map((maker) => ({
    maker,
    seeds: seedsFor(maker, variant, evaluation),
    values: new Map(columns.map((column) => [column, [] as number[]])),
  }))
  const beside = variant.beside?.(config) ?? none
  const compares = columns.some((column) => column.compares)
  for (const seed of seeds) {
    const other = compares ? await runWorld(variant.world(seed, full), beside, seed, { pause }) : undefined
    for (const { maker, seeds: own, values } of all) {
      if (!own.includes(seed)) continue
      const known = maker === beside ? other : undefined
      const run = known ?? (await runWorld(variant.world(seed, full), maker, seed, { pause }))
      for (const [column, list] of values) list.push(column.of(run, other ?? run))
    }
  }
  return all
}

export const runOf = (variant: Variant, maker: PolicyMaker, seed: number, full: boolean): Promise<Recording> =>
  runWorld(variant.world(seed, full), maker, seed)

/** The seed whose value of the primary column is the median, or next above it. */
export function medianSeed({ primary }: Variant, { seeds, values }: Reached): number {
  const list = values.get(primary) ?? []
  const middle = median(list)
  const ranked = seeds.map((seed, index) => ({ seed, value: list[index] ?? Number.NaN }))
  ranked.sort((a, b) => a.value - b.value || a.seed - b.seed)
  return (ranked.find(({ value }) => value >= middle) ?? ranked[0])?.seed ?? 1
}

const overSeeds = (goal: Goal, summary: Summary): number => {
  if (goal.over === "mean") return summary.mean
  if (goal.over === "bad") return summary.bad.value
  if (goal.over === "worst") return goal.most === undefined ? summary.least : summary.most
  return summary.median.value
}

export interface Verdict {
  readonly goal: Goal
  readonly value: number
  readonly met: boolean
  /** The value over what it is to be, or what it is to be over the value: 1 and less is met. */
  readonly distance: number
}

function distanceOf({ most, least }: Goal, value: number): number {
  if (Number.isNaN(value)) return Number.POSITIVE_INFINITY
  if (most !== undefined) return most === 0 ? (value <= 0 ? 0 : 1 + value) : value / most
  return value <= 0 ? Number.POSITIVE_INFINITY : (least ?? 0) / value
}

export function judge(goal: Goal, reached: Reached): Verdict {
  const value = overSeeds(goal, summarise(reached.values.get(goal.column) ?? [], goal.column.better))
  const distance = distanceOf(goal, value)
  return { goal, value, distance, met: distance <= 1 }
}

const worst = (verdicts: readonly Verdict[]): number => Math.max(0, ...verdicts.map(({ distance }) => distance))

/** The verdicts on that alternative of the goals which is reached, or to which the least is missing. */
export function verdicts(goals: Goals, reached: Reached): readonly Verdict[] {
  const judged = goals.map((alternative) => alternative.map((goal) => judge(goal, reached)))
  return judged.reduce((best, other) => (worst(other) < worst(best) ? other : best), judged[0] ?? [])
}

/** How far from its goals: the worst ratio, and a little of the mean one, so that what is equally far can be told apart. */
export function distance(goals: Goals, reached: Reached): number {
  const all = verdicts(goals, reached).map((verdict) => Math.min(1000, verdict.distance))
  if (all.length === 0) return 0
  return Math.max(...all) + 0.01 * (all.reduce((sum, one) => sum + one, 0) / all.length)
}
