/** The moves that a strategy may make in one entry, unless it is restored. Never straight from open to closed. */
export const moves: readonly string[] = [
  "closed → degraded",
  "degraded → closed",
  "closed → open",
  "degraded → open",
  "open → halfOpen",
  "halfOpen → closed",
  "halfOpen → open",
  "halfOpen → ramping",
  "ramping → closed",
  "ramping → open",
  "ramping → halfOpen",
  "ramping → degraded",
  "degraded → ramping",
  // The operator may act in any state.
  "closed → halfOpen",
  "degraded → halfOpen",
]
