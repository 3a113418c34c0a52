/** What the outside has seen of the breakers of a day: kept apart from them, to hold them against it. */
import type { EndpointProvider, EndpointSet, HealthCheck } from "recloser"
import type { DayClock } from "./clock.ts"

/** From the making of one breaker to its stop. */
interface Life {
  readonly number: number
  provider: Extract<EndpointProvider, (...all: never[]) => unknown> | undefined
  check: HealthCheck | undefined
}

interface Check {
  readonly key: string
  readonly since: number
  readonly signal: AbortSignal
}

export interface Telling {
  readonly at: number
  readonly endpoints: readonly number[]
}

const written = (telling: Pick<Telling, "endpoints"> | undefined): string | undefined => telling?.endpoints.join(" ")

const fresh = (number: number): Life => ({ number, provider: undefined, check: undefined })

export class Heard {
  life = fresh(1)
  /** Since when the provider does what it does. */
  turnedAt = 0
  /** The lists that the provider has told the present breaker, latest last. */
  tellings: Telling[] = []
  /** When the provider was asked, since the breaker was made or given another config. */
  asks: number[] = []
  /** Checks that have not ended. */
  running = new Set<Check>()
  /** Checks that have failed since the breaker was made or given another config, and when one ended last. */
  failedChecks = 0
  lastCheckAt = Number.NEGATIVE_INFINITY
  /** When one began last. */
  lastBeginAt = Number.NEGATIVE_INFINITY
  /** Checks and questions on behalf of a breaker that has stopped. */
  afterStop: string[] = []
  #signals = new Set<AbortSignal>()
  readonly #clock: DayClock

  constructor(clock: DayClock) {
    this.#clock = clock
  }

  /** How many listen to the provider. */
  get listening(): number {
    return [...this.#signals].filter(({ aborted }) => !aborted).length
  }

  /** Checks whose breaker still waits for them. */
  get awaited(): readonly Check[] {
    return [...this.running].filter(({ signal }) => !signal.aborted)
  }

  /** The breaker has stopped: whatever it asks from now on is one question too many. */
  stopped(): void {
    this.life = fresh(this.life.number + 1)
    this.tellings = []
    this.reconfigured()
  }

  reconfigured(): void {
    this.asks = []
    this.failedChecks = 0
  }

  asked(life: number, signal: AbortSignal): void {
    if (life !== this.life.number) this.afterStop.push("the provider was asked")
    this.asks.push(this.#clock.now())
    for (const known of this.#signals) if (known.aborted) this.#signals.delete(known)
    this.#signals.add(signal)
  }

  told(life: number, list: EndpointSet, endpoints: readonly number[]): EndpointSet {
    if (life !== this.life.number) return list
    // Who says the same a thousand times makes nobody forget what was said before.
    const others = written(this.tellings.at(-1)) === written({ endpoints }) ? this.tellings.slice(0, -1) : this.tellings
    this.tellings = [...others.slice(-40), { at: this.#clock.now(), endpoints }]
    return list
  }

  checkBegins(life: number, key: string, signal: AbortSignal): Check {
    if (life !== this.life.number) this.afterStop.push(`${key || "the service"} was checked`)
    const check = { key, since: this.#clock.now(), signal }
    this.lastBeginAt = check.since
    this.running.add(check)
    return check
  }

  checkEnds(check: Check, ok: boolean): void {
    this.running.delete(check)
    this.lastCheckAt = this.#clock.now()
    if (!ok) this.failedChecks++
  }
}
