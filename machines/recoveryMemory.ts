/** What `recovery` says of itself, what of it is saved, and how it is taken up again. */
import type { RecoveryContext } from "./recovering.ts"
import { blocked, following, full, standingsOf, tested } from "./returning.ts"
import type { FeatureState, FeaturesFinding } from "./vocabulary/feature.ts"
import type { BreakerRestored } from "./vocabulary/signal.ts"

/** How one feature stands: a part of `metrics()`. */
export interface FeatureReport {
  readonly state: FeatureState
  /** Failures in a row. */
  readonly failures: number
  /** Why it is not full. */
  readonly reason?: string
  /** When its test, or its wait, is over. */
  readonly dueInMs?: number
}

/** How features stand. */
export interface RecoveryReport {
  /** `outage`: the circuit speaks for all of them. */
  readonly state: FeaturesFinding["state"]
  readonly features: { readonly [feature: string]: FeatureReport }
}

export const reportOf = ({ standings, finding }: RecoveryContext, at: number): RecoveryReport => ({
  state: finding.state,
  features: Object.fromEntries(
    Object.entries(standings).map(([name, { state, failures, reason, dueAt }]) => [
      name,
      {
        state,
        failures,
        ...(reason !== "" && { reason }),
        ...(dueAt !== undefined && { dueInMs: Math.max(0, dueAt - at) }),
      },
    ]),
  ),
})

interface SavedFeature {
  readonly state: "testing" | "blocked"
  readonly reason: string
  readonly failures: number
  readonly remainingMs?: number
  readonly isDoubted: boolean
}

export interface SavedRecovery {
  readonly features: { readonly [feature: string]: SavedFeature }
}

/** Features that are not full. In an outage there is nothing to say of them: the circuit is saved. */
export function savedRecovery({ standings, finding }: RecoveryContext, at: number): SavedRecovery | undefined {
  if (finding.state !== "partial") return undefined
  const held = Object.entries(standings).flatMap(([name, { state, reason, failures, dueAt, isDoubted }]) => {
    if (state === "full") return []
    const wait = state === "blocked" && dueAt !== undefined ? { remainingMs: Math.max(0, dueAt - at) } : {}
    return [[name, { state, reason, failures, isDoubted, ...wait }] as const]
  })
  return { features: Object.fromEntries(held) }
}

const dayMs = 86_400_000
const isUpTo = (most: number, value: unknown): boolean => typeof value === "number" && value >= 0 && value <= most

function isSaved(value: unknown): value is SavedFeature {
  if (typeof value !== "object" || value === null) return false
  const { state, reason, failures, remainingMs = 0, isDoubted } = value as SavedFeature
  const isState = state === "testing" || state === "blocked"
  const isSaid = typeof reason === "string" && reason.length <= 1000 && typeof isDoubted === "boolean"
  return isState && isSaid && isUpTo(1_000_000, failures) && isUpTo(dayMs, remainingMs)
}

export function readRecovery(saved: unknown): SavedRecovery | undefined {
  const features: unknown = (saved as Partial<SavedRecovery> | null | undefined)?.features
  if (typeof features !== "object" || features === null || Array.isArray(features)) return undefined
  return Object.values(features).every(isSaved) ? { features: features as SavedRecovery["features"] } : undefined
}

/** What was saved of features that there are still. A test begins anew; a wait is shorter by the time that has passed. */
export function restoredRecovery(
  context: RecoveryContext,
  { parts, at, elapsedMs }: BreakerRestored,
): Partial<RecoveryContext> {
  const { features } = readRecovery(parts["recovery"]) as SavedRecovery
  const standings = standingsOf(context.settings.features, (feature) => {
    const saved = Object.hasOwn(features, feature.name) ? features[feature.name] : undefined
    if (saved === undefined) return full(at)
    const { state, reason, remainingMs, failures, isDoubted } = saved
    const known = { failures, isDoubted }
    if (state === "testing") return { ...tested(full(at), feature, at), ...known }
    const dueAt = remainingMs === undefined ? undefined : at + Math.max(0, remainingMs - elapsedMs)
    return { ...blocked(full(at), at, reason), ...known, dueAt }
  })
  return following(context, standings, at)
}
