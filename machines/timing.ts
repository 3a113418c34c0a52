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
  if (samples < minimumSamples) return timeoutMs
  const learned = Math.max(headroom * p999, search?.goalMs ?? 0)
  const wanted = isCutShort(timeoutMs, slice) ? timeoutMs * stepUp : learned
  const least = search === undefined || isWhole(search, slice) ? timeoutMs / stepDown : timeoutMs
  const stepped = Math.min(timeoutMs * stepUp, Math.max(least, wanted))
  return Math.min(settings.max, Math.max(settings.min, stepped))
}

/** What one slice teaches: the next timeout, and what is known about the calls that it cuts off. */
export function learned({ settings, timeoutMs, search }: Learning, slice: Slice, at: number): Partial<Learning> {
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
