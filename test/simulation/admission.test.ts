/** What limit, queue and timeout promise together with the circuit, where no law of a part can tell: the goals of S5 and S9, on one seed. */
import { expect, test } from "vitest"
import { judge } from "../../src/testing/simulation/evaluate.ts"
import type { Scenario } from "../../src/testing/simulation/scenario.ts"
import { slowDependency } from "../../src/testing/simulation/scenarios/slowDependency.ts"
import { staleQueues } from "../../src/testing/simulation/scenarios/stale.ts"
import { runScenario } from "./run.ts"

const seed = 3

test.each<readonly [string, string, Scenario]>([
  ["a slow dependency", "9.95 s longer", slowDependency],
  ["a stale queue", "a burst", staleQueues],
  ["a stale queue", "a pause", staleQueues],
  ["a stale queue", "a cold cache", staleQueues],
])(
  "%s (%s) is borne as well as is promised",
  async (_what, world, scenario) => {
    const { variants } = await runScenario(scenario, {
      ...{ config: {}, seeds: [seed], heldOut: [], settings: 0, full: false, progress: () => {} },
      isWanted: (id) => id === "recloser",
      isRun: ({ id }) => id === world,
    })
    const [outcome] = variants
    const [ours] = outcome?.reached ?? []
    if (outcome === undefined || ours === undefined) throw new Error("nothing was run")
    const judged = outcome.variant.goals.flat().map((goal) => ({ column: goal.column.id, ...judge(goal, ours) }))
    expect(judged.length).toBeGreaterThan(0)
    expect(judged.filter(({ met }) => !met)).toEqual([])
  },
  120_000,
)
