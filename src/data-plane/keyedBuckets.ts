/**
 * A bucket for each key, for so many keys. Only a bucket that owes nothing is ever forgotten, since it is as good as a new one.
 *
 * When none of those looked at is, the table is full of debtors. Whoever comes new then has a place among as many again, by the hash of
 * its key: it shares that with few others, so debtors do not lock it out, and a flood of keys, one for each call, takes as much again as
 * those in the table may, and no more. It gets a bucket of its own when somebody has paid, and takes what it owes along.
 */
import { type Bucket, debtAt, freshBucket, type Rate } from "../../machines/vocabulary/rate.ts"
import { hashOf } from "./cellTable.ts"

/** Buckets that are looked at for one that can be forgotten, when the table is full. */
const looks = 8
/** So many places are shared at most; a recording says of each key where it falls among them. */
const mostShared = 0x1000

/** A copy: a key that was cut out of a long text would keep the whole text. */
const own = (key: string): string => JSON.parse(JSON.stringify(key))

interface SharedBucket extends Bucket {
  /** Of the key that has spent from it; 0: of several. */
  readonly hash: number
}

export class KeyedBuckets {
  readonly #rate: Rate
  readonly #max: number
  readonly #seed: () => number
  readonly #buckets = new Map<string, Bucket>()
  readonly #shared = new Map<number, SharedBucket>()
  #hand: Iterator<[string, Bucket]> | undefined

  /** `seed` keeps others from choosing keys that share a place. */
  constructor(rate: Rate, max: number, seed: () => number) {
    this.#rate = rate
    this.#max = max
    this.#seed = seed
  }

  get entries(): Iterable<[string, Bucket]> {
    return this.#buckets.entries()
  }

  /** Whether a call of this key would spend from a place that it shares. */
  isShared(key: string, tick: number): boolean {
    return !this.#buckets.has(key) && !this.#makeRoom(tick)
  }

  /** The bucket that a call of this key would spend from. */
  find(key: string, tick: number): Bucket {
    const known = this.#buckets.get(key)
    if (known !== undefined) return known
    if (this.#makeRoom(tick)) return this.#brought(key)
    return this.#shared.get(this.#placeOf(key)) ?? freshBucket()
  }

  /** The same, and it is known from now on. */
  take(key: string, tick: number): Bucket {
    const known = this.#buckets.get(key)
    if (known !== undefined) return known
    if (!this.#makeRoom(tick)) return this.#share(key)
    const bucket = this.#brought(key)
    this.put(own(key), bucket)
    return bucket
  }

  /** The bucket that calls of this key have spent from; `undefined` when it is known no more. Nobody is forgotten for it. */
  spent(key: string): Bucket | undefined {
    const known = this.#buckets.get(key)
    if (known !== undefined) return known
    const shared = this.#shared.get(this.#placeOf(key))
    return shared?.hash === 0 || shared?.hash === hashOf(key, this.#seed()) ? shared : undefined
  }

  put(key: string, bucket: Bucket): void {
    if (this.#buckets.has(key) || this.#buckets.size < this.#max) this.#buckets.set(key, bucket)
  }

  /** Whether nobody owes anything. */
  isPaid(tick: number): boolean {
    for (const bucket of [...this.#shared.values(), ...this.#buckets.values()]) {
      if (debtAt(this.#rate, bucket, tick) > 0) return false
    }
    return true
  }

  #placeOf(key: string): number {
    return (hashOf(key, this.#seed()) & (mostShared - 1)) % this.#max
  }

  #share(key: string): Bucket {
    const [place, hash] = [this.#placeOf(key), hashOf(key, this.#seed())]
    const before = this.#shared.get(place)
    if (before?.hash === hash || before?.hash === 0) return before
    // What those before it owe is owed for the place, whoever spent it.
    const bucket = { ...(before ?? freshBucket()), hash: before === undefined ? hash : 0 }
    this.#shared.set(place, bucket)
    return bucket
  }

  /** What a key brings that gets a bucket of its own: what it owes, if it alone has spent from its place. */
  #brought(key: string): Bucket {
    const before = this.#shared.size === 0 ? undefined : this.#shared.get(this.#placeOf(key))
    if (before === undefined || before.hash !== hashOf(key, this.#seed())) return freshBucket()
    return { debt: before.debt, at: before.at }
  }

  /** Goes round: what it looks at now it does not look at again before the others. */
  #makeRoom(tick: number): boolean {
    for (let looked = 0; this.#buckets.size >= this.#max; looked++) {
      if (looked === looks) return false
      this.#hand ??= this.#buckets.entries()
      const { done, value } = this.#hand.next()
      if (done) this.#hand = undefined
      else if (debtAt(this.#rate, value[1], tick) === 0) this.#buckets.delete(value[0])
    }
    return true
  }
}
