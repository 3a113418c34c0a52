/** What the critical calls of each tenant hold on average: one that always calls everything critical is held to its part. */

/** The average forgets half in so many milliseconds: a burst is no habit. */
const memoryMs = 1000
const decay = Math.LN2 / memoryMs
/** So many tenants are remembered beyond those with calls in flight. */
const remembered = 1000

class Holding {
  held = 0
  #mean = 0
  #at: number
  constructor(now: number) {
    this.#at = now
  }
  /** Slots that it has held on average. */
  mean(now: number): number {
    const left = Math.exp(-decay * Math.max(0, now - this.#at))
    this.#mean = this.#mean * left + this.held * (1 - left)
    this.#at = now
    return this.#mean
  }
}

export class Tenants {
  readonly #holdings = new Map<string, Holding>()
  /** How many of them hold nothing now. */
  #idle = 0

  /** Whether its critical calls hold that many slots now and have held them on average. */
  exceeds(tenant: string, slots: number, now: number): boolean {
    const holding = this.#holdings.get(tenant)
    return holding !== undefined && holding.held >= slots && holding.mean(now) >= slots
  }

  take(tenant: string, now: number): void {
    const known = this.#holdings.get(tenant)
    const holding = known ?? new Holding(now)
    holding.mean(now)
    const wasIdle = holding.held++ === 0
    if (known !== undefined) {
      if (wasIdle) this.#idle--
      return
    }
    if (this.#idle >= remembered) this.#forgetIdle()
    this.#holdings.set(tenant, holding)
  }

  /** A call that was taken down ends: who holds anything is not forgotten. */
  giveBack(tenant: string, now: number): void {
    const holding = this.#holdings.get(tenant) as Holding
    holding.mean(now)
    if (--holding.held === 0) this.#idle++
  }

  #forgetIdle(): void {
    for (const [tenant, { held }] of this.#holdings) if (held === 0) this.#holdings.delete(tenant)
    this.#idle = 0
  }
}
