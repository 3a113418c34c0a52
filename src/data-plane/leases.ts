/** What was lent and must come back: the places of probes, and permits whose holders may forget to settle them. */
import { leaseOf } from "../../machines/vocabulary/admission.ts"
import type { Gate } from "../../machines/vocabulary/gate.ts"
import { ProbePlace, type Receipt, type Settler } from "./receipt.ts"
import { Alarm } from "./timers.ts"
import type { Wheel } from "./wheel.ts"

/** Nobody is asked to come back sooner: it would be asked in vain. */
const shortestMs = 100

export class Leases {
  readonly #wheel: Wheel
  readonly #settler: Settler
  readonly #places = new Set<ProbePlace>()
  readonly #permits = new Map<Receipt, Alarm>()
  #freeAt: number | undefined = undefined
  /** When the last place was taken, and how long calls took at most then; 0: nobody knew. */
  #takenAt = 0
  #usualMs = 0

  constructor(wheel: Wheel, settler: Settler) {
    this.#wheel = wheel
    this.#settler = settler
  }

  /** Places that probes hold now. */
  get places(): ReadonlySet<ProbePlace> {
    return this.#places
  }

  /**
   * When it makes sense to ask for a place again, while all are taken. For certain one is free when the oldest lease ends. Long before that the probe
   * that entered last will have taken what calls usually take at most; or, where nobody knows that, as long again as it has run: who
   * comes back then waits at most twice as long as it takes.
   */
  retryAt(now: number): number {
    this.#freeAt ??= Math.min(...[...this.#places].map(({ due }) => due))
    const ran = now - this.#takenAt
    return Math.min(this.#freeAt, now + Math.max(this.#usualMs - ran, ran, shortestMs))
  }

  /** `usualMs`: what calls usually take at most; 0 while nobody knows. */
  takePlace(gate: Gate, usualMs: number, now: number): ProbePlace {
    this.#takenAt = now
    this.#usualMs = usualMs
    const place = new ProbePlace(gate.epoch, this.#settler)
    this.#places.add(place)
    this.#wheel.arm(place, leaseOf(gate), now)
    this.#freeAt = undefined
    return place
  }

  freePlace(place: ProbePlace): void {
    this.#wheel.disarm(place)
    this.#places.delete(place)
    this.#freeAt = undefined
  }

  /** Bounds how long a permit may stay unsettled; a probe's ends with its place, after the strategy's own lease. */
  lend(receipt: Receipt, leaseMs: number, probeLeaseMs: number): void {
    receipt.leased = true
    receipt.isPlain = false
    const end = new Alarm((now) => this.#settler.settleAt(receipt, "ignored", now))
    this.#permits.set(receipt, end)
    const { place } = receipt
    if (place === undefined) return this.#wheel.arm(end, leaseMs, receipt.startedAt)
    place.holder = receipt
    // No timeout ends a call that is held by a permit: the strategy's own lease is all there is.
    this.#wheel.disarm(place)
    this.#wheel.arm(place, probeLeaseMs, receipt.startedAt)
  }

  /** A permit that was lent has come back. */
  giveBack(receipt: Receipt): void {
    this.#wheel.disarm(this.#permits.get(receipt) as Alarm)
    this.#permits.delete(receipt)
  }

  /** A new epoch has places of its own. */
  beginEpoch(now: number): void {
    for (const place of this.#places) {
      this.#wheel.disarm(place)
      // Its place was also the lease of its permit, which must still end.
      const end = place.holder && this.#permits.get(place.holder)
      if (end !== undefined) this.#wheel.arm(end, Math.max(0, place.due - now), now)
    }
    this.#places.clear()
    this.#freeAt = undefined
  }

  /** Every permit that is still out counts as ignored. */
  recall(now: number): void {
    for (const receipt of [...this.#permits.keys()]) this.#settler.settleAt(receipt, "ignored", now)
  }
}
