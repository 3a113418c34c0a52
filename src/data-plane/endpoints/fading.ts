/** Memories fade by exponentials, which are asked for several times in each call: most of them lie near nothing, or are known. */

/** e^-x, x from 0: near 0 by its series, which is right to 1e-8 there. */
export const faded = (x: number): number =>
  x < 1 / 16 ? 1 - x * (1 - x * (1 / 2 - x * (1 / 6 - x / 24))) : Math.exp(-x)

/** Whole powers of one number between 0 and 1. */
export class Powers {
  readonly #base: number
  readonly #known: Float64Array

  /** `known`: so many of them, from the 0th, are worked out once. */
  constructor(base: number, known: number) {
    this.#base = base
    this.#known = Float64Array.from({ length: known }, (_, power) => base ** power)
  }

  of(power: number): number {
    return power < this.#known.length ? (this.#known[power] as number) : this.#base ** power
  }
}
