/** One limit of a breaker, and what is owed under it: in one bucket, or in one for each key. */
import { type Limit, neededFor } from "../../machines/vocabulary/limits.ts"
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
  ticksUntil,
  unitsOf,
} from "../../machines/vocabulary/rate.ts"
import { KeyedBuckets } from "./keyedBuckets.ts"

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
export interface Owed {
  readonly ms: number
  readonly keys?: readonly (readonly [string, number])[] | undefined
}

/** One limit and its buckets. */
export class Shelf {
  readonly limit: Limit
  /** What a call costs that costs one, and what may be owed at most for it to enter. */
  readonly #one: number
  readonly #room: number
  /** What was owed when it was looked at last. */
  #lookedAt = Number.NEGATIVE_INFINITY
  #owed = 0.5
  readonly #bucket: Bucket
  readonly #keys: KeyedBuckets | undefined

  /** `before` is for each key by itself where this one is. */
  constructor(limit: Limit, before: Shelf | undefined, seed: () => number) {
    this.limit = limit
    this.#one = unitsOf(limit.rate, 1)
    this.#room = limit.rate.most - neededFor(limit, this.#one)
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

  /** Whether a call of which nothing is said may enter. */
  lets(tick: number): boolean {
    const bucket = this.#keys === undefined ? this.#bucket : this.#keys.find("", tick)
    const owed = debtAt(this.limit.rate, bucket, tick)
    this.#lookedAt = tick
    this.#owed = owed
    return owed <= this.#room
  }

  /** That call enters, where keys are not told apart: what was owed when it was looked at is owed still. */
  takeOne(): void {
    const bucket = this.#bucket
    this.#owed += this.#one
    bucket.debt = this.#owed
    if (this.#lookedAt > bucket.at) bucket.at = this.#lookedAt
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
