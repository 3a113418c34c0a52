/**
 * The bulkhead: how many calls are in flight at once, who goes first where not all can, and who waits. A gate bounds it; it
 * may refuse more than its gate demands, never admit more.
 */
import type { Facts } from "../../../machines/vocabulary/facts.ts"
import type { Gate } from "../../../machines/vocabulary/gate.ts"
import type { OutcomeKind } from "../../../machines/vocabulary/outcome.ts"
import { ordinaryRank, rankOf, type SlotsLine, topRank } from "../../../machines/vocabulary/priority.ts"
import type { LimitMoved } from "../../../machines/vocabulary/signal.ts"
import type { Receipt } from "../receipt.ts"
import { probesOnly } from "../shortWays.ts"
import type { Wheel } from "../wheel.ts"
import { Limit } from "./limit.ts"
import { Line } from "./line.ts"
import { LimitNews } from "./news.ts"
import { Slots, unlimited } from "./slots.ts"
import { Turns } from "./turns.ts"
import type { Waiter } from "./waiter.ts"

/** In a class that has waited for as long as one may, patience makes no sense: those who come are told so soon. */
const impatience = 5

/** So many times as long as was set one may wait at most, where calls themselves are that long. */
const patience = 10

/** Not worth another timer. */
const leastMs = 1

export class Bulkhead {
  readonly line = new Line()
  readonly slots = new Slots()
  /** Whether the gate in force has slots at all. */
  isOn = false
  readonly #wheel: Wheel
  #settings = unlimited
  #most = Number.POSITIVE_INFINITY
  #learned: Limit | undefined = undefined
  #news: LimitNews | undefined = undefined
  #queue = 0
  #isObeyed = false
  #probesOnly = false
  /** Who is being let in: it has waited for its turn as what it came, and nobody in the line goes before. */
  #serving: Waiter | undefined = undefined
  readonly #turns = new Turns()
  #learns = ""

  constructor(wheel: Wheel) {
    this.#wheel = wheel
  }

  adopt(gate: Gate): void {
    const { lines, restriction, enforcement } = gate
    this.#probesOnly = probesOnly(gate)
    this.isOn = lines.slots !== undefined
    this.#isObeyed = this.isOn && enforcement === "on"
    this.#settings = lines.slots ?? unlimited
    this.slots.adopt(this.#settings)
    this.#most = Math.min(restriction.slots, this.#settings.most)
    this.#learn(this.#settings)
    this.#queue = this.#isObeyed && Number.isFinite(restriction.queue) ? restriction.queue : 0
  }

  /** How many calls may be in flight now. */
  limit(now: number): number {
    const learned = this.#learned
    return learned === undefined ? this.#most : Math.min(this.#most, learned.effective(now))
  }

  /** Whether a call may have a slot. Probes are few: what was learned of many calls does not bind them, what was set does. */
  grants(facts: Facts, now: number): boolean {
    if (!this.isOn) return true
    const { inUse } = this.slots
    return this.#probesOnly ? inUse < this.#most || inUse === 0 : this.admits(facts, now)
  }

  /** Whether calls that find no slot may wait for one. */
  get queues(): boolean {
    return this.#queue > 0
  }

  /** The class in which a call counts: critical calls of a tenant that holds its part of the slots are high. */
  rankOf({ priority, tenant }: Facts, now: number): number {
    const rank = rankOf(priority)
    if (rank !== topRank || tenant === undefined || this.#settings.quota >= 1) return rank
    return this.slots.isOverQuota(tenant, this.#settings.quota, this.limit(now), now) ? rank - 1 : rank
  }

  /** Whether a call may have a slot now: there is one, and nobody of its class or above waits for it. */
  admits(facts: Facts, now: number): boolean {
    const { line } = this
    if (line.size === 0 && this.slots.inUse === 0) return true
    const rank = this.#serving?.rank ?? this.rankOf(facts, now)
    return (this.#serving !== undefined || line.highest < rank) && this.slots.fits(rank, this.limit(now), now)
  }

  /** Whether an ordinary call may have a slot, nobody waits and no part is kept for anyone: the short way to `admits`. */
  hasRoom(now: number): boolean {
    return this.line.size === 0 && !this.slots.isReserved && this.slots.inUse < this.limit(now)
  }

  enter(receipt: Receipt, facts: Facts, now: number): void {
    const rank = this.rankOf(facts, now)
    this.slots.take(receipt, rank, facts.tenant, now)
    this.#turns.serve(rank, now)
  }

  /** The same of an ordinary call that has room: the short way. */
  enterOrdinary(receipt: Receipt, now: number): void {
    this.slots.hold(receipt, ordinaryRank, now)
    this.#turns.serve(ordinaryRank, now)
  }

  leave(receipt: Receipt, kind: OutcomeKind, now: number): void {
    this.slots.giveBack(receipt, now)
    receipt.slot = 0
    this.#learned?.settle(kind, now - receipt.startedAt, this.slots.area, now)
  }

  /** Joins the line. Answers who is not in it for that reason: somebody of a lower class, or the newcomer itself. */
  join(waiter: Waiter, now: number): Waiter | undefined {
    const { line } = this
    const rank = this.rankOf(waiter.facts, now)
    this.#learned?.wait()
    let out: Waiter | undefined
    if (this.isFull) {
      const { lowest } = line
      if (lowest > rank || (lowest === rank && !this.#stands(rank, now))) return waiter
      out = line.longest(lowest)
      if (out === undefined) return waiter
      this.leaveLine(out)
    }
    const patienceMs = this.#stands(rank, now) ? this.#patienceMs / impatience : this.#patienceMs
    line.add(waiter, rank, now)
    waiter.isHurried = patienceMs < this.#patienceMs
    this.#arm(waiter, patienceMs, now)
    return out
  }

  #arm(waiter: Waiter, patienceMs: number, now: number): void {
    this.#wheel.arm(waiter, Math.max(0, Math.min(waiter.since + patienceMs, waiter.deadlineAt) - now), now)
  }

  /** Its time is over. Where calls have grown longer meanwhile, or more of them at once are tried, it may wait on: then it does, and the answer is true. */
  waitsOn(waiter: Waiter, now: number): boolean {
    const tryingMs = this.#learned?.tryingMs(now) ?? 0
    const patienceMs = tryingMs > 0 ? patience * this.#settings.waitMs : this.#patienceMs
    const until = Math.min(waiter.since + patienceMs, waiter.deadlineAt)
    if ((waiter.isHurried && tryingMs === 0) || waiter.lane === undefined || !(until > now + leastMs)) return false
    this.#arm(waiter, tryingMs > 0 ? Math.min(patienceMs, now - waiter.since + tryingMs) : patienceMs, now)
    return true
  }

  /** False when it does not wait. */
  leaveLine(waiter: Waiter): boolean {
    this.#wheel.disarm(waiter)
    return this.line.remove(waiter)
  }

  /** One who waits beyond what may wait, since a gate has lowered that: of the lowest class, whoever has waited longest. */
  get surplus(): Waiter | undefined {
    const { line } = this
    return line.size > this.#queue ? line.longest(line.lowest) : undefined
  }

  /** Who may enter now, out of the line; undefined when nobody may. */
  next(now: number): Waiter | undefined {
    const { line } = this
    if (line.size === 0) return undefined
    const { highest } = line
    if (!this.#fits(highest, now)) return undefined
    const rank = this.#agedBelow(highest, now)
    const waiter = line.call(rank, this.#stands(rank, now))
    this.leaveLine(waiter)
    return waiter
  }

  /** Lets one in who has waited, past those who still do. */
  serve<A>(waiter: Waiter, enter: () => A): A {
    this.#serving = waiter
    try {
      return enter()
    } finally {
      this.#serving = undefined
    }
  }

  /** A limit that is learned begins anew where its bounds are others. */
  #learn({ adaptive, least, most, first }: SlotsLine): void {
    const key = adaptive ? `${least} ${most} ${first}` : ""
    if (key === this.#learns) return
    this.#learns = key
    const [{ host, alarm }, { area }] = [this.#wheel, this.slots]
    this.#learned = adaptive ? new Limit(least, most, first, alarm, host.now(), area) : undefined
    this.#news = adaptive ? new LimitNews(first) : undefined
  }

  /** Somebody would be turned away. A limit that was learned without a ground for that makes room instead. */
  makeRoom(now: number): boolean {
    return this.#isObeyed && this.#learned?.makeRoom(now, this.isFull && this.line.cameAtOnce(now)) === true
  }

  /** Somebody cannot wait, and finds no slot: the same as if he waited, for whoever learns of the limit. */
  miss(facts: Facts, now: number): boolean {
    this.#learned?.wait()
    return this.makeRoom(now) && this.slots.fits(this.rankOf(facts, now), this.limit(now), now)
  }

  /** No more may wait. */
  get isFull(): boolean {
    return this.line.size >= this.#queue
  }

  /** Nobody tells of slots that become free: no call has ended for long. */
  isDeaf(now: number): boolean {
    return this.#learned?.isDeaf(now) ?? true
  }

  giveWay(now: number): boolean {
    return this.#learned?.giveWay(now) ?? false
  }

  /** What there is to tell of the learned limit, if anything. */
  news(now: number): LimitMoved | undefined {
    return this.#learned?.isStirred ? this.#news?.take(this.#learned, now) : undefined
  }

  /** How long one may wait for a slot: where calls are long, or nothing is known, longer than what was set. */
  get #patienceMs(): number {
    const { waitMs } = this.#settings
    const learned = this.#learned
    if (learned === undefined) return waitMs
    return learned.isBlind ? patience * waitMs : Math.max(waitMs, Math.min(2 * learned.meanMs, patience * waitMs))
  }

  /** Whether a class has waited without a break for longer than anybody may: then whoever came last has the best chance. */
  #stands(rank: number, now: number): boolean {
    return this.line.standsFor(rank, now) >= this.#patienceMs && !this.#learned?.tryingMs(now)
  }

  #fits(rank: number, now: number): boolean {
    return !this.#isObeyed || this.slots.fits(rank, this.limit(now), now)
  }

  /** A class below that has waited for its turn too long, if there is a slot for it; else the highest. */
  #agedBelow(highest: number, now: number): number {
    for (let rank = 0; rank < highest; rank++)
      if (this.#turns.isDue(rank, this.line, now) && this.#fits(rank, now)) return rank
    return highest
  }
}
