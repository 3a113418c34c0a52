import type { PlaySettings } from "./play.ts"

export interface Settings extends PlaySettings {
  /** How long a call takes in the phase of the slow service. */
  readonly slowMs: number
}

const FULL_PACE_MS = 20_000

/**
 * A short run is the same story told faster: timeouts shrink, and the workers with them, so that a hanging service
 * still ties up the same share of a gateway (calls in flight = rate × timeout).
 */
export function settingsFor(durationMs: number): Settings {
  const pace = Math.min(1, Math.max(0.2, durationMs / FULL_PACE_MS))
  const timeoutMs = Math.round(1000 * pace)
  const gatewayWorkers = Math.max(4, Math.round(24 * pace))
  return {
    timeoutMs,
    slowMs: Math.round(timeoutMs * 0.9),
    patienceMs: 2 * timeoutMs,
    gatewayWorkers,
    gatewayLine: 2 * gatewayWorkers,
    serviceWorkers: Math.max(2, Math.round(12 * pace)),
    breaker: { timeout: timeoutMs },
    rules: [
      "Each service has a breaker of the default config, which learns what is usual.",
      `Both gateways: ${Number((timeoutMs / 1000).toFixed(2))} s timeout, ${gatewayWorkers} workers.`,
    ],
  }
}
