/**
 * The data plane of one breaker: it obeys the gate on every call and reports rare facts. Synchronous and bounded.
 *
 * A call: `admit` answers a receipt or a rejection; `settle` gives back what was taken, drops stragglers, and hands the one
 * outcome to the meter. Nothing here decides: thresholds, waits and probe verdicts belong to the machines.
 */
import { type Facts, noFacts } from "../../machines/vocabulary/facts.ts"
import { type Gate, idleGate } from "../../machines/vocabulary/gate.ts"
import { isBad, type Judged, kindOf, kinds, type OutcomeKind } from "../../machines/vocabulary/outcome.ts"
import type { SettlementDetails } from "../../machines/vocabulary/permit.ts"
import type { Rejection } from "../../machines/vocabulary/rejection.ts"
import type { Report } from "../../machines/vocabulary/signal.ts"
import { Admission } from "./admission.ts"
import type { Ghost } from "./ghost.ts"
import { Meter } from "./meter.ts"
import { type ProbePlace, Receipt, type Settler } from "./receipt.ts"
import { budgetUnder, type RetryBudget } from "./retryBudget.ts"
import { Tally } from "./tally.ts"
import type { Tape } from "./tape.ts"
import type { Wheel } from "./wheel.ts"

/** What the control plane hands in: the way facts reach it, and who is told about refusals. */
export interface PlaneHooks {
  signal(report: Report): void
  refused(rejection: Rejection, now: number): void
  /** What an error that a permit's holder reports means. */
  classify(error: unknown): Judged
  /** The last call in flight has settled. */
  idle(): void
}

export class Plane implements Settler {
  readonly breaker: string
  readonly tally = new Tally()
  readonly meter: Meter
  gate: Gate = idleGate
  inFlight = 0
  readonly #wheel: Wheel
  readonly #hooks: PlaneHooks
  /** Nothing stands in the way of an ordinary call: the whole check, for the ordinary case. */
  #free = false
  #unmeasured = false
  /** Nobody measures how long calls take, nor their order: an ordinary call need not read the clock when it enters. */
  get untimed(): boolean {
    return this.#unmeasured && !this.meter.orders
  }
  /** Every call is refused now, whatever it is: the whole check, for an open circuit. */
  isShut = false
  /** How long a call may run now: bypassed or in shadow, the gate's timeout is not enforced either. */
  timeoutMs = Number.POSITIVE_INFINITY
  /** What pays for further attempts of calls; without it nobody makes any. */
  retryBudget: RetryBudget | undefined = undefined
  #ghost: Ghost | undefined
  #tape: Tape | undefined
  /** The number on the tape of the call that entered freely last; 0 while nobody records. */
  serial = 0
  readonly #admission: Admission

  constructor(breaker: string, wheel: Wheel, hooks: PlaneHooks) {
    this.breaker = breaker
    this.#wheel = wheel
    this.#hooks = hooks
    this.meter = new Meter(wheel, (report) => hooks.signal(report))
    this.#admission = new Admission(breaker, wheel, this, this)
  }

  /** From now on a ghost decides about the same calls, or none does. */
  haunt(ghost: Ghost | undefined): void {
    this.#ghost = ghost
    this.#open()
  }

  /** From now on every call is written down, or none is. */
  record(tape: Tape | undefined): void {
    this.#tape = tape
    this.serial = 0
    this.#open()
  }

  /** Takes a new gate: the very next call obeys it. `now` may lie in the past, for calls that are lived through again. */
  swap(gate: Gate, now: number = this.#wheel.host.now()): void {
    if (gate.epoch !== this.gate.epoch) this.#admission.beginEpoch(this.#wheel.host.now())
    this.gate = gate
    this.#admission.adopt(gate)
    this.retryBudget = budgetUnder(gate.lines.budget, this.retryBudget, this.#hooks)
    this.#open()
    this.meter.adopt(gate, now)
  }

  /** Works out the short ways: what need not be looked at on each call under this gate. */
  #open(): void {
    const { restriction, enforcement, phase, lines } = this.gate
    const { share, cohortShare, probes, limit, timeoutMs } = restriction
    const never = Number.POSITIVE_INFINITY
    const isObeyed = enforcement === "on"
    const isOpen = share >= 1 && cohortShare >= 1 && probes === never && limit === never && phase === "active"
    const hasGhost = this.#ghost !== undefined
    this.#free = isOpen && this.#admission.isPlain && isObeyed && !hasGhost
    this.timeoutMs = isObeyed ? timeoutMs : Number.POSITIVE_INFINITY
    this.isShut = share === 0 && isObeyed && !hasGhost && this.#tape === undefined
    this.#unmeasured =
      this.#free && this.#tape === undefined && lines.slowAfterMs === undefined && lines.sliceMs === undefined
  }

  /** Takes what one call needs, or says why not. `now` is read once by the caller; while `untimed` it may be `NaN`. */
  admit(now: number, facts: Facts = noFacts): Receipt | Rejection {
    if (this.#free) {
      this.#begin(now)
      const receipt = new Receipt(this, this.gate.epoch, now, undefined, true)
      if (this.#tape !== undefined) receipt.serial = this.#tape.entered("ordinary", now, facts)
      return receipt
    }
    const ticket = this.#ghost === undefined ? this.#decide(now, facts) : this.#haunted(this.#ghost, now, facts)
    if (this.#tape !== undefined) this.#write(this.#tape, ticket, now, facts)
    return ticket
  }

  /** Lets an ordinary call enter when nothing stands in its way; the caller makes its receipt. */
  enterFreely(now: number): boolean {
    if (!this.#free) return false
    this.#begin(now)
    if (this.#tape !== undefined) this.serial = this.#tape.entered("ordinary", now, noFacts)
    return true
  }

  /** Why a call would be refused now; takes nothing and counts nothing. */
  wouldReject(now: number, facts: Facts = noFacts): Rejection | undefined {
    if (this.#free || this.gate.enforcement !== "on") return undefined
    return this.#admission.wouldReject(facts, now)
  }

  settle(receipt: Receipt, kind: OutcomeKind, details?: SettlementDetails): boolean {
    if (!kinds.includes(kind)) throw new TypeError(`settle takes one of ${kinds.join(", ")}`)
    const judged = kind === "failure" && details !== undefined && "error" in details
    return this.settleAt(receipt, judged ? this.#hooks.classify(details.error) : kind, this.#wheel.host.now())
  }

  /**
   * What a call that ran out of time says. A caller that gave it less than the service usually takes (the 99th percentile of its
   * successes) was impatient: that is no failure of the service.
   */
  kindOfTimeout(givenMs: number, now: number): OutcomeKind {
    return givenMs < this.timeoutMs && givenMs < this.meter.slices.usualMs(now) ? "ignored" : "timedOut"
  }

  /** Bounds how long a receipt may stay unsettled; then it counts as ignored. A probe's place has the strategy's own lease. */
  lease(receipt: Receipt, leaseMs: number): void {
    this.#admission.leases.lend(receipt, leaseMs, this.gate.lines.leaseMs ?? leaseMs)
  }

  /** Settles once; false when it was settled, or its lease had ended, before. */
  settleAt(receipt: Receipt, judged: Judged, now: number): boolean {
    if (receipt.settled) return false
    const kind = kindOf(judged)
    receipt.settled = true
    if (this.#tape !== undefined) this.#tape.settled(receipt.serial, judged, now)
    if (receipt.leased) this.#admission.leases.giveBack(receipt)
    this.inFlight--
    this.#admission.settle(receipt, judged, now)
    this.tally.count(kind)
    const budget = kind === "success" && receipt.counted ? this.retryBudget : undefined
    const isFunded = budget?.fund()
    if (this.#ghost !== undefined) this.#ghost.leave(receipt, judged, now)
    const place = receipt.place
    if (place !== undefined) this.#settleProbe(receipt, place, judged, now)
    else if (!receipt.counted) this.tally.uncounted++
    else if (receipt.epoch !== this.gate.epoch) this.tally.stragglers++
    else this.meter.settle(judged, receipt.startedAt, now)
    if (this.inFlight === 0) this.#hooks.idle()
    if (isFunded) budget?.tellFunded(now)
    return place === undefined || !place.expired
  }

  /** The lease of a probe has ended before the probe: its place is free, and the machines are told. */
  expire(place: ProbePlace, now: number): void {
    this.#admission.leases.freePlace(place)
    if (place.holder !== undefined) this.settleAt(place.holder, "ignored", now)
    if (place.epoch === this.gate.epoch) this.#hooks.signal({ type: "probe.expired", at: now, epoch: place.epoch })
  }

  stop(): void {
    this.#admission.leases.recall(this.#wheel.host.now())
    this.meter.stop()
    this.#admission.beginEpoch(this.#wheel.host.now())
    this.#wheel.rest()
  }

  #begin(now: number): void {
    this.inFlight++
    this.#admission.running++
    this.tally.admitted++
    this.meter.enter(now)
  }

  #haunted(ghost: Ghost, now: number, facts: Facts): Receipt | Rejection {
    const ticket = this.#decide(now, facts)
    // What an operator lets through unseen teaches nobody.
    if (this.gate.enforcement === "off") return ticket
    if (ticket.admitted) ghost.enter(ticket, now, facts)
    else ghost.miss(now, facts)
    return ticket
  }

  #write(tape: Tape, ticket: Receipt | Rejection, now: number, facts: Facts): void {
    if (!ticket.admitted) return tape.refused(ticket.layer, now, facts)
    const entry = ticket.probe ? "probe" : ticket.counted ? "ordinary" : "uncounted"
    ticket.serial = tape.entered(entry, now, facts)
  }

  #decide(now: number, facts: Facts): Receipt | Rejection {
    if (this.gate.enforcement === "off") return this.#admitUncounted(now)
    const ticket = this.#admission.take(facts, now)
    if (!ticket.admitted) return this.#turnAway(ticket, now)
    this.inFlight++
    this.tally.admitted++
    if (ticket.probe) this.tally.probes++
    else this.meter.enter(now)
    return ticket
  }

  #admitUncounted(now: number): Receipt {
    this.inFlight++
    this.tally.admitted++
    return new Receipt(this, this.gate.epoch, now, undefined, false)
  }

  /** Refuses, or lets the call run unseen where the gate is only observed. */
  #turnAway(rejection: Rejection, now: number): Receipt | Rejection {
    const observed = this.gate.enforcement === "observe"
    if (observed) this.tally.shadowed++
    else this.tally.refuse(rejection.layer)
    if (!observed) this.#hooks.refused(rejection, now)
    return observed ? this.#admitUncounted(now) : rejection
  }

  #settleProbe(receipt: Receipt, place: ProbePlace, judged: Judged, now: number): void {
    this.#admission.leases.freePlace(place)
    const { epoch, startedAt } = receipt
    if (epoch !== this.gate.epoch || place.expired) this.tally.stragglers++
    else if (judged !== "ignored") {
      const bad = isBad({ kind: kindOf(judged), slow: this.meter.isSlow(now - startedAt) })
      const retryAfterMs = typeof judged === "string" ? undefined : judged.retryAfterMs
      this.#hooks.signal({ type: bad ? "probe.failed" : "probe.succeeded", at: now, epoch, retryAfterMs })
    }
  }
}
