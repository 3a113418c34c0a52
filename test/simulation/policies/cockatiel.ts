import * as cockatiel from "cockatiel"
import type { PolicyMaker, Port } from "../../../src/testing/simulation/policy.ts"
import type { Random } from "../../../src/testing/simulation/random.ts"
import { onHostTime } from "../hostTime.ts"
import { type Guard, PromisePolicy, settingsOf, timeouts } from "./promises.ts"

type WindowOptions =
  | { readonly type: "consecutive"; readonly failures: number }
  | { readonly type: "sampling"; readonly threshold: number; readonly duration: number; readonly minimumRps: number }
  | { readonly type: "count"; readonly threshold: number; readonly size: number; readonly minimumNumberOfCalls: number }

export interface CockatielOptions {
  readonly breaker: WindowOptions
  readonly halfOpenAfter: number
  readonly probes?: number
  /** Of its timeout policy inside the breaker. */
  readonly timeout?: number
}

function windowOf(breaker: WindowOptions): cockatiel.IBreaker {
  if (breaker.type === "consecutive") return new cockatiel.ConsecutiveBreaker(breaker.failures)
  return breaker.type === "sampling" ? new cockatiel.SamplingBreaker(breaker) : new cockatiel.CountBreaker(breaker)
}

const circuits = {
  [cockatiel.CircuitState.Closed]: "closed",
  [cockatiel.CircuitState.Open]: "open",
  [cockatiel.CircuitState.HalfOpen]: "halfOpen",
  [cockatiel.CircuitState.Isolated]: "open",
} as const

function guard(port: Port, { breaker, halfOpenAfter, probes }: CockatielOptions): Guard {
  const policy = cockatiel.circuitBreaker(cockatiel.handleAll, {
    halfOpenAfter,
    breaker: windowOf(breaker),
    ...(probes === undefined ? {} : { halfOpenSampling: { calls: probes, threshold: 0.5 } }),
  })
  policy.onStateChange((state) => port.moved(circuits[state]))
  return { execute: (run) => policy.execute(run) }
}

const make = (options: CockatielOptions, id: string, setup: string): PolicyMaker => ({
  id,
  kind: "package",
  setup,
  around: onHostTime,
  make: (port) => new PromisePolicy(port, guard(port, options), options.timeout),
})

/** It has no defaults; these are the settings of the first example in its documentation. */
export const documentedCockatiel = make(
  { breaker: { type: "consecutive", failures: 5 }, halfOpenAfter: 10_000 },
  "cockatiel",
  "has no defaults; its documentation's first example: 5 failures in a row, 10 s",
)

export const cockatielWith = (options: CockatielOptions, id: string): PolicyMaker =>
  make(options, id, settingsOf(options))

export function cockatielAtRandom(random: Random): CockatielOptions {
  const size = random.pick([10, 20, 50, 100])
  const threshold = random.pick([0.1, 0.2, 0.3, 0.5, 0.7, 0.9])
  const duration = random.pick([1000, 5000, 10_000, 30_000])
  const breaker = random.pick<WindowOptions>([
    { type: "consecutive", failures: random.pick([3, 5, 8, 12, 20]) },
    { type: "sampling", threshold, duration, minimumRps: random.pick([1, 5, 20]) },
    { type: "count", threshold, size, minimumNumberOfCalls: size / random.pick([1, 2, 5]) },
  ])
  const halfOpenAfter = random.pick([250, 500, 1000, 2000, 5000, 10_000, 30_000])
  return { breaker, halfOpenAfter, probes: random.pick([1, 3, 10]), timeout: random.pick(timeouts) }
}
