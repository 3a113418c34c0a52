import CircuitBreaker from "opossum"
import type { Subject } from "../measure.ts"
import { fail, inFlight, isTheFailure, laterWork, mostlyFailing, work } from "./floor.ts"

type Options = CircuitBreaker.Options<[]>

const hour = 3_600_000

const succeeding = (name: string, calls: number, options: Options): Subject => {
  const breaker = new CircuitBreaker(work, options)
  return {
    name,
    calls,
    run: async (total) => {
      let sum = 0
      for (let i = 0; i < total; i++) sum += await breaker.fire()
      return sum
    },
  }
}

export const closed = (calls: number): Subject => succeeding("opossum, timeout off", calls, { timeout: false })

export const closedWithDefaults = (calls: number): Subject => succeeding("opossum, defaults", calls, {})

export const inFlightWithDefaults = (calls: number): Subject => {
  const breaker = new CircuitBreaker(laterWork, {})
  return inFlight("opossum, defaults", calls, () => breaker.fire())
}

const isRejection = (error: unknown): boolean =>
  error instanceof Error && "code" in error && error.code === "EOPENBREAKER"

export const open = async (calls: number): Promise<Subject> => {
  const breaker = new CircuitBreaker(fail, { resetTimeout: hour })
  for (let i = 0; i < 20; i++) await breaker.fire().catch(() => 0)
  if (!breaker.opened) throw new Error("opossum did not open")
  return {
    name: "opossum, defaults",
    calls,
    run: async (total) => {
      let rejected = 0
      for (let i = 0; i < total; i++) {
        try {
          await breaker.fire()
        } catch (error) {
          if (isRejection(error)) rejected++
        }
      }
      return rejected
    },
  }
}

/** Ten buckets of a minute, filled through the events by which opossum itself counts; failures first, as runs are short. */
const filled = (samples: number) => {
  const breaker = new CircuitBreaker(mostlyFailing(1), {
    timeout: false,
    errorThresholdPercentage: 95,
    rollingCountTimeout: 600_000,
  })
  for (let i = 0; i < samples; i++) {
    breaker.emit("fire", [])
    if (i % 10 === 0) breaker.emit("success", 1, 3)
    else breaker.emit("failure", undefined, 3, [])
  }
  return breaker
}

/** Its window is by time and grows with every call, so a fresh one is filled before each run. */
export const failing = (name: string, calls: number, samples: number): Subject => {
  let breaker = filled(0)
  return {
    name,
    calls,
    prepare: () => {
      breaker.shutdown()
      breaker = filled(samples)
    },
    run: async (total) => {
      let verified = 0
      for (let i = 0; i < total; i++) {
        try {
          verified += await breaker.fire()
        } catch (error) {
          if (isTheFailure(error)) verified++
        }
      }
      return breaker.closed ? verified : -1
    },
  }
}

/** One protected call, for the cases that are not loops. */
export const caller = (): ((fn: () => Promise<number>) => Promise<number>) => {
  const breaker = new CircuitBreaker((fn: () => Promise<number>) => fn(), {})
  return (fn) => breaker.fire(fn)
}
