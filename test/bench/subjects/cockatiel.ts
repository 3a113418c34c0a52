import {
  CircuitState,
  CountBreaker,
  circuitBreaker,
  handleAll,
  type IPolicy,
  isBrokenCircuitError,
  SamplingBreaker,
  TimeoutStrategy,
  timeout,
  wrap,
} from "cockatiel"
import type { Subject } from "../measure.ts"
import { fail, inFlight, isTheFailure, laterWork, mostlyFailing, work } from "./floor.ts"

const hour = 3_600_000
const tenSeconds = () => new SamplingBreaker({ threshold: 0.5, duration: 10_000 })
const breaker = (policy: SamplingBreaker | CountBreaker = tenSeconds()) =>
  circuitBreaker(handleAll, { halfOpenAfter: hour, breaker: policy })
const withTimeout = () => wrap(breaker(), timeout(10_000, TimeoutStrategy.Aggressive))

const succeeding = (name: string, calls: number, policy: IPolicy): Subject => ({
  name,
  calls,
  run: async (total) => {
    let sum = 0
    for (let i = 0; i < total; i++) sum += await policy.execute(work)
    return sum
  },
})

const sampling = "cockatiel SamplingBreaker"

export const closed = (calls: number): Subject => succeeding(sampling, calls, breaker())

export const closedCount = (calls: number): Subject =>
  succeeding("cockatiel CountBreaker", calls, breaker(new CountBreaker({ threshold: 0.5, size: 100 })))

export const closedWithTimeout = (calls: number): Subject =>
  succeeding("cockatiel wrap(breaker, timeout)", calls, withTimeout())

export const inFlightWithTimeout = (calls: number): Subject => {
  const policy = withTimeout()
  return inFlight("cockatiel wrap(breaker, timeout)", calls, () => policy.execute(laterWork))
}

export const open = async (calls: number): Promise<Subject> => {
  const policy = breaker()
  for (let i = 0; i < 200; i++) await policy.execute(fail).catch(() => 0)
  if (policy.state !== CircuitState.Open) throw new Error("cockatiel did not open")
  return {
    name: sampling,
    calls,
    run: async (total) => {
      let rejected = 0
      for (let i = 0; i < total; i++) {
        try {
          await policy.execute(work)
        } catch (error) {
          if (isBrokenCircuitError(error)) rejected++
        }
      }
      return rejected
    },
  }
}

/** A closed circuit whose window already holds `samples` outcomes, nine of ten of them failures. */
const failing = (name: string, calls: number, samples: number, window: SamplingBreaker | CountBreaker): Subject => {
  for (let i = 0; i < samples; i++) {
    if (i % 10 === 0) window.success(CircuitState.Closed)
    else window.failure(CircuitState.Closed)
  }
  const policy = breaker(window)
  const call = mostlyFailing()
  return {
    name,
    calls,
    run: async (total) => {
      let verified = 0
      for (let i = 0; i < total; i++) {
        try {
          verified += await policy.execute(call)
        } catch (error) {
          if (isTheFailure(error)) verified++
        }
      }
      return policy.state === CircuitState.Closed ? verified : -1
    },
  }
}

export const failingSampling = (name: string, calls: number, samples: number): Subject =>
  failing(name, calls, samples, new SamplingBreaker({ threshold: 0.95, duration: 600_000 }))

export const failingCount = (name: string, calls: number, samples: number): Subject =>
  failing(name, calls, samples, new CountBreaker({ threshold: 0.95, size: samples }))

/** One protected call, for the cases that are not loops. */
export const caller = (): ((fn: () => Promise<number>) => Promise<number>) => {
  const policy = withTimeout()
  return (fn) => policy.execute(fn)
}
