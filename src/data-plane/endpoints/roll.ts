/**
 * The roll of endpoints by id. They come and go with the gate's line; one that is gone ends the calls that it has. Named again meanwhile,
 * it goes on where it was; under another address it is another, and what still ends at the old one says nothing of it.
 */
import type { Endpoint } from "../../../machines/vocabulary/endpoint.ts"
import { Site } from "./site.ts"

const always = Number.NEGATIVE_INFINITY

export class Roll {
  readonly #sites = new Map<string, Site>()
  /** Those that are gone, and still end calls. */
  readonly #leaving = new Set<Site>()

  get all(): readonly Site[] {
    return [...this.#sites.values()]
  }
  get size(): number {
    return this.#sites.size
  }
  get leaving(): number {
    return this.#leaving.size
  }

  /** Takes a list. Those that were there at the very beginning are not new: there is nobody else to go to. */
  take(endpoints: readonly Endpoint[], now: number): void {
    const startsAt = this.#sites.size === 0 ? always : now
    const named = new Set(endpoints.map(({ id }) => id))
    for (const [id, site] of this.#sites) if (!named.has(id)) this.#dismiss(site)
    for (const endpoint of endpoints) this.#name(endpoint, startsAt)
  }

  /** A call of one that is gone has ended. */
  drained(site: Site): void {
    if (site.inFlight === 0) this.#leaving.delete(site)
  }

  #name(endpoint: Endpoint, startsAt: number): void {
    const { id, address } = endpoint
    const known =
      this.#sites.get(id) ?? [...this.#leaving].find(({ facts }) => facts.id === id && facts.address === address)
    if (known?.facts.address === address) {
      known.facts = endpoint
      known.isGone = false
      this.#leaving.delete(known)
      this.#sites.set(id, known)
      return
    }
    if (known !== undefined) this.#dismiss(known)
    this.#sites.set(id, new Site(endpoint, startsAt))
  }

  #dismiss(site: Site): void {
    site.isGone = true
    this.#sites.delete(site.facts.id)
    if (site.inFlight > 0) this.#leaving.add(site)
  }
}
