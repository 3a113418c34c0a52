/** Which seeds to run, as people write them. */

export const standardSeeds = "1-10"

/** More would take hours, and tell no more. */
const most = 1000
const greatest = 2 ** 32 - 1
/** So many of the longest, with a comma and a blank each. */
const longest = 12 * most

const isSeed = (seed: unknown): boolean => Number.isInteger(seed) && Number(seed) >= 0 && Number(seed) <= greatest

function range(part: string): readonly number[] | undefined {
  const found = part.trim().match(/^(\d+)(?:-(\d+))?$/)
  if (found === null) return undefined
  const [first, last] = [Number(found[1]), Number(found[2] ?? found[1])]
  if (!isSeed(first) || !isSeed(last) || last < first || last - first >= most) return undefined
  return Array.from({ length: last - first + 1 }, (_, index) => first + index)
}

export const seedsRule = `must be seeds such as "1-20" or "3,5,8": whole numbers from 0, at most ${most} of them`

/** `1-20`, `3`, or several of these with commas, each seed once; undefined: that names no seeds. */
export function seedsOf(given: unknown): readonly number[] | undefined {
  if (typeof given === "string" && given.length > longest) return undefined
  const parts: readonly unknown[] = typeof given === "string" ? given.split(",").map(range) : [given]
  if (!parts.every((part) => Array.isArray(part))) return undefined
  const seeds = [...new Set(parts.flat())]
  return seeds.length > 0 && seeds.length <= most && seeds.every(isSeed) ? (seeds as number[]) : undefined
}
