/**
 * Those among whom calls are spread: of two drawn by weight the one takes a call that costs less there. Two choices keep all
 * about equally busy without anybody looking at all of them (Mitzenmacher 2001), and a thousand callers do not all choose the same.
 */
import type { EndpointsLine } from "../../../machines/vocabulary/endpoint.ts"
import type { Dice } from "./dice.ts"
import type { Site } from "./site.ts"

/** So often a draw by weight is tried before the last one is taken. */
const draws = 16
/** So much of its part gets an endpoint whose last checks failed: it may be ill, or a check was unlucky. */
const suspectPart = 0.5

/** What each can take beside the others. */
export function weigh(sites: readonly Site[], { suspect }: EndpointsLine): void {
  const suspects = new Set(suspect)
  for (const site of sites) site.weight = site.facts.weight * (suspects.has(site.facts.id) ? suspectPart : 1)
}

export class Rotation {
  readonly sites: readonly Site[]
  readonly #slowStartMs: number
  readonly #mean: number
  readonly #most: number
  /** From then on all have the same part, and nobody's needs to be looked at. */
  readonly #evenFrom: number

  /** `slowStartMs`: for so long one that has come, or come back, has less than its part. */
  constructor(sites: readonly Site[], slowStartMs: number) {
    this.sites = sites
    this.#slowStartMs = slowStartMs
    const weights = sites.map(({ weight }) => weight)
    this.#mean = weights.reduce((sum, weight) => sum + weight, 0) / Math.max(1, weights.length)
    this.#most = Math.max(0, ...weights)
    const isEven = weights.every((weight) => weight === this.#most)
    this.#evenFrom = isEven ? Math.max(...sites.map(({ since }) => since.at)) + slowStartMs : Number.POSITIVE_INFINITY
  }

  /** The endpoint for one call; none of `tried`, if there is another. */
  choose(dice: Dice, now: number, typicalMs: number, tried: readonly string[]): Site | undefined {
    const { sites } = this
    if (sites.length < 2) return sites[0]
    const first = this.#draw(dice, now)
    let second = this.#draw(dice, now)
    if (second === first) second = (first + 1 + dice.below(sites.length - 1)) % sites.length
    const one = sites[first] as Site
    const other = sites[second] as Site
    if (tried.length > 0 && [one, other].some(({ facts }) => tried.includes(facts.id)))
      return tried.includes(one.facts.id) ? this.#untried(other, tried) : one
    const ratio = other.costAt(now, typicalMs, this.#mean) / one.costAt(now, typicalMs, this.#mean)
    // The first is left for the other as often as that one costs less, to the third power: among equals weights decide, and one that
    // costs twice as much still gets a few calls, by which it is seen when it no longer does.
    return ratio < 1 && dice.roll() > ratio * ratio * ratio ? other : one
  }

  #untried(other: Site, tried: readonly string[]): Site {
    if (!tried.includes(other.facts.id)) return other
    return this.sites.find(({ facts }) => !tried.includes(facts.id)) ?? other
  }

  #draw(dice: Dice, now: number): number {
    return now >= this.#evenFrom ? dice.below(this.sites.length) : this.#drawByWeight(dice, now)
  }

  #drawByWeight(dice: Dice, now: number): number {
    const { sites } = this
    let drawn = dice.below(sites.length)
    for (let draw = 1; draw < draws; draw++) {
      const weight = (sites[drawn] as Site).weightAt(now, this.#slowStartMs)
      if (weight >= this.#most || dice.roll() * this.#most < weight) return drawn
      drawn = dice.below(sites.length)
    }
    return drawn
  }
}
