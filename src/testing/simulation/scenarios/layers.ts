/** S12 c: layers of services that each repeat what fails, above one that fails by chance. */
import { attempts, type Column, goodput } from "../columns.ts"
import { layered } from "../policies/layers.ts"
import type { Goals, Variant } from "../scenario.ts"
import { PoissonLoad } from "../worlds/poisson.ts"
import { SteadyServer } from "../worlds/steady.ts"

export const depth = 5
/** Attempts of each layer: the first, and three more. */
export const attemptsEach = 4
const perSecond = 20
const lengthMs = 300_000

/** Every attempt counts, the first one too. */
const load: Column = {
  id: "A",
  unit: "",
  meaning: "attempts that reached the service for each call offered",
  better: "less",
  of: (run) => run.sum("attempts") / run.sum("offered"),
}

const eachSent: Column = {
  id: "A of sent",
  unit: "",
  meaning: "the same for each call that reached the service at all: what is left when refusals do not count as savings",
  better: "less",
  of: (run) => run.sum("attempts") / attempts.of(run, run) / run.sum("offered"),
}

const failing = (share: number, goals: Goals): Variant => ({
  id: `c: 5 layers of 3 retries, p = ${share}`,
  goals,
  columns: [load, eachSent, goodput],
  primary: load,
  calls: (perSecond * lengthMs) / 1000,
  shown: [0, 60],
  // That calls may be made again is a fact about them, and how often is what the scenario is about.
  ours: (config) => layered({ retry: { attempts: attemptsEach }, ...config }, depth),
  world: (seed) => ({
    horizonMs: lengthMs,
    faults: [],
    load: new PoissonLoad({ perSecond, seed }),
    server: new SteadyServer(() => ({ failing: share, serviceMs: 20 })),
    patienceMs: 3000,
  }),
})

export const layers: readonly Variant[] = [
  failing(0.1, [
    [
      { column: goodput, least: 99.9 },
      { column: load, most: 1.15 },
    ],
  ]),
  failing(0.5, []),
  failing(1, [
    [
      { column: load, most: 1.1 },
      { column: eachSent, most: 1.1 },
    ],
  ]),
]
