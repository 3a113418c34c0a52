/** mollitia, in the host's time: the breaker module first, the timeout module inside it. */
import {
  BreakerError,
  BreakerMaxAllowedRequestError,
  type BreakerState,
  Circuit,
  SlidingCountBreaker,
  SlidingTimeBreaker,
  type SlidingWindowBreaker,
  Timeout,
  TimeoutError,
} from "mollitia"
import type { VirtualClock } from "../../../src/testing/index.ts"
import type { Ending, Library, Settings, State, Subject, Work } from "../adapter.ts"
import { type Given, remember } from "../given.ts"

interface Saved {
  readonly state: { readonly state: BreakerState; readonly timestamp: number }
}

function optionsOf(settings: Settings) {
  const { line, windowMs, openForMs, probes, slow, ignores } = settings
  const saved = settings.restored as Saved | undefined
  return {
    openStateDelay: openForMs,
    ...(probes.leaseMs !== undefined && { halfOpenStateMaxDelay: probes.leaseMs }),
    permittedNumberOfCallsInHalfOpenState: probes.needed,
    ...(line && {
      slidingWindowSize: windowMs ?? line.calls,
      minimumNumberOfCalls: line.minimumCalls,
      failureRateThreshold: line.ratio * 100,
    }),
    ...(slow && { slowCallDurationThreshold: slow.afterMs, slowCallRateThreshold: slow.ratio * 100 }),
    ...(ignores && { onError: (error: unknown) => !ignores(error) }),
    ...(saved && { state: saved.state.state }),
  }
}

const states: { readonly [S in BreakerState]: State } = { closed: "closed", "half-opened": "halfOpen", opened: "open" }

class MollitiaSubject implements Subject {
  readonly probesAtOnce: number
  readonly given: Given
  readonly #breaker: SlidingWindowBreaker
  readonly #circuit: Circuit
  readonly #clock: VirtualClock | undefined

  constructor(settings: Settings, clock: VirtualClock | undefined) {
    const { windowMs, timeoutMs, probes, restored } = settings
    const options = optionsOf(settings)
    this.given = remember(options)
    this.probesAtOnce = probes.needed
    this.#clock = clock
    this.#breaker = windowMs === undefined ? new SlidingCountBreaker(options) : new SlidingTimeBreaker(options)
    // The public attribute that says since when the state holds; no option sets it.
    if (restored !== undefined) this.#breaker.stateTimestamp = (restored as Saved).state.timestamp
    const timeouts = timeoutMs === undefined ? [] : [new Timeout({ delay: timeoutMs })]
    this.#circuit = new Circuit({
      func: (work: Work) => work(undefined),
      options: { modules: [this.#breaker, ...timeouts] },
    })
  }

  run(work: Work): Promise<unknown> {
    return this.#circuit.execute(work)
  }
  ending(error: unknown): Ending {
    const rejected = error instanceof BreakerError || error instanceof BreakerMaxAllowedRequestError
    if (rejected) return { kind: "rejected", retryAfterMs: undefined }
    return { kind: error instanceof TimeoutError ? "timedOut" : "failed" }
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
  save(): Promise<unknown> {
    return this.#breaker.getState()
  }
  async dispose(): Promise<void> {
    this.#circuit.dispose()
  }
}

export const mollitia: Library = {
  key: "mollitia",
  title: "mollitia",
  time: "host",
  lacks: {
    abort: "a caller has no way to give a call up",
    abortOnTimeout: "a timeout answers the caller and tells the work nothing",
    hold: "`open()` lasts one `openStateDelay`; nothing holds it open",
    keys: "one circuit for one function; no registry",
    ramp: "no ramp: after the probes everything is let in",
    retry: "its retries take no signal: a backoff cannot be given up",
    retryTime: "the cap holds, but a rejection has no place for a time",
  },
  remarks: { 19: "by `getState()`, the option `state` and the public attribute `stateTimestamp`" },
  make: async (settings, clock) => new MollitiaSubject(settings, clock),
}
