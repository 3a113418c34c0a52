/** Cells: the parts of a service that callers name by keys, as a strategy's option and as what it asks the data plane to watch. */
import { type Judging, thresholdOf } from "./judging.ts"
import { type Named, number, type OutOf, struct, switchable } from "./options.ts"
import type { CellLine } from "./vocabulary/gate.ts"
import type { Waits } from "./waiting.ts"

const cellFields = {
  /** Most keys that are remembered at once, 64 to 65 536; 13 bytes each, and only those that matter. Default: 4096. */
  max: number({ default: 4096, min: 64, max: 65_536, integer: true }),
}
export interface CellFields extends Named<typeof cellFields> {}

export const celling = {
  /** Whether a dead part of the service, known by the `key` of calls, is held back by itself. Default: on. Without keys it costs nothing. */
  cells: switchable(struct<CellFields>(cellFields), true),
}
export interface CellingFields extends Named<typeof celling> {}

const all = struct<CellingFields>(celling)
type Celling = OutOf<typeof all>

interface Settings extends Judging, Celling {
  readonly openFor: Waits
  readonly probes: { readonly lease: number }
}

/** Cells wait as the circuit does. */
export const cellLine = (settings: Settings): CellLine | undefined => {
  const { cells, openFor, probes } = settings
  if (cells === undefined) return undefined
  const { base, step, factor, max, longestAsked } = openFor
  return {
    max: cells.max,
    threshold: thresholdOf(settings),
    waitMs: base,
    stepMs: step,
    factor,
    maxMs: max,
    longestAskedMs: longestAsked,
    leaseMs: probes.lease,
  }
}
