/** Seeded chance for synthetic streams. */
export interface Chance {
  /** From 0 to 1. */
  uniform(): number
  gaussian(): number
  /** With mean 1. */
  exponential(): number
  between(least: number, most: number): number
  whole(least: number, most: number): number
  poisson(mean: number): number
}

/** Mulberry32. */
export function seeded(seed: number): Chance {
  let state = seed >>> 0
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const gaussian = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform())
  return {
    uniform,
    gaussian,
    exponential: () => -Math.log(1 - uniform()),
    between: (least, most) => least + (most - least) * uniform(),
    whole: (least, most) => least + Math.floor(uniform() * (most - least + 1)),
    poisson: (mean) =>
      mean > 50 ? Math.max(0, Math.round(mean + Math.sqrt(mean) * gaussian())) : knuth(mean, uniform),
  }
}

function knuth(mean: number, uniform: () => number): number {
  const limit = Math.exp(-mean)
  let count = 0
  for (let product = uniform(); product > limit; product *= uniform()) count++
  return count
}
