/**
 * Whether one more call may enter: the gate first, then the gauges that it bounds. All of them look before any of them takes, and
 * nothing can come between: a refused call has spent nothing, so nothing needs to be undone.
 */
import { creditOf, creditPerCall, leaseOf } from "../../machines/vocabulary/admission.ts"
import type { Facts } from "../../machines/vocabulary/facts.ts"
import { type CellLine, type Gate, idleGate } from "../../machines/vocabulary/gate.ts"
import type { Judged } from "../../machines/vocabulary/outcome.ts"
import type { Rejection } from "../../machines/vocabulary/rejection.ts"
import type { AlarmRang, Report } from "../../machines/vocabulary/signal.ts"
import { type CellChange, Cells } from "./cells.ts"
import { Leases } from "./leases.ts"
import { Receipt, type Settler } from "./receipt.ts"
import { Refusals } from "./refusals.ts"
import { Visit } from "./visits.ts"
import type { Wheel } from "./wheel.ts"

/** Calls enter one by one, and only as probes. */
const probesOnly = ({ restriction: { share, probes } }: Gate): boolean => share > 0 && Number.isFinite(probes)
const never = Number.POSITIVE_INFINITY

export class Admission {
  readonly leases: Leases
  /** Ordinary calls of this epoch in flight. */
  running = 0
  /** Made when the first key is named. */
  cells: Cells | undefined = undefined
  #gate: Gate = idleGate
  #credit = creditPerCall / 2
  readonly #settler: Settler
  readonly #refusals: Refusals
  readonly #seed: () => number

  /** `seed` is asked once, if keys are named: it keeps others from choosing keys that share a cell. */
  constructor(breaker: string, wheel: Wheel, settler: Settler, seed: () => number) {
    this.#settler = settler
    this.#seed = seed
    this.leases = new Leases(wheel, settler)
    this.#refusals = new Refusals(breaker, idleGate)
  }

  /** Nothing but the gate can refuse a call of which nothing is said, or wants to know of it. */
  get isPlain(): boolean {
    return true
  }

  /** Whether it matters which key a call names. */
  get isKeyed(): boolean {
    return this.#gate.lines.cells !== undefined
  }

  adopt(gate: Gate): void {
    this.#gate = gate
    this.#refusals.adopt(gate)
    this.cells?.adopt(gate.lines.cells, gate.lines.slowAfterMs ?? never)
  }

  /** Credit and leases start anew; what ran before is a straggler. */
  beginEpoch(now: number): void {
    this.#credit = creditPerCall / 2
    this.running = 0
    this.leases.beginEpoch(now)
  }

  /** Why a call would be refused now; takes nothing. */
  wouldReject(facts: Facts, now: number): Rejection | undefined {
    const refusal = this.#look(facts, now)
    if (refusal !== undefined || probesOnly(this.#gate)) return refusal
    const enough = this.#credit + creditOf(this.#gate.restriction.share) >= creditPerCall
    return enough ? undefined : this.#refusals.byShare(now)
  }

  /** Takes what one call needs, or says why not. A call that a partial share refuses has earned its credit. */
  take(facts: Facts, now: number): Receipt | Rejection {
    const refusal = this.#look(facts, now)
    if (refusal !== undefined) return this.#refuse(refusal, facts, now)
    if (probesOnly(this.#gate)) return this.#takePlace(now)
    this.#credit += creditOf(this.#gate.restriction.share)
    if (this.#credit < creditPerCall) return this.#refusals.byShare(now)
    this.#credit -= creditPerCall
    this.running++
    const line = this.#gate.lines.cells
    if (facts.key !== undefined && line !== undefined) return this.#visit(facts.key, line, now)
    return new Receipt(this.#settler, this.#gate.epoch, now, undefined, true)
  }

  /** Takes what a call needs that names a key, when only its cell can stand in its way; `undefined` when it does. */
  takeFreely(key: string, now: number): Receipt | undefined {
    const line = this.#gate.lines.cells
    if (line === undefined || this.cells?.holds(key, now) !== undefined) return undefined
    this.running++
    return this.#visit(key, line, now)
  }

  /** A call has ended, whatever it was: what it held comes back. Answers whether its outcome is its cell's business alone. */
  settle(receipt: Receipt, judged: Judged, now: number): boolean {
    const { epoch, place, counted } = receipt
    if (epoch === this.#gate.epoch && place === undefined && counted) this.running--
    if (this.cells === undefined) return false
    if (receipt instanceof Visit) return this.cells.settle(receipt, judged, now)
    if (counted && judged === "success") this.cells.hearGood()
    return false
  }

  /** What the circuit should know of cells when an alarm rings: whether the trouble is theirs. */
  explain(report: Report): Report {
    const within = report.type === "alarm.rang" ? this.cells?.within : undefined
    return within === undefined ? report : { ...(report as AlarmRang), within }
  }

  /** When all cells are silent the service is gone, and that is no cell's business any more. */
  takeAlarm(now: number): AlarmRang | undefined {
    const silence = this.cells?.takeSilence()
    if (silence === undefined) return undefined
    return { type: "alarm.rang", at: now, epoch: this.#gate.epoch, rule: "run", statistics: silence }
  }

  /** What has changed among cells since this was last asked. */
  takeNews(): CellChange | undefined {
    const news = this.cells?.news
    if (news !== undefined && this.cells !== undefined) this.cells.news = undefined
    return news
  }

  /** What the gate and its gauges say, save for the credit of a partial share. */
  #look(facts: Facts, now: number): Rejection | undefined {
    const { share, probes, limit } = this.#gate.restriction
    if (share === 0) return this.#refusals.byShare(now)
    if (facts.key !== undefined && this.cells !== undefined) {
      const held = this.cells.holds(facts.key, now)
      const convict = typeof held === "number" ? undefined : held
      if (held !== undefined)
        return this.#refusals.byCell(facts.key, held, now, this.cells.condemned.retryAt(convict, now))
    }
    if (probesOnly(this.#gate)) {
      return this.leases.places.size < probes ? undefined : this.#refusals.byProbes(now, this.leases.freeAt)
    }
    return this.running >= limit ? this.#refusals.byLimit(now) : undefined
  }

  #refuse(refusal: Rejection, { key }: Facts, now: number): Rejection {
    if (refusal.layer === "cell" && key !== undefined) this.cells?.refuse(key, now)
    return refusal
  }

  #visit(key: string, line: CellLine, now: number): Visit {
    return (this.cells ??= this.#makeCells(line)).enter(this.#settler, this.#gate.epoch, key, now)
  }

  #makeCells(line: CellLine): Cells {
    const cells = new Cells(line, this.#seed())
    cells.adopt(line, this.#gate.lines.slowAfterMs ?? never)
    return cells
  }

  #takePlace(now: number): Receipt {
    const place = this.leases.takePlace(this.#gate.epoch, leaseOf(this.#gate), now)
    return new Receipt(this.#settler, this.#gate.epoch, now, place, true)
  }
}
