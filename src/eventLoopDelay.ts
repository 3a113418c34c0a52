/** How late the event loop of this process runs, as a gauge. */

interface Histogram {
  readonly max: number
  enable(): unknown
  disable(): unknown
  reset(): void
}

interface PerfHooks {
  readonly monitorEventLoopDelay?: (options: { readonly resolution: number }) => Histogram
}

/** A gauge that can be switched off. */
export interface EventLoopDelay {
  /** The longest delay since it was asked last, in milliseconds; `NaN` where the runtime does not measure it. */
  (): number
  stop(): void
}

interface Host {
  readonly process?: { readonly getBuiltinModule?: (name: string) => unknown }
}

const resolutionMs = 20

/** Asked for by name at run time, so that a bundle for a browser asks for nothing. */
const perfHooks = (): PerfHooks | undefined =>
  (globalThis as Host).process?.getBuiltinModule?.("node:perf_hooks") as PerfHooks | undefined

/**
 * The delay of the event loop, from Node's own `monitorEventLoopDelay`, for `breaker.observe`. It measures in the process that asks, and
 * keeps no process alive. Where there is no such measure it shows `NaN`, which says nothing.
 *
 * @example
 * import { createBreaker, eventLoopDelay } from "recloser"
 *
 * const payments = createBreaker("payments", { prediction: { gauges: { eventLoopDelay: { limit: 500 } } } })
 * const delay = eventLoopDelay()
 * payments.observe("eventLoopDelay", delay)
 *
 * await payments.stop()
 * delay.stop()
 */
export function eventLoopDelay(): EventLoopDelay {
  const histogram = perfHooks()?.monitorEventLoopDelay?.({ resolution: resolutionMs })
  histogram?.enable()
  const read = (): number => {
    if (histogram === undefined) return Number.NaN
    const delayMs = histogram.max / 1e6
    histogram.reset()
    return Math.max(0, delayMs - resolutionMs)
  }
  return Object.assign(read, { stop: () => void histogram?.disable() })
}
