/** What a case asks for and what a call ends in, in recloser's words; both its doors speak them. */
import { type BreakerConfig, CallRejected, CallTimedOut } from "../../../src/index.ts"
import type { Ending, Settings } from "../adapter.ts"

function windowOf({ line, windowMs }: Settings) {
  if (line === undefined) return {}
  const limits = { failureRatio: line.ratio, minimumCalls: line.minimumCalls }
  if (windowMs !== undefined) return { window: { type: "time", duration: windowMs, ...limits } } as const
  return { window: { type: "count", calls: line.calls, ...limits } } as const
}

/** A ramp is what `gradual` has; windows and ratios are what `basic` has. */
function strategyOf(settings: Settings): BreakerConfig["strategy"] {
  const { openForMs, probes, slow, ramp } = settings
  const { atOnce, needed, leaseMs: lease } = probes
  if (ramp) return { type: "gradual", openFor: openForMs, probes: { atOnce, lease }, slowCalls: false }
  return {
    type: "basic",
    ...windowOf(settings),
    openFor: openForMs,
    probes: { atOnce, needed, lease },
    slowCalls: slow === undefined ? false : { after: slow.afterMs, ratio: slow.ratio },
  }
}

/** Waits are drawn by chance; a failure that asks for a time is waited for as long. */
const retrying = ({ times, waitMs }: NonNullable<Settings["retry"]>): BreakerConfig => ({
  retry: { attempts: times + 1, backoff: { initial: 1, max: 1 } },
  classify: (exit) => (exit.ok ? "success" : { kind: "failure", retryAfter: waitMs }),
})

export function configOf(settings: Settings): BreakerConfig {
  const { timeoutMs, ignores, retry } = settings
  if (retry !== undefined) return { ...retrying(retry), strategy: strategyOf(settings), timeout: timeoutMs ?? false }
  return {
    strategy: strategyOf(settings),
    timeout: timeoutMs ?? false,
    priority: false,
    classify: ignores && ((exit) => (exit.ok ? "success" : ignores(exit.error) ? "ignored" : "failure")),
  }
}

export function endingOf(error: unknown): Ending {
  if (error instanceof CallRejected) return { kind: "rejected", retryAfterMs: error.retryAfterMs }
  if (error instanceof CallTimedOut) return { kind: "timedOut" }
  return { kind: error instanceof DOMException && error.name === "AbortError" ? "aborted" : "failed" }
}
