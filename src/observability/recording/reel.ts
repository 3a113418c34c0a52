/** The reel: calls of all recorded breakers as plain numbers, bounded; written out when it is full, or before a rarer line. */
import type { Facts } from "../../../machines/vocabulary/facts.ts"
import { noFacts } from "../../../machines/vocabulary/facts.ts"
import type { Judged, OutcomeKind } from "../../../machines/vocabulary/outcome.ts"
import { type Layer, layers } from "../../../machines/vocabulary/rejection.ts"
import { codes, packed } from "./format.ts"

const length = 8192

const base64 = (array: Float64Array | Int32Array, n: number): string =>
  Buffer.from(array.buffer, array.byteOffset, n * array.BYTES_PER_ELEMENT).toString("base64")

export class Reel {
  readonly #at = new Float64Array(length)
  readonly #what = new Int32Array(length)
  readonly #who = new Int32Array(length)
  /** Whether all that is on it is of one breaker. */
  #isOne = true
  #n = 0
  /** The number of the last call that entered. */
  serial = 0
  /** The number of the last call that had to wait. */
  waiting = 0
  readonly #begun: () => void
  readonly #full: () => void

  /** `begun` hears of the first entry of an empty reel, `full` when it must be written out before the next. */
  constructor(begun: () => void, full: () => void) {
    this.#begun = begun
    this.#full = full
  }

  get isEmpty(): boolean {
    return this.#n === 0
  }

  add(at: number, what: number, who: number): void {
    const n = this.#n
    this.#at[n] = at
    this.#what[n] = what
    this.#who[n] = who
    if (n === 0) this.#begun()
    else if (who !== this.#who[0]) this.#isOne = false
    this.#n = n + 1
    if (this.#n === length) this.#full()
  }

  /**
   * All that is on it, as the parts of one line; it is empty then. The line is long and has nothing in it that JSON would have to escape:
   * putting it together by hand takes a third of the time.
   */
  take(): readonly [string, string, string, string, string] {
    const n = this.#n
    const who = this.#isOne ? String(this.#who[0]) : `"${base64(this.#who, n)}"`
    const [at, what] = [base64(this.#at, n), base64(this.#what, n)]
    this.#n = 0
    this.#isOne = true
    return [`{"t":"calls","n":${n},"who":${who},"at":"`, at, '","what":"', what, '"']
  }
}

/** What becomes of things that are rarer than calls. */
export interface TapeHooks {
  /** What of a call's options says something of the call. */
  readonly factNames: readonly string[]
  /** The number of these facts, which are written down when they are new. */
  factsId(facts: Facts): number
  asked(serial: number, judged: Exclude<Judged, OutcomeKind>, now: number): void
}

/** What one breaker tells of its calls. */
export class ReelTape {
  readonly #reel: Reel
  readonly #who: number
  readonly #hooks: TapeHooks
  readonly #turning: { readonly turnedAt: number }
  #turnedAt = Number.NEGATIVE_INFINITY

  /** `turning` says when the timers of the breaker's clock were fired last. */
  constructor(reel: Reel, who: number, turning: { readonly turnedAt: number }, hooks: TapeHooks) {
    this.#reel = reel
    this.#who = who
    this.#turning = turning
    this.#hooks = hooks
  }

  entered(entry: "ordinary" | "probe" | "uncounted", now: number, facts: Facts): number {
    this.#before(now, facts)
    const serial = ++this.#reel.serial
    const code = entry === "ordinary" ? codes.entered : codes[entry]
    this.#reel.add(now, packed(code, serial), this.#who)
    return serial
  }

  waits(now: number, facts: Facts, deadlineAt: number): number {
    this.#before(now, facts)
    if (deadlineAt < Number.POSITIVE_INFINITY) this.#reel.add(deadlineAt, packed(codes.until, 0), this.#who)
    const number = ++this.#reel.waiting
    this.#reel.add(now, packed(codes.waits, number), this.#who)
    return number
  }

  waited(number: number, now: number): void {
    this.#turn()
    this.#reel.add(now, packed(codes.waited, number), this.#who)
  }

  gaveUp(number: number, now: number): void {
    this.#turn()
    this.#reel.add(now, packed(codes.gaveUp, number), this.#who)
  }

  refused(layer: Layer, now: number, facts: Facts): void {
    this.#before(now, facts)
    this.#reel.add(now, packed(codes.refused, layers.indexOf(layer)), this.#who)
  }

  settled(serial: number, judged: Judged, now: number): void {
    this.#turn()
    if (typeof judged !== "string") return this.#hooks.asked(serial, judged, now)
    this.#reel.add(now, packed(codes[judged], serial), this.#who)
  }

  /** Which timers had been fired before what comes now: they decide, and a busy process fires them late. */
  #turn(): void {
    const { turnedAt } = this.#turning
    if (turnedAt === this.#turnedAt) return
    this.#turnedAt = turnedAt
    this.#reel.add(turnedAt, packed(codes.turned, 0), this.#who)
  }

  /** As `turn`, for something that is written down elsewhere. */
  turn(): void {
    this.#turn()
  }

  #before(now: number, facts: Facts): void {
    this.#turn()
    if (facts === noFacts || this.#saysNothing(facts as { readonly [name: string]: unknown })) return
    const id = this.#hooks.factsId(facts)
    if (id > 0) this.#reel.add(now, packed(codes.facts, id), this.#who)
  }

  /** Most options of calls say nothing of the call. */
  #saysNothing(facts: { readonly [name: string]: unknown }): boolean {
    for (const name of this.#hooks.factNames) if (facts[name] !== undefined) return false
    return true
  }
}
