/**
 * How unusual the next value of a stream is, from the values before it alone: no look-ahead, no length, no name. One sample costs
 * well under a microsecond, and all that is known of a stream is 99 numbers (792 bytes).
 *
 * Six statistics (the value, its level over a dozen samples, the change against the last three, how restless it is, how far it lies from
 * what is usual at this hour of the day, the level against that of the last hundreds of samples) each have an interval in which they were
 * seen. How far one leaves its interval, in widths of it, is the surprise; surprises add up for some ten samples. The interval grows by
 * a bounded step a sample and shrinks very slowly: what lasts becomes usual, what happened once does not. After a long silence less is
 * needed for an anomaly, after an anomaly more; then the stream rests: only what is three times as severe is news.
 *
 * Scores are invariant under a change of unit or of zero. The constants were tuned on the benchmark's given part, on transformed copies of
 * it and on synthetic streams together (test/bench/PREDICTION.md says what that is worth on each).
 */

/** A score that reaches it is an anomaly. */
export const anomalyThreshold = 0.2

export const isAnomaly = (score: number): boolean => score >= anomalyThreshold

/** What is known of one stream: numbers, to be copied with `slice()`; so short a plain array is copied sooner than a typed one is made. */
export type Stream = number[]

const slots = 24
const statistics = 6

/** Where each number of a stream lies. */
const at = {
  samples: 0,
  last: 1,
  level: 2,
  recent: 3,
  usual: 4,
  restless: 5,
  mostRestless: 6,
  /** The unit of restlessness: its first value above 0. */
  unit: 7,
  seasonal: 8,
  surprise: 9,
  /** The sample of the last anomaly; -1 before the first. */
  alarmed: 10,
  alarms: 11,
  told: 12,
  toldAt: 13,
  needed: 14,
  means: 15,
  visits: 15 + slots,
  spreads: 15 + 2 * slots,
  low: 15 + 3 * slots,
  high: 15 + 3 * slots + statistics,
} as const

/** Time constants and waits, in samples. */
const samples = {
  level: 12.5,
  recent: 3,
  usual: 360,
  restless: 7.4,
  seasonal: 4.6,
  profile: 200,
  learning: 97,
  warm: 216,
  young: 320,
  rest: 153,
  silence: 1000,
  alarms: 2300,
} as const

const weights = [1, 1.45, 1.2, 0.5, 1, 0.7] as const
const kept = 0.895
const growth = { usual: 0.02, young: 7.5, resting: 0.036 } as const
const shrinkage = 1e-5
const widening = 0.2
const restlessFloor = 0.042
const need = { least: 0.35, fresh: 2.65, habit: 0.15 } as const
const again = 3
/** Smaller differences than this part of the values are rounding. */
const rounding = 1e-9
/** Larger values are taken for this one: their squares must not be infinite. */
const largest = 1e150

export function freshStream(): Stream {
  const stream: Stream = Array.from({ length: at.high + statistics }, () => 0)
  stream[at.alarmed] = -1
  stream[at.needed] = 1
  stream.fill(Number.POSITIVE_INFINITY, at.low, at.high)
  stream.fill(Number.NEGATIVE_INFINITY, at.high)
  return stream
}

const get = (stream: Stream, index: number): number => stream[index] as number

const add = (stream: Stream, index: number, by: number): number => (stream[index] = get(stream, index) + by)

/** Moves a mean towards a value, and answers it. */
function follow(stream: Stream, index: number, value: number, weight: number): number {
  const mean = get(stream, index) + (value - get(stream, index)) * weight
  stream[index] = mean
  return mean
}

/** Hour of the day, 0 to 23; time that is no time is hour 0. */
function hourOf(time: number): number {
  const hour = Math.floor(time / 3_600_000) % slots
  return (hour + slots) % slots || 0
}

/** How far the value lies from the mean of this hour on other days, in units of how far it usually does. */
function fromSeason(stream: Stream, time: number, value: number): number {
  const hour = hourOf(time)
  const visits = add(stream, at.visits + hour, 1)
  const residual = visits === 1 ? 0 : value - get(stream, at.means + hour)
  follow(stream, at.means + hour, value, 1 / Math.min(visits, samples.profile))
  const spread = at.spreads + hour
  if (stream[spread] === 0) stream[spread] = Math.abs(residual)
  else follow(stream, spread, Math.abs(residual), 1 / Math.min(visits + 1, samples.profile))
  let sum = 0
  for (let slot = 0; slot < slots; slot++) sum += get(stream, at.spreads + slot)
  const scale = get(stream, spread) + (2 * sum) / slots
  return scale > 0 ? residual / scale : 0
}

/** How much the stream moves from sample to sample, as a logarithm. */
function restlessness(stream: Stream, moved: number): number {
  const now = follow(stream, at.restless, moved, 1 / samples.restless)
  if (now > get(stream, at.mostRestless)) stream[at.mostRestless] = now
  if (stream[at.unit] === 0) stream[at.unit] = now
  const unit = get(stream, at.unit)
  return unit > 0 ? Math.log((now + restlessFloor * get(stream, at.mostRestless)) / unit) : 0
}

const seen: Stream = Array.from({ length: statistics }, () => 0)

/** Takes in one value: the six statistics after it. */
function measure(stream: Stream, time: number, value: number): void {
  const before = get(stream, at.samples)
  if (before === 0) stream[at.last] = stream[at.level] = stream[at.recent] = value
  seen[0] = value
  seen[1] = follow(stream, at.level, value, 1 / samples.level)
  seen[2] = value - follow(stream, at.recent, value, 1 / samples.recent)
  seen[3] = restlessness(stream, Math.abs(value - get(stream, at.last)))
  seen[4] = follow(stream, at.seasonal, fromSeason(stream, time, value), 1 / samples.seasonal)
  seen[5] = seen[1] - follow(stream, at.usual, value, Math.max(1 / samples.usual, 1 / (before + 1)))
  stream[at.last] = value
  stream[at.samples] = before + 1
}

/** The interval of one statistic takes the new value in; answers how far outside it was, from 0 to 1. */
function leave(stream: Stream, index: number, age: number, grows: number, wide: number, least: number): number {
  const now = get(seen, index)
  const [low, high] = [at.low + index, at.high + index]
  const [above, below] = [now - get(stream, high), get(stream, low) - now]
  if (age < 0) {
    if (above > 0) stream[high] = now
    if (below > 0) stream[low] = now
    return 0
  }
  const width = get(stream, high) - get(stream, low)
  const isKnown = width > least
  const step = isKnown ? grows * width : Number.POSITIVE_INFINITY
  add(stream, high, above > 0 ? Math.min(above, step) : -shrinkage * width)
  add(stream, low, below > 0 ? -Math.min(below, step) : shrinkage * width)
  const outside = Math.max(above, below)
  if (!(outside > least)) return 0
  return isKnown ? Math.min(1, ((weights[index] as number) * outside) / (width * wide)) : 1
}

/** The largest surprise among the statistics. */
function surpriseNow(stream: Stream, row: number): number {
  const age = row - samples.warm
  const young = Math.exp(-Math.max(0, age) / samples.young)
  const alarmed = get(stream, at.alarmed)
  const isResting = alarmed >= 0 && row - alarmed < samples.rest
  const grows = isResting ? growth.resting : growth.usual * (1 + growth.young * young)
  const least = rounding * Math.abs(get(stream, at.usual))
  let most = 0
  for (let index = 0; index < statistics; index++) {
    const isRatio = index === 3 || index === 4
    const one = leave(stream, index, age, grows, 1 + widening * young, isRatio ? rounding : least)
    if (one > most) most = one
  }
  return most
}

/** What a surprise counts for after so long a silence. */
function told(stream: Stream, row: number): number {
  const alarmed = get(stream, at.alarmed)
  const silence = alarmed < 0 ? row - samples.warm : row - alarmed - samples.rest
  const surprise = get(stream, at.surprise)
  if (silence < 0) {
    const severity = surprise / get(stream, at.needed)
    return severity >= again * get(stream, at.told) ? (stream[at.told] = severity) : 0
  }
  const needed =
    (need.least + need.fresh * Math.exp(-silence / samples.silence)) * (1 + need.habit * get(stream, at.alarms))
  const score = surprise / needed
  return isAnomaly(score) ? alarm(stream, row, score, needed) : whisper(stream, row, score)
}

function alarm(stream: Stream, row: number, score: number, needed: number): number {
  stream[at.alarmed] = row
  add(stream, at.alarms, 1)
  stream[at.told] = score
  stream[at.needed] = needed
  return score
}

/** Below the threshold a score is told only if it is the highest for a while: whoever sets a lower one gets alarms, not echoes. */
function whisper(stream: Stream, row: number, score: number): number {
  const isOld = row - get(stream, at.toldAt) > samples.rest || isAnomaly(get(stream, at.told))
  if (score <= (isOld ? 0 : get(stream, at.told))) {
    if (isOld) stream[at.told] = 0
    return 0
  }
  stream[at.told] = score
  stream[at.toldAt] = row
  return score
}

/** A value that can be squared, and that differs from the last one by more than rounding or not at all. */
function bounded(value: number, last: number): number {
  if (Math.abs(value - last) <= rounding * Math.abs(last)) return last
  return Math.max(-largest, Math.min(largest, value))
}

/**
 * Takes in the next value and answers its score: 0 for nothing unusual, `anomalyThreshold` or more for an anomaly. `time` is in
 * milliseconds and serves to tell the hour of the day alone; it may repeat itself or go back. A value that is not finite teaches
 * nothing and scores 0.
 */
export function surprise(stream: Stream, time: number, value: number): number {
  if (!Number.isFinite(value)) return 0
  const row = get(stream, at.samples)
  measure(stream, time, bounded(value, get(stream, at.last)))
  if (row < samples.learning) return 0
  const most = surpriseNow(stream, row)
  if (row < samples.warm) return 0
  stream[at.surprise] = kept * get(stream, at.surprise) + most
  stream[at.alarms] = get(stream, at.alarms) * (1 - 1 / samples.alarms)
  return told(stream, row)
}
