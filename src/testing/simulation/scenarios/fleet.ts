/** S12: many clients of one service, each with a breaker of its own that knows nothing of the others. */
import { alarm, attempts, type Column, firstFault, goodput, lost, recovery, sent, wasted } from "../columns.ts"
import { recloser } from "../policies/recloser.ts"
import type { Recording } from "../record.ts"
import { faultOf, type Goals, lasts, type Scenario, type Variant } from "../scenario.ts"
import { PoissonLoad } from "../worlds/poisson.ts"
import { SlotsServer } from "../worlds/slots.ts"
import { SteadyServer } from "../worlds/steady.ts"
import { deadEndpoint } from "./endpoints.ts"
import { layers } from "./layers.ts"

const healthyMs = 60_000
const outageMs = 30_000
const rampMs = 30_000
const afterMs = 60_000
const perSecond = 400
const fullSlots = 50
const serviceMs = 100

/** Slots so long after the service has come back: a tenth of all at first, all after the ramp. */
const slotsAt = (sinceMs: number): number =>
  Math.floor(fullSlots * Math.min(1, 0.1 + (0.9 * Math.max(0, sinceMs)) / rampMs))

/** Calls that could have been served between two times after the end of the outage. */
function available(fromMs: number, toMs: number): number {
  let calls = 0
  for (let at = fromMs; at < toMs; at += 100) calls += Math.min(perSecond, (slotsAt(at) * 1000) / serviceMs) / 10
  return calls
}

const successes = (run: Recording, fromMs: number, toMs: number): number => {
  const { to } = firstFault(run)
  return run.sum("success", to + fromMs, to + toMs)
}

const used: Column = {
  id: "used",
  unit: "%",
  meaning:
    "successes among the calls offered during the ramp, as a share of what could have been served then: the lesser of capacity and load",
  better: "more",
  of: (run) => (100 * successes(run, 0, rampMs)) / available(0, rampMs),
}

const usedFirst: Column = {
  id: "used in 5 s",
  unit: "%",
  meaning: "the same for the first five seconds after the outage",
  better: "more",
  of: (run) => (100 * successes(run, 0, 5000)) / available(0, 5000),
}

const collapsed: Column = {
  id: "collapsed",
  unit: "s",
  meaning: "seconds of the ramp in which less than a quarter of what could have been served was",
  better: "less",
  of: (run) =>
    Array.from({ length: rampMs / 1000 }, (_, second) => second * 1000).filter(
      (at) => successes(run, at, at + 1000) < 0.25 * available(at, at + 1000),
    ).length,
}

const failedInRamp = (run: Recording): number => {
  const { to } = firstFault(run)
  return run.sum("failure", to, to + rampMs) + run.sum("timedOut", to, to + rampMs)
}

const failedShare: Column = {
  id: "failed",
  unit: "%",
  meaning: "calls offered during the ramp that were sent and failed or timed out",
  better: "less",
  of: (run) => {
    const { to } = firstFault(run)
    return (100 * failedInRamp(run)) / run.sum("offered", to, to + rampMs)
  },
}

const failedCalls: Column = {
  id: "failed calls",
  unit: "calls",
  meaning: "their number",
  better: "less",
  of: failedInRamp,
}

const returning = (id: string, queues: boolean, goals: Goals): Variant => ({
  id,
  goals,
  columns: [used, usedFirst, collapsed, failedShare, failedCalls, recovery, attempts, wasted],
  primary: used,
  calls: (perSecond * (healthyMs + outageMs + rampMs + afterMs)) / 1000,
  shown: [healthyMs / 1000 - 5, (healthyMs + outageMs + rampMs) / 1000 + 30],
  world: (seed) => {
    const fault = faultOf(seed, healthyMs, outageMs)
    return {
      horizonMs: fault.to + rampMs + afterMs,
      faults: [fault],
      load: new PoissonLoad({ perSecond, seed, clients: 100 }),
      server: new SlotsServer({
        serviceMs,
        queues,
        isDown: (now) => lasts(fault, now),
        slots: (now) => (now < fault.to ? fullSlots : slotsAt(now - fault.to)),
      }),
      patienceMs: 1000,
    }
  },
})

const behind: Column = {
  id: "behind",
  unit: "%",
  meaning: "points of G behind one breaker that all clients share",
  better: "less",
  compares: true,
  of: (run, shared) => goodput.of(shared, shared) - goodput.of(run, run),
}

/**
 * Without this, doing nothing would win: callers so rare lose least when nobody refuses them anything. In 30 s each client calls
 * three times in the mean. At 1 % of noise one failure proves little and two in a row prove enough, so that a client
 * who knows nothing of the others has learnt it with its second: 1.75 calls in the mean (Poisson), of the 3 that doing nothing sends.
 */
const learntBySecond = 1750

/** S1's outage seen by a thousand clients who each call once in ten seconds. */
const rare: Variant = {
  id: "d: 1 000 clients, 0.1 rps each",
  goals: [
    [
      { column: behind, most: 2 },
      { column: sent, most: learntBySecond },
    ],
  ],
  columns: [behind, goodput, alarm, sent, lost, recovery, attempts, wasted],
  primary: behind,
  calls: 25_000,
  shown: [110, 220],
  beside: recloser,
  world: (seed) => {
    const fault = faultOf(seed, 120_000, outageMs)
    return {
      horizonMs: fault.to + 90_000,
      faults: [fault],
      load: new PoissonLoad({ perSecond: 100, seed, clients: 1000 }),
      server: new SteadyServer((now) => ({ failing: lasts(fault, now) ? 1 : 0.01, serviceMs: 20 })),
      patienceMs: 3000,
    }
  },
}

export const fleet: Scenario = {
  id: "S12",
  title: "Fleets: an endpoint that dies, a slow return, layers that repeat, and rare callers",
  gist: "many clients of one service, each with a breaker of its own, and layers of services that each repeat what fails",
  about:
    "a: 100 calls a second to three endpoints, 20 ms each, 1 % of calls fail; after 60 to 70 s one of them fails all its calls, in 2 ms, for 10 s ± 20 %; whoever cannot choose an endpoint spreads calls evenly. b: 100 clients, each with a breaker of its own, offer 400 calls a second between them to a service of 50 slots of 100 ms. It is down (refuses at once) for 30 s ± 20 %, then is back with a tenth of its slots and has all again 30 s later. Calls that find no slot wait in its queue, and are worked off in order even if their callers, who wait 1 s, have gone; in the other world they are told so at once. c: calls pass five layers, each of which may repeat three times what fails, to a service whose every attempt fails by chance, 20 calls a second for five minutes; ours is a breaker in each layer. d: 1 000 clients of 0.1 calls a second each see S1's outage of 30 s; ours is compared with one breaker that they share, and is not to send more failed calls than a client needs to be sure, two each: 1 750, for with so rare callers a breaker that does nothing loses least. States of many breakers are drawn as one: closed while all are, open when more than half are not, else degraded.",
  each: "client",
  notMeasured: [
    "layers that wrap errors into others without naming the cause, and pass no context on: each budget bounds only its own layer then",
    "a service that begins to fail: while a circuit is degraded it repeats nothing, as it is told to, so that from the start of a 20 % fault on some 80 % of the calls succeed",
    "clients that differ, or that share what they know",
    "capacity and load are this suite's own choice: no published experiment stands behind them",
  ],
  variants: [
    deadEndpoint,
    returning("b: back slowly, with a queue", true, [
      [
        { column: used, least: 92 },
        { column: used, least: 88, over: "worst" },
        { column: collapsed, most: 0, over: "worst" },
        { column: usedFirst, least: 90 },
        { column: failedShare, most: 1 },
      ],
    ]),
    returning("b: back slowly, says 503", false, [
      [
        { column: used, least: 93 },
        { column: failedCalls, most: 850 },
      ],
    ]),
    ...layers,
    rare,
  ],
}
