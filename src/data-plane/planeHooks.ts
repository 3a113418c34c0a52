import type { Judged } from "../../machines/vocabulary/outcome.ts"
import type { Rejection } from "../../machines/vocabulary/rejection.ts"
import type { Report } from "../../machines/vocabulary/signal.ts"
import type { CellChange } from "./cells.ts"

/** What the control plane hands in: the way facts reach it, and who is told about refusals. */
export interface PlaneHooks {
  signal(report: Report): void
  refused(rejection: Rejection, now: number): void
  /** What an error that a permit's holder reports means. */
  classify(error: unknown): Judged
  /** The last call in flight has settled. */
  idle(): void
  /** Cells were condemned or set free. */
  cell?: ((change: CellChange, now: number) => void) | undefined
  /** A whole number that nobody can guess; asked once, if calls name keys. */
  seed?(): number
}
