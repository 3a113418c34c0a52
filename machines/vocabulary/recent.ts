/** The recent past of a service, fading: what creeps up so slowly that the baseline would learn it. */
import type { Evidence } from "./evidence.ts"

type Recent = Pick<Evidence, "recentCalls" | "recentBad" | "recentSlow" | "recentAt">

/** It fades by e in this time. */
const recentMs = 5000
/** For so short a part of it the first two terms of the exponential are as good, and cheaper: they are off by less than a millionth. */
const shortly = 1e-3

/** What is left of it. */
function keptOf({ recentAt }: Recent, at: number): number {
  const faded = (at - recentAt) / recentMs
  return faded < shortly ? 1 - faded : Math.exp(-faded)
}

export function remember(recent: Recent, bad: boolean, slow: boolean, at: number): void {
  const kept = keptOf(recent, at)
  recent.recentCalls = recent.recentCalls * kept + 1
  recent.recentBad = recent.recentBad * kept + (bad ? 1 : 0)
  recent.recentSlow = recent.recentSlow * kept + (slow ? 1 : 0)
  recent.recentAt = at
}

/** The same of a success. */
export function rememberGood(recent: Recent, at: number): void {
  const kept = keptOf(recent, at)
  recent.recentCalls = recent.recentCalls * kept + 1
  recent.recentAt = at
  if (recent.recentBad === 0) return
  recent.recentBad *= kept
  recent.recentSlow *= kept
}
