import { BreakerError, BreakerState, Circuit, SlidingCountBreaker, Timeout } from "mollitia"
import type { Subject } from "../measure.ts"
import { fail, inFlight, isTheFailure, laterWork, mostlyFailing, work } from "./floor.ts"

const hour = 3_600_000
const counting = (slidingWindowSize = 100, failureRateThreshold = 50) =>
  new SlidingCountBreaker({
    slidingWindowSize,
    minimumNumberOfCalls: Math.min(20, slidingWindowSize),
    failureRateThreshold,
    openStateDelay: hour,
  })

const succeeding = (name: string, calls: number, circuit: Circuit): Subject => ({
  name,
  calls,
  run: async (total) => {
    let sum = 0
    for (let i = 0; i < total; i++) sum += await circuit.execute<number>()
    return sum
  },
})

const timed = (func: () => Promise<number>) =>
  new Circuit({ func, options: { modules: [counting(), new Timeout({ delay: 10_000 })] } })

export const closed = (calls: number): Subject =>
  succeeding("mollitia SlidingCountBreaker", calls, new Circuit({ func: work, options: { modules: [counting()] } }))

export const closedWithTimeout = (calls: number): Subject =>
  succeeding("mollitia breaker + Timeout", calls, timed(work))

export const inFlightWithTimeout = (calls: number): Subject => {
  const circuit = timed(laterWork)
  return inFlight("mollitia breaker + Timeout", calls, () => circuit.execute<number>())
}

export const open = async (calls: number): Promise<Subject> => {
  const breaker = counting()
  const circuit = new Circuit({ func: fail, options: { modules: [breaker] } })
  for (let i = 0; i < 40; i++) await circuit.execute<number>().catch(() => 0)
  if (breaker.state !== BreakerState.OPENED) throw new Error("mollitia did not open")
  return {
    name: "mollitia SlidingCountBreaker",
    calls,
    run: async (total) => {
      let rejected = 0
      for (let i = 0; i < total; i++) {
        try {
          await circuit.execute<number>()
        } catch (error) {
          if (error instanceof BreakerError) rejected++
        }
      }
      return rejected
    },
  }
}

/** Filled with successes, because while it fills every failure would cost O(window). */
export const failing = async (name: string, calls: number, samples: number): Promise<Subject> => {
  const breaker = counting(samples, 95)
  const circuit = new Circuit({ func: work, options: { modules: [breaker] } })
  for (let i = 0; i < samples; i++) await circuit.execute<number>()
  circuit.fn(mostlyFailing())
  return {
    name,
    calls,
    run: async (total) => {
      let verified = 0
      for (let i = 0; i < total; i++) {
        try {
          verified += await circuit.execute<number>()
        } catch (error) {
          if (isTheFailure(error)) verified++
        }
      }
      return breaker.state === BreakerState.CLOSED ? verified : -1
    },
  }
}

/** One protected call, for the cases that are not loops. */
export const caller = (): ((fn: () => Promise<number>) => Promise<number>) => {
  const circuit = new Circuit({
    func: (fn: () => Promise<number>) => fn(),
    options: { modules: [counting(), new Timeout({ delay: 10_000 })] },
  })
  return (fn) => circuit.execute<number>(fn)
}
