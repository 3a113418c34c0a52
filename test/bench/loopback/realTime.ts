/** What worlds plan in virtual time, done in real time. */
import { EventQueue, type Happening } from "../../../src/testing/simulation/queue.ts"

export class RealTime {
  readonly #queue = new EventQueue()
  readonly #zero: number
  #timer: NodeJS.Timeout | undefined
  #isFiring = false

  /** `epochMs`: the wall clock at time 0, the same for the processes of one run. */
  constructor(epochMs: number) {
    this.#zero = performance.now() + epochMs - Date.now()
  }

  /** What happens at a planned time happens then, however late the process comes to it: arrivals follow the seed alone. */
  get now(): number {
    return this.#isFiring ? this.#queue.now : this.real
  }

  get real(): number {
    return performance.now() - this.#zero
  }

  plan(happening: Happening, at: number): void {
    this.#queue.plan(happening, at)
    if (!this.#isFiring) this.#wait()
  }

  cancel(happening: Happening): void {
    this.#queue.cancel(happening)
  }

  /** Nothing happens that is planned for later than `end`; what is due by then does. */
  stop(end = 0): void {
    this.#fire(() => end)
    clearTimeout(this.#timer)
    for (let { first } = this.#queue; first !== undefined; first = this.#queue.first) this.#queue.cancel(first)
  }

  #wait(): void {
    clearTimeout(this.#timer)
    const { first } = this.#queue
    if (first !== undefined)
      this.#timer = setTimeout(() => this.#fire(() => this.real), Math.max(0, first.at - this.real))
  }

  #fire(end: () => number): void {
    this.#isFiring = true
    for (let next = this.#queue.next(end()); next !== undefined; next = this.#queue.next(end())) next.fire(next.at)
    this.#isFiring = false
    this.#wait()
  }
}
