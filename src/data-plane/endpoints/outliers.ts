/**
 * Which endpoints are sick: those whose calls end worse than the calls to the others. Each bad outcome is held against the share that
 * is bad elsewhere at the same time (Page's CUSUM of a likelihood ratio), so that where everything fails nobody is an outlier: that is
 * the circuit's business.
 */
import type { EjectionLine } from "../../../machines/vocabulary/endpoint.ts"
import type { Dice } from "./dice.ts"
import { Powers } from "./fading.ts"
import type { Site } from "./site.ts"

/** An endpoint is ejected when it is so much likelier sick than unlucky: e to this power. */
const threshold = 11
/** It must now do so many times worse than the others. */
const clearly = 2
/** What is known of the pool: its last outcomes, about so many. */
const memory = 64
/** What is usual is worth so many outcomes, is learned from about so many, and is never less than this. */
const usual = { outcomes: 8, learnedFrom: 500, least: 0.01 } as const
/** Ejected again within so many times as long as before: longer. */
const remembers = 5
/** Who is responsible for so much of the trouble is the trouble. */
const most = 0.7
/** Longest that a probe may take before it has failed. */
const probeMs = 10_000
const kept = 1 - 1 / memory
/** Of all breakers; made when the first one hands out endpoints. */
let fading: Powers | undefined

export class Outliers {
  #serial = 0
  #all = 0
  #bad = 0
  #usual: number = usual.least
  /** Whose bad outcomes are the last ones, with no good one between them; `"several"`: more than one's. */
  #row: Site | "several" | undefined = undefined
  readonly #dice: Dice

  readonly #fading: Powers

  constructor(dice: Dice) {
    this.#dice = dice
    this.#fading = fading ??= new Powers(kept, 4 * memory)
  }

  /** An outcome. Answers whether there is enough against its endpoint. */
  take(site: Site, bad: boolean): boolean {
    const own = this.#fading.of(this.#serial - site.serial)
    this.#serial++
    this.#all = this.#all * kept + 1
    this.#bad = this.#bad * kept + (bad ? 1 : 0)
    this.#usual += ((bad ? 1 : 0) - this.#usual) / usual.learnedFrom
    site.recent = site.recent * own * kept + 1
    site.recentBad = site.recentBad * own * kept + (bad ? 1 : 0)
    site.row = bad ? site.row + 1 : 0
    site.serial = this.#serial
    this.#row = !bad ? undefined : this.#row === undefined || this.#row === site ? site : "several"
    // Nothing speaks against it, and a good outcome is no news of that.
    if (!bad && site.evidence === 0) return false
    const elsewhere = this.#elsewhere(site)
    const sick = Math.max(0.5, (1 + elsewhere) / 2)
    const step = bad ? Math.log(sick / elsewhere) : Math.log((1 - sick) / (1 - elsewhere))
    site.evidence = Math.max(0, site.evidence + step)
    // While everything begins to fail each one is ahead of what is known of the others, for a moment.
    return site.evidence >= threshold && this.#row === site && site.recentBad > clearly * elsewhere * site.recent
  }

  /** A good outcome of one that nothing speaks against, a row of bad ones neither: what `take` makes of it, in few steps. */
  takeWell(site: Site): void {
    const own = this.#fading.of(this.#serial - site.serial)
    this.#serial++
    this.#all = this.#all * kept + 1
    this.#bad *= kept
    this.#usual -= this.#usual / usual.learnedFrom
    site.recent = site.recent * own * kept + 1
    site.recentBad = site.recentBad * own * kept
    site.serial = this.#serial
    this.#row = undefined
  }

  /**
   * Where the trouble sits: most of what was bad of late came from those that are left out, or from one more, while others are called too.
   * Where several fail one after another, and nobody is well between them, the trouble is everywhere, however few calls some of them get.
   */
  within(called: readonly Site[], ejected: Iterable<Site>): "oneCell" | undefined {
    const present = called.filter(({ ejectedUntil }) => ejectedUntil === undefined)
    if (present.length < 2 || this.#row === "several" || this.#bad < 2) return undefined
    let blame = Math.max(...present.map((site) => this.#blameOf(site)))
    for (const site of ejected) blame += this.#blameOf(site)
    return blame >= most ? "oneCell" : undefined
  }

  /** What an endpoint holds of all that was bad of late, 0 to 1. */
  #blameOf({ recentBad, serial }: Site): number {
    return (recentBad * this.#fading.of(this.#serial - serial)) / this.#bad
  }

  eject(site: Site, { firstMs, longestMs }: EjectionLine, now: number): void {
    const last = this.#lengthOf(site.ejections, firstMs, longestMs)
    const isAgain = site.ejections > 0 && now - site.freedAt < remembers * last
    site.ejections = isAgain || site.ejectedUntil !== undefined ? site.ejections + 1 : 1
    const jitter = 0.9 + 0.2 * this.#dice.roll()
    site.ejectedUntil = now + jitter * this.#lengthOf(site.ejections, firstMs, longestMs)
    site.probe = undefined
  }

  /** Its probe has ended and said nothing. It is left out as long as at first, and has not failed once more. */
  postpone(site: Site, { firstMs, longestMs }: EjectionLine, now: number): void {
    site.ejectedUntil = now + Math.min(firstMs, longestMs)
  }

  /** Its probe went well. One more bad outcome, or two, and it is ejected again. */
  free(site: Site, now: number): void {
    site.ejectedUntil = undefined
    site.probe = undefined
    site.evidence = threshold / 2
    site.forgive(now)
  }

  /** Whether one call may try this endpoint now. */
  isDue(site: Site, now: number): boolean {
    if (site.ejectedUntil === undefined || now < site.ejectedUntil) return false
    return site.probe === undefined || now >= site.probeUntil
  }

  probe(site: Site, call: object, now: number): void {
    site.probe = call
    site.probeUntil = now + probeMs
  }

  #lengthOf(ejections: number, firstMs: number, longestMs: number): number {
    return Math.min(longestMs, firstMs * 2 ** Math.min(30, Math.max(0, ejections - 1)))
  }

  #elsewhere({ recent, recentBad }: Site): number {
    const outcomes = Math.max(0, this.#all - recent)
    const bad = Math.max(0, this.#bad - recentBad)
    return Math.min(0.95, (bad + Math.max(usual.least, this.#usual) * usual.outcomes) / (outcomes + usual.outcomes))
  }
}
