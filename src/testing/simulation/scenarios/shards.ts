/** S11: a service in shards, one of which dies. Callers see the key of a call, not the shard that it goes to. */
import { attempts, type Column, firstFault, lost, wasted } from "../columns.ts"
import { type Random, stream } from "../random.ts"
import type { Recording } from "../record.ts"
import { faultOf, type Goal, lasts, type Scenario, type Variant } from "../scenario.ts"
import type { Call } from "../world.ts"
import { PoissonLoad } from "../worlds/poisson.ts"
import { SteadyServer } from "../worlds/steady.ts"
import { kept, sent } from "./endpoints.ts"

const healthyMs = 120_000
const outageMs = 60_000
const afterMs = 60_000
const noise = 0.01

/** Groups of the recording: calls to the shard that dies, and to the others. */
const dead = 1
const sound = 0

const group = (run: Recording, index: number): Recording => {
  const found = run.groups[index]
  if (found === undefined) throw new Error("this column needs a world of shards")
  return found
}

const healthy: Column = {
  id: "healthy",
  unit: "%",
  meaning: "successes among the calls offered to living shards while one is dead",
  better: "more",
  of: (run) => {
    const { from, to } = firstFault(run)
    const living = group(run, sound)
    return (100 * living.sum("success", from, to)) / living.sum("offered", from, to)
  },
}

const doomed: Column = {
  id: "doomed",
  unit: "calls",
  meaning: "calls sent to the dead shard",
  better: "less",
  of: (run) => {
    const { from, to } = firstFault(run)
    return group(run, dead).admitted(from, to)
  },
}

const doomedShare: Column = {
  id: "doomed share",
  unit: "%",
  meaning: "the same as a share of the calls offered to the dead shard",
  better: "less",
  of: (run) => {
    const { from, to } = firstFault(run)
    return (100 * group(run, dead).admitted(from, to)) / group(run, dead).sum("offered", from, to)
  },
}

interface Layout {
  readonly id: string
  readonly perSecond: number
  readonly shards: number
  readonly keys: number
  /** Keys by rank, this steeply; 0: all alike. */
  readonly zipf: number
  /** The shard that dies: one of them, or the one of the most wanted key. */
  readonly dies: "any" | "the hottest"
  /** Endpoints in front of the shards, each of which reaches all of them. */
  readonly endpoints?: number
  readonly goals: readonly Goal[]
}

/** Draws keys so that the one of rank r comes with weight r to the minus `zipf`. */
function drawer({ keys, zipf }: Layout): (random: Random) => number {
  const sums: number[] = []
  let sum = 0
  for (let rank = 1; rank <= keys; rank++) sums.push((sum += rank ** -zipf))
  return (random) => {
    const drawn = random.unit() * sum
    let [low, high] = [0, keys - 1]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((sums[middle] as number) > drawn) high = middle
      else low = middle + 1
    }
    return low
  }
}

/** Which keys live on the shard that dies: for each seed another, keys spread evenly. */
function deadKeys(seed: number, { shards, keys, dies }: Layout): ReadonlySet<number> {
  const random = stream(seed, "shards")
  const ranked = Array.from({ length: keys }, (_, key) => ({ key, at: random.next() })).sort((a, b) => a.at - b.at)
  const hottest = ranked.findIndex(({ key }) => key === 0) % shards
  const unlucky = dies === "any" ? random.below(shards) : hottest
  return new Set(ranked.filter((_, place) => place % shards === unlucky).map(({ key }) => key))
}

const variant = (layout: Layout): Variant => ({
  id: layout.id,
  goals: [layout.goals],
  columns: [healthy, doomed, doomedShare, lost, attempts, wasted],
  primary: healthy,
  calls: (layout.perSecond * (healthyMs + outageMs + afterMs)) / 1000,
  shown: [healthyMs / 1000 - 10, (healthyMs + outageMs) / 1000 + 40],
  world: (seed) => {
    const fault = faultOf(seed, healthyMs, outageMs)
    const dying = deadKeys(seed, layout)
    const isDead = (call: Call, now: number) => lasts(fault, now) && dying.has(call.key)
    return {
      horizonMs: fault.to + afterMs,
      faults: [fault],
      load: new PoissonLoad({ perSecond: layout.perSecond, seed, keys: drawer(layout) }),
      server: new SteadyServer((now, call) => ({ failing: isDead(call, now) ? 1 : noise, serviceMs: 20 })),
      patienceMs: 3000,
      keysTold: true,
      ...(layout.endpoints !== undefined && { endpoints: layout.endpoints }),
      groups: { count: 2, of: ({ key }) => (dying.has(key) ? dead : sound) },
    }
  },
})

/** A dead endpoint is no dead key: whoever can choose goes elsewhere, and holds no key back for it. */
const deadEndpoint: Variant = {
  id: "3 endpoints, 99 keys, any endpoint will do",
  goals: [
    [
      { column: kept, least: 98.5 },
      { column: sent, most: 90 },
    ],
  ],
  columns: [kept, sent, lost, attempts, wasted],
  primary: kept,
  calls: (100 * (healthyMs + outageMs + afterMs)) / 1000,
  shown: [healthyMs / 1000 - 10, (healthyMs + outageMs) / 1000 + 40],
  world: (seed) => {
    const fault = faultOf(seed, healthyMs, outageMs)
    const isDead = (call: Call, now: number) => lasts(fault, now) && call.endpoint === 0
    return {
      horizonMs: fault.to + afterMs,
      faults: [fault],
      load: new PoissonLoad({ perSecond: 100, seed, keys: (random) => random.below(99) }),
      server: new SteadyServer((now, call) => ({ failing: isDead(call, now) ? 1 : noise, serviceMs: 20 })),
      patienceMs: 3000,
      keysTold: true,
      endpoints: 3,
      groups: { count: 2, by: "endpoint", of: ({ endpoint }) => (endpoint === 0 ? dead : sound) },
    }
  },
}

/** So many keys that all of a dead shard are met soon, with endpoints or without. */
const few = {
  perSecond: 100,
  dies: "any",
  shards: 3,
  keys: 99,
  zipf: 0,
  goals: [
    { column: healthy, least: 98.5 },
    { column: doomed, most: 90 },
  ],
} as const

export const shards: Scenario = {
  id: "S11",
  title: "One shard dies",
  gist: "one shard of a service dies; callers see keys, not shards",
  about:
    "Open loop, 100 calls a second (200 with 64 shards). Every call has a key, which lives on one of 3 (or 64) shards; the map is unknown to callers. After 120 to 130 s one shard fails all its calls for 60 s ± 20 %. Service in 20 ms, 1 % of all calls fail. Where nothing is said, one breaker serves all calls (ours is told the keys); `one a key` is one breaker for each key. In two worlds the service has endpoints, any of which will do, and ours chooses by `discovery`; the others spread calls evenly. In the one each of six endpoints reaches every shard, so that a dead shard is no endpoint's fault; in the other one of three endpoints dies, and with it no key.",
  alsoEach: "key",
  notMeasured: [
    "more keys than the table of cells takes, and keys whose hashes collide: one pair in four billion; tests of the laws of cells do that",
    "shards that are slow rather than dead",
  ],
  variants: [
    variant({ id: "3 shards, 99 keys", ...few }),
    variant({
      id: "3 shards, 300 keys",
      perSecond: 100,
      dies: "any",
      shards: 3,
      keys: 300,
      zipf: 0,
      goals: [
        { column: healthy, least: 98 },
        { column: doomed, most: 160 },
      ],
    }),
    variant({ id: "3 shards behind 6 endpoints, 99 keys", ...few, endpoints: 6 }),
    deadEndpoint,
    variant({
      id: "64 shards, 1 000 keys by zipf 1.1, any dies",
      perSecond: 200,
      shards: 64,
      keys: 1000,
      zipf: 1.1,
      dies: "any",
      goals: [{ column: doomed, most: 70 }],
    }),
    variant({
      id: "64 shards, 1 000 keys by zipf 1.1, the hottest dies",
      perSecond: 200,
      shards: 64,
      keys: 1000,
      zipf: 1.1,
      dies: "the hottest",
      goals: [{ column: doomedShare, most: 5 }],
    }),
  ],
}
