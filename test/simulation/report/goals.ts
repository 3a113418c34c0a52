/** Whether our breaker reaches what a scenario asks of it. */
import { type Verdict, verdicts } from "../../../src/testing/simulation/evaluate.ts"
import { heading, ruleOf, show } from "../../../src/testing/simulation/numbers.ts"
import type { Goal } from "../../../src/testing/simulation/scenario.ts"
import type { Row } from "./grid.ts"
import { type Outcome, oursIn, type VariantOutcome } from "./outcome.ts"

const bound = (goal: Goal): string => {
  const { column, over = "median" } = goal
  return `${over === "median" ? "" : `${over} `}${heading(column)} ${ruleOf(goal)}`
}

const word = ({ met }: Verdict): string => (met ? "met" : "**missed**")

/** One row for each goal; the alternative that our breaker is nearest to, where there are several. */
function rowsOf({ variant, reached, heldOut }: VariantOutcome): readonly Row[] {
  const ours = oursIn(reached)
  if (ours === undefined) return []
  return verdicts(variant.goals, ours).map((verdict) => {
    const other = heldOut && verdicts([[verdict.goal]], heldOut)[0]
    const unseen =
      other === undefined ? [] : [show(other.value), other.met === verdict.met ? "the same" : "**differs**"]
    return [variant.id, bound(verdict.goal), show(verdict.value), word(verdict), ...unseen]
  })
}

export function goalTable({ variants, seeds, heldOutSeeds }: Outcome): {
  readonly head: Row
  readonly rows: readonly Row[]
} {
  const unseen = variants.some(({ heldOut }) => heldOut !== undefined)
  const head = [
    "world",
    "goal",
    `seeds ${seeds}`,
    "verdict",
    ...(unseen ? [`seeds ${heldOutSeeds}`, "conclusion"] : []),
  ]
  return { head, rows: variants.flatMap(rowsOf) }
}
