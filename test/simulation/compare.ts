/**
 * One config of our breaker beside another, in the same worlds with the same luck: whether anything is worse, seed by seed. What is
 * compared is the difference within each seed, so what the seeds differ by is no noise in it.
 */
import type { BreakerConfig } from "../../src/index.ts"
import type { Column } from "../../src/testing/simulation/columns.ts"
import { evaluate, type Reached } from "../../src/testing/simulation/evaluate.ts"
import { heading, show } from "../../src/testing/simulation/numbers.ts"
import { recloser } from "../../src/testing/simulation/policies/recloser.ts"
import { spreadOver } from "../../src/testing/simulation/policies/separate.ts"
import type { Scenario, Variant } from "../../src/testing/simulation/scenario.ts"
import { type Estimate, estimate, median } from "../../src/testing/simulation/statistics.ts"
import { markdown } from "./report/grid.ts"

type Conclusion = "the same" | "no difference beyond noise" | "better" | "worse"

interface Difference {
  readonly column: Column
  /** Medians over the seeds. */
  readonly before: number
  readonly after: number
  /** The median of what each seed differs by, with its 95 % interval. */
  readonly by: Estimate
  /** The difference in the seed in which it is worst. */
  readonly worst: number
  readonly conclusion: Conclusion
}

export interface Compared {
  readonly scenario: Scenario
  readonly variant: Variant
  readonly differences: readonly Difference[]
}

/** Two that are both infinite, or both nothing, are alike. */
const differenceOf = (before: number, after: number): number =>
  Object.is(before, after) || before === after ? 0 : after - before

function concluded(differences: readonly number[], { low, high }: Estimate, better: Column["better"]): Conclusion {
  if (differences.every((difference) => difference === 0)) return "the same"
  if (low <= 0 && high >= 0) return "no difference beyond noise"
  return low > 0 === (better === "more") ? "better" : "worse"
}

export function difference(column: Column, before: readonly number[], after: readonly number[]): Difference {
  const differences = before
    .map((value, seed) => differenceOf(value, after[seed] ?? Number.NaN))
    .filter((value) => !Number.isNaN(value))
  const by = estimate(differences, 0.5)
  const worst = column.better === "less" ? Math.max(...differences) : Math.min(...differences)
  const conclusion = concluded(differences, by, column.better)
  return { column, before: median(before), after: median(after), by, worst, conclusion }
}

export async function compare(
  scenario: Scenario,
  variant: Variant,
  configs: readonly [before: BreakerConfig, after: BreakerConfig],
  seeds: readonly number[],
): Promise<Compared> {
  const spread = spreadOver(scenario.each)
  const makers = configs.map((config) => variant.ours?.(config) ?? spread(recloser(config)))
  const evaluation = { seeds, full: false, config: configs[0] }
  const [one, other] = (await evaluate(variant, makers, evaluation)) as readonly [Reached, Reached]
  const differences = [...one.values].map(([column, values]) =>
    difference(column, values, other.values.get(column) ?? []),
  )
  return { scenario, variant, differences }
}

const signed = (value: number): string => (value > 0 ? `+${show(value)}` : value < 0 ? `−${show(-value)}` : "0")

const row = (world: string, { column, before, after, by, worst, conclusion }: Difference): readonly string[] => [
  world,
  heading(column),
  show(before),
  show(after),
  by.low === by.high ? signed(by.value) : `${signed(by.value)} (${signed(by.low)} to ${signed(by.high)})`,
  signed(worst),
  conclusion === "worse" ? "**worse**" : conclusion,
]

/** Each measure that differs in any seed; where none does, that. */
function rowsOf({ variant, differences }: Compared): readonly (readonly string[])[] {
  const others = differences.filter(({ conclusion }) => conclusion !== "the same")
  if (others.length === 0) return [[variant.id, "all", "", "", "0", "0", "the same, call for call"]]
  return others.map((one) => row(variant.id, one))
}

const head = ["world", "measure", "off", "on", "difference", "in the worst seed", "conclusion"] as const

const countOf = (all: readonly Compared[], wanted: Conclusion): number =>
  all.flatMap(({ differences }) => differences).filter(({ conclusion }) => conclusion === wanted).length

/** Whether scenarios are worse with prediction on, as Markdown. */
export function predictionReport(all: readonly Compared[], seeds: string): string {
  const scenarios = [...new Set(all.map(({ scenario }) => scenario))]
  const tables = scenarios.flatMap((scenario) => [
    `## ${scenario.id}: ${scenario.title.toLowerCase()}`,
    markdown(head, all.filter((one) => one.scenario === scenario).flatMap(rowsOf)),
  ])
  const counts = (["worse", "better", "no difference beyond noise", "the same"] as const)
    .map((conclusion) => `${conclusion}: ${countOf(all, conclusion)}`)
    .join(" · ")
  return `${[
    "# Earlier scenarios with prediction on, beside off",
    `Written by \`npm run bench:worth -- --prediction\`: each world twice with the same luck, with \`{}\` and with \`{ prediction: true }\`, nothing else, seeds ${seeds}. Prediction has no gauges here, so it follows error rate, latency and calls in flight.`,
    `Measures, each in one world: ${counts}.`,
    "A difference is that within a seed: the median over the seeds, with its 95 % interval by bootstrap. Beyond noise is what that interval keeps on one side of 0. What each measure means stands in the report of its scenario. Prediction says nothing before it has known 210 seconds with calls while the circuit was closed: in worlds shorter than that it can do nothing, and they show that it then costs nothing.",
    ...tables,
    "## What this does not measure",
    "- what a warning is worth where one is due: none of these scenarios announces its fault. That is in test/bench/PREDICTION.md",
    "- gauges of the user's own, `trips`, and calls of class bulk or with retries, which a warning holds back as well",
  ].join("\n\n")}\n`
}
