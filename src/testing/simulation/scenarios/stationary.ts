/** S4: a service that is as it always is. Whatever a breaker does here is harm. */
import { attempts, type Column, falseOpens, refusedBefore } from "../columns.ts"
import { type Random, stream } from "../random.ts"
import type { Goals, Scenario, Variant } from "../scenario.ts"
import { PoissonLoad } from "../worlds/poisson.ts"
import { SteadyServer } from "../worlds/steady.ts"

const dayMs = 86_400_000
/** Without `--full` a run is as long as so many calls take, but no longer than a day. */
const standardCalls = 100_000

const horizonMs = (perSecond: number, full: boolean): number =>
  full ? dayMs : Math.min(dayMs, (standardCalls / perSecond) * 1000)

const opens: Column = {
  id: "opens",
  unit: "",
  meaning: "transitions to open in a run",
  better: "less",
  of: (run) => run.moves.filter(({ circuit }) => circuit === "open").length,
}

const days: Column = {
  id: "days",
  unit: "",
  meaning:
    "simulated days of a run. Where none of all runs opens, the rate lies below 3 / (days × seeds) a day with 95 % confidence",
  better: "more",
  of: (run) => run.horizonMs / dayMs,
}

interface Burst {
  readonly untilMs: number
  readonly failing: number
}

/** Bursts: half the failures for a minute in the mean, three and a half times as many for 12 s in the mean. */
class Bursts {
  #present: Burst
  #calm = false
  readonly #random: Random
  readonly #failing: number
  constructor(seed: number, failing: number) {
    this.#random = stream(seed, "bursts")
    this.#failing = failing
    this.#present = { untilMs: 0, failing }
  }
  at(now: number): number {
    while (now >= this.#present.untilMs) {
      this.#calm = !this.#calm
      const lengthMs = this.#random.exponential(this.#calm ? 60_000 : 12_000)
      const failing = this.#failing * (this.#calm ? 0.5 : 3.5)
      this.#present = { untilMs: this.#present.untilMs + lengthMs, failing }
    }
    return this.#present.failing
  }
}

type Failing = (seed: number) => (now: number) => number

function variant(id: string, perSecond: number, failing: Failing, goals: Goals): Variant {
  return {
    id,
    goals,
    columns: [opens, falseOpens, refusedBefore, attempts, days],
    primary: refusedBefore,
    calls: (horizonMs(perSecond, false) / 1000) * perSecond,
    shown: [0, 600],
    world: (seed, full) => {
      const forecast = failing(seed)
      return {
        horizonMs: horizonMs(perSecond, full),
        faults: [],
        load: new PoissonLoad({ perSecond, seed }),
        server: new SteadyServer((now) => ({ failing: forecast(now), serviceMs: 20 })),
        patienceMs: 3000,
      }
    },
  }
}

const never: Goals = [
  [
    { column: opens, most: 0, over: "worst" },
    { column: refusedBefore, most: 0, over: "worst" },
  ],
]
const hardly: Goals = [
  [
    { column: opens, most: 0, over: "worst" },
    { column: refusedBefore, most: 0.01, over: "mean" },
  ],
]

const percent = (share: number): string => `${Math.round(share * 100)} %`

const steady = [0.2, 1, 10, 100].flatMap((perSecond) =>
  [0.01, 0.05, 0.1].map((share) => variant(`${perSecond} rps, ${percent(share)}`, perSecond, () => () => share, never)),
)

const bursty = (
  [
    [0.2, 0.1],
    [1, 0.1],
    [10, 0.1],
    [100, 0.01],
    [100, 0.05],
    [100, 0.1],
  ] as const
).map(([perSecond, share]) => {
  const failing: Failing = (seed) => {
    const bursts = new Bursts(seed, share)
    return (now) => bursts.at(now)
  }
  return variant(`${perSecond} rps, ${percent(share)} in bursts`, perSecond, failing, hardly)
})

export const stationary: Scenario = {
  id: "S4",
  title: "Stationary noise",
  gist: "a service is as it always is: whatever a breaker does is harm",
  about:
    "Open loop, Poisson arrivals at 0.2, 1, 10 or 100 a second; the service answers in 20 ms, and 1, 5 or 10 % of calls fail, for a day. In bursts: half as many for a minute in the mean, three and a half times as many for 12 s in the mean (lengths exponential).",
  shortened:
    "Shortened: a run lasts a day or as long as 100 000 calls take, whichever is less (10 rps: 2.8 hours, 100 rps: 17 minutes). `--full` runs a day everywhere.",
  notMeasured: [
    "rare events: what happens once in a thousand days is not seen in the days simulated here",
    "noise that comes in other shapes than independent failures and these bursts",
    "that a breaker which never acts is perfect here: see S1 for what it costs",
  ],
  variants: [...steady, ...bursty],
}
