/**
 * The journal of a quiet breaker: a few calls as plain numbers. A plane is a function of its gate and of what entered and
 * settled when, so a quiet one need not exist: it is made again from its journal when a call comes.
 */
import { livedThrough } from "../../machines/vocabulary/facts.ts"
import type { Gate } from "../../machines/vocabulary/gate.ts"
import { type Judged, kindOf, kinds, type OutcomeKind } from "../../machines/vocabulary/outcome.ts"
import { Plane } from "./plane.ts"
import type { PlaneHooks } from "./planeHooks.ts"
import type { Receipt } from "./receipt.ts"
import type { Wheel } from "./wheel.ts"

/** Calls in the order in which they settled; each is three numbers: when it entered, when it settled, and its kind. */
export type Journal = number[]
const stride = 3

/** A breaker is quiet while it has seen no more calls than this: they weigh less than half a kilobyte. */
export const quietCalls = 12

export const callsIn = (journal: Journal): number => journal.length / stride

/** Drops what settled before `oldest`. */
export function forget(journal: Journal, oldest: number): void {
  let end = 0
  while (end < journal.length && (journal[end + 1] as number) < oldest) end += stride
  if (end > 0) journal.splice(0, end)
}

/** How many calls of each kind, in the order of `kinds`. */
export function countsIn(journal: Journal): number[] {
  const counts = kinds.map(() => 0)
  for (let at = 2; at < journal.length; at += stride) {
    const kind = journal[at] as number
    counts[kind] = (counts[kind] as number) + 1
  }
  return counts
}

/** A plane that keeps the journal of its last calls. */
export class RecordingPlane extends Plane {
  /** `undefined` when there is more to know of this breaker than a journal can say. */
  journal: Journal | undefined = undefined
  /** What happens now has happened before. */
  isReplaying = false
  readonly #memoryMs: number
  readonly #crowded: () => void
  #isCrowded = false

  /** Calls older than `memoryMs` are forgotten; `crowded` hears once that the others are too many to be quiet. */
  constructor(breaker: string, wheel: Wheel, hooks: PlaneHooks, memoryMs: number, crowded: () => void) {
    super(breaker, wheel, hooks)
    this.#memoryMs = memoryMs
    this.#crowded = crowded
  }

  override settleAt(receipt: Receipt, judged: Judged, now: number): boolean {
    // What asks for more than its kind says starts the actors, who do not rest while they mind it.
    const kind = kindOf(judged)
    if (this.journal !== undefined && !receipt.settled) this.#note(this.journal, receipt.startedAt, kind, now)
    return super.settleAt(receipt, judged, now)
  }

  /** Obeys a gate since `since`, and lives through the calls since then again, in the order in which they came and went. */
  replay(gate: Gate, since: number, journal: Journal): void {
    this.isReplaying = true
    // All of them had a slot: in what order calls of one instant came and went, the journal does not say.
    this.swap({ ...gate, lines: { ...gate.lines, slots: undefined } }, since)
    const receipts: Receipt[] = []
    for (const { call, at, settles } of eventsOf(journal)) {
      this.meter.lateness.catchUp(at)
      const receipt = settles ? receipts[call] : this.admit(at, livedThrough)
      if (receipt === undefined || !receipt.admitted) continue
      if (settles) this.settleAt(receipt, kinds[journal[call + 2] as number] as OutcomeKind, at)
      else receipts[call] = receipt as Receipt
    }
    // What watched over those calls has nothing to watch any more, and an alarm that rang for nobody may ring anew.
    this.meter.lateness.stop()
    this.swap(gate)
    this.journal = journal
    this.isReplaying = false
  }

  /** Whether no more than a few calls are remembered, so that the journal says it all. */
  isQuietAt(now: number): boolean {
    if (this.journal === undefined) return false
    forget(this.journal, now - this.#memoryMs)
    return callsIn(this.journal) <= quietCalls && this.admission.rates?.isPaid(now) !== false
  }

  #note(journal: Journal, startedAt: number, kind: OutcomeKind, now: number): void {
    journal.push(startedAt, now, kinds.indexOf(kind))
    if (callsIn(journal) <= quietCalls || this.isQuietAt(now)) return
    if (!this.#isCrowded) {
      this.#isCrowded = true
      this.#crowded()
    }
    // One more than a quiet breaker may have stays, so that it is not quiet before that one is forgotten.
    if (callsIn(journal) > 2 * quietCalls) journal.splice(0, journal.length - stride * (quietCalls + 1))
  }
}

interface JournalEvent {
  /** Where the call stands in the journal. */
  readonly call: number
  readonly at: number
  readonly settles: boolean
}

function eventsOf(journal: Journal): readonly JournalEvent[] {
  const events: JournalEvent[] = []
  for (let call = 0; call < journal.length; call += stride) {
    const [startedAt, settledAt] = [journal[call] as number, journal[call + 1] as number]
    // Nobody read the clock when it entered, because nobody measures how long calls take.
    events.push({ call, at: Number.isNaN(startedAt) ? settledAt : startedAt, settles: false })
    events.push({ call, at: settledAt, settles: true })
  }
  // Of what happened at one instant, entries come first: a call enters before it settles.
  return events.sort((one, other) => one.at - other.at || Number(one.settles) - Number(other.settles))
}

/** How many calls it has counted that its journal does not tell of, in the order of `kinds`. */
export function pastOf({ tally, journal = [] }: RecordingPlane): readonly number[] | undefined {
  const recent = countsIn(journal)
  const past = kinds.map((kind, index) => tally[kind] - (recent[index] as number))
  return past.some((count) => count > 0) ? past : undefined
}
