import { isBad, type Judged, kindOf } from "../../machines/vocabulary/outcome.ts"
import type { ProbeAnswered, ProbeSettled } from "../../machines/vocabulary/signal.ts"
import type { Meter } from "./meter.ts"
import type { Receipt } from "./receipt.ts"

/** A probe of an earlier round has ended: that it succeeded is no verdict any more, but how long it took is worth knowing. */
export const lateReport = ({ startedAt }: Receipt, judged: Judged, now: number): ProbeAnswered | undefined =>
  kindOf(judged) === "success" ? { type: "probe.answered", at: now, tookMs: now - startedAt } : undefined

/** What the end of a probe says to the machines; one that was ignored, or that an endpoint alone answers for, says nothing. */
export function probeReport(
  { epoch, startedAt }: Receipt,
  judged: Judged,
  now: number,
  meter: Meter,
  isCharged: boolean,
): ProbeSettled | undefined {
  const kind = kindOf(judged)
  if (kind === "ignored") return undefined
  const bad = isBad({ kind, slow: meter.isSlow(now - startedAt) })
  if (bad && isCharged) return undefined
  const retryAfterMs = typeof judged === "string" ? undefined : judged.retryAfterMs
  return { type: bad ? "probe.failed" : "probe.succeeded", at: now, epoch, retryAfterMs }
}
