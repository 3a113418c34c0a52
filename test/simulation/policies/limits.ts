/** Published policies that are no breakers, written anew from their descriptions, for comparison. */
import type { Policy, PolicyMaker, Port, Settled, Token } from "../../../src/testing/simulation/policy.ts"

/** Counts per second over the last two minutes. */
class Minutes {
  readonly #requests = new Float64Array(120)
  readonly #accepts = new Float64Array(120)
  #second = 0
  requests = 0
  accepts = 0

  pass(now: number): number {
    const second = Math.floor(now / 1000)
    for (; this.#second < second; this.#second++) {
      const slot = (this.#second + 1) % 120
      this.requests -= this.#requests[slot] as number
      this.accepts -= this.#accepts[slot] as number
      this.#requests[slot] = 0
      this.#accepts[slot] = 0
    }
    return second % 120
  }

  request(now: number): void {
    const slot = this.pass(now)
    this.#requests[slot] = (this.#requests[slot] as number) + 1
    this.requests++
  }

  accept(now: number): void {
    const slot = this.pass(now)
    this.#accepts[slot] = (this.#accepts[slot] as number) + 1
    this.accepts++
  }
}

/** Client-side adaptive throttling of the SRE book (chapter 21): refuses with probability (requests − K·accepts)/(requests + 1). */
class Throttle implements Policy {
  readonly #minutes = new Minutes()
  readonly #port: Port
  readonly #k = 2

  constructor(port: Port) {
    this.#port = port
  }

  admit(_call: unknown, now: number): Token | undefined {
    const minutes = this.#minutes
    minutes.pass(now)
    const refused = (minutes.requests - this.#k * minutes.accepts) / (minutes.requests + 1)
    minutes.request(now)
    return refused > 0 && this.#port.random.unit() < refused ? undefined : {}
  }

  settle(_token: Token, kind: Settled, now: number): void {
    if (kind === "success") this.#minutes.accept(now)
  }
}

export const throttle: PolicyMaker = {
  id: "SRE throttle",
  kind: "reimplemented",
  setup: "K = 2 over two minutes",
  make: (port) => new Throttle(port),
}

/** Netflix's AIMD limit, with 1 as the least limit: with its own 20 it would refuse nothing here. */
class Aimd implements Policy {
  #limit = 20
  #running = 0

  admit(): Token | undefined {
    if (this.#running >= Math.floor(this.#limit)) return undefined
    this.#running++
    return {}
  }

  settle(_token: Token, kind: Settled): void {
    const used = this.#running--
    if (kind !== "success") this.#limit = Math.max(1, this.#limit * 0.9)
    else if (used * 2 >= this.#limit) this.#limit = Math.min(200, this.#limit + 1)
  }
}

export const aimd: PolicyMaker = {
  id: "AIMD limit",
  kind: "reimplemented",
  setup: "× 0.9 on a failure, + 1 on a success while half used, from 20, 1 to 200",
  make: () => new Aimd(),
}
