/** What a run of a scenario came to: the matter of its report. */
import type { Reached } from "../../../src/testing/simulation/evaluate.ts"
import type { Scenario, Variant } from "../../../src/testing/simulation/scenario.ts"
import type { Found } from "../search.ts"

export interface VariantOutcome {
  readonly variant: Variant
  /** Every policy on the reported seeds. */
  readonly reached: readonly Reached[]
  /** Settings of packages that were looked for at random; they are among `reached`. */
  readonly found: readonly Found[]
  /** Our own on seeds that nothing was tuned on, where they were run beside the others. */
  readonly heldOut: Reached | undefined
}

export interface Outcome {
  readonly scenario: Scenario
  readonly variants: readonly VariantOutcome[]
  /** As on the command line. */
  readonly seeds: string
  readonly heldOutSeeds: string
  /** Random settings tried for each package and variant; 0: none. */
  readonly settings: number
  readonly full: boolean
}

export const oursIn = (reached: readonly Reached[]): Reached | undefined =>
  reached.find(({ maker }) => maker.kind === "ours")
