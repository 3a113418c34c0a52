/**
 * A bucket for each key, for so many keys. Only a bucket that owes nothing is ever forgotten, since it is as good as a new one. When none
 * of those looked at is, whoever comes new shares one bucket with all that come new: many keys buy nobody a fresh start.
 */
import { type Bucket, debtAt, freshBucket, type Rate } from "../../machines/vocabulary/rate.ts"

/** Buckets that are looked at for one that can be forgotten, when the table is full. */
const looks = 8

/** A copy: a key that was cut out of a long text would keep the whole text. */
const own = (key: string): string => JSON.parse(JSON.stringify(key))

export class KeyedBuckets {
  readonly #rate: Rate
  readonly #max: number
  readonly #buckets = new Map<string, Bucket>()
  #strangers: Bucket = freshBucket()
  #hand: Iterator<[string, Bucket]> | undefined

  constructor(rate: Rate, max: number) {
    this.#rate = rate
    this.#max = max
  }

  get entries(): Iterable<[string, Bucket]> {
    return this.#buckets.entries()
  }

  /** The bucket that a call of this key would spend from. */
  find(key: string, tick: number): Bucket {
    return this.#buckets.get(key) ?? (this.#makeRoom(tick) ? freshBucket() : this.#strangers)
  }

  /** The same, and it is known from now on. */
  take(key: string, tick: number): Bucket {
    const known = this.#buckets.get(key)
    if (known !== undefined) return known
    if (!this.#makeRoom(tick)) return this.#strangers
    const bucket = freshBucket()
    this.put(own(key), bucket)
    return bucket
  }

  put(key: string, bucket: Bucket): void {
    if (this.#buckets.has(key) || this.#buckets.size < this.#max) this.#buckets.set(key, bucket)
  }

  /** Whether nobody owes anything. */
  isPaid(tick: number): boolean {
    for (const bucket of [this.#strangers, ...this.#buckets.values()]) {
      if (debtAt(this.#rate, bucket, tick) > 0) return false
    }
    return true
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
