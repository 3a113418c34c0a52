/**
 * The data plane of one breaker: it obeys the gate on every call and reports rare facts. Synchronous and bounded.
 *
 * A call: `admit` answers a receipt or a rejection; `settle` gives back what was taken, drops stragglers, and hands the one
 * outcome to the meter. Nothing here decides: thresholds, waits and probe verdicts belong to the machines.
 */
import { creditOf, creditPerCall, leaseOf } from "../../machines/vocabulary/admission.ts"
import { type Gate, idleGate } from "../../machines/vocabulary/gate.ts"
import { isBad, kinds, type OutcomeKind } from "../../machines/vocabulary/outcome.ts"
import type { SettlementDetails } from "../../machines/vocabulary/permit.ts"
import type { Rejection } from "../../machines/vocabulary/rejection.ts"
import type { Report } from "../../machines/vocabulary/signal.ts"
import { Meter } from "./meter.ts"
import { ProbePlace, Receipt, type Settler } from "./receipt.ts"
import { Refusals } from "./refusals.ts"
import { Tally } from "./tally.ts"
import { Alarm } from "./timers.ts"
import type { Wheel } from "./wheel.ts"

/** What the control plane hands in: the way facts reach it, and who is told about refusals. */
export interface PlaneHooks {
  signal(report: Report): void
  refused(rejection: Rejection, now: number): void
  /** What an error that a permit's holder reports means. */
  classify(error: unknown): OutcomeKind
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
  /** Nobody measures how long calls take: an ordinary call need not read the clock when it enters. */
  untimed = false
  /** Every call is refused now, whatever it is: the whole check, for an open circuit. */
  isShut = false
  /** How long a call may run now: bypassed or in shadow, the gate's timeout is not enforced either. */
  timeoutMs = Number.POSITIVE_INFINITY
  #credit = 0
  readonly #places = new Set<ProbePlace>()
  readonly #leases = new Map<Receipt, Alarm>()
  readonly #refusals: Refusals

  constructor(breaker: string, wheel: Wheel, hooks: PlaneHooks) {
    this.breaker = breaker
    this.#wheel = wheel
    this.#hooks = hooks
    this.#refusals = new Refusals(breaker, this.gate)
    this.meter = new Meter(wheel, (report) => hooks.signal(report))
  }

  /** Takes a new gate: the very next call obeys it. */
  swap(gate: Gate): void {
    const { share, probes } = gate.restriction
    if (gate.epoch !== this.gate.epoch) this.#beginEpoch()
    this.gate = gate
    this.#free =
      gate.enforcement === "on" && share >= 1 && probes === Number.POSITIVE_INFINITY && gate.phase === "active"
    this.timeoutMs = gate.enforcement === "on" ? gate.restriction.timeoutMs : Number.POSITIVE_INFINITY
    this.isShut = share === 0 && gate.enforcement === "on"
    this.untimed = this.#free && gate.lines.slowAfterMs === undefined && gate.lines.sliceMs === undefined
    this.#refusals.adopt(gate)
    this.meter.adopt(gate, this.#wheel.host.now())
  }

  /** Takes what one call needs, or says why not. `now` is read once by the caller; while `untimed` it may be `NaN`. */
  admit(now: number): Receipt | Rejection {
    if (this.#free) {
      this.#begin(now)
      return new Receipt(this, this.gate.epoch, now, undefined, true)
    }
    return this.#decide(now)
  }

  /** Lets an ordinary call enter when nothing stands in its way; the caller makes its receipt. */
  enterFreely(now: number): boolean {
    if (!this.#free) return false
    this.#begin(now)
    return true
  }

  /** Why a call would be refused now; takes nothing and counts nothing. */
  wouldReject(now: number): Rejection | undefined {
    const { restriction, enforcement } = this.gate
    if (this.#free || enforcement !== "on") return undefined
    if (restriction.share > 0 && Number.isFinite(restriction.probes)) {
      return this.#places.size < restriction.probes ? undefined : this.#refusals.byProbes(now, this.#places)
    }
    const enough = restriction.share >= 1 || this.#credit + creditOf(restriction.share) >= creditPerCall
    return enough ? undefined : this.#refusals.byShare(now)
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
    receipt.leased = true
    const end = new Alarm((now) => this.settleAt(receipt, "ignored", now))
    this.#leases.set(receipt, end)
    const { place } = receipt
    if (place === undefined) return this.#wheel.arm(end, leaseMs, receipt.startedAt)
    place.holder = receipt
    // No timeout ends a call that is held by a permit: the strategy's own lease is all there is.
    this.#wheel.disarm(place)
    this.#wheel.arm(place, this.gate.lines.leaseMs ?? leaseMs, receipt.startedAt)
  }

  /** Settles once; false when it was settled, or its lease had ended, before. */
  settleAt(receipt: Receipt, kind: OutcomeKind, now: number): boolean {
    if (receipt.settled) return false
    receipt.settled = true
    if (receipt.leased) this.#endLease(receipt)
    this.inFlight--
    this.tally.count(kind)
    const place = receipt.place
    if (place !== undefined) this.#settleProbe(receipt, place, kind, now)
    else if (!receipt.counted) this.tally.uncounted++
    else if (receipt.epoch !== this.gate.epoch) this.tally.stragglers++
    else this.meter.settle(kind, receipt.startedAt, now)
    if (this.inFlight === 0) this.#hooks.idle()
    return place === undefined || !place.expired
  }

  /** The lease of a probe has ended before the probe: its place is free, and the machines are told. */
  expire(place: ProbePlace, now: number): void {
    this.#places.delete(place)
    if (place.holder !== undefined) this.settleAt(place.holder, "ignored", now)
    if (place.epoch === this.gate.epoch) this.#hooks.signal({ type: "probe.expired", at: now, epoch: place.epoch })
  }

  stop(): void {
    for (const receipt of [...this.#leases.keys()]) this.settle(receipt, "ignored")
    this.meter.stop()
    this.#beginEpoch()
    this.#wheel.rest()
  }

  #endLease(receipt: Receipt): void {
    const end = this.#leases.get(receipt)
    if (end !== undefined) this.#wheel.disarm(end)
    this.#leases.delete(receipt)
  }

  /** Credit and leases start anew; what ran before is a straggler. */
  #beginEpoch(): void {
    this.#credit = 0
    for (const place of this.#places) {
      this.#wheel.disarm(place)
      // Its place was also the lease of its permit, which must still end.
      const end = place.holder && this.#leases.get(place.holder)
      const now = this.#wheel.host.now()
      if (end !== undefined) this.#wheel.arm(end, Math.max(0, place.due - now), now)
    }
    this.#places.clear()
  }

  #begin(now: number): void {
    this.inFlight++
    this.tally.admitted++
    this.meter.enter(now)
  }

  #decide(now: number): Receipt | Rejection {
    const { restriction, enforcement, epoch } = this.gate
    if (enforcement === "off") return this.#admitUncounted(now)
    if (Number.isFinite(restriction.probes) && restriction.share > 0) {
      if (this.#places.size < restriction.probes) return this.#admitProbe(now)
      return enforcement === "observe"
        ? this.#shadow(now)
        : this.#refuse(this.#refusals.byProbes(now, this.#places), now)
    }
    this.#credit = restriction.share >= 1 ? creditPerCall : this.#credit + creditOf(restriction.share)
    if (this.#credit < creditPerCall) {
      return enforcement === "observe" ? this.#shadow(now) : this.#refuse(this.#refusals.byShare(now), now)
    }
    this.#credit -= creditPerCall
    this.#begin(now)
    return new Receipt(this, epoch, now, undefined, true)
  }

  #admitProbe(now: number): Receipt {
    const place = new ProbePlace(this.gate.epoch, this)
    this.#places.add(place)
    this.#wheel.arm(place, leaseOf(this.gate), now)
    this.inFlight++
    this.tally.admitted++
    this.tally.probes++
    return new Receipt(this, this.gate.epoch, now, place, true)
  }

  #shadow(now: number): Receipt {
    this.tally.shadowed++
    return this.#admitUncounted(now)
  }

  #admitUncounted(now: number): Receipt {
    this.inFlight++
    this.tally.admitted++
    return new Receipt(this, this.gate.epoch, now, undefined, false)
  }

  #refuse(rejection: Rejection, now: number): Rejection {
    this.tally.refuse(rejection.layer)
    this.#hooks.refused(rejection, now)
    return rejection
  }

  #settleProbe(receipt: Receipt, place: ProbePlace, kind: OutcomeKind, now: number): void {
    this.#wheel.disarm(place)
    this.#places.delete(place)
    if (receipt.epoch !== this.gate.epoch || place.expired) {
      this.tally.stragglers++
      return
    }
    if (kind === "ignored") return
    const bad = isBad({ kind, slow: this.meter.isSlow(now - receipt.startedAt) })
    this.#hooks.signal({ type: bad ? "probe.failed" : "probe.succeeded", at: now, epoch: receipt.epoch })
  }
}
