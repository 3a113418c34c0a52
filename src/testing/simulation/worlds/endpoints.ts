/**
 * A service of several endpoints, each with a latency of its own that does not change: the mock service of Shopify's
 * experiments with Semian (experiments/mock_service.rb), whose parameters these are.
 */
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

export class EndpointsServer implements Server {
  readonly #latencies: readonly number[]
  readonly #failing: (now: number) => number

  constructor(seed: number, failing: (now: number) => number) {
    this.#latencies = endpointLatencies(seed)
    this.#failing = failing
  }

  take(call: Call, now: number): void {
    const latencyMs = this.#latencies[call.key] as number
    call.good = call.luck >= this.#failing(now)
    call.workMs = call.good ? latencyMs : failsAfter * latencyMs
    call.answersAt = now + call.workMs
  }
}
