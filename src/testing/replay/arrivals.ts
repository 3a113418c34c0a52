/** The calls of a recording, apart from what its breakers decided: when each came, and what became of it, or would have. */
import type { Facts } from "../../../machines/vocabulary/facts.ts"
import { type Judged, kindOf } from "../../../machines/vocabulary/outcome.ts"
import type { BreakerLine, EventLine } from "../../observability/recording/format.ts"
import { type Happening, happenings } from "../../observability/recording/happenings.ts"
import type { Recording } from "../../observability/recording/read.ts"

export interface Arrival {
  readonly at: number
  /** The number under which it was sent; 0: it was not. */
  serial: number
  readonly facts: Facts
  /** Until when it may wait for its caller's sake; told of those that waited. */
  readonly deadlineAt: number
  /** When it was sent when it was recorded; `undefined`: it was not. */
  sentAt: number | undefined
  judged: Judged | undefined
  durationMs: number
  /** For how long it was lent; `undefined`: it was run, or refused. */
  leaseMs: number | undefined
}

export interface Traffic {
  readonly line: BreakerLine
  readonly arrivals: readonly Arrival[]
  readonly events: readonly EventLine[]
  readonly endedAt: number
}

interface Gathered {
  readonly line: BreakerLine
  readonly arrivals: Arrival[]
  readonly bySerial: Map<number, Arrival>
  readonly waiting: Map<number, Arrival>
  readonly events: EventLine[]
  endedAt: number
}

/** By breaker, in the order in which they were introduced. */
export function trafficIn(recording: Recording): readonly Traffic[] {
  const all = new Map<number, Gathered>()
  for (const happening of happenings(recording)) {
    if (happening.type === "breaker") {
      const { line } = happening
      // Introduced again, it goes on.
      if (all.has(line.b)) continue
      all.set(line.b, { line, arrivals: [], bySerial: new Map(), waiting: new Map(), events: [], endedAt: line.at })
      continue
    }
    const b = "line" in happening ? happening.line.b : happening.b
    const one = all.get(b)
    if (one === undefined) continue
    one.endedAt = Math.max(one.endedAt, "line" in happening ? happening.line.at : happening.at)
    if (happening.type === "entered" || happening.type === "refused") decide(one, happening)
    else if (happening.type === "waits") one.waiting.set(happening.number, note(one, happening))
    else if (happening.type === "gaveUp") forget(one, happening.number)
    else if (happening.type === "settled") settle(one, happening)
    else if (happening.type === "lent") lend(one, happening)
    else if (happening.type === "event") one.events.push(happening.line)
  }
  for (const one of all.values()) guess(one.arrivals)
  return [...all.values()]
}

function note(
  one: Gathered,
  { at, facts, deadlineAt = Number.POSITIVE_INFINITY }: Pick<Arrival, "at" | "facts"> & Partial<Arrival>,
): Arrival {
  const unsent = { serial: 0, sentAt: undefined, judged: undefined, durationMs: 0, leaseMs: undefined }
  const arrival: Arrival = { at, facts, deadlineAt, ...unsent }
  one.arrivals.push(arrival)
  return arrival
}

type Decided = Extract<Happening, { readonly waited: number }>

/** A call has been sent or refused; it may have waited. */
function decide(one: Gathered, happening: Decided): void {
  const arrival = one.waiting.get(happening.waited) ?? note(one, happening)
  one.waiting.delete(happening.waited)
  if (happening.type !== "entered") return
  arrival.sentAt = happening.at
  arrival.serial = happening.serial
  one.bySerial.set(happening.serial, arrival)
}

/** Its caller gave it up while it waited: whether it would have been sent nobody decided. */
function forget(one: Gathered, number: number): void {
  const arrival = one.waiting.get(number)
  one.waiting.delete(number)
  const index = arrival === undefined ? -1 : one.arrivals.lastIndexOf(arrival)
  if (index >= 0) one.arrivals.splice(index, 1)
}

function settle(
  one: Gathered,
  { serial, at, judged }: { readonly serial: number; readonly at: number; readonly judged: Judged },
) {
  const arrival = one.bySerial.get(serial)
  if (arrival === undefined) return
  one.bySerial.delete(serial)
  arrival.judged = judged
  arrival.durationMs = Math.max(0, at - (arrival.sentAt ?? arrival.at))
}

function lend(one: Gathered, { serial, leaseMs }: { readonly serial: number; readonly leaseMs: number }): void {
  const arrival = one.bySerial.get(serial)
  if (arrival !== undefined) arrival.leaseMs = leaseMs
}

/** What says something of the service: how a call that was sent ended. */
export const isTelling = ({ sentAt, judged }: Arrival): boolean =>
  sentAt !== undefined && judged !== undefined && kindOf(judged) !== "ignored"

/** A call that was refused would have met what the call met that was sent nearest to it in time: a guess, and counted as one. */
function guess(arrivals: readonly Arrival[]): void {
  const telling = arrivals.filter(isTelling)
  let next = 0
  for (const arrival of arrivals) {
    while (next < telling.length && (telling[next] as Arrival).at < arrival.at) next++
    if (arrival.judged !== undefined || arrival.sentAt !== undefined) continue
    const [before, after] = [telling[next - 1], telling[next]]
    const nearest =
      after === undefined || (before !== undefined && arrival.at - before.at <= after.at - arrival.at) ? before : after
    if (nearest === undefined) continue
    arrival.judged = nearest.judged
    arrival.durationMs = nearest.durationMs
  }
}
