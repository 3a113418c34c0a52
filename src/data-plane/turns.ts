import { Stalls } from "./stalls.ts"

/** When the timers of a wheel were fired last. Who writes down what has happened asks before each call whether that has changed. */
export class Turns {
  /** When it last turned. */
  at = Number.NEGATIVE_INFINITY
  /** Whatever was due by then has happened, and nothing else; while it turns, as far as it has come. */
  by = Number.NEGATIVE_INFINITY
  /** Another number, from 0, whenever one of them may have changed: one comparison of whole numbers instead of two of fractions. */
  count = 0
  /** When the host stood still. */
  readonly stalls = new Stalls()

  begin(at: number): void {
    this.at = at
    this.#changed()
  }

  reach(by: number): void {
    this.by = by
    this.#changed()
  }

  /** The host stood still until now, for so long at least. */
  stand(now: number, ms: number): void {
    this.stalls.note({ at: now, ms: Math.ceil(ms), turnedAt: this.at, turnedBy: this.by })
    this.#changed()
  }

  #changed(): void {
    this.count = (this.count + 1) % 2 ** 30
  }
}
