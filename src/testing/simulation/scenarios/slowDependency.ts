/** S5: one dependency of ten becomes very slow, and holds up those who call all of them. */
import { type Column, firstFault, p99, refusedBefore, wasted } from "../columns.ts"
import { stream } from "../random.ts"
import type { Recording } from "../record.ts"
import { faultOf, lasts, type Scenario } from "../scenario.ts"
import { EndpointsServer, endpointCount } from "../worlds/endpoints.ts"
import { baseErrors, workersOf } from "./spikes.ts"

const patienceMs = 10_000
const addedMs = 9950
/** The median: 0.15 s in the mean, as in S2. */
const usualMs = 132
const beforeMs = 60_000
const lengthMs = 300_000
const afterMs = 60_000
/** Time to notice. */
const settlesMs = 5000

/** Calls of dependencies that are well, and of the one that is not. */
const [well, slow] = [0, 1]
const groupOf = (run: Recording, group: number): Recording => run.groups[group] ?? run
const perSecond = (run: Recording, from: number, to: number): number =>
  (1000 * run.sum("success", from, to)) / (to - from)

const ofHealthy: Column = {
  id: "of healthy",
  unit: "%",
  meaning:
    "successes a second during the fault, as a share of those before it (from its first tenth on, when all has begun)",
  better: "more",
  of: (run) => {
    const { from, to } = firstFault(run)
    return (100 * perSecond(run, from, to)) / perSecond(run, from / 10, from)
  },
}

const stuck: Column = {
  id: "stuck",
  unit: "calls",
  meaning:
    "workers that wait for the slow dependency, in the mean, from five seconds after the beginning of the fault to its end",
  better: "less",
  of: (run) => {
    const { from, to } = firstFault(run)
    return groupOf(run, slow).callMs(from + settlesMs, to) / (to - from - settlesMs)
  },
}

const falseTimeouts: Column = {
  id: "false timeouts",
  unit: "%",
  meaning:
    "calls of the other dependencies that were cut off, among all of those that were sent: each would have been answered",
  better: "less",
  of: (run) => {
    const group = groupOf(run, well)
    return (100 * group.sum("timedOut")) / group.admitted()
  },
}

const refusedWell: Column = {
  id: "refused",
  unit: "%",
  meaning: "calls of the other dependencies that were refused, among all of those that were offered",
  better: "less",
  of: (run) => {
    const group = groupOf(run, well)
    return (100 * group.sum("refused")) / group.sum("offered")
  },
}

export const slowDependency: Scenario = {
  id: "S5",
  title: "A slow dependency",
  gist: "one of ten dependencies takes ten seconds longer for five minutes; 60 workers call all of them",
  about:
    "Closed loop: 60 workers, each with one call at a time, to 10 dependencies; a call takes 0.15 s in the mean (log-normal, σ 0.5), and 1 % of them fail. After 60 to 70 s one of the dependencies takes 9.95 s longer for 300 s ± 20 %, then all are well for 60 s. Workers wait 10 s. One whose call was refused waits 20 ms. Each dependency has a breaker of its own.",
  each: "key",
  notMeasured: [
    "dependencies whose latency depends on how many calls they have",
    "one breaker for all ten: it would be told the keys, as in S11",
  ],
  variants: [
    {
      id: "9.95 s longer",
      columns: [ofHealthy, stuck, falseTimeouts, refusedWell, refusedBefore, p99, wasted],
      goals: [
        [
          { column: ofHealthy, least: 95 },
          { column: stuck, most: 6 },
          { column: falseTimeouts, most: 0.1 },
        ],
      ],
      primary: ofHealthy,
      calls: 120_000,
      shown: [40, 440],
      world: (seed) => {
        const fault = faultOf(seed, beforeMs, lengthMs)
        const sick = stream(seed, "sick").below(endpointCount)
        const later = (key: number, now: number) => (key === sick && lasts(fault, now) ? addedMs : 0)
        return {
          horizonMs: fault.to + afterMs,
          faults: [fault],
          load: workersOf(seed),
          server: new EndpointsServer(seed, () => baseErrors, { usualMs, spread: 0.5, later }),
          patienceMs,
          groups: { count: 2, of: ({ key }) => (key === sick ? slow : well) },
        }
      },
    },
  ],
}
