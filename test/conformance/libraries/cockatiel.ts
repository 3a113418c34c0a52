/** cockatiel, in the host's time: `wrap(retry, breaker, timeout)` as its documentation has it, and what a case adds outside. */
import {
  bulkhead,
  type CircuitBreakerPolicy,
  CircuitState,
  ConstantBackoff,
  CountBreaker,
  circuitBreaker,
  handleAll,
  handleWhen,
  type IPolicy,
  isBrokenCircuitError,
  isBulkheadRejectedError,
  isTaskCancelledError,
  retry,
  SamplingBreaker,
  TimeoutStrategy,
  timeout,
  wrap,
} from "cockatiel"
import type { VirtualClock } from "../../../src/testing/index.ts"
import type { Ending, Library, Settings, State, Subject, Work } from "../adapter.ts"
import { type Given, remember } from "../given.ts"

/** Longer than any case: a timeout that is there for its abort, not for its time. */
const neverMs = 2 ** 31 - 1

/** It has no default: without a line, the first example of its documentation. */
function windowOf({ line, windowMs }: Settings): SamplingBreaker | CountBreaker {
  if (line === undefined) return new SamplingBreaker({ threshold: 0.2, duration: 30_000 })
  const { ratio: threshold, calls: size, minimumCalls: minimumNumberOfCalls } = line
  if (windowMs === undefined) return new CountBreaker({ threshold, size, minimumNumberOfCalls })
  return new SamplingBreaker({ threshold, duration: windowMs, minimumRps: (1000 * minimumNumberOfCalls) / windowMs })
}

const isAbort = (error: unknown): boolean => error instanceof DOMException && error.name === "AbortError"

const optionsOf = (settings: Settings) => ({
  halfOpenAfter: settings.openForMs,
  breaker: windowOf(settings),
  halfOpenSampling: { calls: settings.probes.needed, threshold: 0 },
  ...(settings.restored !== undefined && { initialState: settings.restored }),
})

const aggressive = (ms: number): IPolicy => timeout(ms, TimeoutStrategy.Aggressive)

function retrying({ retry: again, givesUp }: Settings): IPolicy[] {
  if (again === undefined) return []
  const retries = retry(handleAll, { maxAttempts: again.times, backoff: new ConstantBackoff(again.waitMs) })
  // A bulkhead looks at the signal before each attempt, which retry itself does not.
  return givesUp ? [retries, bulkhead(Number.MAX_SAFE_INTEGER)] : [retries]
}

const policiesOf = (settings: Settings, breaker: CircuitBreakerPolicy): IPolicy[] => [
  ...(settings.givesUp ? [aggressive(neverMs)] : []),
  ...(settings.atMost === undefined ? [] : [bulkhead(settings.atMost)]),
  ...retrying(settings),
  breaker,
  ...(settings.timeoutMs === undefined ? [] : [aggressive(settings.timeoutMs)]),
]

const states: { readonly [S in CircuitState]: State } = {
  [CircuitState.Closed]: "closed",
  [CircuitState.Open]: "open",
  [CircuitState.HalfOpen]: "halfOpen",
  [CircuitState.Isolated]: "open",
}

class CockatielSubject implements Subject {
  readonly probesAtOnce: number
  readonly given: Given
  readonly #breaker: CircuitBreakerPolicy
  readonly #policy: IPolicy
  readonly #clock: VirtualClock | undefined

  constructor(settings: Settings, clock: VirtualClock | undefined) {
    const options = optionsOf(settings)
    this.given = remember(options)
    this.probesAtOnce = settings.probes.needed
    this.#clock = clock
    this.#breaker = circuitBreaker(
      handleWhen((error) => !isAbort(error) && !settings.ignores?.(error)),
      options,
    )
    this.#policy = wrap(...policiesOf(settings, this.#breaker))
  }

  run(work: Work, caller?: AbortSignal): Promise<unknown> {
    return this.#policy.execute(({ signal }) => work(signal), caller)
  }
  ending(error: unknown): Ending {
    if (isBrokenCircuitError(error) || isBulkheadRejectedError(error)) {
      return { kind: "rejected", retryAfterMs: undefined }
    }
    if (isTaskCancelledError(error)) return { kind: "timedOut" }
    return { kind: isAbort(error) ? "aborted" : "failed" }
  }
  async state(): Promise<State> {
    return states[this.#breaker.state]
  }
  async advance(ms: number): Promise<void> {
    await this.#clock?.advance(ms)
  }
  async stepWallBack(ms: number): Promise<void> {
    this.#clock?.setWall(this.#clock.wallNow() - ms)
  }
  async hold(): Promise<() => Promise<void>> {
    const handle = this.#breaker.isolate()
    return async () => handle.dispose()
  }
  async save(): Promise<unknown> {
    return this.#breaker.toJSON()
  }
  async dispose(): Promise<void> {}
}

export const cockatiel: Library = {
  key: "cockatiel",
  title: "cockatiel",
  time: "host",
  lacks: {
    keys: "one breaker for one policy; no registry",
    ramp: "no ramp: after the probes everything is let in",
    retryTime: "the cap holds; callers beyond it wait for the probe, and a rejection has no place for a time",
    slow: "no slow calls",
  },
  remarks: {
    9: "by an aggressive timeout outside the breaker, which answers its caller at once",
    10: "by an aggressive timeout outside retry, and a bulkhead inside it, which looks at the signal",
    28: "by a bulkhead outside the breaker, which bounds all other calls as well",
  },
  make: async (settings, clock) => new CockatielSubject(settings, clock),
}
