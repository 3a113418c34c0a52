/** What happens on a bad day, as data: a script that can be written down, shortened, and played again. */
import type { Random } from "../../../src/testing/simulation/random.ts"
import { someEndpoints } from "./configs.ts"
import type { CheckAct, ProviderAct } from "./outside.ts"

/** What the service is like: chances of what a call meets, and how long answers take. */
export interface Weather {
  readonly failure: number
  readonly hang: number
  readonly slow: number
  readonly throttled: number
  /** It asks to be left alone. */
  readonly asks: number
  readonly ignored: number
  readonly latencyMs: number
}

export const operatorActs = ["forceOpen", "bypass", "shadow", "release"] as const
export type OperatorAct = (typeof operatorActs)[number]

export type Happening =
  | { readonly do: "weather"; readonly weather: Weather }
  | {
      readonly do: "calls"
      /** Of what each of them meets: so that a script that is cut elsewhere plays the rest alike. */
      readonly seed: number
      readonly calls: number
      readonly everyMs: number
      readonly door: "acquire" | "execute" | "guard"
      readonly keys: number
      readonly priority: "bulk" | "low" | "normal" | "high" | "critical"
      readonly deadlineMs: number | undefined
      readonly idempotent: boolean
      /** Chance that a caller gives up, and that it never settles its permit. */
      readonly abort: number
      readonly forget: number
      readonly cost: number
      /** Chance that a call names a feature, where there are any. */
      readonly features?: number
    }
  | { readonly do: "wait"; readonly ms: number }
  /** The event loop is blocked: time passes, and what was due comes late. */
  | { readonly do: "stall"; readonly ms: number }
  /** An administrator, or a time server, sets the wall clock. */
  | { readonly do: "wall"; readonly ms: number }
  | { readonly do: "load"; readonly memory: number; readonly eventLoop: number }
  | { readonly do: "operator"; readonly act: OperatorAct }
  | { readonly do: "reconfigure"; readonly seed: number }
  /** Saved, stopped with calls in flight or without, away for a while, restored. */
  | { readonly do: "restart"; readonly awayMs: number; readonly wallMs: number }
  /** From now on a listener, or the classifier, throws. */
  | { readonly do: "listener"; readonly throws: boolean }
  | { readonly do: "classifier"; readonly throws: boolean }
  | { readonly do: "observe"; readonly value: number }
  | { readonly do: "ledger"; readonly act: OperatorAct }
  | { readonly do: "provider"; readonly does: ProviderAct }
  | { readonly do: "checks"; readonly end: CheckAct }
  /** Calls to these endpoints fail, and calls of these features. */
  | ({ readonly do: "sick" } & Sick)

/** Parts of the service that fail while others do not. */
export interface Sick {
  readonly endpoints: readonly number[]
  readonly features: readonly string[]
}
export const nobodySick: Sick = { endpoints: [], features: [] }

const priorities = ["normal", "normal", "normal", "bulk", "low", "high", "critical"] as const
/** A good day. */
export const fair: Weather = { failure: 0.01, hang: 0, slow: 0, throttled: 0, asks: 0, ignored: 0.01, latencyMs: 20 }

const weathers: readonly ((random: Random) => Weather)[] = [
  () => fair,
  () => ({ ...fair, failure: 1 }),
  (random) => ({ ...fair, failure: random.between(0.1, 0.9) }),
  (random) => ({ ...fair, hang: random.between(0.1, 1) }),
  (random) => ({ ...fair, slow: random.between(0.2, 1), latencyMs: random.between(1, 300) }),
  (random) => ({ ...fair, throttled: random.between(0.1, 0.9), asks: random.unit() < 0.3 ? 0.05 : 0 }),
  (random) => ({ ...fair, ignored: random.between(0.2, 1) }),
  (random) => ({ ...fair, latencyMs: random.between(100, 2000), failure: random.between(0, 0.3) }),
]

const wholeSeed = (random: Random): number => random.next()

const duration = (random: Random): number =>
  Math.round(random.pick([1, 50, 400, 1500, 6000, 30_000, 120_000, 3_600_000]) * random.between(0.5, 1.5))

const doorOf = (luck: number) => (luck < 0.82 ? "acquire" : luck < 0.95 ? "execute" : "guard")

const calls = (random: Random, most: number): Happening => ({
  do: "calls",
  seed: wholeSeed(random),
  calls: 1 + random.below(random.pick([3, 40, most, most])),
  everyMs: random.pick([0, 0.1, 0.2, 1, 1, 5, 20, 200]),
  // Promises cost some microseconds more, and fibers some more than those.
  door: doorOf(random.unit()),
  keys: random.pick([0, 0, 0, 1, 5, 300]),
  priority: random.pick(priorities),
  deadlineMs: [undefined, undefined, 100, 1000, 30_000][random.below(5)],
  idempotent: random.unit() < 0.5,
  abort: random.pick([0, 0, 0.05, 0.5]),
  forget: random.pick([0, 0, 0.02, 0.3]),
  cost: random.pick([1, 1, 1, 0.5, 3]),
  features: random.pick([0, 0.5, 1]),
})

const providerActs: readonly ((random: Random) => ProviderAct)[] = [
  (random) => ({ act: "tell", endpoints: someEndpoints(random) }),
  (random) => ({ act: "tell", endpoints: someEndpoints(random, 2) }),
  () => ({ act: "tell", endpoints: [] }),
  (random) => ({
    act: "churn",
    everyMs: random.pick([50, 400, 3000]),
    lists: Array.from({ length: 2 + random.below(20) }, () => someEndpoints(random)),
  }),
  (random) => ({ act: random.pick(["garbage", "throw", "reject", "hang", "deaf", "end", "flood"] as const) }),
]

const checkActs = ["pass", "false", "unhealthy", "throw", "reject", "hang", "deaf", "late", "flap", "effect"] as const

const endOfChecks = (random: Random): CheckAct => {
  const act = random.pick(checkActs)
  return random.unit() < 0.5 ? { act } : { act, only: someEndpoints(random, 1) }
}

const someFeatures = (random: Random): readonly string[] =>
  ["search", "pay", "login", "refund", "stock", "order"].filter(() => random.unit() < 0.25)

const sick = (random: Random): Sick =>
  random.unit() < 0.3 ? nobodySick : { endpoints: someEndpoints(random, 1), features: someFeatures(random) }

type Maker = (random: Random, most: number) => Happening

const makers: readonly (readonly [number, Maker])[] = [
  [30, calls],
  [8, (random) => ({ do: "weather", weather: random.pick(weathers)(random) })],
  [14, (random) => ({ do: "wait", ms: duration(random) })],
  [2, (random) => ({ do: "stall", ms: random.pick([20, 500, 10_000, 60_000]) })],
  [2, (random) => ({ do: "wall", ms: random.pick([-3_600_000, 3_600_000, -1, 86_400_000]) })],
  [2, (random) => ({ do: "load", memory: random.unit(), eventLoop: random.unit() })],
  [3, (random) => ({ do: "operator", act: random.pick([...operatorActs, "release", "release"]) })],
  [2, (random) => ({ do: "reconfigure", seed: wholeSeed(random) })],
  [2, (random) => ({ do: "restart", awayMs: duration(random), wallMs: random.pick([0, 0, -3_600_000, 3_600_000]) })],
  [1, (random) => ({ do: "listener", throws: random.unit() < 0.5 })],
  [1, (random) => ({ do: "classifier", throws: random.unit() < 0.3 })],
  [1, (random) => ({ do: "observe", value: random.pick([0.2, 0.5, 0.9, Number.NaN, 1e9]) })],
  [2, (random) => ({ do: "ledger", act: random.pick([...operatorActs, "release"]) })],
  [4, (random) => ({ do: "provider", does: random.pick(providerActs)(random) })],
  [3, (random) => ({ do: "checks", end: endOfChecks(random) })],
  [4, (random) => ({ do: "sick", ...sick(random) })],
]
const total = makers.reduce((sum, [weight]) => sum + weight, 0)

function draw(random: Random, most: number): Happening {
  let left = random.unit() * total
  for (const [weight, make] of makers) {
    left -= weight
    if (left < 0) return make(random, most)
  }
  return { do: "wait", ms: 1 }
}

/** A day's script: so many happenings, each with at most so many calls. */
export const scriptOf = (random: Random, happenings: number, mostCalls: number): readonly Happening[] =>
  Array.from({ length: happenings }, () => draw(random, mostCalls))
