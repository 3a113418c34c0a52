/**
 * Copies of labelled streams that keep what is anomalous in them: another rate of samples, another hour at which they begin, a shorter
 * past, upside down, or with a little noise. A detector that does much worse on these has learned files, not anomalies.
 * (Not reversed in time: the labels mark onsets, and backwards those would be endings.)
 */
import { seeded } from "./chance.ts"
import type { Series } from "./series.ts"

function deviation(values: Float64Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)
}

/** How many rows at the beginning can go so that no window comes into the probation. */
function spare({ values, windows }: Series): number {
  const first = windows[0]?.[0] ?? values.length / 2
  return Math.max(0, Math.min(0.15 * values.length, (first - 0.16 * values.length) / 0.84))
}

const mean = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length

export function copyOf(series: Series, seed: number): Series {
  const chance = seeded(seed * 131 + series.name.length * 7 + series.values.length)
  const rate = Math.exp(chance.between(-0.5, 0.5))
  const cut = Math.floor(spare(series) * chance.uniform())
  const shiftMs = chance.whole(0, 23) * 3_600_000
  const sign = chance.uniform() < 0.2 ? -1 : 1
  const noise = 0.01 * deviation(series.values) * chance.uniform()
  const rows = Math.floor((series.values.length - cut - 1) * rate)
  const rowOf = (row: number): number => Math.max(0, Math.min(rows - 1, Math.round((row - cut) * rate)))
  const sampleAt = (row: number): number => {
    const from = Math.floor(cut + row / rate)
    const to = Math.max(from + 1, Math.min(series.values.length, Math.ceil(cut + (row + 1) / rate)))
    // Fewer samples are means of those that they stand for.
    return rate < 1 ? mean(series.values.subarray(from, to)) : (series.values[from] as number)
  }
  const timeOf = (row: number): number => {
    const from = cut + row / rate
    const at = series.times[Math.floor(from)] as number
    const next = series.times[Math.floor(from) + 1] ?? at
    return at + (from % 1) * Math.max(0, next - at) + shiftMs
  }
  const times = Float64Array.from({ length: rows }, (_, row) => timeOf(row))
  const values = Float64Array.from({ length: rows }, (_, row) => sign * (sampleAt(row) + noise * chance.gaussian()))
  const windows = series.windows.map(([first, last]) => [rowOf(first), rowOf(last)] as const)
  return { name: `${series.name} (copy ${seed})`, category: series.category, times, values, windows }
}
