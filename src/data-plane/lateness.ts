/** Watches calls in flight that grow older than the slow line. The time in which the host stood still is none that they took. */
import { Overdue } from "./overdue.ts"
import { Alarm } from "./timers.ts"
import type { Wheel } from "./wheel.ts"

const never = Number.POSITIVE_INFINITY

/**
 * What the host may stand still for without anybody's notice, beside what comes at once: a part of the line, so that a usual call, which
 * takes less than half of it, is not slow for that.
 */
const partUnseen = 1 / 4
/** To look more often than this costs more than it tells; less often, a stall is noticed late. */
const [mostOftenMs, leastOftenMs] = [10, 1000]

export class Lateness {
  #slowAfterMs = never
  #isWatched = false
  #overdue: Overdue | undefined
  readonly #wheel: Wheel
  readonly #count: (overdue: Overdue, now: number) => void
  readonly #write: () => void
  readonly #sweeper = new Alarm((now) => this.#sweep(now))
  readonly #stoodMs = (since: number, now: number): number => this.#wheel.alarm.stoodMs(since, now)

  /** `count` takes in the calls that have become overdue; `write` writes down before that that a timer has found some. */
  constructor(wheel: Wheel, count: (overdue: Overdue, now: number) => void, write = () => {}) {
    this.#wheel = wheel
    this.#count = count
    this.#write = write
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
    this.#overdue = isOn ? new Overdue(this.#slowAfterMs, now, this.#stoodMs, since, earlier) : undefined
    this.stop()
    // Who is in flight is judged by the new line when it ends, whoever enters after it: until then it matters whether the host stands still.
    if (since !== undefined) this.attend(now)
  }

  /** A call is under way of which nobody waits until it is too old: that the host stands still is noticed, for as long as it may take. */
  attend(now: number): void {
    if (this.#slowAfterMs < never && this.#sweeper.list === undefined) this.#arm(this.#slowAfterMs, now)
  }

  /** Whether that is longer than the line, by the clock alone. */
  isLong(durationMs: number): boolean {
    return durationMs >= this.#slowAfterMs
  }

  /** Whether a call that entered at `since` is slow: the host's own stalls left out. */
  isSlow(since: number, now: number): boolean {
    return this.isLong(now - since) && this.isLong(now - since - this.stoodMs(since, now))
  }

  /** For how many milliseconds of that time the host stood still. */
  stoodMs(since: number, now: number): number {
    return this.#wheel.alarm.stoodMs(since, now)
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
    // The host stood still for so long that there is no room: who entered before is judged by how it ends.
    if (!overdue.enter(startedAt)) return this.#watch(startedAt, startedAt)
    if (this.#sweeper.list === undefined) this.#arm(overdue.nextIn(startedAt) ?? 0, startedAt)
  }

  /** A call has ended; answers whether it was overdue. */
  leave(startedAt: number): boolean {
    return this.#overdue?.leave(startedAt) ?? false
  }

  /** Does what was due by then, for calls that are lived through again: no timer fires for the past. */
  catchUp(now: number): void {
    while (this.#sweeper.list !== undefined && this.#sweeper.due <= now) {
      const { due } = this.#sweeper
      this.#wheel.disarm(this.#sweeper)
      this.#sweep(due)
    }
  }

  #arm(afterMs: number, now: number): void {
    this.#wheel.alarm.watch(Math.min(leastOftenMs, Math.max(mostOftenMs, this.#slowAfterMs * partUnseen)), now)
    this.#wheel.arm(this.#sweeper, afterMs, now)
  }

  stop(): void {
    if (this.#sweeper.list === undefined) return
    this.#wheel.alarm.unwatch()
    this.#wheel.disarm(this.#sweeper)
  }

  #sweep(now: number): void {
    this.#wheel.alarm.unwatch()
    const overdue = this.#overdue
    if (overdue === undefined) return
    if (overdue.isDue(now)) this.#write()
    this.#count(overdue, now)
    const nextMs = this.watches(overdue) ? overdue.nextIn(now) : undefined
    if (nextMs !== undefined) this.#arm(nextMs, now)
  }
}
