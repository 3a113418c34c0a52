import type { Endpoint } from "../../machines/vocabulary/endpoint.ts"
import type { Judged, OutcomeKind } from "../../machines/vocabulary/outcome.ts"
import type { Permit, SettlementDetails } from "../../machines/vocabulary/permit.ts"
import type { Site } from "./endpoints/site.ts"
import type { Held } from "./limiter/slots.ts"
import { Timer } from "./timers.ts"

/** What a receipt reports to. */
export interface Settler {
  settle(receipt: Receipt, kind: OutcomeKind, details?: SettlementDetails): boolean
  settleAt(receipt: Receipt, judged: Judged, now: number): boolean
  expire(place: ProbePlace, now: number): void
}

/** A probe's place, leased: it comes back when the probe settles or the lease ends, whichever is first. */
export class ProbePlace extends Timer {
  readonly epoch: number
  expired = false
  /** The leased receipt that ends with this place. */
  holder: Receipt | undefined = undefined
  readonly #settler: Settler
  constructor(epoch: number, settler: Settler) {
    super()
    this.epoch = epoch
    this.#settler = settler
  }
  fire(now: number): void {
    this.expired = true
    this.#settler.expire(this, now)
  }
}

/** What a call has spent of rate limits, and of which key's. */
export interface Spent {
  readonly cost: number
  readonly key: string | undefined
}

/** No name: who lists the fields of a permit, or clones it for another thread, meets no function. */
const settledBy = Symbol("settledBy")

/**
 * Made for each call: its fields are written once, in its constructor, instead of twice (`declare` leaves out what would write
 * `undefined`). None is private: V8 makes no object in line whose class extends one that has private fields, or fields of its own.
 */
export class Receipt implements Permit, Held {
  declare readonly epoch: number
  declare readonly startedAt: number
  declare readonly place: ProbePlace | undefined
  /** False for calls that ran while the gate was not obeyed: they enter no window. */
  declare readonly counted: boolean
  /** Whether its holder may forget to settle it: then a lease ends it. */
  declare leased: boolean
  declare settled: boolean
  /** It entered by the short way: it holds nothing but a slot. */
  declare isPlain: boolean
  /** Its number on the tape, from 1; 0 when nobody recorded its entry. */
  declare serial: number
  /** What it has spent of rate limits: to be given back, should it never be made. */
  declare spent: Spent | undefined
  /** Where it goes. */
  declare site: Site | undefined
  /** What it holds of the bulkhead: see `Held`. */
  declare slot: number
  declare rank: number
  declare tenant: string | undefined
  /** The feature of which its end says something. */
  declare feature: string | undefined
  /** It was let in to test its feature. */
  declare tests: boolean
  /** What settles it. Not the plane itself: who logs a permit need not read all of the breaker. */
  declare private readonly [settledBy]: Settler["settle"]

  constructor(settler: Settler, epoch: number, startedAt: number, place?: ProbePlace, counted = true) {
    this[settledBy] = settler.settle
    this.epoch = epoch
    this.startedAt = startedAt
    this.place = place
    this.counted = counted
    this.leased = false
    this.settled = false
    this.isPlain = false
    this.serial = 0
    this.spent = undefined
    this.site = undefined
    this.slot = 0
    this.rank = 0
    this.tenant = undefined
    this.feature = undefined
    this.tests = false
  }

  get endpoint(): Endpoint | undefined {
    return this.site?.facts
  }
  /** It probes a cell: the service as a whole has nothing to do with it. */
  get probesCell(): boolean {
    return false
  }
  /** It says nothing of the service as a whole. */
  get isApart(): boolean {
    return this.tests || this.probesCell
  }
  /** A call like most: nothing is decided by it alone. */
  get isOrdinary(): boolean {
    return this.counted && this.place === undefined && !this.isApart
  }
  get admitted(): true {
    return true
  }
  get probe(): boolean {
    return this.place !== undefined
  }

  settle(kind: OutcomeKind, details?: SettlementDetails): boolean {
    return this[settledBy](this, kind, details)
  }

  [Symbol.dispose](): void {
    this[settledBy](this, "ignored")
  }
}
