/**
 * Published breakers of other languages, written anew from their sources and documentation: one three-state breaker with the
 * rule by which each of them trips, waits and judges its probes. They are here for comparison; what they do beside these rules
 * is left out.
 */
import type { Policy, PolicyMaker, Port, Settled, Token } from "../../../src/testing/simulation/policy.ts"
import { Errors, type Evidence, Last, Ratio, Row } from "./evidence.ts"

interface Rules {
  readonly evidence: () => Evidence
  readonly openMs: number
  /** How many calls may enter while half-open; Infinity: all of them. */
  readonly probes: number
  /** How many probes are judged, and the share of failures at which it opens again; 0: the first failure opens. */
  readonly judged: number
  readonly failing: number
  /** Outcomes of calls that were admitted in an earlier state count as well. */
  readonly countsStale: boolean
}

class ThreeStates implements Policy {
  #state: "closed" | "open" | "halfOpen" = "closed"
  #generation = 0
  #openedAt = 0
  #entered = 0
  #good = 0
  #bad = 0
  readonly #evidence: Evidence
  readonly #rules: Rules
  readonly #port: Port

  constructor(port: Port, rules: Rules) {
    this.#port = port
    this.#rules = rules
    this.#evidence = rules.evidence()
  }

  admit(_call: unknown, now: number): Token | undefined {
    if (this.#state === "open" && now - this.#openedAt >= this.#rules.openMs) this.#move("halfOpen", now)
    if (this.#state === "open") return undefined
    if (this.#state === "halfOpen" && this.#entered++ >= this.#rules.probes) return undefined
    return { generation: this.#generation }
  }

  settle(token: Token, kind: Settled, now: number): void {
    const stale = (token as { generation: number }).generation !== this.#generation
    if (this.#state === "open" || (stale && !this.#rules.countsStale)) return
    const good = kind === "success"
    if (this.#state === "closed") {
      if (this.#evidence.add(good, now)) this.#move("open", now)
    } else this.#judge(good, now)
  }

  #judge(good: boolean, now: number): void {
    const { judged, failing } = this.#rules
    if (good) this.#good++
    else this.#bad++
    const complete = this.#good + this.#bad >= judged
    if (failing === 0 ? !good : complete && this.#bad >= failing * judged) this.#move("open", now)
    else if (complete) this.#move("closed", now)
  }

  #move(state: "closed" | "open" | "halfOpen", now: number): void {
    this.#state = state
    this.#generation++
    this.#openedAt = now
    this.#entered = 0
    this.#good = 0
    this.#bad = 0
    this.#evidence.clear()
    this.#port.moved(state)
  }
}

const published = (id: string, setup: string, rules: Rules): PolicyMaker => ({
  id,
  kind: "reimplemented",
  setup,
  make: (port) => new ThreeStates(port, rules),
})

/** sony/gobreaker v2, default settings: opens at more than 5 failures in a row, for 60 s; one probe; generations. */
export const gobreaker = published("gobreaker", "its defaults: more than 5 in a row, 60 s, one probe", {
  evidence: () => new Row(6),
  openMs: 60_000,
  probes: 1,
  judged: 1,
  failing: 0,
  countsStale: false,
})

/** Polly v8, default options: 10 % of at least 100 calls in 30 s, for 5 s; one probe; a late result decides. */
export const polly = published("polly", "its defaults: 10 % of at least 100 in 30 s, 5 s, one probe", {
  evidence: () => new Ratio(0.1, 100, 30_000, 10),
  openMs: 5000,
  probes: 1,
  judged: 1,
  failing: 0,
  countsStale: true,
})

/** resilience4j, default configuration: half of the last 100, for 60 s; ten probes, half of which may not fail. */
export const resilience4j = published("resilience4j", "its defaults: half of the last 100, 60 s, ten probes", {
  evidence: () => new Last(100, 0.5),
  openMs: 60_000,
  probes: 10,
  judged: 10,
  failing: 0.5,
  countsStale: true,
})

/** Semian's classic breaker as its own experiments set it: 12 errors in 20 s, for 15 s; half-open admits all, 2 must succeed. */
export const semian = published("semian", "as in its own experiments: 12 errors in 20 s, 15 s, 2 successes", {
  evidence: () => new Errors(12, 20_000),
  openMs: 15_000,
  probes: Number.POSITIVE_INFINITY,
  judged: 2,
  failing: 0,
  countsStale: true,
})
