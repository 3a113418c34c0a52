/** A clock that is told the time by a recording: its timers fire when the recorded ones did. */
import type { Clock } from "../../Clock.ts"

interface Timer {
  readonly due: number
  readonly wake: () => void
}

export class PlayerClock implements Clock {
  readonly #wallOffset: number
  readonly #timers = new Set<Timer>()
  #now: number

  constructor(start: number, wall: number) {
    this.#now = start
    this.#wallOffset = wall - start
  }

  now(): number {
    return this.#now
  }
  wallNow(): number {
    return this.#now + this.#wallOffset
  }
  seed(): number {
    return 0
  }
  arm(delayMs: number, wake: () => void) {
    const timer = { due: this.#now + Math.max(0, delayMs), wake }
    this.#timers.add(timer)
    return { disarm: () => void this.#timers.delete(timer), hold: () => {} }
  }

  /** Time never goes back. */
  set(at: number): void {
    this.#now = Math.max(this.#now, at)
  }

  /** Fires what was due by then, as a process does that was busy until then. */
  turn(at: number): void {
    this.set(at)
    for (const timer of this.#timers) {
      if (timer.due > this.#now) continue
      this.#timers.delete(timer)
      timer.wake()
    }
  }
}
