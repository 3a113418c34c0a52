/**
 * Services on their way to failure, a slice a second, with a known instant at which less than 95 % of the calls succeed; services that
 * fail without any sign; and ordinary days. A model of a service, not of its calls: a queue that fills when more comes than goes.
 */
import { type Chance, seeded } from "./chance.ts"

export interface Second {
  readonly calls: number
  readonly bad: number
  readonly latencyMs: number
  readonly running: number
  readonly gauges: { readonly [name: string]: number }
}

export interface World {
  readonly seconds: readonly Second[]
  /** The second from which on less than 95 % succeed; -1 when that never happens. */
  readonly failsAt: number
}

type At<T> = (second: number) => T

interface Service {
  readonly length: number
  /** Calls a second that come, and that can be served. */
  readonly load: At<number>
  readonly capacity: At<number>
  readonly extraMs?: At<number>
  readonly gauges?: At<{ readonly [name: string]: number }>
  /** The part of calls that fails for another reason. */
  readonly broken?: At<number>
  readonly spikes?: number
}

const serviceMs = 50
const timeoutMs = 1000
const usualErrors = 0.002

/** One second of a queue: how long a call took, and which part failed. */
function played(service: Service, chance: Chance): readonly Second[] {
  const { gaussian, uniform, exponential, whole } = chance
  let [queue, drift, spike, spikeLeft] = [0, 0, 0, 0]
  return Array.from({ length: service.length }, (_, second): Second => {
    drift = 0.97 * drift + 0.036 * gaussian()
    if (uniform() < (service.spikes ?? 1 / 7200)) [spike, spikeLeft] = [1 + 4 * exponential(), whole(1, 3)]
    const offered = service.load(second) * (1 + 0.05 * gaussian()) * (1 + 0.1 * drift)
    const capacity = service.capacity(second)
    const busy = Math.min(0.999, offered / capacity)
    queue = Math.min(offered * 2, Math.max(0, queue + offered - capacity))
    const waitMs = (queue / capacity) * 1000 + serviceMs * 0.25 * (busy ** 4 / (1 - busy))
    const noise = (1 + 0.06 * gaussian()) * (1 + (spikeLeft-- > 0 ? spike : 0))
    const latencyMs = Math.max(1, (serviceMs * (1 + 0.08 * drift) + waitMs) * noise + (service.extraMs?.(second) ?? 0))
    const calls = chance.poisson(Math.min(offered, capacity))
    const late = latencyMs > timeoutMs ? Math.min(1, (latencyMs - timeoutMs) / 500) : 0
    const dropped = queue >= offered * 2 ? Math.max(0, 1 - capacity / offered) : 0
    const part = Math.min(1, Math.max(usualErrors + late, dropped, service.broken?.(second) ?? 0))
    const gauges = service.gauges?.(second) ?? {}
    return {
      calls,
      bad: Math.min(calls, chance.poisson(calls * part)),
      latencyMs,
      running: (latencyMs * calls) / 1000,
      gauges,
    }
  })
}

/** Less than 95 % in this second, and in this and the next four together. */
function failureIn(seconds: readonly Second[]): number {
  return seconds.findIndex((second, at) => {
    if (second.bad <= 0.05 * second.calls) return false
    const next = seconds.slice(at, at + 5)
    const sum = (count: (one: Second) => number) => next.reduce((total, one) => total + count(one), 0)
    return sum(({ bad }) => bad) > 0.05 * sum(({ calls }) => calls)
  })
}

const world = (service: Service, chance: Chance): World => {
  const seconds = played(service, chance)
  return { seconds, failsAt: failureIn(seconds) }
}

const loop = ({ gaussian, uniform, exponential }: Chance): number =>
  12 + 2 * gaussian() + (uniform() < 0.01 ? 20 * exponential() : 0)

/** What users would say of their gauges: facts about the service, the same in every world. */
export const declaredGauges = {
  heapUsed: { limit: 1 },
  poolFree: { limit: 0 },
  eventLoopDelay: { limit: 400 },
} as const

/** The load grows until it is more than can be served. */
function ramp(chance: Chance): World {
  const [base, from, lasts] = [chance.between(50, 200), chance.whole(1200, 2400), chance.between(180, 600)]
  const load = (second: number) => base * (1 + Math.max(0, second - from) / lasts)
  const gauges = () => ({ eventLoopDelay: loop(chance) })
  return world({ length: Math.ceil(from + lasts + 120), load, capacity: () => base * 1.7, gauges }, chance)
}

/** Memory leaks; the service fails when it is used up. */
function leak(chance: Chance): World {
  const [base, from, lasts] = [chance.between(50, 200), chance.whole(900, 1800), chance.between(900, 2700)]
  let saw = 0
  const used = (second: number) => 0.4 + (0.6 * Math.max(0, second - from)) / lasts
  const gauges = (second: number) => {
    saw = (saw + chance.between(0, 0.006)) % 0.05
    return { heapUsed: Math.min(1, used(second) + saw + 0.004 * chance.gaussian()), eventLoopDelay: loop(chance) }
  }
  const broken = (second: number) => (used(second) >= 1 ? 1 : 0)
  const length = Math.ceil(from + lasts + 60)
  return world({ length, load: () => base, capacity: () => base * 1.8, gauges, broken }, chance)
}

/** Connections are taken and not given back, one every few seconds; the service fails when there is none left. */
function poolDrain(chance: Chance): World {
  const [base, from, everyS] = [chance.between(50, 200), chance.whole(900, 1800), chance.between(4, 20)]
  const start = chance.whole(30, 50)
  const free = (second: number) => start - Math.max(0, Math.floor((second - from) / everyS))
  const gauges = (second: number) => ({ poolFree: Math.max(0, Math.round(free(second) - 5 * chance.uniform())) })
  const broken = (second: number) => (free(second) <= 0 ? 1 : 0)
  const length = Math.ceil(from + start * everyS + 60)
  return world({ length, load: () => base, capacity: () => base * 1.8, gauges, broken }, chance)
}

/** Pauses of the garbage collector come more often and grow longer, until calls run out of time. */
function collector(chance: Chance): World {
  const [base, from, lasts] = [chance.between(50, 200), chance.whole(900, 1800), chance.between(400, 1000)]
  const pauses: number[] = []
  const extraMs = (second: number) => {
    const along = Math.max(0, second - from) / lasts
    const pause =
      chance.uniform() < Math.min(0.9, 0.05 + 0.6 * along) ? 20 * Math.exp(4.2 * along) * chance.between(0.5, 1.5) : 0
    pauses[second] = pause
    return pause / 2
  }
  const gauges = (second: number) => ({ eventLoopDelay: 12 + 2 * chance.gaussian() + (pauses[second] ?? 0) })
  const length = Math.ceil(from + 1.6 * lasts + 60)
  return world({ length, load: () => base, capacity: () => base * 1.8, extraMs, gauges, spikes: 0 }, chance)
}

/** The control group: it fails, wholly or in part or by a loss of capacity, from one second to the next. */
function step(chance: Chance): World {
  const [base, at, kind] = [chance.between(50, 200), chance.whole(1500, 4500), chance.whole(0, 2)]
  const gauges = () => ({
    heapUsed: 0.5 + 0.02 * chance.gaussian(),
    poolFree: 30 + Math.round(3 * chance.gaussian()),
    eventLoopDelay: loop(chance),
  })
  const capacity = (second: number) => base * (kind === 1 && second >= at ? 0.3 : 1.8)
  const broken = (second: number) => (second < at || kind === 1 ? 0 : kind === 0 ? 1 : 0.3)
  return world({ length: at + 120, load: () => base, capacity, gauges, broken }, chance)
}

const dayS = 86_400

/** One that comes and goes, as [from, length, height]. */
const bumps = (chance: Chance, count: number, lasts: readonly [number, number], height: readonly [number, number]) =>
  Array.from(
    { length: count },
    () => [chance.whole(0, dayS), chance.whole(...lasts), chance.between(...height)] as const,
  )

/**
 * An ordinary day: the load goes up and down with the hours, swells a few times by half, spikes for a second or three; six times the latency
 * is a fifth to four fifths higher for some minutes, from one second to the next; memory is collected, the pool is used.
 */
function ordinaryDay(chance: Chance): World {
  const [base, swing, phase] = [chance.between(40, 240), chance.between(0.2, 0.6), chance.between(0, dayS)]
  const slow = bumps(chance, 6, [60, 300], [0.2, 0.8])
  const swells = bumps(chance, 3, [100, 400], [0.2, 0.5])
  const load = (second: number) =>
    swells.reduce(
      (sum, [from, lasts, height]) => {
        const along = second - from
        return along <= 0 || along >= 3 * lasts
          ? sum
          : sum * (1 + height * Math.min(1, along / lasts, 3 - along / lasts))
      },
      base * (1 + swing * Math.sin((2 * Math.PI * (second + phase)) / dayS)),
    )
  const extraMs = (second: number) =>
    slow.reduce(
      (sum, [from, lasts, height]) => sum + (second > from && second < from + lasts ? serviceMs * height : 0),
      0,
    )
  let heap = 0.4
  const gauges = (second: number) => {
    heap += chance.between(0.002, 0.006)
    if (heap > 0.6 + 0.05 * chance.gaussian()) heap = chance.between(0.35, 0.38)
    const used = 15 * (1 + 0.6 * Math.sin((2 * Math.PI * second) / dayS)) + 3 * chance.gaussian()
    return { heapUsed: heap, poolFree: Math.max(1, 50 - Math.round(used)), eventLoopDelay: loop(chance) }
  }
  return world({ length: dayS, load, capacity: () => base * (1 + swing) * 1.6, extraMs, gauges }, chance)
}

export const precursors = { ramp, leak, poolDrain, collector } as const
export const control = step

/** Each kind of world has chance of its own. */
const salts = new Map<unknown, number>(
  [ramp, leak, poolDrain, collector, step, ordinaryDay].map((make, at) => [make, at + 1]),
)

export const worldOf = (make: (chance: Chance) => World, seed: number): World =>
  make(seeded(seed * 1009 + 65_537 * (salts.get(make) ?? 0)))

export { ordinaryDay }
