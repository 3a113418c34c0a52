/** A swarm of configurations: every strategy, every component on and off, options drawn from what they may be. */
import type { BreakerConfig } from "recloser"
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

const drawn = (random: Random) => ({
  strategy: random.pick<(random: Random) => unknown>([basic, gradual, gradual, dependency])(random),
  candidate: maybe(random, circuit(random), 0.1),
  priority: priority(random),
  rateLimit: rateLimit(random),
  retry: retry(random),
  timeout: timeout(random),
  prediction: prediction(random),
  metrics: random.unit() < 0.7,
})

function isUsable(config: unknown): config is BreakerConfig {
  try {
    readConfig("swarm", config)
    return true
  } catch {
    return false
  }
}

/** Whatever is drawn of options that contradict each other is drawn again: a swarm is of configs that can be used. */
export function configOf(random: Random): BreakerConfig {
  for (let turn = 0; turn < 50; turn++) {
    const config = drawn(random)
    if (isUsable(config)) return config
  }
  throw new Error("no usable config in fifty: the swarm draws options that do not exist")
}
