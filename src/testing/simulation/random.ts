/**
 * Chance for the simulation: xoshiro128** (Blackman and Vigna), seeded through splitmix64 as its authors advise.
 *
 * A stream belongs to a seed and a label, so that adding one consumer of chance does not change what the others draw: each
 * policy meets the same arrivals, the same luck and the same faults.
 */

const mask64 = (1n << 64n) - 1n

/** splitmix64: one state in, a sequence of well mixed 64-bit numbers out. */
export function splitMix64(seed: bigint): () => bigint {
  let state = seed & mask64
  return () => {
    state = (state + 0x9e3779b97f4a7c15n) & mask64
    let mixed = state
    mixed = ((mixed ^ (mixed >> 30n)) * 0xbf58476d1ce4e5b9n) & mask64
    mixed = ((mixed ^ (mixed >> 27n)) * 0x94d049bb133111ebn) & mask64
    return mixed ^ (mixed >> 31n)
  }
}

const rotate = (word: number, by: number): number => (word << by) | (word >>> (32 - by))

export type State = readonly [number, number, number, number]

export class Random {
  #a: number
  #b: number
  #c: number
  #d: number

  constructor([a, b, c, d]: State) {
    this.#a = a | 0
    this.#b = b | 0
    this.#c = c | 0
    this.#d = d | 0
  }

  /** The next 32 bits, as a whole number from 0. */
  next(): number {
    const result = Math.imul(rotate(Math.imul(this.#b, 5), 7), 9)
    const shifted = this.#b << 9
    this.#c ^= this.#a
    this.#d ^= this.#b
    this.#b ^= this.#c
    this.#a ^= this.#d
    this.#c ^= shifted
    this.#d = rotate(this.#d, 11)
    return result >>> 0
  }

  /** Uniform in [0, 1). */
  unit(): number {
    return this.next() / 4_294_967_296
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.unit()
  }

  /** A whole number from 0 to `count` − 1. */
  below(count: number): number {
    return Math.floor(this.unit() * count)
  }

  /** The wait until the next event of a Poisson stream whose events are `mean` apart. */
  exponential(mean: number): number {
    return -Math.log(1 - this.unit()) * mean
  }

  /** Standard normal, by Box and Muller. */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.unit())) * Math.cos(2 * Math.PI * this.unit())
  }

  pick<T>(from: readonly T[]): T {
    const chosen = from[this.below(from.length)]
    if (chosen === undefined) throw new Error("there is nothing to pick from")
    return chosen
  }
}

/** FNV-1a over the label, so that streams with different labels start far apart. */
function hash(label: string): bigint {
  let folded = 0xcbf29ce484222325n
  for (const character of label) folded = ((folded ^ BigInt(character.codePointAt(0) ?? 0)) * 0x100000001b3n) & mask64
  return folded
}

export function stream(seed: number, label: string): Random {
  const next = splitMix64(BigInt(seed) ^ hash(label))
  const [low, high] = [next(), next()]
  const word = (of: bigint, half: bigint): number => Number((of >> half) & 0xffffffffn)
  return new Random([word(low, 0n), word(low, 32n), word(high, 0n), word(high, 32n)])
}
