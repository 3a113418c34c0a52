import type { Breaker } from "../../index.ts"
import type { View } from "./view.ts"

/** Tells the view every transition; the returned function stops that. */
export function follow(breakers: readonly Breaker[], view: View, nowMs: () => number): () => void {
  const stops = breakers.map((breaker) =>
    breaker.on("transition", ({ from, to, reason }) =>
      view.transition({ at: nowMs(), breaker: breaker.name, from, to, reason }),
    ),
  )
  return () => {
    for (const stop of stops) stop()
  }
}

export function every(ms: number, act: () => void): () => void {
  const timer = setInterval(act, ms)
  return () => clearInterval(timer)
}

/** Resolves after `ms` (never, when undefined) or as soon as `stop` is aborted, leaving no timer behind. */
export function untilStopped(ms: number | undefined, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      stop.removeEventListener("abort", end)
      resolve()
    }
    // An interval keeps the process alive while it waits for a signal that may never come.
    const timer = ms === undefined ? setInterval(() => {}, 2 ** 30) : setTimeout(end, ms)
    stop.addEventListener("abort", end)
    if (stop.aborted) end()
  })
}
