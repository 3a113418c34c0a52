/**
 * Whether one more call may enter: the gate first, then the gauges that it bounds. All of them look before any of them takes, and
 * nothing can come between: a refused call has spent nothing, so nothing needs to be undone.
 */
import { costOf, type Facts, type FurtherFacts, noFacts } from "../../machines/vocabulary/facts.ts"
import { type CellLine, type Gate, idleGate } from "../../machines/vocabulary/gate.ts"
import { type Judged, kindOf } from "../../machines/vocabulary/outcome.ts"
import { rankOf } from "../../machines/vocabulary/priority.ts"
import type { Rejection } from "../../machines/vocabulary/rejection.ts"
import { settleCell } from "./cellNews.ts"
import { Cells } from "./cells.ts"
import { Credit } from "./credit.ts"
import type { Endpoints } from "./endpoints/endpoints.ts"
import { endpointsUnder } from "./endpoints/underGate.ts"
import { type Features, featuresUnder } from "./features.ts"
import { Leases } from "./leases.ts"
import { Bulkhead } from "./limiter/bulkhead.ts"
import type { Waiter } from "./limiter/waiter.ts"
import type { Meter } from "./meter.ts"
import { type Rates, ratesUnder } from "./rates.ts"
import { type ProbePlace, Receipt, type Settler } from "./receipt.ts"
import { Refusals } from "./refusals.ts"
import { probesOnly } from "./shortWays.ts"
import { Sparing } from "./sparing.ts"
import type { Tally } from "./tally.ts"
import type { Visit } from "./visits.ts"
import type { Wheel } from "./wheel.ts"

/** What is counted of calls that were let in before. */
interface Measured {
  readonly tally: Tally
  readonly meter: Meter
}

export class Admission {
  readonly leases: Leases
  /** Ordinary calls of this epoch in flight. */
  running = 0
  /** Made when the first key is named. */
  cells: Cells | undefined = undefined
  /** Only where something is limited, or was. */
  rates: Rates | undefined = undefined
  /** Made when a gate has slots for the first time, and kept: who entered under an earlier gate must give back the same. */
  bulkhead: Bulkhead | undefined = undefined
  /** Only where features are named, or were. */
  features: Features | undefined = undefined
  /** Only where calls are handed endpoints. */
  endpoints: Endpoints | undefined = undefined
  #gate: Gate = idleGate
  readonly #credit: Credit
  readonly #meter: Meter
  readonly #sparing = new Sparing()
  readonly #settler: Settler
  readonly #wheel: Wheel
  readonly #refusals: Refusals
  /** Drawn when it matters for the first time: it keeps others from choosing keys that share a place. */
  readonly seedOfKeys: () => number

  /** `seed` is asked once, if keys are named. */
  constructor(breaker: string, wheel: Wheel, settler: Settler, { tally, meter }: Measured, seed: () => number) {
    this.#settler = settler
    this.#wheel = wheel
    this.#credit = new Credit(tally)
    this.#meter = meter
    let drawn: number | undefined
    this.seedOfKeys = () => (drawn ??= seed())
    this.leases = new Leases(wheel, settler)
    this.#refusals = new Refusals(breaker, idleGate)
  }

  /** Whether calls are told apart by their keys or by where they go. */
  get isParted(): boolean {
    return this.cells !== undefined || this.endpoints !== undefined
  }

  /** Gives an ordinary call its slot: there is room. */
  holdSlot(receipt: Receipt, now: number): void {
    this.#sparing.hearOrdinary(now)
    this.bulkhead?.enterOrdinary(receipt, now)
  }

  /** Whether it matters what is said of a call: its class is counted, its key, its feature and its cost are where they are watched. */
  minds({ key, feature, priority, cost }: Facts): boolean {
    if (priority !== undefined || (feature !== undefined && this.features !== undefined)) return true
    if (this.rates !== undefined && (key !== undefined || cost !== undefined)) return true
    return key !== undefined && this.#gate.lines.cells !== undefined
  }

  adopt(gate: Gate): void {
    this.#gate = gate
    this.#refusals.adopt(gate)
    this.rates = ratesUnder(gate, this.rates, this.seedOfKeys)
    if (gate.lines.slots !== undefined) this.bulkhead ??= new Bulkhead(this.#wheel)
    this.bulkhead?.adopt(gate)
    this.features = featuresUnder(gate, this.features)
    this.cells?.adopt(gate.lines.cells, gate.lines.slowAfterMs)
    this.endpoints = endpointsUnder(gate.lines, this.endpoints, this.#meter.lateness, this.#wheel.host)
  }

  /** Credit and leases start anew; what ran before is a straggler. */
  beginEpoch(now: number): void {
    this.#credit.beginEpoch()
    this.#sparing.beginEpoch(now)
    this.running = 0
    this.leases.beginEpoch(now)
  }

  /** Why a call would be refused now; takes nothing. That it would have to wait is no refusal. */
  wouldReject(facts: Facts, now: number): Rejection | undefined {
    const canWait = this.bulkhead?.queues && !probesOnly(this.#gate)
    const refusal = this.#look(facts, now) ?? (canWait ? undefined : this.#lookForSlot(facts, now))
    if (refusal !== undefined || probesOnly(this.#gate)) return refusal
    const share = this.#credit.shareOf(this.#gate)
    return this.#credit.suffices(share) ? undefined : this.#refusals.byShare(now, share)
  }

  /** Whether a call has to wait for a slot, and may. */
  mustWait(facts: Facts, now: number): boolean {
    const bulkhead = this.bulkhead
    if (bulkhead === undefined || !bulkhead.queues || bulkhead.admits(facts, now)) return false
    return !probesOnly(this.#gate) && this.#look(facts, now) === undefined
  }

  /** Why the gate lets a call that waits wait no longer. */
  turnsAway({ facts }: Waiter, now: number): Rejection | undefined {
    const refusal = probesOnly(this.#gate) ? undefined : this.#look(facts, now)
    return refusal && this.#refuse(refusal, facts, now)
  }

  refuseWaiter(why: "full" | "gaveWay" | "waited", now: number): Rejection {
    return this.#refusals.inLine(why, now)
  }

  /** Takes what one call needs, or says why not. A call that a partial share refuses has earned its credit. */
  take(facts: Facts, now: number): Receipt | Rejection {
    if (this.bulkhead?.isOn) this.#sparing.hear(facts, now)
    const refusal = this.#look(facts, now) ?? this.#findSlot(facts, now)
    if (refusal !== undefined) return this.#refuse(refusal, facts, now)
    if (probesOnly(this.#gate)) return this.#spend(this.#takePlace(now), facts, now)
    const share = this.#credit.shareOf(this.#gate)
    if (!this.#credit.spend(share)) return this.#refusals.byShare(now, share)
    this.running++
    return this.#spend(this.#entered(facts, now), facts, now)
  }

  #entered({ key }: Facts, now: number): Receipt {
    const line = this.#gate.lines.cells
    return key === undefined || line === undefined ? this.#call(now) : this.#visit(key, line, now)
  }

  #call(now: number, place?: ProbePlace): Receipt {
    return new Receipt(this.#settler, this.#gate.epoch, now, place, true)
  }

  /** A call has ended, whatever it was: what it held comes back. Answers whether its outcome is its cell's or feature's business alone. */
  settle(receipt: Receipt, judged: Judged, now: number): boolean {
    const { epoch, place, counted, spent } = receipt
    if (spent !== undefined && typeof judged !== "string" && judged.unsent) {
      this.rates?.giveBack(spent, receipt.startedAt, now)
    }
    if (epoch === this.#gate.epoch && place === undefined && counted) this.running--
    if (receipt.slot > 0) this.bulkhead?.leave(receipt, kindOf(judged), now)
    if (!this.isParted) return receipt.tests
    const isPartial = settleCell(this.cells, receipt, judged, now) || receipt.tests
    if (receipt.site === undefined || this.endpoints === undefined) return isPartial
    return this.endpoints.leave(receipt.site, receipt, judged, !isPartial && counted, now) || isPartial
  }

  /** Hands a call its endpoint, also one of which nothing else is asked. */
  route(receipt: Receipt, facts: Facts, now: number): Receipt {
    if (facts === noFacts) this.endpoints?.enter(receipt, false, now)
    else this.endpoints?.enter(receipt, rankOf(facts.priority) > rankOf("normal"), now, (facts as FurtherFacts).tried)
    return receipt
  }

  /** What the gate and its gauges say, save for a slot and for the credit of a partial share. */
  #look(facts: Facts, now: number): Rejection | undefined {
    const { share, limit, floor } = this.#gate.restriction
    if (share === 0) return this.#refusals.byShare(now, share)
    const bound = facts.feature === undefined ? undefined : this.features?.look(facts.feature)
    if (bound !== undefined) return this.#refusals.byFeature(bound, now)
    if (floor > 0 && rankOf(facts.priority) < floor) return this.#refusals.byFloor(now)
    if (facts.key !== undefined && this.cells !== undefined) {
      const held = this.cells.holds(facts.key, now)
      const convict = typeof held === "number" ? undefined : held
      if (held !== undefined)
        return this.#refusals.byCell(facts.key, held, now, this.cells.condemned.retryAt(convict, now))
    }
    if (probesOnly(this.#gate)) {
      const refusal = this.#lookForPlace(facts, now)
      if (refusal !== undefined) return refusal
      // A call that hangs has been judged, and holds up nobody else.
    } else if (this.running - this.#meter.lateness.total >= limit) return this.#refusals.byLimit(now)
    return this.rates === undefined ? undefined : this.#lookAtRates(this.rates, facts, now)
  }

  /** A place among the probes, which calls that matter much leave to others at first. */
  #lookForPlace(facts: Facts, now: number): Rejection | undefined {
    if (this.leases.places.size >= this.#gate.restriction.probes)
      return this.#refusals.byProbes(now, this.leases.retryAt(now))
    const until = this.bulkhead?.isOn ? this.#sparing.until(facts, now) : undefined
    return until === undefined ? undefined : this.#refusals.bySparing(now, until)
  }

  #lookForSlot(facts: Facts, now: number): Rejection | undefined {
    return (this.bulkhead?.grants(facts, now) ?? true) ? undefined : this.#refusals.bySlots(now)
  }

  /** The same for a call that enters now or not at all: a limit without a ground makes room for it. */
  #findSlot(facts: Facts, now: number): Rejection | undefined {
    const refusal = this.#lookForSlot(facts, now)
    return refusal !== undefined && this.bulkhead?.miss(facts, now) ? undefined : refusal
  }

  #lookAtRates(rates: Rates, facts: Facts, now: number): Rejection | undefined {
    const refusal = rates.look(costOf(facts), facts.key, now)
    return refusal === undefined ? undefined : this.#refusals.byRate(now, refusal)
  }

  /** Counts the call for its feature and against the rates, and gives it a slot. */
  #spend(receipt: Receipt, facts: Facts, now: number): Receipt {
    if (facts.feature !== undefined) this.features?.enter(receipt, facts.feature)
    if (this.bulkhead?.isOn) this.bulkhead.enter(receipt, facts, now)
    if (this.endpoints !== undefined) this.route(receipt, facts, now)
    if (this.rates === undefined) return receipt
    const spent = { cost: costOf(facts), key: facts.key }
    receipt.spent = spent
    this.rates.take(spent, now)
    return receipt
  }

  #refuse(refusal: Rejection, { key, feature }: Facts, now: number): Rejection {
    if (refusal.layer === "cell" && key !== undefined) this.cells?.refuse(key, now)
    if (refusal.layer === "feature" && feature !== undefined) this.features?.refuse(feature)
    return refusal
  }

  #visit(key: string, line: CellLine, now: number): Visit {
    this.cells ??= new Cells(line, this.seedOfKeys(), this.#meter.lateness, this.#gate.lines.slowAfterMs)
    return this.cells.enter(this.#settler, this.#gate.epoch, key, now)
  }

  #takePlace(now: number): Receipt {
    return this.#call(now, this.leases.takePlace(this.#gate, this.#meter.slices.usualMs(now), now))
  }
}
