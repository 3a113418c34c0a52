/** Slices as `prediction` hears them: a quiet service, and one whose memory runs out. */
import type { SliceClosed } from "../../machines/vocabulary/signal.ts"

export interface SliceFacts {
  readonly calls?: number
  readonly bad?: number
  readonly latencyMs?: number
  readonly running?: number | undefined
  readonly gauges?: { readonly [name: string]: number } | undefined
}

const latency = { samples: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 }

/** The slice of the second that ends at `second`. */
export const sliceAt = (second: number, facts: SliceFacts = {}): SliceClosed => {
  const { calls = 100, bad = 0, latencyMs = 50, gauges } = facts
  return {
    type: "slice.closed",
    at: second * 1000,
    epoch: 0,
    running: "running" in facts ? facts.running : 5,
    gauges,
    slice: {
      ...{
        startedAt: second * 1000 - 1000,
        success: calls - bad,
        failure: bad,
        timedOut: 0,
        ignored: 0,
        slow: 0,
        late: 0,
      },
      busyMs: (calls - bad) * latencyMs,
      latency,
    },
  }
}

/** A little up and down that is no trend, the same each time: from -1 to 1. */
export const wobble = (second: number): number => Math.sin(second * 12.9898) * Math.cos(second * 78.233)

export const quiet = (second: number): SliceFacts => ({
  latencyMs: 50 * (1 + 0.05 * wobble(second)),
  gauges: { heapUsed: 0.4 + 0.004 * wobble(second + 7) },
})

/** Quiet for 260 seconds; then memory is used up within two minutes. */
export const leaking = (second: number): SliceFacts => {
  const used = 0.4 + Math.max(0, second - 260) * 0.005
  return { ...quiet(second), gauges: { heapUsed: Math.min(1, used + 0.004 * wobble(second + 7)) } }
}

/** What the options of such a service say. */
export const heapLimit = { gauges: { heapUsed: { limit: 1 } } } as const
