/** S13: where a limit on calls can only do harm: what goes wrong does not depend on the load, or nothing does. */
import { kept, keptInAll, p99, refused, wasted } from "../columns.ts"
import { faultOf, type Goals, lasts, type Scenario, type Variant } from "../scenario.ts"
import { EndpointsServer } from "../worlds/endpoints.ts"
import { PoissonLoad } from "../worlds/poisson.ts"
import { SteadyServer } from "../worlds/steady.ts"
import { baseErrors, workersOf } from "./spikes.ts"

const harmless: Goals = [
  [
    { column: keptInAll, least: 97 },
    { column: refused, most: 0.5 },
  ],
]

const columns = [kept, keptInAll, refused, p99, wasted]
const common = { columns, goals: harmless, primary: keptInAll }

const errors: Variant = {
  ...common,
  id: "20 % errors",
  calls: 400_000,
  shown: [0, 200],
  world: (seed) => {
    const fault = faultOf(seed, 60_000, 120_000)
    return {
      horizonMs: fault.to + 60_000,
      faults: [fault],
      load: workersOf(seed),
      server: new EndpointsServer(seed, (now) => (lasts(fault, now) ? 0.2 : baseErrors)),
      patienceMs: Number.POSITIVE_INFINITY,
    }
  },
}

const steady = (id: string, perSecond: number, serviceMs: number, slower: number): Variant => ({
  ...common,
  id,
  calls: perSecond * 120,
  shown: [50, 120],
  world: (seed) => {
    const fault = faultOf(seed, 60_000, 30_000)
    return {
      horizonMs: fault.to + 30_000,
      faults: [fault],
      load: new PoissonLoad({ perSecond, seed }),
      server: new SteadyServer((now) => ({
        failing: 0.01,
        serviceMs: lasts(fault, now) ? slower * serviceMs : serviceMs,
      })),
      patienceMs: 3000,
    }
  },
})

/** Every ten seconds, for one. */
const bursts: Variant = {
  ...common,
  columns: [keptInAll, refused, p99, wasted],
  id: "bursts of 7 times",
  calls: 50 * 120 * 1.6,
  shown: [0, 40],
  world: (seed) => ({
    horizonMs: 120_000,
    faults: [],
    load: new PoissonLoad({ perSecond: (now) => (now % 10_000 >= 5000 && now % 10_000 < 6000 ? 350 : 50), seed }),
    server: new SteadyServer(() => ({ failing: 0.01, serviceMs: 200 })),
    patienceMs: 3000,
  }),
}

/** Calls that differ a great deal in length, and few of them: most say nothing of the service's state. */
const light: Variant = {
  ...common,
  columns: [keptInAll, refused, p99, wasted],
  id: "light load",
  calls: 5 * 600,
  shown: [0, 100],
  world: (seed) => ({
    horizonMs: 600_000,
    faults: [],
    load: new PoissonLoad({ perSecond: 5, seed }),
    server: new SteadyServer((_now, { luck }) => ({ failing: 0.01, serviceMs: 20 * Math.exp(2 * (luck * 4 - 2)) })),
    patienceMs: 3000,
  }),
}

export const harmlessScenario: Scenario = {
  id: "S13",
  title: "Where a limit does harm",
  gist: "errors and slowness that do not depend on load, bursts, light load: whatever is refused is harm",
  about:
    "S2's workers and endpoints, of whose calls 20 % fail for 120 s ± 20 %. A service that takes 20 ms (100 calls a second) or 200 ms (20 a second) and for 30 s ± 20 % eight times as long, whatever its load; callers wait 3 s. One that takes 200 ms and is called 50 times a second, and 350 times for one second in ten. One that is called 5 times a second and takes between 0.4 and 1 092 ms. None of them suffers from load: a limit can only do harm.",
  notMeasured: ["what a limit is for: see S8 to S10"],
  variants: [
    errors,
    steady("8 times slower, 100 rps", 100, 20, 8),
    steady("8 times slower, 20 rps", 20, 200, 8),
    bursts,
    light,
  ],
}
