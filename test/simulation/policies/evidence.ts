/** The rules by which published breakers trip. */

/** When a closed breaker trips. */
export interface Evidence {
  add(good: boolean, now: number): boolean
  clear(): void
}

/** Failures in a row. */
export class Row implements Evidence {
  #row = 0
  readonly #needed: number
  constructor(needed: number) {
    this.#needed = needed
  }
  add(good: boolean): boolean {
    this.#row = good ? 0 : this.#row + 1
    return this.#row >= this.#needed
  }
  clear(): void {
    this.#row = 0
  }
}

/** So many errors within a sliding time, however many successes there were. */
export class Errors implements Evidence {
  #times: number[] = []
  readonly #needed: number
  readonly #withinMs: number
  constructor(needed: number, withinMs: number) {
    this.#needed = needed
    this.#withinMs = withinMs
  }
  add(good: boolean, now: number): boolean {
    if (good) return false
    this.#times.push(now)
    this.#times = this.#times.filter((time) => now - time < this.#withinMs)
    return this.#times.length >= this.#needed
  }
  clear(): void {
    this.#times = []
  }
}

/** A ratio of failures over slices of time. */
export class Ratio implements Evidence {
  #samples: { readonly slice: number; bad: number; all: number }[] = []
  readonly #ratio: number
  readonly #least: number
  readonly #sliceMs: number
  readonly #slices: number
  constructor(ratio: number, least: number, withinMs: number, slices: number) {
    this.#ratio = ratio
    this.#least = least
    this.#sliceMs = withinMs / slices
    this.#slices = slices
  }
  add(good: boolean, now: number): boolean {
    const slice = Math.floor(now / this.#sliceMs)
    if (this.#samples.at(-1)?.slice !== slice) this.#samples.push({ slice, bad: 0, all: 0 })
    this.#samples = this.#samples.filter((sample) => slice - sample.slice < this.#slices)
    const newest = this.#samples.at(-1)
    if (newest !== undefined) {
      newest.all++
      if (!good) newest.bad++
    }
    const all = this.#samples.reduce((sum, sample) => sum + sample.all, 0)
    const bad = this.#samples.reduce((sum, sample) => sum + sample.bad, 0)
    return all >= this.#least && bad >= this.#ratio * all
  }
  clear(): void {
    this.#samples = []
  }
}

/** A ratio of failures over the last calls. */
export class Last implements Evidence {
  readonly #ring: boolean[] = []
  #next = 0
  #bad = 0
  readonly #size: number
  readonly #ratio: number
  constructor(size: number, ratio: number) {
    this.#size = size
    this.#ratio = ratio
  }
  add(good: boolean): boolean {
    if (this.#ring.length === this.#size && this.#ring[this.#next] === false) this.#bad--
    this.#ring[this.#next] = good
    this.#next = (this.#next + 1) % this.#size
    if (!good) this.#bad++
    return this.#ring.length >= this.#size && this.#bad >= this.#ratio * this.#size
  }
  clear(): void {
    this.#ring.length = 0
    this.#next = 0
    this.#bad = 0
  }
}
