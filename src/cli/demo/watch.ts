import { type Breaker, CallRejected } from "../../index.ts"
import { moveWords } from "../../observability/decisionWords.ts"
import { FindingNews } from "../../observability/findingWords.ts"
import type { Told, View } from "./view.ts"

/** Tells the view every transition, what is found, and who else is to blame; the returned function stops that. */
export function follow(breakers: readonly Breaker[], view: View, nowMs: () => number): () => void {
  const stops = breakers.flatMap((breaker) => {
    const news = new FindingNews()
    let isRefusing = false
    const tell = (kind: Told["kind"], words: string) => view.told({ at: nowMs(), breaker: breaker.name, kind, words })
    return [
      breaker.on("transition", (move) => {
        const { from, to } = move
        view.transition({ at: nowMs(), breaker: breaker.name, from, to, reason: moveWords(move) })
      }),
      breaker.on("finding", ({ part, finding, at }) => {
        for (const words of news.of(part, finding, at)) tell("finding", words)
      }),
      breaker.on("dependency", (event) => {
        if (event.to === "clear") isRefusing = false
        for (const words of news.ofDependencies(event)) tell("dependency", words)
      }),
      // The first refusal of an outage: what a caller is told.
      breaker.on("refusal", ({ rejection }) => {
        if (rejection.rule !== "dependency" || isRefusing) return
        isRefusing = true
        tell("refusal", new CallRejected(rejection).message.slice(breaker.name.length + 2))
      }),
    ]
  })
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
