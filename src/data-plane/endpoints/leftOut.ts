/** The endpoints that are left out for now, and when the first of them may be tried. */
import type { Outliers } from "./outliers.ts"
import type { Site } from "./site.ts"

export class LeftOut {
  /** When the first of them may be tried. */
  dueAt = Number.POSITIVE_INFINITY
  readonly #outliers: Outliers
  #sites = new Set<Site>()

  constructor(outliers: Outliers) {
    this.#outliers = outliers
  }

  get size(): number {
    return this.#sites.size
  }
  get all(): readonly Site[] {
    return [...this.#sites]
  }

  /** Those of all that are. */
  take(all: readonly Site[]): void {
    this.#sites = new Set(all.filter(({ ejectedUntil }) => ejectedUntil !== undefined))
  }
  add(site: Site): void {
    this.#sites.add(site)
  }
  delete(site: Site): void {
    this.#sites.delete(site)
  }

  /** The one that has waited longest to be tried. */
  due(now: number): Site | undefined {
    let due: Site | undefined
    for (const site of this.#sites) {
      if (!this.#outliers.isDue(site, now)) continue
      if (due === undefined || (site.ejectedUntil as number) < (due.ejectedUntil as number)) due = site
    }
    return due
  }

  plan(): true {
    this.dueAt = Number.POSITIVE_INFINITY
    for (const { probe, probeUntil, ejectedUntil = 0 } of this.#sites)
      this.dueAt = Math.min(this.dueAt, probe === undefined ? ejectedUntil : probeUntil)
    return true
  }
}
