/** Durations in bins that grow by 4 %: bounded memory, percentiles within 2 %, and two of them can be added up. */
export interface Latencies {
  readonly count: number
  add(ms: number): void
  addAll(other: Latencies): void
  clear(): void
  /** The given quantile (0 to 1) in milliseconds; undefined while empty. */
  quantile(q: number): number | undefined
  readonly bins: Uint32Array
}

const SMALLEST_MS = 0.1
const GROWTH = Math.log(1.04)
const BINS = 400 // the last one starts above ten minutes

export function createLatencies(): Latencies {
  const bins = new Uint32Array(BINS)
  let count = 0
  return {
    bins,
    get count() {
      return count
    },
    add(ms) {
      const bin = binOf(ms)
      bins[bin] = (bins[bin] ?? 0) + 1
      count += 1
    },
    addAll(other) {
      for (let bin = 0; bin < BINS; bin++) bins[bin] = (bins[bin] ?? 0) + (other.bins[bin] ?? 0)
      count += other.count
    },
    clear() {
      bins.fill(0)
      count = 0
    },
    quantile: (q) => (count === 0 ? undefined : valueAt(bins, Math.max(1, Math.ceil(q * count)))),
  }
}

function binOf(ms: number): number {
  return Math.min(BINS - 1, Math.max(0, Math.ceil(Math.log(ms / SMALLEST_MS) / GROWTH)))
}

function valueAt(bins: Uint32Array, rank: number): number {
  let seen = 0
  const bin = bins.findIndex((count) => {
    seen += count
    return seen >= rank
  })
  return bin === 0 ? SMALLEST_MS : SMALLEST_MS * Math.exp(GROWTH * (bin - 0.5))
}
