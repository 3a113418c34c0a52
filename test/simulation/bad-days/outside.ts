/** What a breaker is told from outside on a bad day: by a provider of endpoints and by checks, which have bad days of their own. */
import * as Effect from "effect/Effect"
import type { BreakerConfig, EndpointSet } from "recloser"
import type { CheckContext } from "../../../machines/healthOptions.ts"
import type { DayClock } from "./clock.ts"
import { type DayConfig, endpointsNamed } from "./configs.ts"
import { Heard } from "./heard.ts"

/** What the provider does, from now on. */
export type ProviderAct =
  | { readonly act: "tell"; readonly endpoints: readonly number[] }
  /** So many other lists, one a tick, and the last of them stays. */
  | { readonly act: "churn"; readonly everyMs: number; readonly lists: readonly (readonly number[])[] }
  | { readonly act: "garbage" | "throw" | "reject" | "hang" | "deaf" | "end" | "flood" }

/** How checks end, from now on; `only`: those of these endpoints, and the others pass. */
export interface CheckAct {
  readonly act: "pass" | "false" | "unhealthy" | "throw" | "reject" | "hang" | "deaf" | "late" | "flap" | "effect"
  readonly only?: readonly number[]
}

/** What providers and checks throw; a breaker that reports it reports what the day has done. */
export const outsideError = new Error("it is a bad day outside, too")

const isCaused = (error: unknown): boolean =>
  error === outsideError ||
  (error instanceof TypeError && error.message.startsWith("endpoints: ")) ||
  (error instanceof RangeError && error.message.includes("lists within"))

/** Whether a trouble of the part that listens to the provider is the provider's own. */
export const isOutside = (part: string, error: unknown): boolean => part === "discovery" && isCaused(error)

type Told = Extract<ProviderAct, { readonly act: "tell" }>

export class Outside {
  readonly heard: Heard
  provider: ProviderAct = { act: "tell", endpoints: [0, 1, 2, 3] }
  checks: CheckAct = { act: "pass" }
  readonly #clock: DayClock
  /** Promises may have become ready. */
  readonly #stir: () => void
  #wakers = new Set<() => void>()
  #flaps = 0

  constructor(clock: DayClock, stir: () => void) {
    this.#clock = clock
    this.#stir = stir
    this.heard = new Heard(clock)
  }

  /** The provider does something else: whoever listens hears of it. */
  turn(act: ProviderAct): void {
    this.provider = act
    this.heard.turnedAt = this.#clock.now()
    const wakers = this.#wakers
    this.#wakers = new Set()
    for (const wake of wakers) wake()
    this.#stir()
  }

  /** The day is over: the registry and the checks are well again. */
  mend(): void {
    this.checks = { act: "pass" }
    this.turn({ act: "tell", endpoints: [0, 1, 2] })
  }

  /** The config of a script with what it asks for of the outside. A breaker that is made anew has functions of its own. */
  completed({ provided, checked, ...config }: DayConfig): BreakerConfig {
    const { life } = this.heard
    life.provider ??= (context) => this.#provide(life.number, context)
    life.check ??= (context) => this.#check(life.number, context)
    const { discovery, health } = config
    return {
      ...config,
      ...(provided && discovery && { discovery: { ...(discovery as object), provider: life.provider } }),
      ...(checked && health && { health: { ...(health as object), check: life.check } }),
    }
  }

  #provide(life: number, { signal, sleep }: Asked): AsyncIterable<EndpointSet> {
    this.heard.asked(life, signal)
    if (this.provider.act === "throw") throw outsideError
    return this.#lists(life, signal, sleep)
  }

  async *#lists(life: number, signal: AbortSignal, sleep: Asked["sleep"]): AsyncGenerator<EndpointSet> {
    while (!signal.aborted) {
      const now = this.provider
      if (now.act === "reject") throw outsideError
      if (now.act === "end") return
      if (now.act === "tell") yield this.#tell(life, now)
      if (now.act === "garbage") yield this.heard.told(life, [{ address: "" }, 42] as never, [])
      if (now.act === "flood")
        for (let list = 0; list < 1200; list++) yield this.#tell(life, { act: "tell", endpoints: [1, 2] })
      if (now.act === "churn") {
        for (const endpoints of now.lists) {
          if (this.provider !== now || signal.aborted) break
          yield this.#tell(life, { act: "tell", endpoints })
          await sleep(now.everyMs)
        }
      }
      if (this.provider === now) await this.#changed(now.act === "deaf" ? undefined : signal)
    }
  }

  #tell(life: number, { endpoints }: Told): EndpointSet {
    return this.heard.told(life, endpointsNamed(endpoints), endpoints)
  }

  #changed(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      this.#wakers.add(resolve)
      signal?.addEventListener("abort", () => resolve(), { once: true })
    })
  }

  #check(life: number, { endpoint, signal }: CheckContext): unknown {
    const { act, only } = this.checks
    const isMeant = only === undefined || endpoint === undefined || only.some((number) => endpoint.id === `e${number}`)
    const run = this.heard.checkBegins(life, endpoint?.id ?? "", signal)
    const ends = (ok: boolean) => {
      this.heard.checkEnds(run, ok)
      this.#stir()
      return ok
    }
    switch (isMeant ? act : "pass") {
      case "pass":
        return ends(true)
      case "false":
        return ends(false)
      case "unhealthy":
        ends(false)
        return { healthy: false, reason: "the day" }
      case "throw":
        ends(false)
        throw outsideError
      case "reject":
        ends(false)
        return Promise.reject(outsideError)
      case "flap":
        return ends(this.#flaps++ % 3 === 0)
      case "effect":
        return Effect.sync(() => ends(true))
      case "late":
        return this.#inAWhile(20, signal).then(() => ends(true))
      case "hang":
        return this.#inAWhile(1e9, signal).then(() => {
          ends(false)
          throw outsideError
        })
      default:
        // Heeds nothing, and never ends.
        return new Promise(() => {})
    }
  }

  #inAWhile(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#clock.later(() => {
        resolve()
        this.#stir()
      }, ms)
      signal.addEventListener("abort", () => {
        cancel()
        resolve()
      })
    })
  }
}

interface Asked {
  readonly signal: AbortSignal
  readonly sleep: (ms: number) => Promise<void>
}
