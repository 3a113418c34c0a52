/** The data plane of one breaker: it obeys the gate on every call and reports rare facts; machines decide. Synchronous and bounded. */
import { type Facts, noFacts } from "../../machines/vocabulary/facts.ts"
import { type Gate, idleGate } from "../../machines/vocabulary/gate.ts"
import { type Judged, kindOf, kinds, type OutcomeKind } from "../../machines/vocabulary/outcome.ts"
import type { SettlementDetails } from "../../machines/vocabulary/permit.ts"
import type { Rejection } from "../../machines/vocabulary/rejection.ts"
import type { Report } from "../../machines/vocabulary/signal.ts"
import { Admission } from "./admission.ts"
import { hearCells, settleSite, tellCells, tellReport, tidings } from "./cellNews.ts"
import { type Ear, earUnder } from "./ear.ts"
import type { Ghost } from "./ghost.ts"
import { Meter } from "./meter.ts"
import type { PlaneHooks } from "./planeHooks.ts"
import { probeEnd } from "./probeReport.ts"
import { Queue, type QueueHost } from "./queue.ts"
import { type ProbePlace, Receipt, type Settler } from "./receipt.ts"
import { budgetUnder, type RetryBudget } from "./retryBudget.ts"
import { ShortWays } from "./shortWays.ts"
import { Tally } from "./tally.ts"
import { type Tape, write, writeEnd } from "./tape.ts"
import type { Wheel } from "./wheel.ts"

export class Plane implements Settler, QueueHost {
  readonly breaker: string
  readonly tally = new Tally()
  readonly meter: Meter
  gate: Gate = idleGate
  inFlight = 0
  readonly #wheel: Wheel
  readonly #hooks: PlaneHooks
  /** What need not be looked at for each call under the gate in force. */
  ways: ShortWays
  /** What pays for further attempts of calls; without it nobody makes any. */
  retryBudget: RetryBudget | undefined = undefined
  ghost: Ghost | undefined = undefined
  tape: Tape | undefined = undefined
  #ear: Ear | undefined
  #reports = 0
  readonly admission: Admission
  readonly queue: Queue

  constructor(breaker: string, wheel: Wheel, hooks: PlaneHooks) {
    this.breaker = breaker
    this.#wheel = wheel
    this.#hooks = hooks
    this.meter = new Meter(wheel, this, (report) => this.#report(report))
    this.admission = new Admission(breaker, wheel, this, this, () => hooks.seed?.() ?? 0)
    this.queue = new Queue(wheel, this.admission, this, hooks)
    this.ways = new ShortWays(this.gate, this.admission, this)
  }

  /** From now on a ghost decides about the same calls, or none does. */
  haunt(ghost: Ghost | undefined): void {
    this.ghost = ghost
    this.ways = new ShortWays(this.gate, this.admission, this)
  }

  /** From now on every call is written down, or none is. */
  record(tape: Tape | undefined): void {
    this.tape = tape
    this.queue.beginTape()
    this.ways = new ShortWays(this.gate, this.admission, this)
  }

  /** Takes a gate that was decided on then: the very next call obeys it. `now` may lie in the past, for calls that are lived through again. */
  swap(gate: Gate, now: number = this.#wheel.host.now(), decidedAt: number = now): void {
    if (gate.epoch !== this.gate.epoch) this.admission.beginEpoch(decidedAt)
    this.gate = gate
    this.meter.isParted = (this.admission.cells?.condemned.size ?? 0) > 0
    this.admission.adopt(gate)
    this.#ear = earUnder(gate.lines, this.#ear)
    this.retryBudget = budgetUnder(gate.lines.budget, this.retryBudget, this.#hooks)
    this.ways = new ShortWays(this.gate, this.admission, this)
    this.meter.adopt(gate, now)
    this.queue.reviewSoon(decidedAt)
  }

  /** Nobody bounds or measures how long calls take, nor their order: an ordinary call need not read the clock when it enters. */
  get untimed(): boolean {
    return this.ways.isUnmeasured && !this.meter.orders
  }

  /** Takes what one call needs, or says why not. `now` is read once by the caller; while `untimed` it may be `NaN`. */
  admit(now: number, facts: Facts = noFacts): Receipt | Rejection {
    if (this.ways.isClearFor(facts, now)) return this.enter(new Receipt(this, this.gate.epoch, now), facts)
    return this.tell(this.#decide(now, facts), now, facts)
  }

  /** Who decides beside this one hears of it, and who writes it down. What an operator lets through unseen teaches nobody. */
  tell<T extends Receipt | Rejection>(ticket: T, now: number, facts: Facts): T {
    this.tally.sort(facts, ticket.admitted)
    if (this.ghost !== undefined && this.gate.enforcement !== "off") this.ghost.follow(ticket, now, facts)
    if (this.tape !== undefined) write(this.tape, ticket, now, facts)
    return ticket
  }

  /** Like `admit`, for callers who can wait: `undefined` when the call has to, and nothing was taken or counted. */
  request(now: number, facts: Facts = noFacts): Receipt | Rejection | undefined {
    if (this.ways.isClearFor(facts, now)) return this.enter(new Receipt(this, this.gate.epoch, now), facts)
    return this.admission.mustWait(facts, now) ? undefined : this.admit(now, facts)
  }

  /** Lets a call in for which the way is clear. */
  enter<R extends Receipt>(receipt: R, facts: Facts = noFacts): R {
    const { ways, admission } = this
    const now = receipt.startedAt
    receipt.isPlain = true
    this.inFlight++
    admission.running++
    this.tally.admitted++
    this.meter.enter(now)
    if (ways.isSlotted) admission.holdSlot(receipt, now)
    if (ways.isRouted && facts === noFacts) admission.endpoints?.hand(receipt, true, now)
    else if (ways.isRouted) admission.route(receipt, facts, now)
    if (ways.isRated) receipt.spent = admission.rates?.takeOne(now)
    if (this.tape !== undefined) receipt.serial = this.tape.entered("ordinary", now, facts)
    return receipt
  }

  /** Why a call would be refused now; takes nothing and counts nothing. */
  wouldReject(now: number, facts: Facts = noFacts): Rejection | undefined {
    if (this.ways.isClearFor(facts, now) || this.gate.enforcement !== "on") return undefined
    return this.admission.wouldReject(facts, now)
  }

  settle = (receipt: Receipt, kind: OutcomeKind, details?: SettlementDetails): boolean => {
    if (!kinds.includes(kind)) throw new TypeError(`settle takes one of ${kinds.join(", ")}`)
    const judged = kind === "failure" && details !== undefined && "error" in details
    return this.settleAt(receipt, judged ? this.#hooks.classify(details.error) : kind, this.#wheel.host.now())
  }

  /** Bounds how long a receipt may stay unsettled; then it counts as ignored. A probe's place has the strategy's own lease. */
  lease(receipt: Receipt, leaseMs: number): void {
    this.tape?.lent(leaseMs)
    this.admission.leases.lend(receipt, leaseMs, this.gate.lines.leaseMs ?? leaseMs)
  }

  /** Gives back what was taken, and hands the one outcome to the meter; false when it was settled, or its lease had ended, before. */
  settleAt(receipt: Receipt, given: Judged, now: number): boolean {
    if (receipt.settled) return false
    const isPlain = receipt.isPlain && receipt.epoch === this.gate.epoch && this.admission.cells === undefined
    return isPlain && typeof given === "string" && this.ways.isOpen
      ? this.#settlePlain(receipt, given, now)
      : this.#settleWhole(receipt, given, now)
  }

  /** The short way of an ordinary call: the business of few. */
  #settlePlain(receipt: Receipt, kind: OutcomeKind, now: number): true {
    const { admission } = this
    receipt.settled = true
    if (this.tape !== undefined) writeEnd(this.tape, this.#wheel.alarm, receipt, kind, now)
    this.inFlight--
    admission.running--
    if (receipt.slot > 0) admission.bulkhead?.leave(receipt, kind, now)
    const isCharged = settleSite(admission, receipt, kind, now)
    this.tally.count(kind)
    const isFunded = kind === "success" && this.retryBudget?.fund() === true
    // A feature that fails has failed only while others are well: what goes well of no feature is heard, too.
    if (admission.features !== undefined) this.#report(admission.features.settle(receipt, kind, this.meter, now))
    const before = this.#reports
    if (isCharged) this.meter.pass(kind, receipt.startedAt, now, true)
    else this.meter.settle(kind, receipt.startedAt, now)
    if (receipt.site !== undefined) tellCells(admission, this.#hooks, now)
    const ear = before === this.#reports ? this.#ear : undefined
    const heard = ear?.hearPlain(receipt.epoch, now) ?? tidings(admission, now)
    if (heard !== undefined) this.#report(heard)
    if (this.queue.size > 0) this.queue.letIn(now)
    if (this.inFlight === 0) this.#hooks.idle()
    if (isFunded) this.retryBudget?.tellFunded(now)
    return true
  }

  #settleWhole(receipt: Receipt, given: Judged, now: number): boolean {
    const judged = this.#ear === undefined ? given : this.#ear.meaningOf(given)
    const kind = kindOf(judged)
    receipt.settled = true
    if (this.tape !== undefined) writeEnd(this.tape, this.#wheel.alarm, receipt, given, now)
    if (receipt.leased) this.admission.leases.giveBack(receipt)
    this.inFlight--
    const isCharged = this.admission.settle(receipt, judged, now)
    this.#report(this.admission.features?.settle(receipt, judged, this.meter, now))
    this.tally.count(kind)
    const budget = kind === "success" && receipt.counted ? this.retryBudget : undefined
    const isFunded = budget?.fund()
    if (this.ghost !== undefined) this.ghost.leave(receipt, judged, now)
    const before = this.#reports
    if (receipt.place !== undefined) this.#report(probeEnd(this, receipt, judged, now, isCharged))
    else if (!receipt.counted) this.tally.uncounted++
    else if (receipt.epoch !== this.gate.epoch) this.tally.stragglers++
    else if (isCharged) this.meter.pass(judged, receipt.startedAt, now, !receipt.isApart)
    else this.meter.settle(judged, receipt.startedAt, now)
    if (this.admission.isParted) tellCells(this.admission, this.#hooks, now)
    const ear = before === this.#reports ? this.#ear : undefined
    this.#report(ear?.hearFrom(receipt, this.gate.epoch, given, judged, now) ?? tidings(this.admission, now))
    if (this.queue.size > 0) this.queue.letIn(now)
    if (this.inFlight === 0) this.#hooks.idle()
    if (isFunded) budget?.tellFunded(now)
    return receipt.place?.expired !== true
  }

  /** The lease of a probe has ended before the probe and its epoch: its place is free, and the machines are told. */
  expire(place: ProbePlace, now: number): void {
    this.admission.leases.freePlace(place)
    if (place.holder !== undefined) this.settleAt(place.holder, "ignored", now)
    this.#hooks.signal({ type: "probe.expired", at: now, epoch: place.epoch })
  }

  stop(): void {
    this.queue.stop(this.#wheel.host.now())
    this.admission.leases.recall(this.#wheel.host.now())
    this.meter.lateness.stop()
    this.admission.beginEpoch(this.#wheel.host.now())
    this.#wheel.rest()
  }

  #decide(now: number, facts: Facts): Receipt | Rejection {
    if (this.gate.enforcement === "off") return this.#admitUncounted(now, facts)
    const ticket = this.admission.take(facts, now)
    if (!ticket.admitted) return this.#turnAway(ticket, now, facts)
    this.inFlight++
    this.tally.admitted++
    if (ticket.probe) this.tally.probes++
    this.meter.receive(ticket, now)
    if (ticket.tests) this.#report(this.admission.features?.entry(ticket, now))
    return ticket
  }

  #admitUncounted(now: number, facts: Facts): Receipt {
    this.inFlight++
    this.tally.admitted++
    return this.admission.route(new Receipt(this, this.gate.epoch, now, undefined, false), facts, now)
  }

  /** Refuses, or lets the call run unseen where the gate is only observed. */
  #turnAway(rejection: Rejection, now: number, facts: Facts): Receipt | Rejection {
    const observed = this.gate.enforcement === "observe"
    this.tally.turnAway(rejection.layer, observed)
    if (!observed) this.#hooks.refused(rejection, now)
    if (rejection.layer === "cell") hearCells(this.admission, this.#hooks, this.gate.epoch, now)
    return observed ? this.#admitUncounted(now, facts) : rejection
  }

  #report(report: Report | undefined): void {
    if (report === undefined) return
    this.#reports++
    tellReport(this.admission, this.#hooks, this.meter, report)
  }
}
