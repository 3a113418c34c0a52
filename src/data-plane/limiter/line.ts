/**
 * The line of those who wait: by class, and within a class by tenant. Tenants of a class take turns. Whoever joins, leaves or
 * is called costs a few pointer writes, however many wait.
 */
import { ranks } from "../../../machines/vocabulary/priority.ts"
import type { Waiter } from "./waiter.ts"

/** Those of one class and one tenant, in the order of their coming. The lanes of a class are a ring. */
export class Lane {
  readonly rank: number
  readonly tenant: string | undefined
  size = 0
  oldest: Waiter | undefined = undefined
  newest: Waiter | undefined = undefined
  next: Lane = this
  previous: Lane = this

  constructor(rank: number, tenant: string | undefined) {
    this.rank = rank
    this.tenant = tenant
  }
}

/** So many calls, and so quick one after the other, are made in one go, as by a loop: nothing can be seen of a service between them. */
const inOneGo = 100
const oneGoMs = 0.1

export class Line {
  size = 0
  /** When those who have come since somebody waits would all be there, were they that quick. */
  #dueAt = 0
  /** For each class, the lane whose turn it is. */
  readonly #turn: (Lane | undefined)[] = new Array(ranks).fill(undefined)
  /** Since when somebody of a class has waited at every instant. */
  readonly #since: number[] = new Array(ranks).fill(0)
  readonly #lanes: (Map<string | undefined, Lane> | undefined)[] = new Array(ranks).fill(undefined)

  /** The highest class of which somebody waits; -1 when nobody does. */
  get highest(): number {
    if (this.size === 0) return -1
    let rank = ranks - 1
    while (this.#turn[rank] === undefined) rank--
    return rank
  }

  get lowest(): number {
    if (this.size === 0) return -1
    let rank = 0
    while (this.#turn[rank] === undefined) rank++
    return rank
  }

  has(rank: number): boolean {
    return this.#turn[rank] !== undefined
  }

  /** How long somebody of this class has waited at every instant; 0 when nobody does. */
  standsFor(rank: number, now: number): number {
    return this.has(rank) ? now - (this.#since[rank] as number) : 0
  }

  /** Whether all who have come since somebody waits came in one go. */
  cameAtOnce(now: number): boolean {
    return this.size >= inOneGo && now < this.#dueAt
  }

  add(waiter: Waiter, rank: number, now: number): void {
    this.#dueAt = (this.size === 0 ? now : this.#dueAt) + oneGoMs
    if (!this.has(rank)) this.#since[rank] = now
    const lane = this.#laneOf(rank, waiter.facts.tenant)
    waiter.rank = rank
    waiter.lane = lane
    waiter.ahead = lane.newest
    waiter.behind = undefined
    if (lane.newest === undefined) lane.oldest = waiter
    else lane.newest.behind = waiter
    lane.newest = waiter
    lane.size++
    this.size++
  }

  /** Takes one out, wherever it stands; false when it does not wait. */
  remove(waiter: Waiter): boolean {
    const { lane, ahead, behind } = waiter
    if (lane === undefined) return false
    if (ahead === undefined) lane.oldest = behind
    else ahead.behind = behind
    if (behind === undefined) lane.newest = ahead
    else behind.ahead = ahead
    waiter.lane = undefined
    waiter.ahead = undefined
    waiter.behind = undefined
    this.size--
    if (--lane.size === 0) this.#close(lane)
    return true
  }

  /** Whose turn it is in a class in which somebody waits; the turn goes on to the next tenant. */
  call(rank: number, newestFirst: boolean): Waiter {
    const lane = this.#turn[rank] as Lane
    this.#turn[rank] = lane.next
    return (newestFirst ? lane.newest : lane.oldest) as Waiter
  }

  /** Who has waited longest of the tenant that has most in the line: who gives way when there is no room in a class. */
  longest(rank: number): Waiter | undefined {
    const first = this.#turn[rank]
    if (first === undefined) return undefined
    let most = first
    for (let lane = first.next; lane !== first; lane = lane.next) if (lane.size > most.size) most = lane
    return most.oldest
  }

  /** Everybody, the highest class first. */
  all(): Waiter[] {
    const all: Waiter[] = []
    for (let rank = ranks - 1; rank >= 0; rank--) {
      for (const { oldest } of this.#lanes[rank]?.values() ?? [])
        for (let waiter = oldest; waiter !== undefined; waiter = waiter.behind) all.push(waiter)
    }
    return all
  }

  #laneOf(rank: number, tenant: string | undefined): Lane {
    const lanes = (this.#lanes[rank] ??= new Map<string | undefined, Lane>())
    const known = lanes.get(tenant)
    if (known !== undefined) return known
    const lane = new Lane(rank, tenant)
    lanes.set(tenant, lane)
    const turn = this.#turn[rank]
    if (turn === undefined) this.#turn[rank] = lane
    else {
      // Its turn comes last.
      lane.next = turn
      lane.previous = turn.previous
      turn.previous.next = lane
      turn.previous = lane
    }
    return lane
  }

  #close(lane: Lane): void {
    const { rank, tenant, next, previous } = lane
    this.#lanes[rank]?.delete(tenant)
    if (next === lane) {
      this.#turn[rank] = undefined
      return
    }
    previous.next = next
    next.previous = previous
    if (this.#turn[rank] === lane) this.#turn[rank] = next
  }
}
