/** A tape: what is told of every call while somebody records. Without one, calls pay nothing for it. */
import type { Facts } from "../../machines/vocabulary/facts.ts"
import type { Judged } from "../../machines/vocabulary/outcome.ts"
import type { Layer, Rejection } from "../../machines/vocabulary/rejection.ts"
import type { HostAlarm } from "./hostAlarm.ts"
import type { Receipt } from "./receipt.ts"

/** How a call entered: as a probe, ordinarily, or where the gate was not obeyed. */
export type Entry = "ordinary" | "probe" | "uncounted"

export interface Tape {
  /** A call has entered; answers the number by which its end is known, from 1. */
  entered(entry: Entry, now: number, facts: Facts): number
  /** The call that entered last is lent to somebody who may forget to settle it: for so long, or as long as the strategy lends probes. */
  lent(leaseMs: number): void
  /** A call waits for a slot, until then at most for its caller's sake; answers the number by which it is known while it waits. */
  waits(now: number, facts: Facts, deadlineAt: number): number
  /** What is written down next is what became of the call that has waited under this number. */
  waited(number: number, now: number): void
  /** Its caller has given it up. */
  gaveUp(number: number, now: number): void
  /** Timers of the breaker were fired, and may have decided something. */
  turn(): void
  refused(layer: Layer, now: number, facts: Facts): void
  /** The call of this number has ended. */
  settled(serial: number, judged: Judged, now: number): void
}

/** Writes down what was decided about a call that came. */
export function write(tape: Tape, ticket: Receipt | Rejection, now: number, facts: Facts): void {
  if (!ticket.admitted) return tape.refused(ticket.layer, now, facts)
  const entry = ticket.probe ? "probe" : ticket.counted ? "ordinary" : "uncounted"
  ticket.serial = tape.entered(entry, now, facts)
}

/** Writes down how a call has ended; before that, whether the host stood still, for how it is judged depends on it. */
export function writeEnd(tape: Tape, alarm: HostAlarm, { serial }: Receipt, judged: Judged, now: number): void {
  alarm.look(now)
  tape.settled(serial, judged, now)
}
