/**
 * The one timer that a wheel has of its host. That it comes late says that the host stood still: while somebody must know that, it comes
 * more often than anything is due, so that no stall is missed by more than the time between two of its comings.
 */
import type { Turns } from "./turns.ts"

/** What the wheel needs of a clock. */
export interface WheelHost {
  /** Monotonic milliseconds. */
  now(): number
  /** Its timers come when they are due, as those of a clock that a test moves: nobody need watch whether the host stands still. */
  readonly isPunctual?: boolean | undefined
  /** Calls `wake` once after `delayMs`. `holds`: whether the pending timer keeps the process alive. */
  arm(delayMs: number, wake: () => void, holds: boolean): HostTimer
}

export interface HostTimer {
  disarm(): void
  /** Says anew whether the pending timer keeps the process alive. */
  hold(holds: boolean): void
}

/** What begins so soon after a stall is the same one: neither timers nor recordings are more exact. */
const atOnceMs = 1

/** A host whose timer comes later than this was busy or stopped, and answers may be waiting to be read. */
export const punctualMs = 10

const never = Number.POSITIVE_INFINITY

export class HostAlarm {
  readonly host: WheelHost
  readonly #turns: Turns
  readonly #wake: (now: number, lateMs: number) => void
  /** Whether it keeps the process alive, as the host was told. */
  holds = false
  #timer: HostTimer | undefined
  #dueAt = never
  /** While what it has woken runs: since when. */
  #cameAt = never
  /** The last stall that is known began then, and is known until then. */
  #stoodSince = -never
  #lookedAt = -never
  #watchers = 0
  #watchMs = never

  /** `wake` is told when it has come, and how late. */
  constructor(host: WheelHost, turns: Turns, wake: (now: number, lateMs: number) => void) {
    this.host = host
    this.#turns = turns
    this.#wake = wake
  }

  /** Wakes by then. */
  arm(wakeAt: number): void {
    if (wakeAt >= this.#dueAt) return
    this.#timer?.disarm()
    const now = this.host.now()
    // Nobody was watching since it came: the host may have stood still then, too.
    this.#note(this.#cameAt, now)
    // A timer that was due before it was armed, as when calls are lived through again, makes no host late.
    this.#dueAt = Math.max(Math.min(wakeAt, now + this.#watchMs), now)
    this.#timer = this.host.arm(this.#dueAt - now, this.#come, this.holds)
  }

  disarm(): void {
    this.#timer?.disarm()
    this.#timer = undefined
    this.#dueAt = never
    this.holds = false
  }

  hold(holds: boolean): void {
    this.holds = holds
    this.#timer?.hold(holds)
  }

  readonly #come = (): void => {
    const now = this.host.now()
    const lateMs = now - this.#dueAt
    this.look(now)
    this.#timer = undefined
    this.#dueAt = never
    this.#cameAt = now
    try {
      this.#wake(now, lateMs)
    } finally {
      this.#cameAt = never
    }
  }

  /** From now on it comes so often at least, if anything is due at all: how late it comes says for how long the host stood still. */
  watch(everyMs: number, now: number): void {
    this.#watchers++
    if (everyMs >= this.#watchMs || this.host.isPunctual === true) return
    this.#watchMs = everyMs
    if (this.#dueAt < never) this.arm(now + everyMs)
  }

  unwatch(): void {
    if (--this.#watchers === 0) this.#watchMs = never
  }

  /** Whether the host stands still, or has until now: then it should have come long ago. */
  look(now: number): void {
    this.#note(this.#dueAt, now)
  }

  #note(since: number, now: number): void {
    if (!(now - Math.max(since, this.#lookedAt) > punctualMs) || this.host.isPunctual === true) return
    if (since > this.#lookedAt + atOnceMs) this.#stoodSince = since
    this.#lookedAt = now
    this.#turns.stand(now, now - this.#stoodSince)
  }

  /** For how many milliseconds of that time the host stood still. */
  stoodMs(since: number, now: number): number {
    this.look(now)
    return this.#turns.stalls.between(since, now)
  }
}
