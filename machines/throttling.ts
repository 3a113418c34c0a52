/**
 * Throttling: what is learned from what a service says about its own limits, as pure steps.
 *
 * Refusals cut the rate to nine tenths of what the service did answer, and a twentieth of that comes back with each second that goes
 * well (additive increase, multiplicative decrease: Chiu and Jain 1989). What it says it still grants is spread until there is more.
 */
import type { Adaptive } from "./rateOptions.ts"
import type { Demand } from "./vocabulary/gate.ts"
import type { Slice, ThrottleTold } from "./vocabulary/signal.ts"

/** A rate in calls a second, learned from refusals. */
export interface Cut {
  readonly rate: number
  /** What the service answered when it was learned: growth is measured by it. */
  readonly from: number
  readonly at: number
  readonly until: number
}

/** A rate that makes what the service still grants last until there is more. */
export interface Pace {
  readonly rate: number
  readonly until: number
}

export interface Throttling {
  readonly at: number
  readonly cut?: Cut | undefined
  readonly pace?: Pace | undefined
  /** The service wants to be left alone. */
  readonly heldUntil: number
  /** Answers of spells with refusals since the last cut: what the next one will be judged on. */
  readonly seen: {
    readonly answered: number
    readonly exceeded: number
    readonly overMs: number
    readonly lastAt: number
  }
  /** Nothing was refused since the last slice. */
  readonly isQuiet: boolean
}

const share = { kept: 0.9, least: 0.25, growth: 0.05, used: 0.7, refused: 0.01, burst: 0.5 }
/** So far above what the service answered the rate is no longer what holds calls back. */
const goneAt = 1.5
/** A rate that was learned so long ago says nothing of the service as it is. */
const memoryMs = 600_000
/** Calls that were under way at a cut are no evidence for the next. */
const settlingMs = 2000
/** After so long without a refusal the ones before are of no use any more. */
const calmMs = 10_000

const noAnswers: Throttling["seen"] = { answered: 0, exceeded: 0, overMs: 0, lastAt: Number.NEGATIVE_INFINITY }

export const freshThrottling = (at: number): Throttling => ({
  at,
  heldUntil: Number.NEGATIVE_INFINITY,
  seen: noAnswers,
  isQuiet: true,
})

/** Adds what was told to what is known since the last cut. */
export function noted(before: Throttling, told: ThrottleTold): Throttling {
  const { at, overMs, answered, exceeded } = told
  const now = { ...before, at, isQuiet: before.isQuiet && exceeded === 0 }
  if (exceeded === 0 || (now.cut !== undefined && at < now.cut.at + settlingMs)) return now
  const earlier = at - overMs > now.seen.lastAt + calmMs ? noAnswers : now.seen
  const seen = {
    answered: earlier.answered + answered,
    exceeded: earlier.exceeded + exceeded,
    overMs: earlier.overMs + overMs,
    lastAt: at,
  }
  return { ...now, seen }
}

/** Whether there is evidence enough that the rate is too high. */
export const isExcess = ({ seen: { answered, exceeded, overMs } }: Throttling, { evidence }: Adaptive): boolean =>
  overMs > 0 && exceeded >= evidence && exceeded >= share.refused * (answered + exceeded)

export function cutBack(before: Throttling, { floor }: Adaptive): Throttling {
  const { at, seen } = before
  const perSecond = 1000 / seen.overMs
  const answered = seen.answered * perSecond
  const offered = answered + seen.exceeded * perSecond
  const wanted = Math.max(answered * share.kept, offered * share.least)
  const most = before.cut === undefined ? wanted : Math.min(wanted, before.cut.rate * share.kept)
  const rate = Math.max(floor, most)
  return { ...before, cut: { rate, from: Math.max(rate, answered), at, until: at + memoryMs }, seen: noAnswers }
}

/** A second that went well, at a rate that was used. */
export function grown(before: Throttling, slice: Slice, at: number): Throttling {
  const { cut, isQuiet } = before
  const next = { ...before, at, isQuiet: true }
  if (cut === undefined || !isQuiet) return next
  const isUsed = (slice.success + slice.failure) * 1000 >= share.used * cut.rate * (at - slice.startedAt)
  return isUsed ? { ...next, cut: { ...cut, rate: cut.rate + share.growth * cut.from } } : next
}

/** Whether the learned rate has grown so high that it says nothing any more. */
export const isGone = ({ cut }: Throttling): boolean => cut !== undefined && cut.rate >= goneAt * cut.from

/** Makes what is left last, but for one call at least. */
export function paced(before: Throttling, told: ThrottleTold, { floor, longestAsked }: Adaptive): Throttling {
  const { at, remaining, resetAfterMs = 0 } = told
  if (remaining === undefined || !(resetAfterMs > 0)) return before
  const rate = Math.max(floor, (Math.max(1, remaining) * 1000) / resetAfterMs)
  return { ...before, pace: { rate, until: at + Math.min(longestAsked, resetAfterMs) } }
}

/** Leaves the service alone for so long; a wait that is known already is not shortened. */
export const held = (before: Throttling, waitMs: number, { longestAsked }: Adaptive): Throttling => ({
  ...before,
  heldUntil: Math.max(before.heldUntil, before.at + Math.min(waitMs, longestAsked)),
})

/** When the first of what is learned ends. */
export const nextEnd = ({ cut, pace }: Throttling): number =>
  Math.min(cut?.until ?? Number.POSITIVE_INFINITY, pace?.until ?? Number.POSITIVE_INFINITY)

/** Forgets what has ended by `at`. */
export function passed({ cut, pace, ...others }: Throttling, at: number): Throttling {
  const kept = { ...others, at }
  const still = cut !== undefined && cut.until > at ? { ...kept, cut } : kept
  return pace !== undefined && pace.until > at ? { ...still, pace } : still
}

/** The learned rate in force; at once what it gives in half a second, and one call more. */
export function demandOf({ cut, pace }: Throttling): Demand {
  const rate = Math.min(cut?.rate ?? Number.POSITIVE_INFINITY, pace?.rate ?? Number.POSITIVE_INFINITY)
  return Number.isFinite(rate) ? { rate, burst: 1 + rate * share.burst } : {}
}

/** What is kept when a breaker is saved: waits as remaining milliseconds. */
export interface SavedThrottling {
  readonly heldMs?: number | undefined
  readonly cut?: { readonly rate: number; readonly from: number; readonly ms: number } | undefined
  readonly pace?: { readonly rate: number; readonly ms: number } | undefined
}

export function saved({ heldUntil, cut, pace }: Throttling, at: number): SavedThrottling | undefined {
  const all: SavedThrottling = {
    ...(heldUntil > at ? { heldMs: heldUntil - at } : {}),
    ...(cut && cut.until > at ? { cut: { rate: cut.rate, from: cut.from, ms: cut.until - at } } : {}),
    ...(pace && pace.until > at ? { pace: { rate: pace.rate, ms: pace.until - at } } : {}),
  }
  return Object.keys(all).length > 0 ? all : undefined
}

const areAmounts = (value: unknown, names: readonly string[]): boolean => {
  const fields = (value ?? {}) as { readonly [name: string]: unknown }
  return names.every((name) => Number.isFinite(fields[name]) && (fields[name] as number) >= 0)
}

/** What was saved, if it can be that. */
export function readThrottling(value: unknown): SavedThrottling | undefined {
  if (typeof value !== "object" || value === null) return undefined
  const { heldMs, cut, pace } = value as SavedThrottling
  const all: SavedThrottling = {
    ...(areAmounts(value, ["heldMs"]) ? { heldMs } : {}),
    ...(areAmounts(cut, ["rate", "from", "ms"]) ? { cut } : {}),
    ...(areAmounts(pace, ["rate", "ms"]) ? { pace } : {}),
  }
  return Object.keys(all).length > 0 ? all : undefined
}

/** Takes up what was saved, some time ago. */
export function resumed(
  { heldMs = 0, cut, pace }: SavedThrottling,
  { floor, longestAsked }: Adaptive,
  at: number,
  elapsedMs: number,
): Throttling {
  const left = (ms: number, most: number) => at + Math.min(most, ms) - elapsedMs
  const rate = Math.max(floor, cut?.rate ?? 0)
  const known: Throttling = {
    ...freshThrottling(at),
    heldUntil: left(heldMs, longestAsked),
    ...(cut && { cut: { rate, from: Math.max(floor, cut.from), at, until: left(cut.ms, memoryMs) } }),
    ...(pace && { pace: { rate: Math.max(floor, pace.rate), until: left(pace.ms, longestAsked) } }),
  }
  return { ...known, cut: undefined, pace: undefined, ...passed(known, at) }
}
