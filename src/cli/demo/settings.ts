import type { BreakerConfig } from "../../index.ts"
import type { PlaySettings } from "./play.ts"

export interface Settings extends PlaySettings {
  /** How long a call takes in the phase of the slow service. */
  readonly slowMs: number
}

const FULL_PACE_MS = 20_000

/**
 * A short run is the same story told faster: timeouts, windows and waits shrink, and the workers with them, so that
 * a hanging service still ties up the same share of a gateway (calls in flight = rate × timeout). `perSecond` is of each service.
 */
export function settingsFor(durationMs: number, perSecond: number): Settings {
  const pace = Math.min(1, Math.max(0.2, durationMs / FULL_PACE_MS))
  const timeoutMs = Math.round(1000 * pace)
  const gatewayWorkers = Math.max(4, Math.round(24 * pace))
  const times = { windowMs: 2 * timeoutMs, slowAfterMs: timeoutMs / 2, baseMs: timeoutMs / 2, maxMs: 2 * timeoutMs }
  const minimumCalls = minimumCallsFor(times.windowMs, perSecond)
  return {
    timeoutMs,
    slowMs: Math.round(timeoutMs * 0.9),
    patienceMs: 2 * timeoutMs,
    gatewayWorkers,
    gatewayLine: 2 * gatewayWorkers,
    serviceWorkers: Math.max(2, Math.round(12 * pace)),
    breaker: breakerOf(times, minimumCalls, timeoutMs),
    rules: [
      `A circuit opens when half of ${minimumCalls}+ calls in ${seconds(times.windowMs)} fail or take ${seconds(times.slowAfterMs)}, for`,
      `${number(times.baseMs)} to ${seconds(times.maxMs)}; 2 probes close it. Both gateways: ${seconds(timeoutMs)} timeout, ${gatewayWorkers} workers.`,
    ],
  }
}

interface Times {
  readonly windowMs: number
  readonly slowAfterMs: number
  readonly baseMs: number
  readonly maxMs: number
}

function breakerOf({ windowMs, slowAfterMs, baseMs, maxMs }: Times, minimumCalls: number, timeoutMs: number) {
  return {
    strategy: {
      type: "basic",
      window: { type: "time", duration: windowMs, failureRatio: 0.5, minimumCalls },
      slowCalls: { after: slowAfterMs, ratio: 0.5 },
      openFor: { base: baseMs, factor: 2, max: maxMs, jitter: 0.1 },
      probes: { atOnce: 1, needed: 2, lease: 2 * timeoutMs },
    },
    timeout: timeoutMs,
  } satisfies BreakerConfig
}

/** A third of the calls one service sees in a window: enough evidence, soon enough. */
function minimumCallsFor(windowMs: number, perSecond: number): number {
  const expected = perSecond * (windowMs / 1000)
  return Math.min(20, Math.max(3, Math.round(expected / 3)))
}

function seconds(ms: number): string {
  return `${number(ms)} s`
}

function number(ms: number): string {
  return String(Number((ms / 1000).toFixed(2)))
}
