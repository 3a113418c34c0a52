/** What need not be looked at on each call: worked out once for each gate. */
import type { Gate } from "../../machines/vocabulary/gate.ts"
import { ordinaryRank } from "../../machines/vocabulary/priority.ts"

const never = Number.POSITIVE_INFINITY

/** The gate itself refuses no ordinary call. */
export function admitsAll({ phase, restriction: { share, cohortShare, probes, limit, floor } }: Gate): boolean {
  return (
    share >= 1 && cohortShare >= 1 && probes === never && limit === never && floor <= ordinaryRank && phase === "active"
  )
}

/** Somebody wants to know how long calls take. */
export const measures = ({ lines: { slowAfterMs, sliceMs } }: Gate): boolean =>
  slowAfterMs !== undefined || sliceMs !== undefined

/** Calls enter one by one, and only as probes. */
export const probesOnly = ({ restriction: { share, probes } }: Gate): boolean => share > 0 && Number.isFinite(probes)
