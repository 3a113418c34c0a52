/** The time of a bad day: virtual, moved event by event, with a wall clock that others set and an event loop that stands still. */
import type { Clock, ProcessLoad } from "../../../src/Clock.ts"
import { epochMs } from "../../../src/testing/simulation/clock.ts"
import { Errand, EventQueue, type Happening as Planned } from "../../../src/testing/simulation/queue.ts"

export class DayClock implements Clock {
  readonly #queue = new EventQueue()
  readonly #seed: number
  wallOffset = 0
  pressure: ProcessLoad = { memory: 0, eventLoop: 0 }
  /** Called when a timer of a breaker has fired: promises may have become ready. */
  fired: () => void = () => {}
  /** Timers that a breaker has armed, and not those of the day. */
  armed = 0

  constructor(seed: number) {
    this.#seed = seed
  }

  now = (): number => this.#queue.now
  wallNow = (): number => epochMs + this.#queue.now + this.wallOffset
  seed = (): number => this.#seed
  load = (): ProcessLoad => this.pressure

  arm = (delayMs: number, wake: () => void) => {
    this.armed++
    let isArmed = true
    const off = () => {
      if (isArmed) this.armed--
      isArmed = false
    }
    const timer = new Errand(() => {
      off()
      wake()
      this.fired()
    })
    this.#queue.plan(timer, this.#queue.now + Math.max(0, delayMs))
    return {
      disarm: () => {
        off()
        this.#queue.cancel(timer)
      },
      hold: () => {},
    }
  }

  plan(run: () => void, afterMs: number): Planned {
    const errand = new Errand(run)
    this.#queue.plan(errand, this.#queue.now + afterMs)
    return errand
  }

  /** Likewise; answers how to call it off. */
  later(run: () => void, afterMs: number): () => void {
    const errand = this.plan(run, afterMs)
    return () => this.#queue.cancel(errand)
  }

  /** What is due by `end`, and due late after a stall; false when nothing is. */
  fireNext(end: number): boolean {
    const { first } = this.#queue
    if (first === undefined || first.at > end) return false
    this.#queue.cancel(first)
    this.#queue.now = Math.max(this.#queue.now, first.at)
    first.fire(this.#queue.now)
    return true
  }

  /** Time passes while nothing runs. */
  jump(to: number): void {
    this.#queue.now = Math.max(this.#queue.now, to)
  }
}
