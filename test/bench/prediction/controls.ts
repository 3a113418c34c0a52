/** Detectors that know nothing: whatever they reach is what the scoring rules give away. */
import { seeded } from "./chance.ts"
import { probationOf, type Rewards, type Scored, scoreAt } from "./scoring.ts"
import type { Profile, Series } from "./series.ts"

export const nothing = ({ values }: Series): Float64Array => new Float64Array(values.length)

/** Scores from 0 to 1 by chance. */
export function random({ name, values }: Series, seed = 1): Float64Array {
  const { uniform } = seeded(seed + name.length * 31 + values.length)
  return Float64Array.from(values, uniform)
}

/** A new highest or lowest value since the beginning is an anomaly, by how far it goes beyond, in ranges. */
export function records({ values }: Series): Float64Array {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  return Float64Array.from(values, (value) => {
    const range = high - low
    const beyond = Math.max(value - high, low - value)
    low = Math.min(low, value)
    high = Math.max(high, value)
    return !(beyond > 0) || range === Number.NEGATIVE_INFINITY ? 0 : range > 0 ? beyond / range : 1
  })
}

/** An alarm every so many rows, whatever the values are. */
export const blind = (rows: number, every: number, phase: number): Float64Array =>
  Float64Array.from({ length: rows }, (_, row) => (row >= phase && (row - phase) % every === 0 ? 1 : 0))

/** The blind detector at the period and phase that suit these files best: nobody could know them. */
export function bestBlind(all: readonly (Series & { readonly rewards: Rewards })[], profile: Profile) {
  let best = { every: 0, phase: 0, score: Number.NEGATIVE_INFINITY }
  for (let every = 100; every <= 700; every += 25) {
    for (let phase = 0; phase < every; phase += 25) {
      const scored = all.map(({ values, rewards }): Scored => {
        const from = probationOf(values.length) + phase
        return { rewards, scores: blind(values.length, every, from) }
      })
      const score = scoreAt(scored, 1, profile)
      if (score > best.score) best = { every, phase, score }
    }
  }
  return best
}
