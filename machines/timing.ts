/** Timing: what one slice of outcomes teaches a timeout, as pure steps. */
import { counted, falseTimeouts, raised, type Search } from "./exploring.ts"
import type { Slice } from "./vocabulary/signal.ts"

/** Fewer successes than this say nothing about a tail. */
export const minimumSamples = 100
const headroom = 2
const stepUp = 1.5
const stepDown = 1.25
/** So much of the latency must have been measured under the present timeout before it may come down. */
const mostSamples = 0.9

/** What a timeout has learned; a trial grants more. */
export interface Learning {
  readonly settings: { readonly min: number; readonly max: number }
  readonly timeoutMs: number
  readonly search: Search
}

/** Whether a slice holds successes so close to the timeout that the service itself must have become slower. */
const isCutShort = (timeoutMs: number, { timedOut, success, latency }: Slice): boolean =>
  timedOut > falseTimeouts * (timedOut + success) && latency.p99 * stepUp > timeoutMs

/** Whether hardly any of the latency was measured under a shorter timeout, which would have cut it off. */
const isWhole = ({ seen }: Search, { latency }: Slice): boolean => seen >= mostSamples * latency.samples

/** The next timeout after one slice. */
export function nextTimeout(settings: Learning["settings"], timeoutMs: number, slice: Slice, search?: Search): number {
  const { samples, p999 } = slice.latency
  const goalMs = search?.goalMs ?? 0
  // Too little is known of the tail to learn from it; what a trial has shown is known all the same.
  if (samples < minimumSamples) return Math.max(timeoutMs, Math.min(settings.max, goalMs, timeoutMs * stepUp))
  const learned = Math.max(headroom * p999, goalMs)
  const wanted = isCutShort(timeoutMs, slice) ? timeoutMs * stepUp : learned
  const least = search === undefined || isWhole(search, slice) ? timeoutMs / stepDown : timeoutMs
  const stepped = Math.min(timeoutMs * stepUp, Math.max(least, wanted))
  return Math.min(settings.max, Math.max(settings.min, stepped))
}

/** What one slice teaches: the next timeout, and what is known about the calls that it cuts off. */
export function learned(
  { settings, timeoutMs, search }: Learning,
  slice: Slice,
  at: number,
): Omit<Learning, "settings"> {
  const now = counted(search, slice, at, timeoutMs, settings.max)
  const next = nextTimeout(settings, timeoutMs, slice, now)
  const climbs = isCutShort(timeoutMs, slice) || now.goalMs > timeoutMs
  const goalMs = now.goalMs > next ? now.goalMs : 0
  return { timeoutMs: next, search: next > timeoutMs && climbs ? raised(now, goalMs) : { ...now, goalMs } }
}

/** A success took longer than the timeout: it needs as much, with the usual headroom, as far as the trial has shown. */
export const found = ({ search }: Learning, { latency }: Slice): Partial<Learning> => ({
  search: raised(search, Math.min(search.trialMs, headroom * latency.max)),
})

export interface SavedTimeout {
  readonly timeoutMs: number
  /** The longer one of a trial that was under way. */
  readonly trialMs?: number
}

const isTime = (ms: unknown): ms is number => Number.isFinite(ms) && (ms as number) > 0

/** A timeout that was saved; `undefined` for what cannot be that. */
export function readTimeout(saved: unknown): SavedTimeout | undefined {
  if (typeof saved !== "object" || saved === null) return undefined
  const { timeoutMs, trialMs } = saved as { readonly [key: string]: unknown }
  if (!isTime(timeoutMs)) return undefined
  return isTime(trialMs) ? { timeoutMs, trialMs } : { timeoutMs }
}

/** The same within the bounds of today. */
export function within({ min, max }: Learning["settings"], saved: SavedTimeout | undefined): SavedTimeout | undefined {
  if (saved === undefined) return undefined
  const timeoutMs = Math.min(max, Math.max(min, saved.timeoutMs))
  const trialMs = Math.min(max, saved.trialMs ?? 0)
  return trialMs > timeoutMs ? { timeoutMs, trialMs } : { timeoutMs }
}
