/** Medians and quantiles over seeds, with intervals by the bootstrap. Values may be infinite: "never" is a value. */
import { stream } from "./random.ts"

/** The value below which this share of the values lies, interpolated; of nothing, NaN. */
export function quantile(sorted: readonly number[], share: number): number {
  const place = (sorted.length - 1) * share
  const low = sorted[Math.floor(place)] ?? Number.NaN
  const high = sorted[Math.ceil(place)] ?? Number.NaN
  const part = place - Math.floor(place)
  return part === 0 || low === high ? low : low + (high - low) * part
}

const ascending = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b)

export const median = (values: readonly number[]): number => quantile(ascending(values), 0.5)

export interface Estimate {
  readonly value: number
  readonly low: number
  readonly high: number
}

const resamples = 1000

/**
 * A quantile with its 95 % interval: the quantiles of samples drawn anew from the values. With 20 values the upper end for a
 * p95 cannot lie above the greatest value seen.
 */
export function estimate(values: readonly number[], share: number): Estimate {
  const sorted = ascending(values)
  const random = stream(values.length, "bootstrap")
  const drawn = Array.from({ length: resamples }, () =>
    quantile(ascending(Array.from(sorted, () => random.pick(sorted))), share),
  )
  const spread = ascending(drawn)
  return { value: quantile(sorted, share), low: quantile(spread, 0.025), high: quantile(spread, 0.975) }
}

export interface Summary {
  readonly count: number
  readonly mean: number
  readonly least: number
  readonly most: number
  readonly median: Estimate
  /** What one run in twenty is worse than. */
  readonly bad: Estimate
}

/** NaN means that there was nothing to measure in that run; it is left out. */
export function summarise(all: readonly number[], better: "less" | "more" = "less"): Summary {
  const values = all.filter((value) => !Number.isNaN(value))
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return {
    count: values.length,
    mean,
    least: Math.min(...values),
    most: Math.max(...values),
    median: estimate(values, 0.5),
    bad: estimate(values, better === "less" ? 0.95 : 0.05),
  }
}
