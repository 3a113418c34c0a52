/**
 * Rates: the buckets of a breaker's limits. All of them look before any of them takes, so a call that one limit refuses counts for none.
 * Buckets outlive gates: what was spent under one limit stays spent under the one that takes its place.
 */
import type { Gate, Lines } from "../../machines/vocabulary/gate.ts"
import { type Limit, neededFor, setLimits, tightenedLimit } from "../../machines/vocabulary/limits.ts"
import {
  type Bucket,
  carried,
  debtAt,
  freshBucket,
  giveBack,
  leftAt,
  msOf,
  msUntilPaid,
  owing,
  spend,
  tickOf,
  ticksUntil,
  unitsOf,
} from "../../machines/vocabulary/rate.ts"
import { KeyedBuckets } from "./keyedBuckets.ts"
import type { Spent } from "./receipt.ts"

/** Why a limit refuses a call. */
export interface RateRefusal {
  readonly limit: Limit
  /** `Infinity` for a call that costs more than the burst. */
  readonly retryAt: number
  /** Since when it has let nobody enter. */
  readonly since: number
  /** What is spent now, in calls. */
  readonly spent: number
  /** By a key that shares a place with others, since as many as are told apart owe something. */
  readonly isShared: boolean
}

/** What is owed, for a breaker that is saved: milliseconds until it is paid off. */
interface Owed {
  readonly ms: number
  readonly keys?: readonly (readonly [string, number])[] | undefined
}

/** One limit and its buckets. */
class Shelf {
  readonly limit: Limit
  readonly #one: number
  readonly #bucket: Bucket
  readonly #keys: KeyedBuckets | undefined

  /** `before` is for each key by itself where this one is. */
  constructor(limit: Limit, before: Shelf | undefined, seed: () => number) {
    this.limit = limit
    this.#one = unitsOf(limit.rate, 1)
    this.#bucket = before === undefined ? freshBucket() : before.#carry(before.#bucket, limit)
    if (limit.keys === undefined) return
    this.#keys = new KeyedBuckets(limit.rate, limit.keys, seed)
    if (before !== undefined)
      for (const [key, bucket] of (before.#keys as KeyedBuckets).entries)
        this.#keys.put(key, before.#carry(bucket, limit))
  }

  #carry(bucket: Bucket, { rate }: Limit): Bucket {
    return carried(this.limit.rate, bucket, rate, bucket.at)
  }

  #find(key: string | undefined, tick: number): Bucket {
    return this.#keys === undefined ? this.#bucket : this.#keys.find(key ?? "", tick)
  }

  #units(cost: number): number {
    return cost === 1 ? this.#one : unitsOf(this.limit.rate, cost)
  }

  ticksUntil(cost: number, key: string | undefined, tick: number): number {
    const { limit } = this
    const needed = neededFor(limit, this.#units(cost))
    return ticksUntil(limit.rate, this.#find(key, tick), needed, tick)
  }

  take(cost: number, key: string | undefined, tick: number): void {
    const bucket = this.#keys === undefined ? this.#bucket : this.#keys.take(key ?? "", tick)
    spend(this.limit.rate, bucket, this.#units(cost), tick)
  }

  giveBack(cost: number, key: string | undefined, takenAt: number, tick: number): void {
    const bucket = this.#keys === undefined ? this.#bucket : this.#keys.spent(key ?? "")
    if (bucket !== undefined) giveBack(this.limit.rate, bucket, this.#units(cost), takenAt, tick)
  }

  refuse(key: string | undefined, ticks: number, tick: number): RateRefusal {
    const { limit } = this
    const { rate } = limit
    const bucket = this.#find(key, tick)
    const spent = debtAt(rate, bucket, tick) / rate.perPart / rate.parts
    const isShared = this.#keys?.isShared(key ?? "", tick) ?? false
    return { limit, retryAt: msOf(tick + ticks), since: msOf(Math.max(0, bucket.at)), spent, isShared }
  }

  left(tick: number): number {
    return leftAt(this.limit.rate, this.#bucket, tick)
  }

  isPaid(tick: number): boolean {
    return debtAt(this.limit.rate, this.#bucket, tick) === 0 && (this.#keys?.isPaid(tick) ?? true)
  }

  save(tick: number): Owed {
    const { rate } = this.limit
    const ms = msUntilPaid(rate, this.#bucket, tick)
    if (this.#keys === undefined) return { ms }
    const all = [...this.#keys.entries].map(([key, bucket]) => [key, msUntilPaid(rate, bucket, tick)] as const)
    return { ms, keys: all.filter(([, owed]) => owed > 0) }
  }

  restore({ ms, keys = [] }: Owed, elapsedMs: number, tick: number): void {
    const owed = (saved: number) => owing(this.limit.rate, Math.max(0, saved - elapsedMs), tick)
    Object.assign(this.#bucket, owed(ms))
    for (const [key, saved] of keys) if (saved > elapsedMs) this.#keys?.put(key, owed(saved))
  }
}

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
