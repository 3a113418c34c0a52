/** The baseline: what share of bad outcomes is usual of a service, learned while it is watched. */
import type { Evidence } from "./evidence.ts"

/** As if one of twenty calls had been bad, before anything is known. */
export const prior = { bad: 1, calls: 20 } as const
/** From so many outcomes on the baseline follows time instead: a memory of at least five minutes. */
export const settledCalls = 1000
const memoryMs = 300_000
/** Bursts are forgotten by e in this time. */
const burstMs = 3_600_000

export const clamp = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value))

/** The share of bad outcomes that still counts as usual: the learned one and what chance may add to it. */
export function usualShare({ usual, learned }: Pick<Evidence, "usual" | "learned">): number {
  const calls = Math.min(2000, learned + prior.calls)
  return clamp(usual + Math.sqrt((usual * (1 - usual)) / calls), 0.01, 0.4)
}

/** The share that counts as broken, given what is usual. */
export const brokenShare = (usual: number): number => 0.4 + 0.5 * usual
/** What was usual, given how much likelier a bad outcome is where it is broken, as a logarithm. */
export const usualOf = (badStep: number): number => 0.4 / (Math.exp(badStep) - 0.5)

export function learn(evidence: Evidence, bad: number, at: number): void {
  const weight =
    evidence.learned < settledCalls
      ? 1 / (prior.calls + evidence.learned)
      : Math.min(1 / settledCalls, (at - evidence.learnedAt) / memoryMs)
  evidence.usual += weight * (bad - evidence.usual)
  evidence.worst *= Math.max(0, 1 - (at - evidence.learnedAt) / burstMs)
  evidence.learned++
  evidence.learnedAt = at
}

/** The same of a success, where the baseline follows time. */
export function learnGood(evidence: Evidence, at: number): void {
  const passed = at - evidence.learnedAt
  const weight = passed < memoryMs / settledCalls ? passed / memoryMs : 1 / settledCalls
  evidence.usual -= weight * evidence.usual
  if (evidence.worst > 0) evidence.worst *= passed < burstMs ? 1 - passed / burstMs : 0
  evidence.learned++
  evidence.learnedAt = at
}

/** What was learned of a service, as JSON: it outlives epochs, strategies and processes. */
export interface Baseline {
  readonly usual: number
  readonly learned: number
  readonly worst: number
  readonly accepted: number
  /** How long ago it was learned last, in milliseconds. */
  readonly ageMs: number
}

export const baselineOf = ({ usual, learned, worst, accepted, learnedAt }: Evidence, at: number): Baseline => ({
  usual,
  learned,
  worst,
  accepted,
  ageMs: Math.max(0, at - learnedAt),
})

const isShare = (value: unknown): boolean => typeof value === "number" && value >= 0 && value <= 1
const isCount = (value: unknown): boolean => Number.isFinite(value) && (value as number) >= 0

/** A baseline that was saved; `undefined` for what cannot be one. */
export function readBaseline(saved: unknown): Baseline | undefined {
  if (typeof saved !== "object" || saved === null) return undefined
  const { usual, learned, worst, accepted, ageMs } = saved as Baseline
  const isOne = [usual, worst, accepted].every(isShare) && [learned, ageMs].every(isCount)
  return isOne ? { usual, learned, worst, accepted, ageMs } : undefined
}
