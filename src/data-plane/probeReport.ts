import { isBad, type Judged, kindOf } from "../../machines/vocabulary/outcome.ts"
import type { ProbeAnswered, ProbeSettled } from "../../machines/vocabulary/signal.ts"
import type { Meter } from "./meter.ts"
import type { Plane } from "./plane.ts"
import type { Receipt } from "./receipt.ts"

/** A probe of an earlier round has ended: that it succeeded is no verdict any more, but how long it took is worth knowing. */
const lateReport = ({ startedAt }: Receipt, judged: Judged, now: number): ProbeAnswered | undefined =>
  kindOf(judged) === "success" ? { type: "probe.answered", at: now, tookMs: now - startedAt } : undefined

/** What the end of a probe says to the machines; one that was ignored, or that an endpoint alone answers for, says nothing. */
function probeReport(
  { epoch, startedAt }: Receipt,
  judged: Judged,
  now: number,
  meter: Meter,
  isCharged: boolean,
): ProbeSettled | undefined {
  const kind = kindOf(judged)
  if (kind === "ignored") return undefined
  const bad = isBad({ kind, slow: meter.lateness.isSlow(startedAt, now) })
  if (bad && isCharged) return undefined
  const retryAfterMs = typeof judged === "string" ? undefined : judged.retryAfterMs
  return { type: bad ? "probe.failed" : "probe.succeeded", at: now, epoch, retryAfterMs }
}

/** A probe has ended: its place is free; and what the machines should know of it. */
export function probeEnd(
  { admission, gate, meter, tally }: Plane,
  receipt: Receipt,
  judged: Judged,
  now: number,
  isCharged: boolean,
): ProbeAnswered | ProbeSettled | undefined {
  const { epoch, place } = receipt
  if (place !== undefined) admission.leases.freePlace(place)
  if (epoch === gate.epoch && place?.expired !== true) return probeReport(receipt, judged, now, meter, isCharged)
  tally.stragglers++
  return lateReport(receipt, judged, now)
}
