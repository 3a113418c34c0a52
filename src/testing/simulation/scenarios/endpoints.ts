/** S6 and S12a: services in several endpoints, one of which is slow, or dead. */
import { attempts, type Column, firstFault, goodput, lost, p99, wasted } from "../columns.ts"
import type { Recording } from "../record.ts"
import { faultOf, lasts, type Scenario, type Variant } from "../scenario.ts"
import type { Call, World } from "../world.ts"
import { PoissonLoad } from "../worlds/poisson.ts"
import { SteadyServer } from "../worlds/steady.ts"
import { ThreadsServer } from "../worlds/threads.ts"

const noise = 0.01

/** Groups of the recording: calls to the endpoint that is sick, and to the others. */
const sick = 1
const well = 0

const group = (run: Recording, index: number): Recording => {
  const found = run.groups[index]
  if (found === undefined) throw new Error("this column needs a world of endpoints")
  return found
}

export const kept: Column = {
  id: "kept",
  unit: "%",
  meaning: "successes among the calls offered while one endpoint is sick",
  better: "more",
  of: (run) => {
    const { from, to } = firstFault(run)
    return (100 * run.sum("success", from, to)) / run.sum("offered", from, to)
  },
}

const othersRefused: Column = {
  id: "others refused",
  unit: "%",
  meaning: "calls to the endpoints that are well that were refused while one is sick: none of them deserves it",
  better: "less",
  of: (run) => {
    const { from, to } = firstFault(run)
    const others = group(run, well)
    return (100 * others.sum("refused", from, to)) / others.sum("offered", from, to)
  },
}

export const sent: Column = {
  id: "sent there",
  unit: "calls",
  meaning: "calls sent to the sick endpoint while it is sick",
  better: "less",
  of: (run) => {
    const { from, to } = firstFault(run)
    return group(run, sick).admitted(from, to)
  },
}

const slowEndpoints = 10
const perSecond = 300
const slowMs = 9500
const usualMs = 100
const slow = 0

/** Threads for the load at 150 ms a call, as in the experiments that this is from. */
const threads = perSecond * 0.15

function slowWorld(seed: number, where: (call: Call) => number): Omit<World, "keysTold" | "endpoints" | "load"> {
  const fault = faultOf(seed, 60_000, 300_000)
  return {
    horizonMs: fault.to + 90_000,
    faults: [fault],
    server: new ThreadsServer({
      threads,
      queueMs: 1000,
      endpointOf: where,
      serve: (endpoint, { luck }, now) => ({
        serviceMs: endpoint === slow && lasts(fault, now) ? usualMs + slowMs : usualMs,
        good: luck >= noise,
      }),
    }),
    patienceMs: 10_000,
    groups: { count: 2, by: "endpoint", of: (call) => (where(call) === slow ? sick : well) },
  }
}

const shown: Variant["shown"] = [50, 460]
const calls = perSecond * 450

const named: Variant = {
  id: "callers name the endpoint",
  goals: [
    [
      { column: kept, least: 88 },
      { column: othersRefused, most: 0.5 },
    ],
  ],
  columns: [kept, othersRefused, sent, goodput, attempts, p99, wasted],
  primary: kept,
  calls,
  shown,
  world: (seed) => ({
    ...slowWorld(seed, ({ key }) => key),
    load: new PoissonLoad({ perSecond, seed, keys: (random) => random.below(slowEndpoints) }),
    keysTold: true,
  }),
}

const chosen: Variant = {
  id: "any endpoint will do",
  goals: [[{ column: kept, least: 88 }]],
  columns: [kept, sent, goodput, attempts, p99, wasted],
  primary: kept,
  calls,
  shown,
  world: (seed) => ({
    ...slowWorld(seed, ({ endpoint }) => endpoint),
    load: new PoissonLoad({ perSecond, seed }),
    endpoints: slowEndpoints,
  }),
}

export const slowEndpoint: Scenario = {
  id: "S6",
  title: "One endpoint of ten is slow",
  gist: "one endpoint of ten takes 9.5 s longer, and holds the threads that all of them share",
  about:
    "Open loop, 300 calls a second to ten endpoints of 100 ms each that share 45 threads (the load at 150 ms); what finds no thread waits up to 1 s for one, and fails then; 1 % of calls fail. After 60 to 70 s one endpoint takes 9.5 s longer for 300 s ± 20 %. Callers wait 10 s; what they gave up holds its thread all the same. Threads, queue, latency and phases are those of the slow-query experiment of Semian; there endpoints' usual latencies are drawn, here all are alike. In the one world each call is for one endpoint, and callers name it (as `key`): what is for the slow one cannot succeed in time for all. In the other any endpoint will do, and whoever can choose may; the others spread calls evenly.",
  notMeasured: ["endpoints that differ when all are well", "a service whose endpoints share nothing"],
  variants: [named, chosen],
}

const deadOf = 3
const deadMs = 10_000

/** S12a, which the fleet shows among its own. */
export const deadEndpoint: Variant = {
  id: "a: one endpoint of three dies",
  goals: [[{ column: kept, least: 98 }]],
  columns: [kept, sent, goodput, lost, attempts, wasted],
  primary: kept,
  calls: 100 * 140,
  shown: [50, 110],
  world: (seed) => {
    const fault = faultOf(seed, 60_000, deadMs)
    const isDead = (call: Call, now: number) => lasts(fault, now) && call.endpoint === 0
    return {
      horizonMs: fault.to + 60_000,
      faults: [fault],
      load: new PoissonLoad({ perSecond: 100, seed }),
      server: new SteadyServer((now, call) => ({
        failing: isDead(call, now) ? 1 : noise,
        serviceMs: isDead(call, now) ? 2 : 20,
      })),
      patienceMs: 3000,
      endpoints: deadOf,
      groups: { count: 2, by: "endpoint", of: ({ endpoint }) => (endpoint === 0 ? sick : well) },
    }
  },
}
