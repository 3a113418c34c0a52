/** Calls whose callers have gone, and whose work may still be under way: each keeps a part of its slot, which decays. */
const negligible = 0.05

export class Ghosts {
  #count = 0
  #lifeMs = 1
  #at = 0

  get some(): boolean {
    return this.#count > 0
  }

  /** One more, whose caller waited so long. */
  add(ms: number, now: number): void {
    this.#count = this.at(now) + 1
    this.#at = now
    this.#lifeMs = Math.max(1, ms)
  }

  /** How many slots they hold now. */
  at(now: number): number {
    if (this.#count === 0) return 0
    const left = this.#count * Math.exp(-(now - this.#at) / (0.7 * this.#lifeMs))
    if (left >= negligible) return left
    this.#count = 0
    return 0
  }
}
