/** A labelled stream of the benchmark, and the part of the Numenta Anomaly Benchmark that lies beside this file. */
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

export interface Series {
  readonly name: string
  readonly category: string
  /** Milliseconds since 1970. */
  readonly times: Float64Array
  readonly values: Float64Array
  /** First and last row of each anomaly window. */
  readonly windows: readonly (readonly [first: number, last: number])[]
}

const folder = new URL("../nab/", import.meta.url)
const read = (path: string): string => readFileSync(fileURLToPath(new URL(path, folder)), "utf8")

/** `2014-04-01 00:05:00` or with `.000000` behind it, as UTC. */
export const parseTime = (text: string): number => Date.parse(`${text.slice(0, 19).replace(" ", "T")}Z`)

export function parseSeries(name: string, csv: string, windows: readonly (readonly [string, string])[]): Series {
  const rows = csv
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => line.split(","))
  const times = Float64Array.from(rows, ([time = ""]) => parseTime(time))
  const values = Float64Array.from(rows, ([, value]) => Number(value))
  const rowOf = (text: string): number => {
    const row = times.indexOf(parseTime(text))
    if (row < 0) throw new Error(`${name}: no row is of ${text}, where a window begins or ends`)
    return row
  }
  return {
    name,
    category: name.split("/")[0] ?? "",
    times,
    values,
    windows: windows.map(([first, last]) => [rowOf(first), rowOf(last)] as const),
  }
}

/** The 28 files of `test/bench/nab`. */
export function givenSeries(): readonly Series[] {
  const windows = JSON.parse(read("combined_windows.json")) as Record<string, [string, string][]>
  return Object.entries(windows).map(([name, own]) => parseSeries(name, read(name), own))
}

export interface Profile {
  readonly name: string
  readonly truePositive: number
  readonly falseNegative: number
  readonly falsePositive: number
}

interface CostMatrix {
  readonly tpWeight: number
  readonly fnWeight: number
  readonly fpWeight: number
}

/** The three application profiles of `profiles.json`. */
export function givenProfiles(): readonly Profile[] {
  const profiles = JSON.parse(read("profiles.json")) as Record<string, { readonly CostMatrix: CostMatrix }>
  return Object.entries(profiles).map(([name, { CostMatrix: weights }]) => ({
    name,
    truePositive: weights.tpWeight,
    falseNegative: weights.fnWeight,
    falsePositive: weights.fpWeight,
  }))
}
