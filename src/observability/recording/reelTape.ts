/** What one breaker tells of its calls, put on a reel. */
import type { Facts } from "../../../machines/vocabulary/facts.ts"
import { noFacts } from "../../../machines/vocabulary/facts.ts"
import type { Judged, OutcomeKind } from "../../../machines/vocabulary/outcome.ts"
import { type Layer, layers } from "../../../machines/vocabulary/rejection.ts"
import { codes } from "./format.ts"
import type { Reel } from "./reel.ts"

/** What becomes of things that are rarer than calls. */
export interface TapeHooks {
  /** What of a call's options says something of the call. */
  readonly factNames: readonly string[]
  /** The number of these facts, which are written down when they are new. */
  factsId(facts: Facts): number
  asked(serial: number, judged: Exclude<Judged, OutcomeKind>, now: number): void
  now(): number
  /** Something is told of a breaker that has not been introduced, or must be again. */
  introduce(now: number): void
}

/** When the timers of a clock were fired last, and which of them: those that were due by then. The count changes when that may have. */
export interface Turning {
  readonly at: number
  readonly by: number
  readonly count: number
  /** When the host stood still. */
  readonly stalls: Stalls
}

interface Stalls {
  readonly count: number
  after(
    count: number,
  ): readonly { readonly at: number; readonly ms: number; readonly turnedAt: number; readonly turnedBy: number }[]
}

/** No time is equal to it. */
const unheard = Number.NaN
/** Of no count. */
const none = -1

export class ReelTape {
  readonly #reel: Reel
  readonly #who: number
  readonly #hooks: TapeHooks
  readonly #turning: Turning
  #turnedAt = unheard
  #turnedBy = unheard
  /** The count of its clock that it has heard of. */
  #heard = none
  /** How many stalls of its host it has heard of. */
  #stalls = 0

  /** `turning` is that of the breaker's clock. */
  constructor(reel: Reel, who: number, turning: Turning, hooks: TapeHooks) {
    this.#reel = reel
    this.#who = who
    this.#turning = turning
    this.#hooks = hooks
  }

  /** Its breaker must be introduced, or introduced again, before anything more is told of it. */
  forget(): void {
    this.#turnedAt = unheard
    this.#heard = none
  }

  /** Its breaker has been introduced as it is now: what timers did before says nothing more. */
  begin(): void {
    this.#hear()
  }

  entered(entry: "ordinary" | "probe" | "uncounted", now: number, facts: Facts): number {
    if (facts !== noFacts || !this.#isCurrent) this.#before(now, facts)
    return this.#reel.enter(now, entry === "ordinary" ? codes.entered : codes[entry], this.#who)
  }

  /** It stands right after its call, on the same line: nothing that could fill the reel is told between the two. */
  lent(leaseMs: number): void {
    this.#reel.add(leaseMs, codes.until, 1, this.#who)
  }

  waits(now: number, facts: Facts, deadlineAt: number): number {
    this.#before(now, facts)
    if (deadlineAt < Number.POSITIVE_INFINITY) this.#reel.add(deadlineAt, codes.until, 0, this.#who)
    const number = ++this.#reel.waiting
    this.#reel.add(now, codes.waits, number, this.#who)
    return number
  }

  waited(number: number, now: number): void {
    this.#turn(now)
    this.#reel.add(now, codes.waited, number, this.#who)
  }

  gaveUp(number: number, now: number): void {
    this.#turn(now)
    this.#reel.add(now, codes.gaveUp, number, this.#who)
  }

  refused(layer: Layer, now: number, facts: Facts): void {
    this.#before(now, facts)
    this.#reel.add(now, codes.refused, layers.indexOf(layer), this.#who)
  }

  settled(serial: number, judged: Judged, now: number): void {
    if (!this.#isCurrent) this.#turn(now)
    if (judged === "success") return this.#reel.leave(now, codes.success, serial, this.#who)
    if (typeof judged !== "string") return this.#hooks.asked(serial, judged, now)
    this.#reel.leave(now, codes[judged], serial, this.#who)
  }

  /** A breaker among many rests, or is forgotten: of what nobody was told nobody need hear that it ends. */
  rests(isForgotten: boolean, now: number): void {
    if (Number.isNaN(this.#turnedAt)) return
    this.#turn(now)
    this.#reel.add(now, codes.rests, isForgotten ? 1 : 0, this.#who)
  }

  /** As before each entry, for something that is written down elsewhere. */
  turn(now: number = this.#hooks.now()): void {
    this.#turn(now)
  }

  /** Neither timers nor the reel have anything to say before the next entry: the whole check, for the ordinary case. */
  get #isCurrent(): boolean {
    return this.#turning.count === this.#heard && this.#reel.hasRoom
  }

  #hear(): void {
    this.#heard = this.#turning.count
    this.#turnedAt = this.#turning.at
    this.#turnedBy = this.#turning.by
    this.#stalls = this.#turning.stalls.count
  }

  /** Which timers had been fired before what comes now: they decide, and a busy process fires them late. */
  #turn(now: number): void {
    this.#reel.prepare(now)
    if (this.#turning.count !== this.#heard) this.#catchUp(now)
  }

  #catchUp(now: number): void {
    if (Number.isNaN(this.#turnedAt)) {
      this.#hooks.introduce(now)
      // Whoever is introduced again is so after all that is on the reel.
      return this.#reel.prepare(now)
    }
    for (const { at, ms, turnedAt, turnedBy } of this.#turning.stalls.after(this.#stalls)) {
      this.#tellTurns(turnedAt, turnedBy)
      this.#reel.add(at, codes.turned, 1 + ms, this.#who)
    }
    this.#tellTurns(this.#turning.at, this.#turning.by)
    this.#hear()
  }

  #tellTurns(at: number, by: number): void {
    if (at === this.#turnedAt && by === this.#turnedBy) return
    this.#turnedAt = at
    this.#turnedBy = by
    // Not all that was due was fired: the host had slept twice in a row, or is still at it. First when that was, then by when they were due.
    if (by < at) this.#reel.add(at, codes.turned, 1, this.#who)
    this.#reel.add(by, codes.turned, 0, this.#who)
  }

  #before(now: number, facts: Facts): void {
    this.#turn(now)
    if (facts === noFacts || this.#saysNothing(facts as { readonly [name: string]: unknown })) return
    const id = this.#hooks.factsId(facts)
    if (id > 0) this.#reel.add(now, codes.facts, id, this.#who)
  }

  /** Most options of calls say nothing of the call. */
  #saysNothing(facts: { readonly [name: string]: unknown }): boolean {
    for (const name of this.#hooks.factNames) if (facts[name] !== undefined) return false
    return true
  }
}
