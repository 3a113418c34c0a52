/** A swarm of configurations: every strategy, every component on and off, options drawn from what they may be. */
import type { BreakerConfig, EndpointInput } from "recloser"
import { readConfig } from "../../../src/BreakerConfig.ts"
import type { Random } from "../../../src/testing/simulation/random.ts"

const maybe = <T>(random: Random, value: T, chance = 0.5): T | undefined => (random.unit() < chance ? value : undefined)

const openFor = (random: Random) => ({
  base: random.pick([200, 1000, 5000]),
  max: random.pick([5000, 30_000, 60_000]),
  jitter: random.pick([0, 0.25]),
})

const windows = (random: Random) =>
  random.pick([
    { type: "time", duration: random.pick([1000, 10_000]), minimumCalls: random.pick([2, 10, 20]) },
    { type: "count", calls: random.pick([20, 100]), minimumCalls: random.pick([2, 10]) },
    { type: "consecutive", failures: random.pick([2, 5]) },
  ])

const basic = (random: Random) => ({
  type: "basic",
  window: windows(random),
  slowCalls: maybe(random, { after: random.pick([50, 500]), ratio: random.pick([0.3, 0.9]) }),
  openFor: openFor(random),
  probes: { atOnce: random.pick([1, 3]), needed: random.pick([1, 2, 5]), lease: random.pick([500, 5000]) },
})

const gradual = (random: Random) => ({
  type: "gradual",
  falseAlarms: maybe(random, false),
  trial: random.pick([true, false]),
  slowCalls: random.pick([true, false, { after: 200 }]),
  ramp: maybe(random, { outcomes: random.pick([5, 20]) }),
  openFor: openFor(random),
  probes: { atOnce: random.pick([1, 3]), wrong: random.pick([0.05, 0.001]), lease: random.pick([500, 5000]) },
})

const circuit = (random: Random) => random.pick([basic, gradual])(random)

const dependency = (random: Random) => ({
  type: "dependency",
  own: circuit(random),
  dependencies: { cards: { type: random.pick(["critical", "required", "optional"]), impact: random.unit() } },
})

const priority = (random: Random) =>
  random.pick<unknown>([
    false,
    true,
    { limit: random.pick([1, 4, 50]), queue: random.pick<unknown>([false, 3, { max: 20, deadline: 500 }]) },
    { limit: { min: 1, max: random.pick([10, 200]) } },
    { limit: 5, reserve: { critical: 0.2, high: 0.2 } },
  ])

const rateLimit = (random: Random) =>
  random.pick<unknown>([
    false,
    true,
    { limit: random.pick([0.5, 10, 500]), interval: 1000, burst: random.pick([1, 20]) },
    { limit: 100, perKey: { limit: 2, interval: 1000 }, adaptive: random.unit() < 0.5 },
  ])

const retry = (random: Random) =>
  random.pick<unknown>([false, true, { attempts: random.pick([2, 5]), hedge: random.unit() < 0.5 }])

const timeout = (random: Random) => random.pick<unknown>([true, false, 1000, { min: 50, max: 5000 }])

const prediction = (random: Random) => random.pick<unknown>([false, false, true, { gauges: { load: { limit: 1 } } }])

/** Endpoints of a day by number: `e7` and `e107` are one by name, at two addresses. Of seven one takes no calls. */
export const endpointsNamed = (numbers: readonly number[]): readonly Exclude<EndpointInput, string>[] =>
  numbers.map((number) => {
    const [host, turn] = [number % 100, Math.floor(number / 100)]
    return {
      id: `e${host}`,
      address: `10.0.${turn}.${host}:80`,
      zone: host % 2 === 0 ? "a" : "b",
      weight: host % 7 === 6 ? 0 : 1 + (host % 3),
      metadata: { version: host % 3 === 0 ? "2" : "1" },
    }
  })

/** A list of a provider's: of few endpoints or several, now and then of none. */
export const someEndpoints = (random: Random, least = 0): readonly number[] => {
  const count = Math.max(least, random.pick([0, 1, 2, 3, 4, 4, 6, 9]))
  const numbers = Array.from({ length: count }, () => random.below(10) + (random.unit() < 0.1 ? 100 : 0))
  return [...new Map(numbers.map((number) => [number % 100, number])).values()]
}

const ejection = (random: Random) =>
  random.pick<unknown>([
    true,
    true,
    false,
    { share: random.pick([0.1, 0.5, 1]), first: random.pick([100, 1000]), longest: random.pick([2000, 30_000]) },
  ])

const discovery = (random: Random) => ({
  provided: random.unit() < 0.7,
  discovery: {
    endpoints: maybe(random, endpointsNamed(someEndpoints(random, 1))),
    zone: maybe(random, "a", 0.3),
    where: maybe(random, { version: "1" }, 0.2),
    max: random.pick([1000, 1000, 3]),
    ejection: ejection(random),
    panic: random.pick([0, 0.3, 0.5, 1]),
    slowStart: random.pick([0, 10_000]),
    settle: random.pick([0, 200, 1000]),
  },
})

const health = (random: Random) => ({
  checked: random.unit() < 0.8,
  health: {
    interval: random.pick([500, 5000, 30_000]),
    jitter: random.pick([0, 0.2]),
    timeout: random.pick([100, 500]),
    rise: random.pick([1, 2, 3]),
    fall: random.pick([1, 2, 3]),
    passive: random.pick<unknown>([true, false, { ratio: 0.3, minimumCalls: 3 }]),
    trickle: random.pick([0.05, 0.5]),
  },
})

/** What calls may name, by what needs what. */
const services = [
  ["search", "pay"],
  { login: { required: true }, pay: ["login"], refund: { needs: ["pay"], priority: "low" }, search: true },
  { stock: true, order: { needs: ["stock"], required: true }, search: { priority: "high" } },
] as const

const recovery = (random: Random) => ({
  recovery: {
    features: random.pick<unknown>(services),
    atOnce: random.pick([1, 3]),
    testShare: random.pick([0.05, 0.2, 1]),
    minimumSamples: random.pick([1, 3, 10]),
    testFor: random.pick([100, 10_000]),
    failureRatio: random.pick([0.1, 0.5, 1]),
    retry: { base: random.pick([100, 5000]), max: random.pick([5000, 60_000]) },
  },
})

/** A config as a script keeps it, in JSON: whether it has a provider of endpoints, and a check, are the day's own. */
export type DayConfig = BreakerConfig & { readonly provided?: boolean; readonly checked?: boolean }

const drawn = (random: Random) => ({
  strategy: random.pick<(random: Random) => unknown>([basic, gradual, gradual, dependency])(random),
  candidate: maybe(random, circuit(random), 0.1),
  priority: priority(random),
  rateLimit: rateLimit(random),
  retry: retry(random),
  timeout: timeout(random),
  prediction: prediction(random),
  metrics: random.unit() < 0.7,
  ...maybe(random, discovery(random), 0.35),
  ...maybe(random, health(random), 0.35),
  ...maybe(random, recovery(random), 0.35),
})

const nobody: AsyncIterable<never> = { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) }

/** Whether it could be used once it has a provider and a check. */
function readable({ provided, checked, ...config }: DayConfig): unknown {
  const { discovery, health } = config
  return {
    ...config,
    ...(provided && { discovery: { ...(discovery as object), provider: nobody } }),
    ...(checked && { health: { ...(health as object), check: () => true } }),
  }
}

function isUsable(config: unknown): config is DayConfig {
  try {
    readConfig("swarm", readable(config as DayConfig))
    return true
  } catch {
    return false
  }
}

/** Whatever is drawn of options that contradict each other is drawn again: a swarm is of configs that can be used. */
export function configOf(random: Random): DayConfig {
  for (let turn = 0; turn < 50; turn++) {
    const config = drawn(random)
    if (isUsable(config)) return config
  }
  throw new Error("no usable config in fifty: the swarm draws options that do not exist")
}
