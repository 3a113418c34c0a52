/**
 * Synthetic streams of the kinds that services and their machines make, with labelled anomalies: beside the benchmark's given part they
 * keep the detector from being fitted to it. Windows are laid as the benchmark lays them: a tenth of the rows in all, around each onset.
 */
import { type Chance, seeded } from "./chance.ts"
import { probationOf } from "./scoring.ts"
import type { Series } from "./series.ts"

/** One anomaly, while it lasts. */
interface Anomaly {
  readonly from: number
  readonly to: number
  /** From 0.6 to 1.4. */
  readonly size: number
  /** From 0 to 1: what kind of anomaly it is. */
  readonly kind: number
  readonly sign: number
}

interface Plan {
  readonly rows: number
  readonly stepMs: number
  /** Samples come at random multiples of the step. */
  readonly irregular?: boolean
  readonly anomalies: number
  readonly lasts: readonly [number, number]
  readonly next: (row: number, hour: number, weekday: number, anomaly: Anomaly | undefined) => number
}

const minutes = (count: number): number => count * 60_000
const daily = (hour: number, peak: number): number => Math.cos((2 * Math.PI * (hour - peak)) / 24)
const bell = (hour: number, at: number, width: number): number => Math.exp(-(((hour - at) / width) ** 2))

/** What a disturbance is now: set, it stays; not set, it decays. */
function fading(decay: number) {
  let now = 0
  return (set: number | undefined): number => (now = set ?? now * decay)
}

const families: { readonly [name: string]: (chance: Chance) => Plan } = {
  burstCounts: ({ uniform, gaussian, exponential, between, whole, poisson }) => {
    const [mean, swing, peak, spread] = [between(5, 65), between(0.3, 0.8), between(0, 24), between(0.3, 0.8)]
    let drift = 0
    const usual = fading(0.9)
    let burst = 0
    const next: Plan["next"] = (_row, hour, _day, anomaly) => {
      drift = 0.9 * drift + 0.436 * spread * gaussian()
      burst = (anomaly ? Math.max(burst, anomaly.size * (5 + 10 * anomaly.kind)) : burst) * (anomaly ? 0.97 : 0.9)
      const noise = 1 + usual(uniform() < 0.002 ? 2 * exponential() : undefined) + burst
      return poisson(mean * (1 + swing * daily(hour, peak)) * Math.exp(drift - spread ** 2 / 2) * noise)
    }
    return { rows: 12_000, stepMs: minutes(5), anomalies: whole(2, 4), lasts: [8, 40], next }
  },
  roadSpeed: ({ uniform, gaussian, between, whole }) => {
    const [top, dip, rush] = [between(60, 80), between(10, 30), between(7, 9)]
    const usual = fading(0.8)
    const jam = fading(0.8)
    const next: Plan["next"] = (_row, hour, day, anomaly) => {
      const peak = day < 5 ? bell(hour, rush, 1.2) + 0.8 * bell(hour, rush + 9.5, 1.5) : 0
      const lost =
        usual(uniform() < 0.004 ? 15 * uniform() : undefined) + jam(anomaly && anomaly.size * (20 + 30 * anomaly.kind))
      return Math.max(3, Math.round(top - dip * peak * between(0.6, 1.2) + 2.5 * gaussian() - lost))
    }
    return {
      rows: whole(1200, 2500),
      stepMs: minutes(5),
      irregular: true,
      anomalies: whole(1, 3),
      lasts: [6, 40],
      next,
    }
  },
  duration: ({ uniform, exponential, between, whole }) => {
    const [base, rush] = [between(80, 280), between(0.4, 1.4)]
    const usual = fading(0.6)
    const worse = fading(0.7)
    const next: Plan["next"] = (_row, hour, day, anomaly) => {
      const peak = day < 5 ? bell(hour, 8, 1.5) + bell(hour, 17, 2) : 0.2 * bell(hour, 14, 4)
      const more =
        usual(uniform() < 0.01 ? 0.7 * exponential() : undefined) +
        worse(anomaly && anomaly.size * (1 + 4 * anomaly.kind))
      return Math.round(base * (1 + rush * peak * between(0.5, 1.5) + 0.15 * exponential() + more))
    }
    return {
      rows: whole(2100, 2500),
      stepMs: minutes(7),
      irregular: true,
      anomalies: whole(1, 3),
      lasts: [3, 50],
      next,
    }
  },
  occupancy: ({ uniform, exponential, between, whole }) => {
    const top = between(8, 23)
    const usual = fading(0.8)
    const next: Plan["next"] = (_row, hour, day, anomaly) => {
      const part = 0.3 + 0.7 * Math.max(0, daily(hour, 13)) * (day < 5 ? 1 : 0.6)
      const more = usual(uniform() < 0.006 ? 4 * exponential() : undefined)
      return Math.max(
        0,
        top * part * between(0.8, 1.2) + more + (anomaly ? anomaly.size * top * (0.8 + 1.5 * anomaly.kind) : 0),
      )
    }
    return {
      rows: whole(2200, 2500),
      stepMs: minutes(8),
      irregular: true,
      anomalies: whole(1, 2),
      lasts: [5, 40],
      next,
    }
  },
  price: ({ uniform, gaussian, exponential, between, whole }) => {
    const [base, spread, swing] = [between(0.02, 3.5), between(0.1, 0.35), between(0, 0.2)]
    let near = 0
    let far = 0
    const next: Plan["next"] = (_row, hour, _day, anomaly) => {
      near = 0.85 * near + 0.5 * spread * gaussian()
      far = 0.999 * far + 0.01 * gaussian()
      const jump =
        (uniform() < 0.01 ? 0.6 * exponential() : 0) + (anomaly ? anomaly.size * (1.5 + 5 * anomaly.kind) : 0)
      return base * Math.exp(far + near + swing * daily(hour, 14) + 0.4 * spread * gaussian()) * (1 + jump)
    }
    return { rows: whole(1500, 1650), stepMs: minutes(60), anomalies: whole(2, 4), lasts: [1, 8], next }
  },
  driftingSensor: ({ gaussian, between, whole }) => {
    const [season, year, phase] = [between(5, 10), between(5000, 9000), between(0, 6)]
    let wander = 0
    const off = fading(0.95)
    const next: Plan["next"] = (row, hour, _day, anomaly) => {
      wander = 0.99 * wander + 0.35 * gaussian()
      const fault = off(anomaly && anomaly.sign * anomaly.size * (6 + 8 * anomaly.kind))
      return (
        70 +
        season * Math.sin((2 * Math.PI * row) / year + phase) +
        2 * daily(hour, 15) +
        wander +
        fault +
        0.3 * gaussian()
      )
    }
    return { rows: whole(7000, 9000), stepMs: minutes(60), anomalies: whole(1, 3), lasts: [24, 120], next }
  },
  demand: ({ gaussian, whole }) => {
    let drift = 0
    const next: Plan["next"] = (_row, hour, day, anomaly) => {
      drift = 0.95 * drift + 0.02 * gaussian()
      const night = hour < 6 ? 0.25 * (day > 4 ? 0.4 : 1) : 0
      const shape = 0.45 + 0.55 * Math.max(0, daily(hour, 17)) + 0.25 * bell(hour, 19, 3) - night
      const factor = anomaly ? 1 + anomaly.sign * anomaly.size * (0.35 + 0.4 * anomaly.kind) : 1
      return Math.round(15_000 * shape * (day > 4 ? 0.9 : 1) * (1 + drift) * factor + 300 * gaussian())
    }
    return { rows: 10_320, stepMs: minutes(30), anomalies: whole(3, 5), lasts: [24, 60], next }
  },
  batchLoad: ({ gaussian, between, whole }) => {
    const [low, period, height] = [between(20, 40), whole(12, 48), between(10, 40)]
    const shift = fading(0.9)
    const next: Plan["next"] = (row, hour, _day, anomaly) => {
      const level = shift(anomaly && anomaly.sign * anomaly.size * height * (0.7 + anomaly.kind))
      const batch = row % period < period * 0.4 ? height * between(0.8, 1.2) : 0
      return Math.max(0, Math.min(100, low + batch + 5 * daily(hour, 14) + 2 * gaussian() + level))
    }
    return { rows: whole(4032, 9000), stepMs: minutes(5), anomalies: 1, lasts: [200, 1000], next }
  },
  latency: ({ uniform, gaussian, exponential, between, whole }) => {
    const spread = between(0.02, 0.12)
    const usual = fading(0.7)
    const next: Plan["next"] = (_row, _hour, _day, anomaly) => {
      const more =
        usual(uniform() < 0.003 ? 0.3 * exponential() : undefined) + (anomaly ? anomaly.size * (0.3 + anomaly.kind) : 0)
      return 45 * Math.exp(spread * gaussian()) * (1 + more)
    }
    return { rows: 4032, stepMs: minutes(5), anomalies: whole(1, 3), lasts: [1, 30], next }
  },
  sporadic: ({ uniform, between, whole }) => {
    const rate = between(0.03, 0.13)
    const next: Plan["next"] = (_row, hour, _day, anomaly) => {
      const chance = anomaly ? 0.7 : rate * (hour > 8 && hour < 20 ? 1 : 0.2)
      return uniform() < chance ? between(0.2, 1) * (anomaly && anomaly.kind > 0.5 ? 1.6 : 1) : 0
    }
    return { rows: whole(1880, 5315), stepMs: minutes(5), anomalies: whole(1, 3), lasts: [20, 120], next }
  },
  quietLevel: ({ uniform, gaussian, between, whole }) => {
    const [base, noise] = [between(0.1, 40), between(0.01, 0.11)]
    const next: Plan["next"] = (_row, _hour, _day, anomaly) => {
      const spike = uniform() < 0.002 ? base * 0.5 * uniform() : 0
      const level = anomaly ? anomaly.sign * anomaly.size * base * (0.4 + anomaly.kind) : 0
      return Math.max(0, base * (1 + noise * gaussian()) + spike + level)
    }
    return { rows: 4032, stepMs: minutes(5), anomalies: whole(0, 2), lasts: [2, 200], next }
  },
  restlessness: ({ gaussian, whole }) => {
    let noise = 0
    const next: Plan["next"] = (_row, hour, _day, anomaly) => {
      noise = 0.7 * noise + (anomaly ? (anomaly.kind < 0.4 ? 0.1 : 3 + 2 * anomaly.size) : 1) * gaussian()
      return 50 + 5 * daily(hour, 14) + 2 * noise
    }
    return { rows: 4032, stepMs: minutes(5), anomalies: whole(1, 2), lasts: [60, 300], next }
  },
  nothing: ({ uniform, gaussian, whole }) => {
    let walk = 0
    const kind = whole(0, 3)
    const next: Plan["next"] = (_row, hour) => {
      walk = 0.98 * walk + gaussian()
      return [10 * uniform(), 20 + 10 * daily(hour, 14) + 2 * gaussian(), walk, Math.exp(gaussian())][kind] as number
    }
    return { rows: 4032, stepMs: minutes(5), anomalies: 0, lasts: [1, 1], next }
  },
}

export const familyNames = Object.keys(families)

interface Placed {
  readonly anomaly: Anomaly
  readonly window: readonly [number, number]
}

/** Anomalies at random rows, so that their windows do not touch each other or the probation. */
function place({ rows, anomalies, lasts }: Plan, chance: Chance): readonly Placed[] {
  const width = anomalies === 0 ? 0 : Math.floor((0.1 * rows) / anomalies)
  const placed: Placed[] = []
  for (let attempt = 0; placed.length < anomalies && attempt < 200; attempt++) {
    const from = chance.whole(probationOf(rows) + Math.ceil(width / 2), rows - width - 1)
    if (placed.some(({ window: [first, last] }) => from - width <= last && from + width >= first)) continue
    const to = Math.min(rows - 1, from + chance.whole(...lasts))
    const first = Math.max(0, from - Math.floor(width / 2))
    const anomaly = {
      from,
      to,
      size: chance.between(0.6, 1.4),
      kind: chance.uniform(),
      sign: chance.uniform() < 0.5 ? -1 : 1,
    }
    placed.push({ anomaly, window: [first, Math.min(rows - 1, first + width)] })
  }
  return placed.sort((one, other) => one.window[0] - other.window[0])
}

const hourMs = 3_600_000

export function syntheticSeries(family: string, seed: number): Series {
  const chance = seeded(seed * 7919 + 104_729 * (familyNames.indexOf(family) + 1))
  const plan = (families[family] as (chance: Chance) => Plan)(chance)
  const placed = place(plan, chance)
  const times = new Float64Array(plan.rows)
  let time = Date.UTC(2014, 0, chance.whole(1, 7), chance.whole(0, 23))
  const values = Float64Array.from(times, (_, row) => {
    times[row] = time
    time += plan.irregular ? plan.stepMs * (1 + Math.floor(1.2 * chance.exponential())) : plan.stepMs
    const at = times[row] as number
    const now = placed.find(({ anomaly: { from, to } }) => row >= from && row <= to)?.anomaly
    return plan.next(row, (at / hourMs) % 24, Math.floor(at / hourMs / 24 + 3) % 7, now)
  })
  return { name: `${family}/${seed}`, category: family, times, values, windows: placed.map(({ window }) => window) }
}
