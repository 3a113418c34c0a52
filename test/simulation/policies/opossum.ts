import CircuitBreaker from "opossum"
import type { PolicyMaker, Port } from "../../../src/testing/simulation/policy.ts"
import type { Random } from "../../../src/testing/simulation/random.ts"
import { onHostTime } from "../hostTime.ts"
import { type Guard, PromisePolicy, settingsOf } from "./promises.ts"

type Run = () => Promise<unknown>

/** The options that decide; what is not said is its own default. */
export type OpossumOptions = Pick<
  CircuitBreaker.Options,
  | "timeout"
  | "resetTimeout"
  | "errorThresholdPercentage"
  | "rollingCountTimeout"
  | "rollingCountBuckets"
  | "volumeThreshold"
>

/** Percentiles and snapshots decide nothing and cost most of its time: without them it decides the same, sooner. */
const silent = { rollingPercentilesEnabled: false, enableSnapshots: false } as const

function guard(port: Port, options: OpossumOptions): Guard {
  const breaker = new CircuitBreaker((run: Run) => run(), { ...options, ...silent, name: "service" })
  breaker.on("open", () => port.moved("open"))
  breaker.on("halfOpen", () => port.moved("halfOpen"))
  breaker.on("close", () => port.moved("closed"))
  return { execute: (run) => breaker.fire(run) }
}

export const opossum = (options: OpossumOptions = {}, id = "opossum"): PolicyMaker => ({
  id,
  kind: "package",
  setup: Object.keys(options).length === 0 ? "its defaults" : settingsOf(options),
  around: onHostTime,
  make: (port) => new PromisePolicy(port, guard(port, options)),
})

export const opossumAtRandom = (random: Random): OpossumOptions => ({
  timeout: random.pick([500, 1000, 3000, 10_000]),
  resetTimeout: random.pick([250, 500, 1000, 2000, 5000, 10_000, 30_000]),
  errorThresholdPercentage: random.pick([10, 20, 30, 50, 70, 90]),
  rollingCountTimeout: random.pick([1000, 2000, 5000, 10_000]),
  rollingCountBuckets: random.pick([5, 10]),
  volumeThreshold: random.pick([0, 5, 10, 20, 50]),
})
