/**
 * Gauges that a user observes: the last value of each, until a slice takes them along. A value that can be asked for is asked once a
 * slice. None of this happens on the path of a call.
 */

/** What shows a gauge: a value now, or a function that answers it when it is asked. */
export type GaugeValue = number | (() => number)

export class Observed {
  readonly #values = new Map<string, GaugeValue>()
  readonly #most: number
  readonly #trouble: (error: unknown) => void

  constructor(most: number, trouble: (error: unknown) => void) {
    this.#most = most
    this.#trouble = trouble
  }

  /** False when there are too many gauges already. */
  observe(gauge: string, value: GaugeValue): boolean {
    if (!this.#values.has(gauge) && this.#values.size >= this.#most) return false
    this.#values.set(gauge, value)
    return true
  }

  forget(gauge: string): void {
    this.#values.delete(gauge)
  }

  /** What they show now. A number is shown once: a gauge that nobody observes any more says nothing. */
  take(): { readonly [gauge: string]: number } | undefined {
    const shown: [string, number][] = []
    for (const [gauge, value] of this.#values) {
      const now = typeof value === "number" ? value : this.#ask(value)
      if (Number.isFinite(now)) shown.push([gauge, now])
      if (typeof value === "number") this.#values.set(gauge, Number.NaN)
    }
    return shown.length === 0 ? undefined : Object.fromEntries(shown)
  }

  #ask(value: () => number): number {
    try {
      return value()
    } catch (error) {
      this.#trouble(error)
      return Number.NaN
    }
  }
}
