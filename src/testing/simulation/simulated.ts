/** One world as `simulate` tells of it: figures, goals, and the history of one seed. */
import type { SimulatedFigure, SimulatedHistory, SimulatedPolicy, SimulatedWorld } from "../simulate.ts"
import { conclusionOf, perRunColumns } from "./conclusion.ts"
import { type RunOptions, runWorld } from "./engine.ts"
import { medianSeed, type Reached, verdicts } from "./evaluate.ts"
import { ruleOf } from "./numbers.ts"
import { none } from "./policies/none.ts"
import type { Recording } from "./record.ts"
import type { Variant } from "./scenario.ts"
import { summarise } from "./statistics.ts"

interface Telling extends RunOptions {
  readonly full: boolean
}

function figuresOf({ columns }: Variant, { values }: Reached): SimulatedPolicy["figures"] {
  const figure = (list: readonly number[], better: "less" | "more"): SimulatedFigure => {
    const { median, bad } = summarise(list, better)
    return { median: median.value, bad: bad.value, values: list }
  }
  return Object.fromEntries(columns.map((column) => [column.id, figure(values.get(column) ?? [], column.better)]))
}

function perRunOf({ values }: Reached): SimulatedPolicy["perRun"] {
  const mean = (column: keyof typeof perRunColumns) => summarise(values.get(perRunColumns[column]) ?? []).mean
  return { offered: mean("offered"), refused: mean("refused"), failed: mean("failed"), succeeded: mean("succeeded") }
}

function policyOf(
  variant: Variant,
  reached: Reached,
  run: Recording,
  { fromS, toS }: SimulatedHistory,
): SimulatedPolicy {
  const { maker } = reached
  const goals = verdicts(variant.goals, reached)
  return {
    name: maker === none ? "no breaker" : maker.id,
    setup: maker.setup,
    figures: figuresOf(variant, reached),
    goals: goals.map(({ goal, value, met }) => ({
      measure: goal.column.id,
      rule: `${goal.over ?? "median"} ${ruleOf(goal)}`,
      value,
      met,
    })),
    perRun: perRunOf(reached),
    successesPerSecond: Array.from({ length: toS - fromS }, (_, index) =>
      run.sum("success", (fromS + index) * 1000, (fromS + index + 1) * 1000),
    ),
    moves: run.moves.map(({ at, circuit }) => ({ atS: at / 1000, circuit })),
  }
}

/** The seconds that are worth showing, within those that there are. */
function historyOf({ shown }: Variant, seed: number, { horizonMs, faults }: Recording): SimulatedHistory {
  const toS = Math.min(Math.floor(horizonMs / 1000), Math.ceil(shown[1]))
  const inSeconds = faults.map(({ from, to }) => ({ fromS: from / 1000, toS: to / 1000 }))
  return { seed, fromS: Math.max(0, Math.floor(shown[0])), toS, faults: inSeconds }
}

/** The seed is the median one of the last policy, which is the user's where there is one. */
export async function worldOf(variant: Variant, all: readonly Reached[], telling: Telling): Promise<SimulatedWorld> {
  const told = all.at(-1)
  if (told === undefined) throw new Error("nothing was run")
  const seed = medianSeed(variant, told)
  const policies: SimulatedPolicy[] = []
  let history: SimulatedHistory | undefined
  for (const reached of all) {
    const run = await runWorld(variant.world(seed, telling.full), reached.maker, seed, telling)
    history ??= historyOf(variant, seed, run)
    policies.push(policyOf(variant, reached, run, history))
  }
  if (history === undefined) throw new Error("nothing was run")
  const measures = variant.columns.map(({ id, unit, meaning, better }) => ({ id, unit, meaning, better }))
  return {
    name: variant.id,
    measures,
    policies,
    history,
    conclusion: conclusionOf(policies, history.faults.length > 0),
  }
}
