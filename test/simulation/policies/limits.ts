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

/**
 * Netflix's Gradient2 limit (concurrency-limits, Gradient2Limit.java), with its defaults: a long average of the latency of 600 samples
 * that is warmed up by the mean of the first ten and is let down by 5 % where it is twice what it should be, tolerance 1.5, a queue of
 * 4, smoothing 0.2, from 20 to 200. Its least limit is 20 as published; here 1, as for AIMD, or it could hold nothing back. Like
 * the original it hears of drops (timeouts, failures) as samples that say nothing, and moves only while half of the limit is used.
 */
class Gradient2 implements Policy {
  #limit = 20
  #running = 0
  #longMs = 0
  #samples = 0
  readonly #begun = new WeakMap<Token, number>()

  admit(_call: unknown, now: number): Token | undefined {
    if (this.#running >= Math.floor(this.#limit)) return undefined
    this.#running++
    const token = {}
    this.#begun.set(token, now)
    return token
  }

  settle(token: Token, kind: Settled, now: number): void {
    const used = this.#running--
    if (kind === "success") this.#sample(now - (this.#begun.get(token) ?? now), used)
  }

  #sample(ms: number, used: number): void {
    this.#average(ms)
    if (this.#longMs / ms > 2) this.#longMs *= 0.95
    if (used < this.#limit / 2) return
    const gradient = Math.max(0.5, Math.min(1, (1.5 * this.#longMs) / ms))
    const next = this.#limit * 0.8 + 0.2 * (this.#limit * gradient + 4)
    this.#limit = Math.max(1, Math.min(200, next))
  }

  /** Ten samples are averaged evenly, later ones with a memory of 600. */
  #average(ms: number): void {
    this.#samples++
    if (this.#samples <= 10) this.#longMs += (ms - this.#longMs) / this.#samples
    else this.#longMs += (2 / 601) * (ms - this.#longMs)
  }
}

export const gradient2: PolicyMaker = {
  id: "Gradient2 limit",
  kind: "reimplemented",
  setup: "tolerance 1.5, smoothing 0.2, queue 4, long window 600, from 20, 1 to 200",
  make: () => new Gradient2(),
}
