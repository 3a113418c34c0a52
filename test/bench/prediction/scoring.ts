/**
 * The scoring rules of the Numenta Anomaly Benchmark, written from their description (Lavin and Ahmad, "Evaluating Real-Time Anomaly
 * Detection Algorithms", 2015) and compared with cases computed by hand in scoring.test.ts.
 *
 * A row whose score reaches the threshold is a detection. In a window the earliest detection counts, weighted by how early it is; each
 * detection outside costs, the more the further it lies behind the last window; a window without detection costs `falseNegative`. The
 * first 15 % of the rows (of at most 5 000) are for learning, and nothing in them is scored. 100 is every window detected at its first
 * row and nothing else; 0 is no detection at all.
 */
import type { Profile, Series } from "./series.ts"

/** How many rows at the beginning are not scored. */
export const probationOf = (rows: number): number => Math.floor(0.15 * Math.min(rows, 5000))

/** From 1 far before the end of a window, over 0 at its end, to -1 far behind it. */
export const sigmoid = (position: number): number => (position > 3 ? -1 : 2 / (1 + Math.exp(5 * position)) - 1)

const best = sigmoid(-1)

/** What a detection at each row is worth before weights: of a window's rows 1 to 0, of the others 0 to -1. */
export interface Rewards {
  /** The window that a row lies in; -1 outside. */
  readonly window: Int32Array
  readonly worth: Float64Array
  readonly firstRow: number
  /** Windows that can be detected: those that do not end within the probation. */
  readonly windows: number
}

function beyond(row: number, ended: readonly [number, number] | undefined): number {
  if (ended === undefined) return -1
  const [first, last] = ended
  return sigmoid((row - last) / (last - first))
}

export function rewardsOf({ times, windows }: Pick<Series, "times" | "windows">): Rewards {
  const rows = times.length
  const window = new Int32Array(rows).fill(-1)
  windows.forEach(([first, last], at) => {
    window.fill(at, first, last + 1)
  })
  const worth = Float64Array.from(window, (at, row) => {
    const own = windows[at]
    if (own === undefined)
      return beyond(
        row,
        windows.findLast(([, last]) => last < row),
      )
    const [first, last] = own
    return sigmoid(-(last - row + 1) / (last - first + 1)) / best
  })
  const firstRow = probationOf(rows)
  return { window, worth, firstRow, windows: windows.filter(([, last]) => last >= firstRow).length }
}

/** A series, and the scores that a detector gave to its rows. */
export interface Scored {
  readonly rewards: Rewards
  readonly scores: Float64Array
}

/** The sum over rows and windows, before it is set against the perfect detector. */
export function rawScore({ rewards, scores }: Scored, threshold: number, profile: Profile): number {
  const found = new Set<number>()
  let sum = 0
  for (let row = rewards.firstRow; row < scores.length; row++) {
    if (!((scores[row] as number) >= threshold)) continue
    const window = rewards.window[row] as number
    const worth = rewards.worth[row] as number
    if (window < 0) sum += worth * profile.falsePositive
    else if (!found.has(window)) {
      // Rows of a window are worth less and less: the earliest detection is the best.
      found.add(window)
      sum += worth * profile.truePositive
    }
  }
  return sum - profile.falseNegative * (rewards.windows - found.size)
}

const windowsIn = (all: readonly Scored[]): number => all.reduce((sum, { rewards }) => sum + rewards.windows, 0)

/** 100 for a perfect detector, 0 for one that detects nothing. */
export const normalised = (raw: number, windows: number, { truePositive, falseNegative }: Profile): number =>
  (100 * (raw + falseNegative * windows)) / (windows * (truePositive + falseNegative))

export function scoreAt(all: readonly Scored[], threshold: number, profile: Profile): number {
  const raw = all.reduce((sum, one) => sum + rawScore(one, threshold, profile), 0)
  return normalised(raw, windowsIn(all), profile)
}

interface Point {
  readonly score: number
  readonly series: number
  readonly row: number
}

function pointsOf(all: readonly Scored[]): readonly Point[] {
  const points = all.flatMap(({ rewards, scores }, series) =>
    [...scores.keys()]
      .filter((row) => row >= rewards.firstRow && (scores[row] as number) > 0)
      .map((row) => ({ score: scores[row] as number, series, row })),
  )
  return points.sort((one, other) => other.score - one.score)
}

/** The one threshold under which all series together score best: what the benchmark reports of a detector. */
export function bestThreshold(all: readonly Scored[], profile: Profile): { threshold: number; score: number } {
  const windows = windowsIn(all)
  const points = pointsOf(all)
  const found = all.map(() => new Map<number, number>())
  let raw = -profile.falseNegative * windows
  let top = { threshold: Number.POSITIVE_INFINITY, raw }
  points.forEach(({ score, series, row }, at) => {
    raw += gain(all[series] as Scored, found[series] as Map<number, number>, row, profile)
    const isLast = points[at + 1]?.score !== score
    if (isLast && raw > top.raw) top = { threshold: score, raw }
  })
  return { threshold: top.threshold, score: normalised(top.raw, windows, profile) }
}

/** What one more detection changes. */
function gain({ rewards }: Scored, found: Map<number, number>, row: number, profile: Profile): number {
  const window = rewards.window[row] as number
  const worth = rewards.worth[row] as number
  if (window < 0) return worth * profile.falsePositive
  const reward = worth * profile.truePositive
  const before = found.get(window)
  if (before !== undefined && before >= reward) return 0
  found.set(window, reward)
  return reward - (before ?? -profile.falseNegative)
}
