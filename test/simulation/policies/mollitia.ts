import { Circuit, circuits, modules, SlidingCountBreaker, SlidingTimeBreaker } from "mollitia"
import type { PolicyMaker, Port } from "../../../src/testing/simulation/policy.ts"
import type { EventQueue } from "../../../src/testing/simulation/queue.ts"
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

const states: { readonly [state: string]: "closed" | "open" | "halfOpen" } = {
  closed: "closed",
  opened: "open",
  "half-opened": "halfOpen",
}

/** What the breaker keeps of the calls in its window. */
interface Inside {
  readonly requests: readonly unknown[]
  readonly state: string
  readonly stateTimestamp: number
}

/**
 * Before each call it asks for a state that processes may share, and as it ships asks itself: it then checks every call of its
 * own window, a thousand at times, and makes each of them anew, which is nine tenths of its time. Its own needs no check, and a
 * call that is never changed no copy: without these it decides the same, sooner.
 */
const unchecked = (breaker: object): object => {
  const inside = breaker as Inside
  return {
    isValidData: () => true,
    getState: async () =>
      new Promise((resolve) => {
        const { requests, state, stateTimestamp: timestamp } = inside
        // As there: copied when the answer is read, and of the window as it was when it was asked for.
        resolve({ requests: { map: () => requests.slice() }, state: { state, timestamp } })
      }),
  }
}

type Replace = (breaker: object) => object

function guard(port: Port, { window = "count", timeout: _, ...options }: MollitiaOptions, replace: Replace): Guard {
  const breaker = window === "count" ? new SlidingCountBreaker(options) : new SlidingTimeBreaker(options)
  Object.assign(breaker, replace(breaker))
  breaker.on("state-changed", (state: string) => port.moved(states[state] ?? "open"))
  const func = (run: () => Promise<unknown>) => run()
  const circuit = new Circuit({ func, options: { modules: [breaker] } })
  return { execute: (run) => circuit.execute(run) }
}

/** It lists every circuit and module that was ever made, for whoever wants to see them; a search would keep all of its runs so. */
async function unlisted<T>(run: () => Promise<T>, queue: EventQueue, seed: number): Promise<T> {
  try {
    return await onHostTime(run, queue, seed)
  } finally {
    circuits.length = 0
    modules.length = 0
  }
}

/** `replace`: what the breaker gets instead of its own, for the test that nothing hangs on it. */
export const mollitia = (
  options: MollitiaOptions = {},
  id = "mollitia",
  replace: Replace = unchecked,
): PolicyMaker => ({
  id,
  kind: "package",
  setup: Object.keys(options).length === 0 ? "SlidingCountBreaker with its defaults" : settingsOf(options),
  around: unlisted,
  make: (port) => new PromisePolicy(port, guard(port, options, replace), options.timeout),
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
