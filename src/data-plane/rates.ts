/**
 * Rates: the buckets of a breaker's limits. All of them look before any of them takes, so a call that one limit refuses counts for none.
 * Buckets outlive gates: what was spent under one limit stays spent under the one that takes its place.
 */
import type { Gate, Lines } from "../../machines/vocabulary/gate.ts"
import { type Limit, setLimits, tightenedLimit } from "../../machines/vocabulary/limits.ts"
import { tickOf } from "../../machines/vocabulary/rate.ts"
import type { Spent } from "./receipt.ts"
import { type Owed, type RateRefusal, Shelf } from "./shelf.ts"

/** What a call spends of which nothing is said. */
const one: Spent = Object.freeze({ cost: 1, key: undefined })

/** The limit whose place this one takes: the one over the same time, or else the one that stood there. */
function before(shelves: readonly Shelf[], limit: Limit, at: number): Shelf | undefined {
  const isAlike = ({ limit: { keys } }: Shelf) => (keys === undefined) === (limit.keys === undefined)
  const same = shelves.find((shelf) => isAlike(shelf) && shelf.limit.intervalMs === limit.intervalMs)
  const here = shelves[at]
  return same ?? (here !== undefined && isAlike(here) ? here : undefined)
}

export class Rates {
  /** Of the limits that were set, and what actors have tightened the rate to. */
  #set: readonly Shelf[] = []
  #tightened: Shelf | undefined
  #shelves: readonly Shelf[] = []
  /** The only one, where it is for all calls. */
  #lone: Shelf | undefined
  #lines: Lines["rates"]
  readonly #seed: () => number

  /** `seed` is asked when more keys come than are told apart. */
  constructor(seed: () => number) {
    this.#seed = seed
  }

  /** Whether calls are told apart by their keys. */
  get isKeyed(): boolean {
    return this.#set.some(({ limit }) => limit.keys !== undefined)
  }

  /** Nothing is limited. */
  get isFree(): boolean {
    return this.#shelves.length === 0
  }

  adopt({ lines, restriction }: Gate): void {
    if (lines.rates !== this.#lines) {
      const shelves = this.#set
      this.#lines = lines.rates
      this.#set = setLimits(lines).map((limit, at) => new Shelf(limit, before(shelves, limit, at), this.#seed))
    }
    const { limit, burst } = this.#tightened?.limit ?? {}
    const next = tightenedLimit(restriction)
    if (next?.limit !== limit || next?.burst !== burst)
      this.#tightened = next && new Shelf(next, this.#tightened, this.#seed)
    this.#shelves = this.#tightened === undefined ? this.#set : [...this.#set, this.#tightened]
    const [first, ...others] = this.#shelves
    this.#lone = first?.limit.keys === undefined && others.length === 0 ? first : undefined
  }

  /** Why a call of this cost may not enter: of several limits the one that makes it wait longest. Takes nothing. */
  look(cost: number, key: string | undefined, now: number): RateRefusal | undefined {
    // A call that was lived through before has spent what it spent.
    if (cost === 0) return undefined
    const tick = tickOf(now)
    let [longest, by]: [number, Shelf | undefined] = [0, undefined]
    for (const shelf of this.#shelves) {
      const ticks = shelf.ticksUntil(cost, key, tick)
      if (ticks > longest) [longest, by] = [ticks, shelf]
    }
    return by?.refuse(key, longest, tick)
  }

  /** Whether a call of which nothing is said may enter. */
  lets(now: number): boolean {
    const lone = this.#lone
    return lone === undefined ? this.#allLet(tickOf(now)) : lone.lets(tickOf(now))
  }

  #allLet(tick: number): boolean {
    return this.#shelves.every((shelf) => shelf.lets(tick))
  }

  /** That call enters, at once. */
  takeOne(now: number): Spent {
    const lone = this.#lone
    if (lone === undefined) this.take(one, now)
    else lone.takeOne()
    return one
  }

  take({ cost, key }: Spent, now: number): void {
    if (cost === 0) return
    const tick = tickOf(now)
    for (const shelf of this.#shelves) shelf.take(cost, key, tick)
  }

  /** A call that entered at `startedAt` was never made. */
  giveBack({ cost, key }: Spent, startedAt: number, now: number): void {
    const [takenAt, tick] = [tickOf(startedAt), tickOf(now)]
    for (const shelf of this.#shelves) shelf.giveBack(cost, key, takenAt, tick)
  }

  /** Whether all that was spent has come back. */
  isPaid(now: number): boolean {
    const tick = tickOf(now)
    return this.#shelves.every((shelf) => shelf.isPaid(tick))
  }

  /** Each limit for all calls, and how many more of them may enter now. */
  left(now: number): readonly { readonly limit: Limit; readonly left: number | undefined }[] {
    const tick = tickOf(now)
    return this.#shelves.map((shelf) => ({
      limit: shelf.limit,
      left: shelf.limit.keys === undefined ? shelf.left(tick) : undefined,
    }))
  }

  /** What the limits that were set are owed; learned ones are their actor's to keep. */
  save(now: number): readonly Owed[] {
    const tick = tickOf(now)
    return this.#set.map((shelf) => shelf.save(tick))
  }

  restore(saved: readonly Owed[], elapsedMs: number, now: number): void {
    const tick = tickOf(now)
    this.#set.forEach((shelf, at) => {
      const one = saved[at]
      if (one !== undefined) shelf.restore(one, elapsedMs, tick)
    })
  }
}

/** The rates under another gate: made when something is limited for the first time, and kept. */
export function ratesUnder(gate: Gate, before: Rates | undefined, seed: () => number): Rates | undefined {
  const isLimited = gate.lines.rates !== undefined || gate.restriction.rate !== Number.POSITIVE_INFINITY
  const rates = before ?? (isLimited ? new Rates(seed) : undefined)
  rates?.adopt(gate)
  return rates
}
