/** Watches calls in flight that grow older than the slow line, and tells a slow service from a host that slept. */
import { Overdue } from "./overdue.ts"
import { Alarm } from "./timers.ts"
import type { Wheel } from "./wheel.ts"

const never = Number.POSITIVE_INFINITY

export class Lateness {
  #slowAfterMs = never
  #isWatched = false
  #overdue: Overdue | undefined
  #excusedUntil = Number.NEGATIVE_INFINITY
  readonly #wheel: Wheel
  readonly #count: (overdue: Overdue, now: number) => void
  readonly #sweeper = new Alarm((now) => this.#sweep(now))

  /** `count` takes in the calls that have become overdue. */
  constructor(wheel: Wheel, count: (overdue: Overdue, now: number) => void) {
    this.#wheel = wheel
    this.#count = count
  }

  /** Obeys a line, if anybody counts; of one that changes in an epoch it watches the calls that enter from now on. */
  adopt(slowAfterMs: number, isWatched: boolean, isNewEpoch: boolean, now: number): void {
    const isSame = this.#slowAfterMs === slowAfterMs
    this.#slowAfterMs = slowAfterMs
    this.#isWatched = isWatched
    if (isNewEpoch) this.#watch(now)
    else if (!isSame) this.#watch(now, now)
  }

  /** Watches for calls that grow older than the line; of a line that changes in an epoch, those that enter `since`. */
  #watch(now: number, since?: number): void {
    const earlier = since === undefined ? undefined : this.#overdue
    const isOn = this.#isWatched && this.#slowAfterMs < never
    this.#overdue = isOn ? new Overdue(this.#slowAfterMs, now, since, earlier) : undefined
    this.#wheel.disarm(this.#sweeper)
  }

  isSlow(durationMs: number): boolean {
    return durationMs >= this.#slowAfterMs
  }

  /** Calls in flight that are older than the line. */
  get count(): number {
    return this.#overdue?.count ?? 0
  }

  /** The same, and those that were older than an earlier line. */
  get total(): number {
    return this.#overdue?.total ?? 0
  }

  /** Whether it is this that is watched still: a gate may have come meanwhile. */
  watches(overdue: Overdue): boolean {
    return this.#overdue === overdue
  }

  enter(startedAt: number): void {
    const overdue = this.#overdue
    if (overdue === undefined) return
    // No timer has fired for two slow lines: the host slept.
    if (!overdue.enter(startedAt)) return this.#excuse(startedAt)
    if (this.#sweeper.list === undefined) this.#wheel.arm(this.#sweeper, overdue.nextIn(startedAt) ?? 0, startedAt)
  }

  /** A call has ended; answers whether it was overdue. */
  leave(startedAt: number): boolean {
    return this.#overdue?.leave(startedAt) ?? false
  }

  /**
   * The host itself has slept, while answers may have been waiting to be read: how long calls took that were in flight says nothing of
   * the service. They count by how they end, and not as slow.
   */
  #excuse(now: number): void {
    this.#excusedUntil = now
    this.#watch(now, now)
  }

  /** Calls that entered by then are not slow for being late: the host slept. */
  excusedUntil(now: number): number {
    if (this.#overdue?.hasSlept(now)) this.#excuse(now)
    return this.#excusedUntil
  }

  /** Does what was due by then, for calls that are lived through again: no timer fires for the past. */
  catchUp(now: number): void {
    while (this.#sweeper.list !== undefined && this.#sweeper.due <= now) {
      const { due } = this.#sweeper
      this.#wheel.disarm(this.#sweeper)
      this.#sweep(due)
    }
  }

  stop(): void {
    this.#wheel.disarm(this.#sweeper)
  }

  #sweep(now: number): void {
    // Where it is armed there is something to watch.
    const overdue = this.#overdue as Overdue
    if (overdue.hasSlept(now)) return this.#excuse(now)
    this.#count(overdue, now)
    const nextMs = this.watches(overdue) ? overdue.nextIn(now) : undefined
    if (nextMs !== undefined) this.#wheel.arm(this.#sweeper, nextMs, now)
  }
}
