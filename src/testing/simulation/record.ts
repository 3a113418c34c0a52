/** What happened in one run, kept in bins of the time at which calls were offered. */
import type { Circuit, Settled } from "./policy.ts"

/** All bins and faults of a run are whole numbers of this. */
export const binMs = 100

/** While a fault lasts, failing is the service's doing. */
export interface Fault {
  readonly from: number
  readonly to: number
}

export interface Move {
  readonly at: number
  readonly circuit: Circuit
}

const kinds = ["offered", "refused", "success", "failure", "timedOut", "attempts"] as const
type Kind = (typeof kinds)[number]

/** Durations of successes in logarithmic buckets of 2 %: from 0.1 ms to beyond a day. */
const growth = Math.log(1.02)
const buckets = 1100

export class Recording {
  readonly horizonMs: number
  readonly faults: readonly Fault[]
  readonly moves: Move[] = []
  /** For each fault, when the first call was refused in or after it. */
  readonly firstRefusals: number[]
  /** Server time spent on calls that did not end well for their callers. */
  wastedMs = 0
  /** Calls that ran when the run ended, and calls that the policy had neither admitted nor refused. */
  running = 0
  undecided = 0
  /** The same for the calls of each group of the world, if it has groups. */
  readonly groups: readonly Recording[]
  readonly #bins: { readonly [K in Kind]: Uint32Array }
  readonly #latency = new Uint32Array(buckets)
  readonly #callMs: Float64Array

  constructor(horizonMs: number, faults: readonly Fault[], groups = 0) {
    this.horizonMs = horizonMs
    this.groups = Array.from({ length: groups }, () => new Recording(horizonMs, faults))
    this.faults = faults
    this.firstRefusals = faults.map(() => Number.POSITIVE_INFINITY)
    const bins = () => new Uint32Array(Math.ceil(horizonMs / binMs) + 1)
    this.#callMs = new Float64Array(Math.ceil(horizonMs / binMs) + 1)
    this.#bins = {
      offered: bins(),
      refused: bins(),
      success: bins(),
      failure: bins(),
      timedOut: bins(),
      attempts: bins(),
    }
  }

  offered(now: number): void {
    this.#count("offered", now)
  }

  refused(offeredAt: number, now: number): void {
    this.#count("refused", offeredAt)
    for (let fault = 0; fault < this.faults.length; fault++) {
      const { from } = this.faults[fault] as Fault
      if (now >= from && now < (this.firstRefusals[fault] as number)) this.firstRefusals[fault] = now
    }
  }

  /** The call was sent: once, or once more. */
  sent(offeredAt: number): void {
    this.#count("attempts", offeredAt)
  }

  settled(kind: Settled, offeredAt: number, durationMs: number): void {
    const bin = this.#count(kind, offeredAt)
    this.#callMs[bin] = (this.#callMs[bin] as number) + durationMs
    if (kind !== "success") return
    const bucket = Math.max(0, Math.min(buckets - 1, Math.ceil(Math.log(durationMs * 10) / growth)))
    this.#latency[bucket] = (this.#latency[bucket] as number) + 1
  }

  moved(at: number, circuit: Circuit): void {
    if (this.moves.at(-1)?.circuit !== circuit) this.moves.push({ at, circuit })
  }

  /** Calls offered in `[from, to)` that ended so. */
  sum(kind: Kind, from = 0, to = Number.POSITIVE_INFINITY): number {
    const bins = this.#bins[kind]
    const end = Math.min(bins.length, Math.round(to / binMs))
    let total = 0
    for (let bin = Math.round(from / binMs); bin < end; bin++) total += bins[bin] as number
    return total
  }

  /** How long callers waited in all for the calls offered in `[from, to)` that have ended. */
  callMs(from: number, to: number): number {
    return this.#callMs.subarray(Math.round(from / binMs), Math.round(to / binMs)).reduce((sum, ms) => sum + ms, 0)
  }

  admitted(from?: number, to?: number): number {
    return this.sum("offered", from, to) - this.sum("refused", from, to)
  }

  /** The duration that this share of the successes did not exceed, within 2 %. */
  latencyMs(share: number): number {
    const total = this.#latency.reduce((sum, count) => sum + count, 0)
    let seen = 0
    for (let bucket = 0; bucket < buckets; bucket++) {
      seen += this.#latency[bucket] as number
      if (total > 0 && seen >= share * total) return Math.exp(bucket * growth) / 10
    }
    return Number.NaN
  }

  #count(kind: Kind, at: number): number {
    const bins = this.#bins[kind]
    const bin = Math.min(bins.length - 1, Math.floor(at / binMs))
    bins[bin] = (bins[bin] as number) + 1
    return bin
  }
}
