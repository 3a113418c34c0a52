/** S7: a service that was short of capacity for a while, and callers whose repeated calls keep it overloaded afterwards. */
import { type Column, firstFault, p99, refusedBefore, wasted } from "../columns.ts"
import { binMs, type Recording } from "../record.ts"
import { faultOf, lasts, type Scenario, type Variant } from "../scenario.ts"
import { firstOrAgain, RepeatingLoad } from "../worlds/repeating.ts"
import { SlotsServer } from "../worlds/slots.ts"

const slots = 20
const serviceMs = 100
const capacity = (1000 * slots) / serviceMs
const left = 0.2
const patienceMs = 3000
const repeats = 4
const afterMs = 60_000

/** Calls made for the first time. */
const asked = (run: Recording, from: number, to?: number): number => run.groups[0]?.sum("offered", from, to) ?? 0

const meanMs = 10_000

const back: Column = {
  id: "R",
  unit: "s",
  meaning:
    "recovery: the first time t after the end of the fault such that in the ten seconds from t on at least nine calls succeed, repeated ones included, for every ten that are made for the first time",
  better: "less",
  of: (run) => {
    const { to } = firstFault(run)
    for (let at = to; at + meanMs <= run.horizonMs; at += binMs)
      if (run.sum("success", at, at + meanMs) >= 0.9 * asked(run, at, at + meanMs)) return (at - to) / 1000
    return Number.POSITIVE_INFINITY
  },
}

const attempts: Column = {
  id: "A",
  unit: "",
  meaning:
    "calls sent, repeated ones included, for each call made for the first time, from the beginning of the fault on",
  better: "less",
  of: (run) => run.admitted(firstFault(run).from) / asked(run, firstFault(run).from),
}

const used: Column = {
  id: "used",
  unit: "%",
  meaning: "successes among the calls offered during the fault, as a share of what the service can still answer then",
  better: "more",
  of: (run) => {
    const { from, to } = firstFault(run)
    return (100 * run.sum("success", from, to)) / ((left * capacity * (to - from)) / 1000)
  },
}

const variant = (load: number): Variant => ({
  id: `${100 * load} % load`,
  columns: [back, attempts, used, refusedBefore, p99, wasted],
  goals: [
    [
      { column: back, most: 1 },
      { column: back, most: 2, over: "bad" },
      { column: back, most: (afterMs - meanMs) / 1000, over: "worst" },
      { column: attempts, most: 1 },
      { column: refusedBefore, most: 0 },
      { column: used, least: 75 },
    ],
  ],
  primary: back,
  calls: load * capacity * 100,
  shown: [15, 80],
  world: (seed) => {
    const fault = faultOf(seed, 20_000, 10_000)
    return {
      horizonMs: fault.to + afterMs,
      faults: [fault],
      load: new RepeatingLoad({ perSecond: load * capacity, seed, repeats }),
      server: new SlotsServer({
        serviceMs,
        slots: (now) => (lasts(fault, now) ? left * slots : slots),
        isDown: () => false,
        queues: true,
      }),
      patienceMs,
      groups: firstOrAgain,
    }
  },
})

export const metastable: Scenario = {
  id: "S7",
  title: "Metastable failure",
  gist: "a short lack of capacity, and repeated calls that keep the service overloaded when it is over",
  about:
    "Open loop, Poisson arrivals at 70 or 85 % of what a service of 20 slots of 100 ms can answer. For 10 s ± 20 % it has a fifth of its slots. It works off its queue in order, even if callers have gone. Callers wait 3 s and do not say so; one whose call fails or is not answered in time calls again at once, up to four times: without protection the queue never becomes shorter again. A caller who is refused does not come again.",
  notMeasured: [
    "callers who wait before they call again, or who come again when they are refused",
    "repeated calls that the breaker itself makes, from its budget: S12, part c",
  ],
  variants: [variant(0.7), variant(0.85)],
}
