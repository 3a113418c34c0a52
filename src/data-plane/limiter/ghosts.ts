/** Calls whose callers have gone, and whose work may still be under way: each keeps a part of its slot, which decays. */
const negligible = 0.05

export class Ghosts {
  #count = 0
  #lifeMs = 1
  #at = 0

  get some(): boolean {
    return this.#count > 0
  }

  /** One more, whose work takes so long, as far as that is known: one that is short does not end the others. */
  add(ms: number, now: number): void {
    const others = this.at(now)
    this.#count = others + 1
    this.#at = now
    this.#lifeMs = (others * this.#lifeMs + Math.max(1, ms)) / (others + 1)
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
