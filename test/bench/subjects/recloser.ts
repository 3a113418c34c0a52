/** The built package, imported by its own name, so that what is measured is what users install. */
import { type BreakerConfig, CallRejected, createBreaker } from "recloser"
import type { Subject } from "../measure.ts"
import { fail, inFlight, isTheFailure, laterWork, mostlyFailing, work } from "./floor.ts"

export const alone = {
  strategy: "basic",
  timeout: false,
  metrics: false,
  priority: false,
} as const satisfies BreakerConfig
export const watched = {
  strategy: { type: "basic", slowCalls: { after: "1 second" } },
  timeout: false,
  priority: false,
} as const satisfies BreakerConfig
/** Not ten seconds, the peers' length: Node keeps a list per length, and a timer of ours would keep theirs alive for them. */
export const fixed = { timeout: "7 seconds" } as const satisfies BreakerConfig

/** Every component, with limits that nothing reaches here, three endpoints and a check that always passes. */
export const nine = {
  rateLimit: { limit: 1_000_000, interval: "100 millis" },
  prediction: true,
  retry: true,
  recovery: { features: { suggestions: {}, search: {} } },
  discovery: { endpoints: ["one", "two", "three"] },
  health: { check: async () => true },
} as const satisfies BreakerConfig

/** All that decides about admission: beside the defaults, which have a learned limit and a timeout. */
export const admission = { rateLimit: nine.rateLimit, retry: true } as const satisfies BreakerConfig

const succeeding = (name: string, calls: number, config: BreakerConfig): Subject => {
  const breaker = createBreaker(name, config)
  return {
    name,
    calls,
    run: async (total) => {
      let sum = 0
      for (let i = 0; i < total; i++) sum += await breaker.execute(work)
      return sum
    },
  }
}

export const closed = (calls: number): Subject => succeeding("recloser, no component", calls, alone)
export const closedWatched = (calls: number): Subject => succeeding("recloser, slow calls + metrics", calls, watched)
export const closedDefault = (calls: number): Subject => succeeding("recloser, defaults", calls, {})
export const closedAdmission = (calls: number): Subject => succeeding("recloser, rates and attempts", calls, admission)
export const closedNine = (calls: number): Subject => succeeding("recloser, all nine components", calls, nine)
export const closedFixed = (calls: number): Subject => succeeding("recloser, fixed timeout", calls, fixed)

const together = (name: string, calls: number, config: BreakerConfig): Subject => {
  const breaker = createBreaker(name, config)
  return inFlight(name, calls, () => breaker.execute(laterWork))
}
export const inFlightDefault = (calls: number): Subject => together("recloser, defaults", calls, {})
export const inFlightUnlimited = (calls: number): Subject => together("recloser, no limit", calls, { priority: false })

export const opened = async () => {
  const breaker = createBreaker("open", { strategy: { type: "basic", openFor: { base: "1 hour", max: "1 hour" } } })
  for (let i = 0; i < 200; i++) await breaker.execute(fail).catch(() => 0)
  if (breaker.circuit !== "open") throw new Error("recloser did not open")
  return breaker
}

export const openExecute = async (calls: number): Promise<Subject> => {
  const breaker = await opened()
  return {
    name: "recloser execute",
    calls,
    run: async (total) => {
      let rejected = 0
      for (let i = 0; i < total; i++) {
        try {
          await breaker.execute(work)
        } catch (error) {
          if (error instanceof CallRejected) rejected++
        }
      }
      return rejected
    },
  }
}

export const openTryExecute = async (calls: number): Promise<Subject> => {
  const breaker = await opened()
  return {
    name: "recloser tryExecute",
    calls,
    run: async (total) => {
      let rejected = 0
      for (let i = 0; i < total; i++) {
        const result = await breaker.tryExecute(work)
        if (!result.ok && result.error instanceof CallRejected) rejected++
      }
      return rejected
    },
  }
}

export const openAcquire = async (calls: number): Promise<Subject> => {
  const breaker = await opened()
  return {
    name: "recloser acquire",
    calls,
    run: async (total) => {
      let rejected = 0
      for (let i = 0; i < total; i++) {
        const ticket = breaker.acquire()
        if (!ticket.admitted && ticket.layer === "circuit") rejected++
      }
      return rejected
    },
  }
}

type Strategy = Extract<BreakerConfig["strategy"], { readonly type: "basic" }>
type Window = NonNullable<Strategy["window"]>
const line = { failureRatio: 0.95, minimumCalls: 20 } as const

/** A closed circuit whose window already holds `samples` outcomes, nine of ten of them failures. */
const failing = (name: string, calls: number, samples: number, window: Window): Subject => {
  const breaker = createBreaker(name, { ...alone, strategy: { type: "basic", window } })
  for (let i = 0; i < samples; i++) {
    const ticket = breaker.acquire()
    if (!ticket.admitted) throw new Error(`${name} refused a call while it filled`)
    ticket.settle(i % 10 === 0 ? "success" : "failure")
  }
  const call = mostlyFailing()
  return {
    name,
    calls,
    run: async (total) => {
      let verified = 0
      for (let i = 0; i < total; i++) {
        try {
          verified += await breaker.execute(call)
        } catch (error) {
          if (isTheFailure(error)) verified++
        }
      }
      return breaker.circuit === "closed" ? verified : -1
    },
  }
}

export const failingCount = (name: string, calls: number, samples: number): Subject =>
  failing(name, calls, samples, { ...line, type: "count", calls: samples })

export const failingTime = (name: string, calls: number, samples: number): Subject =>
  failing(name, calls, samples, { ...line, type: "time", duration: "10 minutes" })

/** One protected call, for the cases that are not loops. */
export const caller = (config: BreakerConfig = {}): ((fn: () => Promise<number>) => Promise<number>) => {
  const breaker = createBreaker("service", config)
  return (fn) => breaker.execute(fn)
}
