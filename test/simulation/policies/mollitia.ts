import { Circuit, SlidingCountBreaker, SlidingTimeBreaker } from "mollitia"
import type { PolicyMaker, Port } from "../../../src/testing/simulation/policy.ts"
import type { Random } from "../../../src/testing/simulation/random.ts"
import { onHostTime } from "../hostTime.ts"
import { type Guard, PromisePolicy, settingsOf, timeouts } from "./promises.ts"

export interface MollitiaOptions {
  readonly window?: "count" | "time"
  readonly slidingWindowSize?: number
  readonly minimumNumberOfCalls?: number
  readonly failureRateThreshold?: number
  readonly openStateDelay?: number
  readonly permittedNumberOfCallsInHalfOpenState?: number
  /** Of its timeout module after the breaker. */
  readonly timeout?: number
}

const circuits: { readonly [state: string]: "closed" | "open" | "halfOpen" } = {
  closed: "closed",
  opened: "open",
  "half-opened": "halfOpen",
}

function guard(port: Port, { window = "count", timeout: _, ...options }: MollitiaOptions): Guard {
  const breaker = window === "count" ? new SlidingCountBreaker(options) : new SlidingTimeBreaker(options)
  breaker.on("state-changed", (state: string) => port.moved(circuits[state] ?? "open"))
  const func = (run: () => Promise<unknown>) => run()
  const circuit = new Circuit({ func, options: { modules: [breaker] } })
  return { execute: (run) => circuit.execute(run) }
}

export const mollitia = (options: MollitiaOptions = {}, id = "mollitia"): PolicyMaker => ({
  id,
  kind: "package",
  setup: Object.keys(options).length === 0 ? "SlidingCountBreaker with its defaults" : settingsOf(options),
  around: onHostTime,
  make: (port) => new PromisePolicy(port, guard(port, options), options.timeout),
})

export function mollitiaAtRandom(random: Random): MollitiaOptions {
  const window = random.pick(["count", "time"] as const)
  const calls = random.pick([10, 20, 50, 100])
  return {
    window,
    slidingWindowSize: window === "count" ? calls : random.pick([1000, 5000, 10_000]),
    minimumNumberOfCalls: calls / random.pick([1, 2, 5]),
    failureRateThreshold: random.pick([10, 20, 30, 50, 70, 90]),
    openStateDelay: random.pick([250, 500, 1000, 2000, 5000, 10_000, 30_000]),
    permittedNumberOfCallsInHalfOpenState: random.pick([1, 2, 5, 10]),
    timeout: random.pick(timeouts),
  }
}
