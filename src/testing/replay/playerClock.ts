/** A clock that is told the time by a recording: its timers fire when the recorded ones did. */
import { type Clock, wheelOf } from "../../Clock.ts"

export class PlayerClock implements Clock {
  /** It is told when the host stood still. */
  readonly isPunctual = true
  readonly #wallOffset: number
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
  /** Nothing fires by itself: the recording says when. */
  arm() {
    return { disarm: () => {}, hold: () => {} }
  }

  /** Time never goes back. */
  set(at: number): void {
    this.#now = Math.max(this.#now, at)
  }

  /** The process stood still until then, for so long. */
  stand(at: number, ms: number): void {
    this.set(at)
    wheelOf(this).turns.stand(at, ms)
  }

  /** Fires what was due by then, as the process did: one that was busy was late, and had read what came meanwhile. */
  turn(by: number): void {
    this.set(by)
    wheelOf(this).turn(this.#now, by)
  }
}
