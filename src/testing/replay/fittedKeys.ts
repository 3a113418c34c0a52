/**
 * Keys that fall where the recorded ones fell. A breaker remembers its cells in a table of buckets, and a mark that stands for a key would
 * fall into another: who shares a bucket decides who is forgotten when there are very many. So a mark is given an ending with which it fits.
 */
import type { Facts } from "../../../machines/vocabulary/facts.ts"
import type { SavedRate } from "../../control-plane/persistence.ts"
import { bucketOf } from "../../data-plane/cellTable.ts"
import type { RecordedRate } from "../../observability/recording/format.ts"

const ending = /~\d+$/

/** A key as the recording has it. */
export const markIn = (key: string): string => key.replace(ending, "")

export class FittedKeys {
  readonly #seed: number
  readonly #fitted = new WeakMap<Facts, Facts>()

  /** `seed` is what the replaying breaker hashes by. */
  constructor(seed: number) {
    this.#seed = seed
  }

  of(facts: Facts): Facts {
    const { key, bucket } = facts as Facts & { readonly bucket?: unknown }
    if (key === undefined || typeof bucket !== "number") return facts
    const known = this.#fitted.get(facts)
    if (known !== undefined) return known
    const fitted = { ...facts, key: this.#fit(key, bucket) }
    this.#fitted.set(facts, fitted)
    return fitted
  }

  /** What limits are owed by keys. */
  owed(rates: readonly RecordedRate[]): readonly SavedRate[] {
    const fit = ([key, ms, bucket]: NonNullable<RecordedRate["keys"]>[number]) =>
      [typeof bucket === "number" ? this.#fit(key, bucket) : key, ms] as const
    return rates.map(({ ms, keys }) => (keys === undefined ? { ms } : { ms, keys: keys.map(fit) }))
  }

  /** What was saved of a breaker: what it is owed, it is owed by keys that fit. */
  saved(given: unknown): unknown {
    const { rates } = (given ?? {}) as { readonly rates?: readonly RecordedRate[] }
    return rates === undefined ? given : { ...(given as object), rates: this.owed(rates) }
  }

  #fit(key: string, bucket: number): string {
    // One in four thousand fits: what a recording claims that no key could do is let be.
    for (let tries = 0; tries < 100_000; tries++) {
      const text = tries === 0 ? key : `${key}~${tries}`
      if (bucketOf(text, this.#seed) === bucket) return text
    }
    return key
  }
}
