/** Slots in use: in all, by class, and by tenant where one is held to its part. */
import { ranks, type SlotsLine, topRank } from "../../../machines/vocabulary/priority.ts"
import { Tenants } from "./tenants.ts"

/** How long the use of a reserved share is remembered: half of it after so many milliseconds. */
const memoryMs = 10_000
const decay = Math.LN2 / memoryMs

/** What is left of a use that is as good as forgotten. */
const forgotten = 0.05

/** What a call that holds a slot remembers for it. */
export interface Held {
  /** 0: it holds none. Else how many were in flight when it entered, itself included. */
  slot: number
  rank: number
  /** The tenant whose part of the critical slots it takes. */
  tenant: string | undefined
}

/** Where nobody has said anything of slots. */
export const unlimited: SlotsLine = {
  adaptive: false,
  least: 1,
  most: Number.POSITIVE_INFINITY,
  first: Number.POSITIVE_INFINITY,
  reserve: [],
  waitMs: 0,
  quota: 1,
  pressure: false,
}

export class Slots {
  inUse = 0
  /** Calls in flight times milliseconds, since the beginning: between two instants, by their distance, it is how many there were. */
  area = 0
  #areaAt = 0
  readonly #byRank: number[] = new Array(ranks).fill(0)
  /** Made when the first critical call names its tenant. */
  #tenants: Tenants | undefined = undefined
  #reserve: readonly number[] | undefined = undefined
  readonly #peak: number[] = new Array(ranks).fill(0)
  #peaksAt = 0

  adopt({ reserve }: SlotsLine): void {
    this.#reserve = reserve.some((share) => share > 0) ? reserve : undefined
  }

  /** Whether parts of them are kept for classes. */
  get isReserved(): boolean {
    return this.#reserve !== undefined
  }

  /** Whether one more of this class fits under a limit. */
  fits(rank: number, limit: number, now: number): boolean {
    if (this.#reserve === undefined) return this.inUse < limit
    return this.inUse + this.#keptFrom(rank, limit, this.#reserve, now) < limit
  }

  /** Whether a tenant's critical calls hold their part of the slots already. */
  isOverQuota(tenant: string, quota: number, limit: number, now: number): boolean {
    return this.#tenants?.exceeds(tenant, Math.max(1, quota * limit), now) ?? false
  }

  take(held: Held, rank: number, tenant: string | undefined, now: number): void {
    this.hold(held, rank, now)
    if (this.#reserve !== undefined) {
      this.#fade(now)
      this.#peak[rank] = Math.max(this.#peak[rank] as number, this.#byRank[rank] as number)
    }
    if (rank !== topRank || tenant === undefined) return
    held.tenant = tenant
    this.#tenants ??= new Tenants()
    this.#tenants.take(tenant, now)
  }

  /** Takes a slot where none is kept for anybody, and no tenant is named. */
  hold(held: Held, rank: number, now: number): void {
    this.#pass(now)
    held.slot = ++this.inUse
    held.rank = rank
    this.#byRank[rank] = (this.#byRank[rank] as number) + 1
  }

  giveBack(held: Held, now: number): void {
    this.#pass(now)
    this.inUse--
    this.#byRank[held.rank] = (this.#byRank[held.rank] as number) - 1
    if (held.tenant !== undefined) this.#tenants?.giveBack(held.tenant, now)
  }

  /**
   * Slots that are free and kept for higher classes. A reserved share that is not used is lent out, all but one slot: that one
   * lets the class in at once when it comes, and from then on its share comes back as calls end.
   */
  #keptFrom(rank: number, limit: number, reserve: readonly number[], now: number): number {
    this.#fade(now)
    let kept = 0
    for (let higher = rank + 1; higher < ranks; higher++) {
      const share = reserve[higher] as number
      if (share === 0) continue
      const wanted = Math.min(Math.ceil(share * limit), Math.ceil((this.#peak[higher] as number) - forgotten) + 1)
      kept += Math.max(0, wanted - (this.#byRank[higher] as number))
    }
    // One slot is everybody's: what is kept for others must not shut a class out for ever.
    return Math.min(kept, limit - 1)
  }

  #pass(now: number): void {
    this.area += this.inUse * (now - this.#areaAt)
    this.#areaAt = now
  }

  #fade(now: number): void {
    const passed = now - this.#peaksAt
    if (!(passed > memoryMs / 100)) return
    this.#peaksAt = now
    const left = Math.exp(-decay * passed)
    for (let rank = 0; rank < ranks; rank++) this.#peak[rank] = (this.#peak[rank] as number) * left
  }
}
