/** A tape: what is told of every call while somebody records. Without one, calls pay nothing for it. */
import type { Facts } from "../../machines/vocabulary/facts.ts"
import type { Judged } from "../../machines/vocabulary/outcome.ts"
import type { Layer } from "../../machines/vocabulary/rejection.ts"

/** How a call entered: as a probe, ordinarily, or where the gate was not obeyed. */
export type Entry = "ordinary" | "probe" | "uncounted"

export interface Tape {
  /** A call has entered; answers the number by which its end is known, from 1. */
  entered(entry: Entry, now: number, facts: Facts): number
  refused(layer: Layer, now: number, facts: Facts): void
  /** The call of this number has ended. */
  settled(serial: number, judged: Judged, now: number): void
}
