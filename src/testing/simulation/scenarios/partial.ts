/** S3: partial and slow faults, on the model of Shopify's experiments with Semian. No breaker should do harm in them. */
import { attempts, type Column, kept, keptInAll, p99, refused, wasted } from "../columns.ts"
import type { Fault } from "../record.ts"
import { faultOf, type Goals, lasts, type Scenario, type Variant } from "../scenario.ts"
import { EndpointsServer } from "../worlds/endpoints.ts"
import { baseErrors, workersOf } from "./spikes.ts"

const opens: Column = {
  id: "opens",
  unit: "",
  meaning: "transitions to open in the whole run: none is warranted",
  better: "less",
  of: (run) => run.moves.filter(({ circuit }) => circuit === "open").length,
}

interface Partial {
  readonly id: string
  readonly beforeMs: number
  readonly lengthMs: number
  readonly afterMs: number
  /** The share of calls that fail so long after the beginning of the fault. */
  readonly failing: (sinceMs: number) => number
  readonly goals: Goals
  readonly primary: Column
}

const variant = ({ id, beforeMs, lengthMs, afterMs, failing, goals, primary }: Partial): Variant => ({
  id,
  columns: [kept, keptInAll, refused, opens, attempts, p99, wasted],
  goals,
  primary,
  calls: beforeMs + lengthMs + afterMs,
  shown: [0, (beforeMs + lengthMs + afterMs) / 1000],
  world: (seed) => {
    const fault: Fault = faultOf(seed, beforeMs, lengthMs)
    return {
      horizonMs: fault.to + afterMs,
      faults: [fault],
      load: workersOf(seed),
      server: new EndpointsServer(seed, (now) => (lasts(fault, now) ? failing(now - fault.from) : baseErrors)),
      patienceMs: Number.POSITIVE_INFINITY,
    }
  },
})

const hardlyRefused: Goals = [[{ column: refused, most: 0.05 }]]

export const partialScenario: Scenario = {
  id: "S3",
  title: "Partial and creeping faults",
  gist: "partial and slow faults, in which no breaker should do harm",
  about:
    "S2's workers, endpoints and 1 % of errors. 20 % of calls fail for 300 s ± 20 %; or errors grow by half a per cent a minute from 1.5 to 5 %; or they alternate between 2 and 6 % every 10 s for 180 s ± 20 %; or they are 1.2 % for 120 s ± 20 %. Errors never depend on load. Semian's row checks the model: its own experiments report 18 % of the healthy rate while 20 % fail.",
  notMeasured: [
    "faults that shedding would relieve",
    "whether a warning at 20 % would have been worth having: only its price is measured here",
  ],
  variants: [
    variant({
      id: "20 % for 300 s",
      beforeMs: 120_000,
      lengthMs: 300_000,
      afterMs: 120_000,
      failing: () => 0.2,
      goals: [[{ column: kept, least: 99 }]],
      primary: kept,
    }),
    variant({
      id: "1 to 5 %",
      beforeMs: 60_000,
      lengthMs: 480_000,
      afterMs: 60_000,
      failing: (since) => Math.min(0.05, 0.015 + 0.005 * Math.floor(since / 60_000)),
      goals: hardlyRefused,
      primary: refused,
    }),
    variant({
      id: "2 and 6 %",
      beforeMs: 20_000,
      lengthMs: 180_000,
      afterMs: 20_000,
      failing: (since) => (Math.floor(since / 10_000) % 2 === 0 ? 0.02 : 0.06),
      goals: hardlyRefused,
      primary: refused,
    }),
    variant({
      id: "1.2 %",
      beforeMs: 30_000,
      lengthMs: 120_000,
      afterMs: 30_000,
      failing: () => 0.012,
      goals: hardlyRefused,
      primary: refused,
    }),
  ],
}
