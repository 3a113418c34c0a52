/**
 * Forecasting: whether a measure is on its way to a line, as pure steps over what is known of it.
 *
 * A measure is followed by two pairs of means, one for trends of half a minute, one for trends of minutes: how far the slower of a pair
 * lags behind the quicker is the slope. The forecast goes along the slope from where the measure is to the horizon. It counts only when
 * the slope stands out from the noise, and from the slopes that were usual while this was learned, and has lasted. A jump is no trend:
 * what lies far outside the noise moves the level and both means together, and leaves the slope alone.
 *
 * A measure with a limit is followed in its own unit, towards the limit from wherever it usually is. One without is followed on a
 * logarithmic scale of what is usual for it, and its line is what would be far from usual: so an improvement is never a danger.
 */

/** One pair of means. */
interface Scale {
  readonly quick: number
  readonly slow: number
  /** Mean square of the slopes while learning. */
  readonly usual: number
  /** How long, in samples, the forecast has said yes; each no takes two away. */
  readonly lasted: number
}

export interface Measure {
  /** In its own unit; `undefined`: far from usual, upwards. */
  readonly limit: number | undefined
  /** Which way the limit lies: 1 upwards, -1 downwards, 0 until that is known. It does not turn round once the limit is passed. */
  readonly side: number
  /** How many times further than for others its line is from what is usual. */
  readonly leeway: number
  /** What was seen so far of what is usual, to find its unit. */
  readonly known: { readonly samples: number; readonly sum: number }
  readonly samples: number
  readonly at: number
  readonly level: number
  readonly base: number
  /** Mean deviation of a sample from the level: now, and while nothing was wrong. */
  readonly noise: number
  readonly usualNoise: number
  readonly brisk: { readonly quick: number; readonly slow: number }
  readonly scales: readonly Scale[]
}

export interface Forecast {
  /** That the line is reached within the horizon; 0 while nothing points there. */
  readonly probability: number
  /** How long until the line, in milliseconds, if it goes on like this; 0 once it is reached. */
  readonly inMs: number
  /** The line, in the unit of the measure. */
  readonly line: number
}

export const noForecast: Forecast = Object.freeze({ probability: 0, inMs: Number.POSITIVE_INFINITY, line: Number.NaN })

interface Pair {
  readonly quickS: number
  readonly slowS: number
  /** How far from usual the line is, on the logarithmic scale. */
  readonly far: number
  /** The part of the slope that the last seconds must still show. */
  readonly goesOn: number
  readonly needed: number
}

const pairs: readonly Pair[] = [
  { quickS: 8, slowS: 40, far: 0.7, goesOn: 0.25, needed: 12 },
  { quickS: 30, slowS: 150, far: 0.7, goesOn: Number.NEGATIVE_INFINITY, needed: 20 },
]
const brisk = { quickS: 5, slowS: 20 }
const levelS = 8
const noiseS = 60
const baseS = 900
const learningSamples = 180
const firstSamples = 30
/** Samples before it forecasts. */
export const knownSamples = firstSamples + learningSamples
/** In mean deviations, of a normal distribution 0.8 standard deviations each. */
const jump = { usual: 5, rising: 15 }
const farInNoise = 7.5
/** The standard deviation of a slope that is nothing but noise, as a part of the mean deviation, for the quicker pair. */
const slopeNoise = 0.008
const standsOut = 2
const probable = 0.6
/** Samples further apart than this are taken for as far apart: what happened between is not known. */
const longestGapS = 10

const square = (value: number): number => value * value
const clamp = (value: number, bound: number): number => Math.max(-bound, Math.min(bound, value))

export const freshMeasure = ({
  limit,
  side,
  leeway = 1,
}: Partial<Pick<Measure, "limit" | "side" | "leeway">> = {}): Measure => ({
  limit,
  side: side ?? (limit === undefined ? 1 : 0),
  leeway,
  known: { samples: 0, sum: 0 },
  samples: 0,
  at: 0,
  level: 0,
  base: 0,
  noise: 0,
  usualNoise: 0,
  brisk: { quick: 0, slow: 0 },
  scales: pairs.map(() => ({ quick: 0, slow: 0, usual: 0, lasted: 0 })),
})

const unitOf = ({ known }: Measure): number => known.sum / known.samples || 1

/** A value on the scale on which the measure is followed, and back. */
const scaled = (measure: Measure, value: number): number =>
  measure.limit === undefined ? Math.asinh(value / unitOf(measure)) : value
const unscaled = (measure: Measure, value: number): number =>
  measure.limit === undefined ? Math.sinh(value) * unitOf(measure) : value

/** Whether a measure rises, beyond its noise, by either of its trends. */
export const isRising = ({ scales, noise, samples }: Measure): boolean =>
  samples >= learningSamples &&
  scales.some((scale, index) => slopeOf(scale, pairs[index] as Pair) > 3 * noiseOfSlope(noise, pairs[index] as Pair))

const noiseOfSlope = (noise: number, { quickS }: Pair): number => noise * slopeNoise * (levelS / quickS) ** 1.5

interface Step {
  readonly value: number
  readonly seconds: number
  readonly horizonS: number
  readonly isUnderLoad: boolean
}

const towards = (mean: number, value: number, seconds: number, constantS: number, samples: number): number =>
  mean + (value - mean) * Math.max(1 - Math.exp(-seconds / constantS), 1 / (samples + 1))

/** What lies beyond the noise: the level goes with it at once. */
function jumpOf({ level, noise, samples, limit, base }: Measure, { value, isUnderLoad }: Step): number {
  if (samples < firstSamples) return 0
  const most = (isUnderLoad || limit !== undefined ? jump.rising : jump.usual) * noise + 1e-9 * Math.abs(base)
  const off = value - level
  return Math.abs(off) > most ? off : 0
}

/** Level, noise and means after one more sample. */
function followed(before: Measure, step: Step): Measure {
  const { value, seconds } = step
  const leap = jumpOf(before, step)
  const { samples } = before
  const off = Math.abs(value - before.level)
  const bounded = samples < firstSamples ? off : Math.min(off, 4 * before.noise + 1e-12)
  const level = towards(before.level + leap, value, seconds, levelS, samples)
  const quick = towards(before.brisk.quick + leap, value, seconds, brisk.quickS, samples)
  return {
    ...before,
    samples: samples + 1,
    level,
    noise: towards(before.noise, bounded, seconds, noiseS, samples),
    brisk: { quick, slow: towards(before.brisk.slow + leap, quick, seconds, brisk.slowS, samples) },
    scales: before.scales.map((scale, index) => {
      const { quickS, slowS } = pairs[index] as Pair
      const quick = towards(scale.quick + leap, value, seconds, quickS, samples)
      return { ...scale, quick, slow: towards(scale.slow + leap, quick, seconds, slowS, samples) }
    }),
  }
}

const slopeOf = (scale: Scale, { slowS }: Pair): number => (scale.quick - scale.slow) / slowS

const lineFor = ({ limit, base, usualNoise, leeway }: Measure, { far }: Pair): number =>
  limit ?? base + Math.max(farInNoise * usualNoise, far * leeway)

/** What one pair says: the probability that the line is reached, whether or not that has lasted. */
function foretold(measure: Measure, index: number, step: Step): Forecast {
  const [scale, pair] = [measure.scales[index] as Scale, pairs[index] as Pair]
  const line = lineFor(measure, pair)
  const direction = measure.side
  const slope = direction * slopeOf(scale, pair)
  const noise = noiseOfSlope(measure.noise, pair)
  const floor = measure.limit === undefined ? Math.max(Math.sqrt(scale.usual), noise) : noise
  const recent = (direction * (measure.brisk.quick - measure.brisk.slow)) / brisk.slowS
  if (!(slope > standsOut * floor) || !(recent > pair.goesOn * slope)) return noForecast
  // The quicker mean lags behind by its time constant.
  const gap = direction * (line - (scale.quick + direction * slope * pair.quickS))
  // Whoever is there already, and was not seen to come, has jumped.
  if (measure.limit === undefined && gap <= 0 && scale.lasted === 0) return noForecast
  const margin = (slope * step.horizonS - gap) / Math.max(floor * step.horizonS, Number.MIN_VALUE)
  const probability = 1 / (1 + Math.exp(-1.7 * clamp(margin, 20)))
  return { probability, inMs: Math.max(0, gap / slope) * 1000, line: unscaled(measure, line) }
}

const counted = (scale: Scale, { needed }: Pair, { probability }: Forecast): Scale => ({
  ...scale,
  lasted: Math.max(0, Math.min(2 * needed, scale.lasted + (probability > probable ? 1 : -2))),
})

/** While it learns: what is usual. */
function learning(measure: Measure, { value }: Step): Measure {
  const { samples, noise } = measure
  const scales = measure.scales.map((scale, index) => {
    const pair = pairs[index] as Pair
    if (samples <= pair.slowS) return scale
    return { ...scale, usual: scale.usual + (square(slopeOf(scale, pair)) - scale.usual) / (samples - pair.slowS) }
  })
  const base = measure.base + (value - measure.base) / samples
  return { ...measure, scales, base, usualNoise: noise }
}

/** Once it has learned, the limit lies on one side of what is usual. */
const sided = (measure: Measure): Measure =>
  measure.side !== 0 || measure.samples < learningSamples
    ? measure
    : { ...measure, side: (measure.limit as number) < measure.base ? -1 : 1 }

/** Once it has learned, what is usual follows slowly, and not at all while a danger is told. */
function adapted(measure: Measure, { value, seconds }: Step): Measure {
  const { base, noise, usualNoise } = measure
  const off = clamp(value - base, 3 * noise)
  const part = Math.min(1, seconds / baseS)
  return { ...measure, base: base + off * part, usualNoise: usualNoise + (noise - usualNoise) * part }
}

/**
 * Takes one sample in, at `at` milliseconds; `isUnderLoad` says that the load is growing. Answers the measure after it, and what it
 * foretells. The value is a finite number.
 */
export function foresee(
  before: Measure,
  sample: { readonly at: number; readonly value: number; readonly horizonMs: number; readonly isUnderLoad: boolean },
): readonly [Measure, Forecast] {
  const { at, value: given, horizonMs, isUnderLoad } = sample
  const value = clamp(given, 1e150)
  const { known } = before
  if (known.samples < firstSamples) {
    const next = { samples: known.samples + 1, sum: known.sum + Math.abs(value) }
    return [{ ...before, at, known: next }, noForecast]
  }
  const seconds = Math.max(0.05, Math.min(longestGapS, (at - before.at) / 1000 || 0))
  const step: Step = { value: scaled(before, value), seconds, horizonS: horizonMs / 1000, isUnderLoad }
  const measure = sided({ ...followed(before, step), at })
  if (measure.samples < learningSamples) return [learning(measure, step), noForecast]
  const all = pairs.map((_, index) => foretold(measure, index, step))
  const scales = measure.scales.map((scale, index) => counted(scale, pairs[index] as Pair, all[index] as Forecast))
  const held = all.filter((_, index) => (scales[index] as Scale).lasted >= (pairs[index] as Pair).needed)
  const forecast = held.reduce((most, one) => (one.probability > most.probability ? one : most), noForecast)
  const isQuiet = all.every(({ probability }) => probability <= probable)
  return [isQuiet ? adapted({ ...measure, scales }, step) : { ...measure, scales }, forecast]
}
