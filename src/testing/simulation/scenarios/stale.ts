/** S9: services whose queues fill with work that nobody waits for any more. */
import { type Column, firstFault, p99, recovery, refusedBefore, wasted } from "../columns.ts"
import type { Random } from "../random.ts"
import type { Recording } from "../record.ts"
import { faultOf, lasts, type Scenario, type Variant } from "../scenario.ts"
import { CacheServer } from "../worlds/cache.ts"
import { PoissonLoad } from "../worlds/poisson.ts"
import { SlotsServer } from "../worlds/slots.ts"

const slots = 20
const serviceMs = 100
const capacity = (1000 * slots) / serviceMs
const patienceMs = 1000
const afterMs = 60_000

/** Calls that could have been answered in a world with so much capacity at each time. */
type Possible = (run: Recording) => number

const served = (possible: Possible, meaning: string): Column => ({
  id: "served",
  unit: "%",
  meaning: `successes among the calls offered from the beginning of the fault to the end of the run, as a share of ${meaning}`,
  better: "more",
  of: (run) => (100 * run.sum("success", firstFault(run).from)) / possible(run),
})

const offeredIn = (run: Recording, from: number, to?: number): number => run.sum("offered", from, to)

/** During the fault no more than capacity; afterwards all. */
const ofBurst = served((run) => {
  const { from, to } = firstFault(run)
  return Math.min(offeredIn(run, from, to), (capacity * (to - from)) / 1000) + offeredIn(run, to)
}, "what the service could have answered")

/** While it stands still it answers nothing, but what came in the last second is answered afterwards. */
const ofPause = served((run) => offeredIn(run, firstFault(run).to), "the calls offered after it went on")

const ofCache = served((run) => offeredIn(run, firstFault(run).from), "all calls offered then")

const columnsOf = (own: Column) => [own, refusedBefore, recovery, p99, wasted]

const burst: Variant = {
  id: "a burst",
  goals: [[{ column: ofBurst, least: 90 }]],
  columns: columnsOf(ofBurst),
  primary: ofBurst,
  calls: 160 * 90 + 400 * 10,
  shown: [15, 80],
  world: (seed) => {
    const fault = faultOf(seed, 20_000, 10_000)
    return {
      horizonMs: fault.to + afterMs,
      faults: [fault],
      load: new PoissonLoad({ perSecond: (now) => (lasts(fault, now) ? 400 : 160), seed }),
      server: new SlotsServer({ serviceMs, slots: () => slots, isDown: () => false, queues: true }),
      patienceMs,
    }
  },
}

const pause: Variant = {
  id: "a pause",
  goals: [[{ column: ofPause, least: 96 }]],
  columns: columnsOf(ofPause),
  primary: ofPause,
  calls: 170 * 90,
  shown: [15, 80],
  world: (seed) => {
    const fault = faultOf(seed, 20_000, 3000)
    return {
      horizonMs: fault.to + afterMs,
      faults: [fault],
      load: new PoissonLoad({ perSecond: 170, seed }),
      server: new SlotsServer({
        serviceMs,
        slots: (now) => (lasts(fault, now) ? 0 : slots),
        isDown: () => false,
        queues: true,
      }),
      patienceMs,
    }
  },
}

const keys = 2000
/** Zipf: the key of rank k is asked for in proportion to 1/k. */
const ranked = Array.from({ length: keys }, (_, index) => 1 / (index + 1))
const sums = ranked.map((_, index) => ranked.slice(0, index + 1).reduce((sum, one) => sum + one, 0))
const total = sums.at(-1) ?? 1

function keyOf(random: Random): number {
  const wanted = random.unit() * total
  let [low, high] = [0, keys - 1]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((sums[middle] as number) < wanted) low = middle + 1
    else high = middle
  }
  return low
}

const cache: Variant = {
  id: "a cold cache",
  goals: [[{ column: ofCache, least: 82 }]],
  columns: columnsOf(ofCache),
  primary: ofCache,
  calls: 400 * 90,
  shown: [15, 80],
  world: (seed) => {
    const fault = faultOf(seed, 20_000, 10_000)
    return {
      horizonMs: fault.from + afterMs,
      faults: [{ from: fault.from, to: fault.from + 10_000 }],
      load: new PoissonLoad({ perSecond: 400, seed, keys: keyOf }),
      server: new CacheServer({ hitMs: 5, missMs: 100, slots: 10, emptiedAt: fault.from, warm: keys }),
      patienceMs,
    }
  },
}

export const staleQueues: Scenario = {
  id: "S9",
  title: "Stale queues",
  gist: "services that work off calls whose callers have long gone: after a burst, after a pause, with a cold cache",
  about:
    "Open loop, Poisson arrivals; callers wait 1 s and do not say so. A service of 20 slots of 100 ms works off its queue in order, even if callers have gone. It is called 160 times a second, and 400 times for 10 s ± 20 %; or 170 times, and stands still for 3 s ± 20 %: without protection the queue then holds work for longer than anybody waits, and answers nobody for as long as it takes to catch up. In the third world a cache of 2 000 keys (Zipf) answers in 5 ms before a service of 10 slots of 100 ms; it is called 400 times a second, and loses what it holds.",
  notMeasured: ["callers who come again", "a service that throws away what is too old: these do not"],
  variants: [burst, pause, cache],
}
