/** How hard the process is pressed, told to the machines while it is more than a little, and when it no longer is. */
import type { Report } from "../machines/vocabulary/signal.ts"
import type { Clock } from "./Clock.ts"
import type { Plane } from "./data-plane/plane.ts"

/** Below this nobody is pressed. */
const quiet = 0.75

export class PressureGauge {
  readonly #clock: Clock
  readonly #plane: Plane
  #told = 0

  constructor(clock: Clock, plane: Plane) {
    this.#clock = clock
    this.#plane = plane
  }

  /** What there is to tell after a report; it is asked for once a slice. */
  after(report: Report): Report | undefined {
    const { gate, queue } = this.#plane
    if (report.type !== "slice.closed" || !gate.lines.slots?.pressure) return undefined
    const { eventLoop = 0, memory = 0 } = this.#clock.load?.() ?? {}
    const inLine = gate.restriction.queue > 0 ? queue.size / gate.restriction.queue : 0
    const level = Math.max(eventLoop, memory, inLine)
    // Also when it is as it was: a floor of which nothing is heard is lowered.
    if (Math.max(level, this.#told) < quiet) return undefined
    this.#told = level < quiet ? 0 : level
    return { type: "pressure.changed", at: report.at, utilisation: eventLoop, memory, queue: inLine }
  }
}
