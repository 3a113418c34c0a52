/** A breaker as one might write it in an hour, and under test as it is no library: a case that it cannot fail shows nothing. */
import type { VirtualClock } from "../../src/testing/index.ts"
import type { Ending, Library, Settings, State, Subject, Work } from "./adapter.ts"
import { remember } from "./given.ts"

class Rejected extends Error {}

class NaiveSubject implements Subject {
  readonly probesAtOnce = 1
  readonly given = remember({})
  readonly #openForMs: number
  readonly #clock: VirtualClock
  #failures = 0
  #openSince: number | undefined
  #used = false

  constructor(settings: Settings, clock: VirtualClock) {
    this.#openForMs = settings.openForMs
    this.#clock = clock
  }

  /** To the second, which is near enough for a human. */
  #now(): number {
    return Math.round(this.#clock.now() / 1000) * 1000
  }
  #state(): State {
    if (this.#openSince === undefined) return "closed"
    return this.#now() < this.#openSince + this.#openForMs ? "open" : "halfOpen"
  }

  async run(work: Work): Promise<unknown> {
    this.#used = true
    if (this.#state() === "open") throw new Rejected()
    try {
      const value = await work(undefined)
      this.#openSince = undefined
      this.#failures = 0
      return value
    } catch (error) {
      if (++this.#failures >= 10) this.#openSince = this.#now()
      throw error
    }
  }
  ending(error: unknown): Ending {
    return error instanceof Rejected ? { kind: "rejected", retryAfterMs: undefined } : { kind: "failed" }
  }
  async state(): Promise<State> {
    // Before the first call there is nothing to show.
    return this.#used ? this.#state() : "open"
  }
  advance(ms: number): Promise<void> {
    return this.#clock.advance(ms)
  }
  async stepWallBack(): Promise<void> {}
  async dispose(): Promise<void> {}
  async hold(): Promise<() => Promise<void>> {
    this.#used = true
    this.#openSince = this.#now()
    return async () => {
      this.#openSince = undefined
    }
  }
}

export const naive: Library = {
  key: "naive",
  title: "a naive breaker",
  time: "own",
  lacks: {},
  remarks: {},
  make: async (settings, clock) => {
    if (clock === undefined) throw new Error("the naive breaker needs a clock")
    return new NaiveSubject(settings, clock)
  },
}
