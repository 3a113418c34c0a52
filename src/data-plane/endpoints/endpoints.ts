/**
 * Endpoints: each call is handed one of those that the gate names, and how it ends is remembered of that one. A gauge: the gate's line
 * bounds it. Endpoints come and go with the line; what one is measured by stays with it as long as calls of its are in flight, so that
 * one that is named again goes on where it was, and what ends late says nothing of another of the same name.
 */
import type { EjectionLine, EndpointsLine } from "../../../machines/vocabulary/endpoint.ts"
import type { EndpointsShifted } from "../../../machines/vocabulary/knowledge.ts"
import { isFailure, type Judged, kindOf } from "../../../machines/vocabulary/outcome.ts"
import type { CellChange } from "../cells.ts"
import type { Receipt } from "../receipt.ts"
import { Dice } from "./dice.ts"
import { LeftOut } from "./leftOut.ts"
import { Outliers } from "./outliers.ts"
import { Roll } from "./roll.ts"
import { Rotation, weigh } from "./rotation.ts"
import { Scouts } from "./scouts.ts"
import type { Site } from "./site.ts"

/** What tells slow calls from others. */
export interface Pace {
  /** By the clock alone. */
  isLong(durationMs: number): boolean
  /** The host's own stalls left out. */
  isSlow(since: number, now: number): boolean
}

/** So many calls that are under way and late are as good as failures. */
const hangs = 3
/** The tried endpoints of earlier attempts of the same call. */
const none: readonly string[] = Object.freeze([])

export class Endpoints {
  /** What has happened to one and was not told yet. */
  news: CellChange | undefined = undefined
  #line: EndpointsLine
  readonly #pace: Pace
  readonly #dice: Dice
  readonly #outliers: Outliers
  readonly #roll = new Roll()
  readonly #scouts = new Scouts()
  #rotation = new Rotation([], 0)
  readonly #ejected: LeftOut
  #hasShifted = false
  #looked = 0
  /** Which of those among whom calls are spread is looked at next. */
  #next = 0
  /** How long a call takes, wherever: what is expected of an endpoint of which nothing is known. */
  #typicalMs = 0
  /** When a call to an endpoint that is neither gone nor left out ended well last. */
  #wellAt = Number.NEGATIVE_INFINITY

  constructor(line: EndpointsLine, pace: Pace, now: number) {
    this.#line = line
    this.#pace = pace
    this.#dice = new Dice(line.seed)
    this.#outliers = new Outliers(this.#dice)
    this.#ejected = new LeftOut(this.#outliers)
    this.#take(line, now)
  }

  /** Each that calls may go to. */
  get sites(): readonly Site[] {
    return this.#roll.all
  }
  get ejected(): number {
    return this.#ejected.size
  }
  /** Endpoints that are gone and still end calls. */
  get leaving(): number {
    return this.#roll.leaving
  }

  adopt(line: EndpointsLine, now: number): void {
    if (line === this.#line) return
    this.#take(line, now)
  }

  /** Hands the call its endpoint, if there is any. `isSparing`: it matters too much to try one that was left out. */
  enter(receipt: Receipt, isSparing: boolean, now: number, tried: readonly string[] = none): void {
    // What decides about the circuit, a cell or a feature must not find one that is sick for reasons of its own.
    this.hand(receipt, !isSparing && receipt.isOrdinary && tried.length === 0, now, tried)
  }

  /** The same where it is known whether it may try one that was left out. */
  hand(receipt: Receipt, mayTry: boolean, now: number, tried: readonly string[] = none): void {
    const site =
      (now >= this.#ejected.dueAt && mayTry ? this.#ejected.due(now) : undefined) ?? this.#choose(now, mayTry, tried)
    if (site === undefined) return
    if (site.ejectedUntil !== undefined && mayTry && this.#outliers.isDue(site, now)) {
      this.#outliers.probe(site, receipt, now)
      this.#ejected.plan()
    }
    receipt.site = site
    site.enter(now)
  }

  /** A call has ended. Answers whether how it ended is its endpoint's business alone. `isOwn`: not of something else that it names. */
  leave(site: Site, receipt: Receipt, judged: Judged, isOwn: boolean, now: number): boolean {
    const kind = kindOf(judged)
    const { startedAt } = receipt
    if (kind === "success" && isOwn && this.#leaveWell(site, startedAt, now)) return false
    const slow = this.#pace.isSlow(startedAt, now)
    const bad = isFailure(kind) || slow
    const counts = isOwn && kind !== "ignored" && !site.isGone
    site.leave(startedAt, !bad, counts, this.#typicalMs, now)
    if (site.isGone) {
      this.#roll.drained(site)
      // A failure of one that is shut down is no failure of the service.
      return bad && this.#wellAt >= startedAt
    }
    if (site.probe === receipt) return this.#settleProbe(site, kind === "ignored" || !isOwn, bad, now)
    if (counts) this.#count(site, bad, slow, now - startedAt, now)
    if (site.ejectedUntil === undefined) return false
    // While nothing goes well elsewhere it is the service that fails; and whoever is called with all the others is one of them.
    return bad && this.#wellAt >= startedAt && !this.#line.panic
  }

  /** The short way of most: of an endpoint that nothing speaks against, in the usual time. */
  #leaveWell(site: Site, startedAt: number, now: number): boolean {
    const ms = now - startedAt
    if (site.evidence !== 0 || site.isGone || site.ejectedUntil !== undefined || this.#pace.isLong(ms)) return false
    if (!site.leaveWell(startedAt, this.#typicalMs, now)) return false
    this.#typicalMs = this.#typicalMs === 0 ? ms : this.#typicalMs + 0.05 * (ms - this.#typicalMs)
    this.#wellAt = now
    this.#outliers.takeWell(site)
    return true
  }

  /** Calls choose no endpoints any more: what still ends says nothing of those of another list. */
  close(): undefined {
    for (const site of this.#roll.all) site.isGone = true
    return undefined
  }

  /** Where the trouble sits, for an alarm of the circuit: in few endpoints, while the others are well. */
  within(now: number): "oneCell" | undefined {
    const called = this.#rotation.sites
    const late = called.filter((site) => this.#isLate(site, now))
    return late.length > 1 ? undefined : this.#outliers.within(called, this.#ejected.all)
  }

  /** What the machines should know of. */
  shifted(now: number): EndpointsShifted | undefined {
    if (!this.#hasShifted) return undefined
    this.#hasShifted = false
    return { type: "endpoints.shifted", at: now, ejected: this.#ejected.all.map((site) => site.ejection) }
  }

  #take(line: EndpointsLine, now: number): void {
    this.#line = line
    this.#roll.take(line.endpoints, now)
    const before = this.#ejected.size
    // Whoever is left out is let in by a probe, or by a config that leaves out nobody; also one that was named by no list meanwhile.
    if (line.ejection === undefined)
      for (const site of this.#roll.all) if (site.ejectedUntil !== undefined) this.#outliers.free(site, now)
    this.#ejected.take(this.#roll.all)
    if (this.#ejected.size !== before) this.#hasShifted = true
    this.#respread()
  }

  #count(site: Site, bad: boolean, slow: boolean, ms: number, now: number): void {
    if (!bad) this.#typicalMs = this.#typicalMs === 0 ? ms : this.#typicalMs + 0.05 * (ms - this.#typicalMs)
    if (!bad && site.ejectedUntil === undefined) this.#wellAt = now
    if (this.#outliers.take(site, bad) && site.ejectedUntil === undefined) this.#eject(site, slow, now)
  }

  #choose(now: number, mayScout: boolean, tried: readonly string[]): Site | undefined {
    const { sites } = this.#rotation
    // One after another, one a call: whoever hangs is not chosen, and would never be looked at.
    const looked = sites[this.#next]
    this.#looked++
    if (++this.#next >= sites.length) this.#next = 0
    if (looked !== undefined && looked.open >= hangs && this.#hasRoom && this.#hangs(looked, now))
      this.#eject(looked, true, now)
    if (looked !== undefined && mayScout && this.#scouts.sends(looked, this.#typicalMs, now)) return looked
    return this.#rotation.choose(this.#dice, now, this.#typicalMs, tried)
  }

  #isLate(site: Site, now: number): boolean {
    return this.#pace.isSlow(now - site.ageMs(now), now)
  }

  /** Its calls in flight are late, on average, and those of the others are not. */
  #hangs(site: Site, now: number): boolean {
    if (site.ejectedUntil !== undefined || !this.#isLate(site, now)) return false
    const others = this.#roll.all.filter((other) => other !== site && other.ejectedUntil === undefined)
    return others.length > 0 && !others.every((other) => this.#isLate(other, now))
  }

  #eject(site: Site, isSlow: boolean, now: number): void {
    const { ejection } = this.#line
    if (ejection === undefined || !this.#hasRoom) return
    this.#outliers.eject(site, ejection, now)
    this.#ejected.add(site)
    site.leftOut(isSlow, now)
    this.#respread()
    this.#shift("condemned", site, isSlow)
  }

  /** Whether one more may be left out. */
  get #hasRoom(): boolean {
    const { ejection, bad } = this.#line
    if (ejection === undefined) return false
    const all = this.#roll.size - bad.length
    return this.#ejected.size < Math.min(all - 1, Math.max(1, Math.floor(ejection.share * all)))
  }

  #settleProbe(site: Site, isVoid: boolean, bad: boolean, now: number): true {
    // Under a line that leaves out nobody nobody is on trial.
    const ejection = this.#line.ejection as EjectionLine
    site.probe = undefined
    if (isVoid) {
      // Nothing was found out. The next call need not be the next to try.
      this.#outliers.postpone(site, ejection, now)
      return this.#ejected.plan()
    }
    if (bad) {
      this.#outliers.eject(site, ejection, now)
      site.triedInVain()
      this.#hasShifted = true
      return this.#ejected.plan()
    }
    this.#outliers.free(site, now)
    this.#ejected.delete(site)
    this.#respread()
    this.#shift("freed", site, false)
    return true
  }

  #shift(to: CellChange["to"], site: Site, isSlow: boolean): void {
    this.#hasShifted = true
    const statistics = site.lately(isSlow)
    this.news = { to, key: site.facts.id, cells: 1, condemned: this.#ejected.size, statistics }
  }

  /** Among whom calls are spread now. Where nobody is well everybody is tried. */
  #respread(): void {
    const { bad, panic, zone } = this.#line
    const sick = new Set(bad)
    const all = this.#roll.all
    weigh(all, this.#line)
    const well = panic ? all : all.filter((site) => site.ejectedUntil === undefined && !sick.has(site.facts.id))
    const near = zone === undefined ? [] : well.filter(({ facts }) => facts.zone === zone)
    const nearby = zone === undefined ? 0 : all.filter(({ facts }) => facts.zone === zone).length
    const isNearEnough = near.length > 0 && near.length * 2 >= nearby
    this.#rotation = new Rotation(isNearEnough ? near : well.length > 0 ? well : all, this.#line.slowStartMs)
    this.#next = this.#looked % this.#rotation.sites.length || 0
    this.#ejected.plan()
  }
}
