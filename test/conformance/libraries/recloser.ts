/** recloser, by its promise door, on a clock of its own. Nothing of the host is faked. */
import { type Breaker, createBreaker, type SavedBreaker } from "../../../src/index.ts"
import { createVirtualClock, type VirtualClock } from "../../../src/testing/index.ts"
import type { Ending, Library, Settings, State, Subject, Work } from "../adapter.ts"
import { type Given, remember } from "../given.ts"
import { keyedRecloser } from "./recloserKeyed.ts"
import { configOf, endingOf } from "./recloserWords.ts"

class RecloserSubject implements Subject {
  readonly probesAtOnce: number
  readonly given: Given
  readonly #breaker: Breaker
  readonly #clock: VirtualClock | undefined

  constructor(settings: Settings, clock: VirtualClock | undefined) {
    const config = configOf(settings)
    const options = { clock, restore: settings.restored as SavedBreaker | undefined }
    this.given = remember({ config, restore: options.restore })
    this.probesAtOnce = settings.probes.atOnce
    this.#clock = clock
    this.#breaker = createBreaker("service", config, options)
  }

  run(work: Work, caller?: AbortSignal): Promise<unknown> {
    return this.#breaker.execute(({ signal }) => work(signal), { signal: caller, idempotent: true })
  }
  ending(error: unknown): Ending {
    return endingOf(error)
  }
  async state(): Promise<State> {
    return this.#breaker.metrics().circuit
  }
  async advance(ms: number): Promise<void> {
    await this.#clock?.advance(ms)
  }
  async stepWallBack(ms: number): Promise<void> {
    this.#clock?.setWall(this.#clock.wallNow() - ms)
  }
  samples(): number {
    const { success, failure, timedOut, ignored } = this.#breaker.metrics().calls
    return success + failure + timedOut + ignored
  }
  async hold(): Promise<() => Promise<void>> {
    this.#breaker.forceOpen("the case asks for it")
    return async () => this.#breaker.release("the case asks for it")
  }
  async save(): Promise<unknown> {
    return this.#breaker.save()
  }
  async dispose(): Promise<void> {
    const stopped = this.#breaker.stop({ grace: 0 })
    // Its grace, too, is virtual time.
    await this.#clock?.advance(1)
    await stopped
  }
}

/** A restored breaker lives in another process: the wall clock goes on, the monotonic one starts anew. */
const clockFor = (settings: Settings, clock: VirtualClock | undefined): VirtualClock | undefined =>
  clock !== undefined && settings.restored !== undefined
    ? createVirtualClock({ start: 1, wall: clock.wallNow() })
    : clock

export const recloser: Library = {
  key: "recloser",
  title: "recloser",
  time: "own",
  lacks: {},
  remarks: {
    10: "its waits are drawn by chance; here the failure asks for the 10 seconds, as a service does by Retry-After",
    9: "no caller waits for a probe: those beyond the cap are rejected at once; who waits for an answer can give up",
    11: "by the strategy `gradual`, which is the default; all other cases by `basic`, because they ask for windows, ratios and numbers of probes, which `gradual` has not",
  },
  make: async (settings, clock) => new RecloserSubject(settings, clockFor(settings, clock)),
  keyed: keyedRecloser,
}
