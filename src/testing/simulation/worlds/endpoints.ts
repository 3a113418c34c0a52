/**
 * A service of several endpoints, each with a latency of its own that does not change: the mock service of Shopify's
 * experiments with Semian (experiments/mock_service.rb), whose parameters these are.
 */
import { chance } from "../../../../machines/chance.ts"
import { type Random, stream } from "../random.ts"
import type { Call, Server } from "../world.ts"

const meanSeconds = 0.15
const deviationSeconds = 3
const leastSeconds = 0.1
const mostSeconds = 10
/** A call that fails does so after this part of its endpoint's latency. */
const failsAfter = 0.3

/** Log-normal with this mean and standard deviation (of the values, not of their logarithms), held in bounds. */
function endpointMs(random: Random): number {
  const ratio = (deviationSeconds / meanSeconds) ** 2
  const mu = Math.log(meanSeconds / Math.sqrt(1 + ratio))
  const sigma = Math.sqrt(Math.log(1 + ratio))
  const seconds = Math.exp(mu + sigma * random.normal())
  return 1000 * Math.min(mostSeconds, Math.max(leastSeconds, seconds))
}

export const endpointCount = 10

/** The latencies of one seed's endpoints. */
export function endpointLatencies(seed: number): readonly number[] {
  const random = stream(seed, "endpoints")
  return Array.from({ length: endpointCount }, () => endpointMs(random))
}

export interface EndpointsOptions {
  /** The latency of every endpoint, in milliseconds. Default: each has its own, drawn from the seed. */
  readonly usualMs?: number
  /** Each call's latency is drawn around its endpoint's: log-normal, with this σ. Default: 0, all the same. */
  readonly spread?: number
  /** What a call of an endpoint takes longer now, in milliseconds. */
  readonly later?: (key: number, now: number) => number
}

export class EndpointsServer implements Server {
  readonly #latencies: readonly number[]
  readonly #failing: (now: number) => number
  readonly #options: EndpointsOptions

  constructor(seed: number, failing: (now: number) => number, options: EndpointsOptions = {}) {
    const { usualMs } = options
    this.#latencies = usualMs === undefined ? endpointLatencies(seed) : Array(endpointCount).fill(usualMs)
    this.#failing = failing
    this.#options = options
  }

  /** Drawn from the call's luck, so that it is the same under every policy. */
  #factor({ luck }: Call): number {
    const { spread = 0 } = this.#options
    if (spread === 0) return 1
    const bits = Math.floor(luck * 2 ** 32)
    const [one, other] = [chance(bits, 0), chance(bits, 1)]
    return Math.exp(spread * Math.sqrt(-2 * Math.log(1 - one)) * Math.cos(2 * Math.PI * other))
  }

  take(call: Call, now: number): void {
    const usualMs = (this.#latencies[call.key] as number) * this.#factor(call)
    const latencyMs = usualMs + (this.#options.later?.(call.key, now) ?? 0)
    call.good = call.luck >= this.#failing(now)
    call.workMs = call.good ? latencyMs : failsAfter * latencyMs
    call.answersAt = now + call.workMs
  }
}
