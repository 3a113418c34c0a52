/** What a case asks for and what a call ends in, in recloser's words; both its doors speak them. */
import { type BreakerConfig, CallRejected, CallTimedOut } from "../../../src/index.ts"
import type { Ending, Settings } from "../adapter.ts"

function windowOf({ line, windowMs }: Settings) {
  if (line === undefined) return {}
  const limits = { failureRatio: line.ratio, minimumCalls: line.minimumCalls }
  if (windowMs !== undefined) return { window: { type: "time", duration: windowMs, ...limits } } as const
  return { window: { type: "count", calls: line.calls, ...limits } } as const
}

export function configOf(settings: Settings): BreakerConfig {
  const { openForMs, probes, slow, timeoutMs, ignores } = settings
  // Until the registry knows "gradual", it is refused there like any unknown strategy, and the types do not have it.
  const type = (settings.ramp ? "gradual" : "basic") as "basic"
  return {
    strategy: {
      type,
      ...windowOf(settings),
      openFor: openForMs,
      probes: { atOnce: probes.atOnce, needed: probes.needed, lease: probes.leaseMs },
      slowCalls: slow === undefined ? false : { after: slow.afterMs, ratio: slow.ratio },
    },
    timeout: timeoutMs ?? false,
    classify: ignores && ((exit) => (exit.ok ? "success" : ignores(exit.error) ? "ignored" : "failure")),
  }
}

export function endingOf(error: unknown): Ending {
  if (error instanceof CallRejected) return { kind: "rejected", retryAfterMs: error.retryAfterMs }
  if (error instanceof CallTimedOut) return { kind: "timedOut" }
  return { kind: error instanceof DOMException && error.name === "AbortError" ? "aborted" : "failed" }
}
