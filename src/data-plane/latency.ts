/** The latency sketch: mutable twin of the vocabulary's, in typed arrays. */
import {
  bucketCount,
  countsOf,
  generation,
  hasEnded,
  isForgotten,
  quantileOf,
  type SketchCounts,
  summarise,
} from "../../machines/vocabulary/latency.ts"
import type { LatencySummary } from "../../machines/vocabulary/signal.ts"

const float = new Float64Array(1)
const words = new Uint32Array(float.buffer)
float[0] = 1
/** Which of the two words holds the exponent: the host's byte order decides. */
const high = words.findIndex((word) => word !== 0)
const lowestMs = 2 ** -6

/** The vocabulary's `bucketOf`, read from the bits of the number: exponent and the top four bits of the fraction. */
export function bucketOfFast(durationMs: number): number {
  if (!(durationMs >= lowestMs)) return 0
  float[0] = durationMs
  // 1023 is the bias of the exponent; the lowest exponent is -6, and 16 buckets make an octave.
  const bucket = 1 + ((words[high] as number) >>> 16) - ((1023 - 6) << 4)
  return bucket < bucketCount ? bucket : bucketCount - 1
}

export class LatencySketch {
  #older = new Uint32Array(bucketCount)
  #newer = new Uint32Array(bucketCount)
  #samples = 0
  #since: number
  #olderSince: number

  constructor(at: number) {
    this.#since = at
    this.#olderSince = at
  }

  add(durationMs: number, at: number): void {
    if (at - this.#since >= generation.minimumMs) this.#turn(at)
    const bucket = bucketOfFast(durationMs)
    this.#newer[bucket] = (this.#newer[bucket] as number) + 1
    this.#samples++
  }

  summary(at: number): LatencySummary {
    this.#turn(at)
    return summarise(this.#older, this.#newer)
  }

  /** What it has counted, to be added to what others have. */
  counts(at: number): SketchCounts {
    this.#turn(at)
    return countsOf(this.#older, this.#newer)
  }

  /** What so large a part of them, 0 to 1, did not exceed. */
  quantile(share: number): number {
    return quantileOf(this.#older, this.#newer, share)
  }

  #turn(at: number): void {
    if (hasEnded(this.#since, this.#samples, at)) {
      const freed = this.#older
      this.#older = this.#newer
      this.#newer = freed.fill(0)
      this.#olderSince = this.#since
      this.#since = at
      this.#samples = 0
    }
    if (isForgotten(this.#olderSince, at)) this.#forget()
  }

  #forget(): void {
    this.#older.fill(0)
    this.#olderSince = this.#since
  }
}
