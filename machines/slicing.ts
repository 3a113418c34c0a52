/** Slices of a breaker that runs alone: counts of one stretch of time after the other, as values. */
import type { Lines } from "./vocabulary/lines.ts"
import type { OutcomeSettled, Slice } from "./vocabulary/signal.ts"

export type SliceCounts = Omit<Slice, "latency" | "busyMs"> & { readonly busyMs: number }

const freshSlice = (startedAt: number): SliceCounts => ({
  startedAt,
  success: 0,
  failure: 0,
  timedOut: 0,
  ignored: 0,
  slow: 0,
  late: 0,
  busyMs: 0,
})

/** One more outcome in its slice, while somebody wants slices. */
export function sliced(
  before: SliceCounts | undefined,
  lines: Lines,
  { at, kind, durationMs }: OutcomeSettled,
  slow: boolean,
): SliceCounts | undefined {
  if (lines.sliceMs === undefined) return before
  const slice = before ?? freshSlice(at)
  const isSuccess = kind === "success"
  const late = isSuccess && durationMs > (lines.lateAfterMs ?? Number.POSITIVE_INFINITY)
  return {
    ...slice,
    [kind]: slice[kind] + 1,
    slow: slice.slow + (slow && kind !== "ignored" ? 1 : 0),
    late: slice.late + (late ? 1 : 0),
    busyMs: slice.busyMs + (isSuccess ? durationMs : 0),
  }
}
