/** S1: a service that works, fails from one moment to the next, and works again. */
import {
  alarm,
  attempts,
  falseOpens,
  firstRefusal,
  goodput,
  kept,
  lost,
  recovery,
  refusedBefore,
  sent,
  wasted,
} from "../columns.ts"
import { faultOf, type Goals, lasts, type Scenario, type Variant } from "../scenario.ts"
import { PoissonLoad } from "../worlds/poisson.ts"
import { SteadyServer, type Weather } from "../worlds/steady.ts"

const noise = 0.01
const well: Weather = { failing: noise, serviceMs: 20 }
const healthyMs = 120_000
/** Long enough for a breaker that opens for a minute at the very end of the fault. */
const afterMs = 90_000
const patienceMs = 3000

interface Outage {
  readonly perSecond: number
  readonly seconds: number
  readonly weather: Weather
  readonly goals: Goals
  readonly id: string
}

const standard = [goodput, alarm, firstRefusal, sent, lost, recovery, attempts, falseOpens, refusedBefore, wasted]

function variant({ id, perSecond, seconds, weather, goals }: Outage): Variant {
  const lengthMs = seconds * 1000
  return {
    id,
    goals,
    columns: weather.failing < 1 ? [...standard, kept] : standard,
    primary: goals.flat().some(({ column }) => column === lost) ? lost : alarm,
    calls: perSecond * (healthyMs / 1000 + seconds + afterMs / 1000),
    shown: [healthyMs / 1000 - 10, healthyMs / 1000 + 1.2 * seconds + 45],
    world: (seed) => {
      const fault = faultOf(seed, healthyMs, lengthMs)
      return {
        horizonMs: fault.to + afterMs,
        faults: [fault],
        load: new PoissonLoad({ perSecond, seed }),
        server: new SteadyServer((now) => (lasts(fault, now) ? weather : well)),
        patienceMs,
      }
    },
  }
}

const down: Weather = { failing: 1, serviceMs: 20 }
/** Calls hang for ten seconds and then fail; their callers have long gone. */
const hanging: Weather = { failing: 1, serviceMs: 10_000 }
const partial: Weather = { failing: 0.3, serviceMs: 20 }

/** Calls that have left before the first answer can come cannot be saved: rate × round trip is added to W. */
const inevitable = (perSecond: number): number => (perSecond > 100 ? perSecond * 0.02 : 0)

const reach = { 5: { w: 18, l: 0.4 }, 30: { w: 40, l: 0.75 }, 300: { w: 135, l: 2 } } as const

const rates = [2, 100, 1000] as const
const lengths = [5, 30, 300] as const

const steps = rates.flatMap((perSecond) =>
  lengths.map((seconds) => {
    const { w, l } = reach[seconds]
    const goals: Goals =
      perSecond === 2
        ? [[{ column: alarm, most: 4 }]]
        : [
            [
              { column: alarm, most: 0.15 },
              { column: sent, most: w + inevitable(perSecond) },
              { column: lost, most: l },
            ],
          ]
    return variant({ id: `${perSecond} rps, ${seconds} s`, perSecond, seconds, weather: down, goals })
  }),
)

export const stepOutage: Scenario = {
  id: "S1",
  title: "Step outage",
  gist: "a service works, fails from one moment to the next, and works again",
  about:
    "Open loop, Poisson arrivals at 2, 100 or 1 000 a second. The service answers in 20 ms whatever its load, and 1 % of calls fail. After 120 to 130 s it fails entirely (or in part, or hangs) for 5, 30 or 300 s ± 20 %, then works again for 90 s. Callers wait 3 s.",
  notMeasured: [
    "a service that suffers from load: here shedding helps nobody but the callers, who are spared a failure",
    "retries, several callers of one service, keys",
    "the wait of callers for an answer, which here is always 20 ms or their patience",
  ],
  variants: [
    ...steps,
    variant({
      id: "100 rps, 30 s, timeouts",
      perSecond: 100,
      seconds: 30,
      weather: hanging,
      goals: [
        [
          { column: sent, most: 25 },
          { column: lost, most: 2 },
        ],
        [
          { column: sent, most: 45 },
          { column: lost, most: 1 },
        ],
      ],
    }),
    variant({
      id: "100 rps, 30 % errors for 60 s",
      perSecond: 100,
      seconds: 60,
      weather: partial,
      goals: [
        [
          { column: alarm, most: 0.5 },
          { column: kept, least: 99 },
        ],
      ],
    }),
    variant({
      id: "2 rps, 30 % errors for 60 s",
      perSecond: 2,
      seconds: 60,
      weather: partial,
      goals: [[{ column: alarm, most: 20 }]],
    }),
  ],
}
