/** S2: short spikes of errors, on the model of Shopify's experiments with Semian. */
import { type Column, falseOpens, p99, refusedBefore, wasted } from "../columns.ts"
import { stream } from "../random.ts"
import type { Fault, Recording } from "../record.ts"
import { jittered, type Scenario } from "../scenario.ts"
import { EndpointsServer, endpointCount } from "../worlds/endpoints.ts"
import { WorkersLoad } from "../worlds/workers.ts"

export const baseErrors = 0.01

/** 60 workers who are to make 3 000 requests a second between them: one whose call was refused waits its share of that. */
export const workersOf = (seed: number): WorkersLoad =>
  new WorkersLoad({ workers: 60, seed, keys: endpointCount, pauseMs: 20 })

const levels = [0.2, 0.6, 1] as const
const spikeMs = 20_000
const healthyMs = 60_000

function spikes(seed: number): readonly Fault[] {
  const random = stream(seed, "fault")
  let now = 0
  return levels.map(() => {
    const from = now + jittered(random, healthyMs)
    now = from + jittered(random, spikeMs)
    return { from, to: now }
  })
}

const spike = (run: Recording, index: number): Fault => run.faults[index] ?? { from: 0, to: 0 }
const percent = (level: number): string => `${Math.round(level * 100)} %`

const afterSpike = (index: number): Column => ({
  id: `after ${percent(levels[index] ?? 0)}`,
  unit: "%",
  meaning: `successes of calls offered in the 20 s after the spike of ${percent(levels[index] ?? 0)}, as a share of those without any breaker in the same seconds`,
  better: "more",
  compares: true,
  of: (run, unprotected) => {
    const { to } = spike(run, index)
    return (100 * run.sum("success", to, to + 20_000)) / unprotected.sum("success", to, to + 20_000)
  },
})

const keptIn = (index: number): Column => ({
  id: `kept at ${percent(levels[index] ?? 0)}`,
  unit: "%",
  meaning: `successes of calls offered during the spike of ${percent(levels[index] ?? 0)}, as a share of those without any breaker`,
  better: "more",
  compares: true,
  of: (run, unprotected) => {
    const { from, to } = spike(run, index)
    return (100 * run.sum("success", from, to)) / unprotected.sum("success", from, to)
  },
})

const leakedIn = (index: number): Column => ({
  id: `leaked at ${percent(levels[index] ?? 0)}`,
  unit: "calls",
  meaning: `calls offered during the spike of ${percent(levels[index] ?? 0)} that were sent and failed`,
  better: "less",
  of: (run) => {
    const { from, to } = spike(run, index)
    return run.sum("failure", from, to) + run.sum("timedOut", from, to)
  },
})

const [kept20, kept60] = [keptIn(0), keptIn(1)]
const [leaked20, leaked60, leaked100] = [leakedIn(0), leakedIn(1), leakedIn(2)]
const [after20, after60, after100] = [afterSpike(0), afterSpike(1), afterSpike(2)]

export const spikesScenario: Scenario = {
  id: "S2",
  title: "Spikes of errors",
  gist: "20 s in which 20, 60 and 100 % of the calls fail; 60 workers",
  about:
    "Closed loop: 60 workers, each with one call at a time, to 10 endpoints. An endpoint's latency is drawn once per seed, log-normal with mean 0.15 s and standard deviation 3 s, held between 0.1 and 10 s (as in Semian's mock service); a call that fails does so after 30 % of it; 1 % of calls fail. After each 60 s ± 20 % come 20 s ± 20 % in which 20, 60 and 100 % fail, then 60 s more. A worker whose call was refused waits 20 ms. One breaker is shared by all workers, and does not know the endpoints. Semian's row checks the model: its own experiments report 708 errors leaked at 100 %, and 41 % of the healthy rate in the 20 s after.",
  notMeasured: [
    "load: the service is as quick with 60 calls as with one, and errors do not depend on load, so that shedding at 20 and 60 % can only lose successes",
    "a breaker for each worker, but for Semian's: that is how its own experiments run it",
    "what the share of one slow endpoint does: seeds in which an endpoint takes 10 s make few calls",
  ],
  variants: [
    {
      id: "20, 60, 100 %",
      columns: [
        ...[kept20, leaked20, after20, kept60, leaked60, after60, leaked100, after100],
        ...[falseOpens, refusedBefore, p99, wasted],
      ],
      goals: [
        [
          { column: after100, least: 97 },
          { column: leaked100, most: 140 },
          { column: kept60, least: 90 },
        ],
      ],
      primary: after100,
      calls: 400_000,
      shown: [40, 320],
      world: (seed) => {
        const faults = spikes(seed)
        const failing = (now: number): number => {
          const index = faults.findIndex(({ from, to }) => now >= from && now < to)
          return levels[index] ?? baseErrors
        }
        return {
          horizonMs: (faults.at(-1)?.to ?? 0) + healthyMs,
          faults,
          load: workersOf(seed),
          server: new EndpointsServer(seed, failing),
          patienceMs: Number.POSITIVE_INFINITY,
        }
      },
    },
  ],
}
