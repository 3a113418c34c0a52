/** opossum, in the host's time. */
import CircuitBreaker from "opossum"
import type { VirtualClock } from "../../../src/testing/index.ts"
import type { Ending, Library, Settings, State, Subject, Work } from "../adapter.ts"
import { type Given, remember } from "../given.ts"

type Options = CircuitBreaker.Options<[Work]>

function lineOf({ line, windowMs }: Settings): Options {
  if (line === undefined) return {}
  const rolling = windowMs === undefined ? {} : { rollingCountTimeout: windowMs }
  return { volumeThreshold: line.minimumCalls, errorThresholdPercentage: line.ratio * 100, ...rolling }
}

function optionsOf(settings: Settings): Options {
  const { openForMs, timeoutMs, ignores, abortsOnTimeout, lean, restored } = settings
  const saved = restored as ReturnType<CircuitBreaker["toJSON"]> | undefined
  return {
    ...lineOf(settings),
    resetTimeout: openForMs,
    timeout: timeoutMs ?? false,
    ...(ignores && { errorFilter: ignores }),
    ...(abortsOnTimeout && { abortController: new AbortController(), autoRenewAbortController: true }),
    ...(lean && { rollingPercentilesEnabled: false }),
    // Documented, and missing from the published types.
    ...(saved && ({ state: saved.state } as object)),
  }
}

const codeOf = (error: unknown): unknown => (error instanceof Error && "code" in error ? error.code : undefined)

class OpossumSubject implements Subject {
  readonly probesAtOnce = 1
  readonly given: Given
  readonly #breaker: CircuitBreaker<[Work]>
  readonly #clock: VirtualClock | undefined

  constructor(settings: Settings, clock: VirtualClock | undefined) {
    const options = optionsOf(settings)
    this.given = remember(options)
    this.#clock = clock
    this.#breaker = new CircuitBreaker((work: Work) => work(options.abortController?.signal), options)
  }

  run(work: Work): Promise<unknown> {
    return this.#breaker.fire(work)
  }
  ending(error: unknown): Ending {
    const code = codeOf(error)
    if (code === "EOPENBREAKER") return { kind: "rejected", retryAfterMs: undefined }
    return { kind: code === "ETIMEDOUT" ? "timedOut" : "failed" }
  }
  async state(): Promise<State> {
    return this.#breaker.closed ? "closed" : this.#breaker.halfOpen ? "halfOpen" : "open"
  }
  async advance(ms: number): Promise<void> {
    await this.#clock?.advance(ms)
  }
  async stepWallBack(ms: number): Promise<void> {
    this.#clock?.setWall(this.#clock.wallNow() - ms)
  }
  samples(): number {
    return this.#breaker.stats.latencyTimes.length
  }
  async save(): Promise<unknown> {
    return this.#breaker.toJSON()
  }
  async dispose(): Promise<void> {
    this.#breaker.shutdown()
  }
}

export const opossum: Library = {
  key: "opossum",
  title: "opossum",
  time: "host",
  lacks: {
    abort: "a caller has no way to give a call up",
    hold: "`open()` lasts one `resetTimeout`; nothing holds it open",
    keys: "one breaker for one function; no registry",
    lateProbe: "one probe at a time, and its round ends only with it",
    ramp: "no ramp: the first success lets everything in",
    retry: "no retries",
    retryTime: "the cap holds, but a rejection has no place for a time",
    slow: "no slow calls",
  },
  remarks: { 13: "by `stats.latencyTimes`; what it decides on counts the call once" },
  make: async (settings, clock) => new OpossumSubject(settings, clock),
}
