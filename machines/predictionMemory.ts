/**
 * What of `prediction` is saved, and how it is taken up again: what is usual of each measure. Trends are not: what went on meanwhile is
 * not known, so each begins level. Nor is what tells unusual values, of which no warning comes: that is learned anew. All of it is ten
 * numbers for each measure that is followed.
 */
import type { Measure } from "./forecasting.ts"
import { freshFollowed, isFollowable, mostFollowed, type Outlook, type PredictionSettings } from "./predicting.ts"
import type { BreakerRestored } from "./vocabulary/signal.ts"

type Numbers = readonly number[]
/** Level and base, which may be below 0; whether it has a limit; what it was told, in all and of how many; samples, noises, slopes. */
type Learned = readonly [...[number, number, number, number, number, number, number, number], ...usual: number[]]

export interface SavedPrediction {
  readonly version: 1
  readonly samples: number
  readonly mostRunning: number
  readonly load: Numbers
  /** By name. */
  readonly followed: { readonly [name: string]: Numbers }
}

const limited = ({ limit }: Measure): number => (limit === undefined ? 0 : 1)

function learnedOf(measure: Measure): Numbers {
  const { known, samples, level, base, noise, usualNoise, scales } = measure
  const usual = scales.map((scale) => scale.usual)
  return [level, base, limited(measure), known.samples, known.sum, samples, noise, usualNoise, ...usual]
}

/** Nothing, while nothing has been learned. */
export function savedPrediction({ samples, mostRunning, load, followed }: Outlook): SavedPrediction | undefined {
  if (samples === 0) return undefined
  const each = [...followed].map(([name, { measure }]) => [name, learnedOf(measure)])
  return { version: 1, samples, mostRunning, load: learnedOf(load), followed: Object.fromEntries(each) }
}

/** Level from now on: what went on meanwhile is not known. */
function levelled(measure: Measure, at: number): Measure {
  const brisk = { quick: measure.level, slow: measure.level }
  return { ...measure, at, brisk, scales: measure.scales.map(({ usual }) => ({ ...brisk, usual, lasted: 0 })) }
}

/** What is known after a time in which nothing was learned. */
export const resumedOutlook = (before: Outlook, at: number): Outlook => ({
  ...before,
  load: levelled(before.load, at),
  followed: new Map([...before.followed].map(([name, one]) => [name, { ...one, measure: levelled(one.measure, at) }])),
})

/** The measure that was saved, level from now on; `now` where that one was followed in another unit. */
function begunWith(saved: Numbers, now: Measure, at: number): Measure {
  const [level, base, isLimited, count, sum, samples, noise, usualNoise, ...usual] = saved as Learned
  if (isLimited !== limited(now)) return now
  const brisk = { quick: level, slow: level }
  const scales = usual.map((square) => ({ ...brisk, usual: square, lasted: 0 }))
  return { ...now, known: { samples: count, sum }, samples, at, level, base, noise, usualNoise, brisk, scales }
}

/** Numbers in their bounds, so many; the first two may be below 0. */
const areNumbers = (value: unknown, count: number): boolean =>
  Array.isArray(value) &&
  value.length === count &&
  value.every((one, index) => typeof one === "number" && Math.abs(one) <= 1e300 && (one >= 0 || index < 2))

const length = 10

export function readPrediction(saved: unknown): SavedPrediction | undefined {
  const { version, samples, mostRunning, load, followed } = (saved ?? {}) as Partial<SavedPrediction>
  const entries = Object.entries(followed ?? {})
  const isOne =
    version === 1 &&
    areNumbers([0, 0, samples, mostRunning], 4) &&
    areNumbers(load, length) &&
    entries.length <= mostFollowed &&
    entries.every(([name, one]) => isFollowable(name) && areNumbers(one, length))
  return isOne ? (saved as SavedPrediction) : undefined
}

/** What is known after `event`: what was saved, if it tells of any. */
export function restoredOutlook(before: Outlook, settings: PredictionSettings, event: BreakerRestored): Outlook {
  const saved = readPrediction(event.parts["prediction"])
  if (saved === undefined) return before
  const { samples, mostRunning } = saved
  const followed = Object.entries(saved.followed).map(([name, known]) => {
    const now = freshFollowed(name, settings)
    return [name, { ...now, measure: begunWith(known, now.measure, event.at) }] as const
  })
  const load = begunWith(saved.load, before.load, event.at)
  return { ...before, samples, mostRunning, load, followed: new Map(followed) }
}
