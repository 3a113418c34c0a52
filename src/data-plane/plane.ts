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
import { Admission } from "./admission.ts"
import type { Cells } from "./cells.ts"
import type { Ghost } from "./ghost.ts"
import { Meter } from "./meter.ts"
import type { PlaneHooks } from "./planeHooks.ts"
import { type ProbePlace, Receipt, type Settler } from "./receipt.ts"
import { Tally } from "./tally.ts"
import type { Wheel } from "./wheel.ts"

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
  /** Nobody measures how long calls take: an ordinary call need not read the clock when it enters. */
  get untimed(): boolean {
    return this.#unmeasured && !this.meter.orders
  }
  /** Every call is refused now, whatever it is: the whole check, for an open circuit. */
  isShut = false
  /** How long a call may run now: bypassed or in shadow, the gate's timeout is not enforced either. */
  timeoutMs = Number.POSITIVE_INFINITY
  #ghost: Ghost | undefined
  /** It matters which keys calls name. */
  #keyed = false
  readonly #admission: Admission

  constructor(breaker: string, wheel: Wheel, hooks: PlaneHooks) {
    this.breaker = breaker
    this.#wheel = wheel
    this.#hooks = hooks
    this.#admission = new Admission(breaker, wheel, this, () => hooks.seed?.() ?? 0)
    this.meter = new Meter(wheel, (report) => hooks.signal(this.#admission.explain(report)))
  }

  /** The parts of the service that calls have named, once they have. */
  get cells(): Cells | undefined {
    return this.#admission.cells
  }

  /** From now on a ghost decides about the same calls, or none does. */
  haunt(ghost: Ghost | undefined): void {
    this.#ghost = ghost
    this.#open()
  }

  /** Takes a new gate: the very next call obeys it. `now` may lie in the past, for calls that are lived through again. */
  swap(gate: Gate, now: number = this.#wheel.host.now()): void {
    if (gate.epoch !== this.gate.epoch) this.#admission.beginEpoch(this.#wheel.host.now())
    this.gate = gate
    this.meter.isParted = (this.cells?.condemned.size ?? 0) > 0
    this.#admission.adopt(gate)
    this.#keyed = this.#admission.isKeyed
    this.#open()
    this.meter.adopt(gate, now)
  }

  /** Works out the short ways: what need not be looked at on each call under this gate. */
  #open(): void {
    const { restriction, enforcement, phase, lines } = this.gate
    const { share, probes, limit, timeoutMs } = restriction
    const never = Number.POSITIVE_INFINITY
    const isObeyed = enforcement === "on"
    const isFree = share >= 1 && probes === never && limit === never && phase === "active" && this.#admission.isPlain
    this.#free = isFree && isObeyed && this.#ghost === undefined
    this.timeoutMs = isObeyed ? timeoutMs : Number.POSITIVE_INFINITY
    this.isShut = share === 0 && isObeyed && this.#ghost === undefined
    this.#unmeasured = this.#free && lines.slowAfterMs === undefined && lines.sliceMs === undefined
  }

  /** Takes what one call needs, or says why not. `now` is read once by the caller; while `untimed` it may be `NaN`. */
  admit(now: number, facts: Facts = noFacts): Receipt | Rejection {
    if (this.#free) {
      const key = this.#keyed ? facts.key : undefined
      if (key !== undefined) return this.#visit(key, now, facts)
      this.#begin(now)
      return new Receipt(this, this.gate.epoch, now, undefined, true)
    }
    return this.#ghost === undefined ? this.#decide(now, facts) : this.#haunted(this.#ghost, now, facts)
  }

  /** Lets an ordinary call enter when nothing stands in its way; the caller makes its receipt. */
  enterFreely(now: number): boolean {
    if (!this.#free) return false
    this.#begin(now)
    return true
  }

  /** Why a call would be refused now; takes nothing and counts nothing. */
  wouldReject(now: number, facts: Facts = noFacts): Rejection | undefined {
    const isFree = this.#free && (facts.key === undefined || !this.#keyed)
    if (isFree || this.gate.enforcement !== "on") return undefined
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
    return givenMs < this.timeoutMs && givenMs < this.meter.usualMs(now) ? "ignored" : "timedOut"
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
    if (receipt.leased) this.#admission.leases.giveBack(receipt)
    this.inFlight--
    const isCharged = this.#admission.settle(receipt, judged, now)
    this.tally.count(kind)
    if (this.#ghost !== undefined) this.#ghost.leave(receipt, kind, now)
    const place = receipt.place
    if (place !== undefined) this.#settleProbe(receipt, place, judged, now)
    else if (!receipt.counted) this.tally.uncounted++
    else if (receipt.epoch !== this.gate.epoch) this.tally.stragglers++
    else if (isCharged) this.meter.pass(judged, receipt.startedAt, now, !receipt.probesCell)
    else this.meter.settle(judged, receipt.startedAt, now)
    this.#tellCells(now)
    if (this.inFlight === 0) this.#hooks.idle()
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

  /** Lets a call enter that names a key, when its cell lets it. */
  #visit(key: string, now: number, facts: Facts): Receipt | Rejection {
    const visit = this.#admission.takeFreely(key, now)
    if (visit === undefined) return this.#decide(now, facts)
    this.inFlight++
    this.tally.admitted++
    if (!visit.probesCell) this.meter.enter(now)
    return visit
  }

  #haunted(ghost: Ghost, now: number, facts: Facts): Receipt | Rejection {
    const ticket = this.#decide(now, facts)
    // What an operator lets through unseen teaches nobody.
    if (this.gate.enforcement === "off") return ticket
    if (ticket.admitted) ghost.enter(ticket, now, facts)
    else ghost.miss(now, facts)
    return ticket
  }

  #decide(now: number, facts: Facts): Receipt | Rejection {
    if (this.gate.enforcement === "off") return this.#admitUncounted(now)
    const ticket = this.#admission.take(facts, now)
    if (!ticket.admitted) return this.#turnAway(ticket, now)
    this.inFlight++
    this.tally.admitted++
    if (ticket.probe) this.tally.probes++
    else if (!ticket.probesCell) this.meter.enter(now)
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
    if (rejection.layer === "cell") this.#hearCells(now)
    return observed ? this.#admitUncounted(now) : rejection
  }

  #tellCells(now: number): void {
    const news = this.#admission.takeNews()
    if (news !== undefined) this.#hooks.cell?.(news, now)
  }

  /** A cell has refused a call. When all have for long, that is the circuit's business. */
  #hearCells(now: number): void {
    this.#tellCells(now)
    const alarm = this.#admission.takeAlarm(now)
    if (alarm !== undefined) this.#hooks.signal(alarm)
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
