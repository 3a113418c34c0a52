/**
 * Simple paths of a real breaker: ways along which its charts, all together, never stand twice alike. There are far too many to walk
 * them all, so a seed chooses: which step is tried next, and each goes on while one of a few steps leads anew.
 */
import type { BreakerConfig } from "recloser"
import { chance } from "../../machines/chance.ts"
import { breakerCoverer, breakerWorld } from "../../src/testing/model/breakerWorld.ts"
import { walk } from "../../src/testing/model/paths.ts"
import { type Stride, take, type World } from "../../src/testing/model/world.ts"

export interface Bounds {
  readonly seed: number
  /** How many paths. */
  readonly paths: number
  /** Most steps of one. */
  readonly steps: number
}

export interface SimplePaths {
  readonly paths: readonly (readonly Stride[])[]
  /** Different ways in which its charts stood, all together. */
  readonly places: number
}

/** So many steps are tried before a path ends where it is: most of them such as happen outside, for few places hear what is told. */
const tries = { outside: 8, told: 2 }

const placeOf = (world: World): string => world.standing().join()

/** Fisher and Yates: the first few of all, in an order that the draws decide. */
function few(most: number, all: Iterable<string>, draw: () => number): readonly string[] {
  const left = [...all]
  return Array.from({ length: Math.min(most, left.length) }, () => {
    const [one] = left.splice(Math.floor(draw() * left.length), 1)
    return one as string
  })
}

/** Finds them, and walks each once more from its beginning to its end, with every invariant asked after every step. */
export async function simplePathsOf(config: BreakerConfig, { seed, paths: most, steps }: Bounds): Promise<SimplePaths> {
  const open = () => breakerWorld(config, breakerCoverer())
  let draws = 0
  const draw = () => chance(seed, draws++)
  const found = new Map<string, readonly Stride[]>()
  const places = new Set<string>()

  /** The path with one step more, if one of a few leads where it has not been. */
  async function longer(path: readonly Stride[], been: ReadonlySet<string>) {
    const tried = await open()
    const names = [...few(tries.outside, tried.steps.keys(), draw), ...few(tries.told, tried.told.keys(), draw)]
    await tried.close()
    for (const name of names) {
      const world = await open()
      world.watch.glimpse()
      for (const { step } of path) await take(world, step)
      const stride = await take(world, name)
      const place = placeOf(world)
      await world.close()
      if (!been.has(place)) return { path: [...path, stride], place }
    }
    return undefined
  }

  const start = await open()
  const first = placeOf(start)
  await start.close()
  for (let turn = 0; found.size < most && turn < 2 * most; turn++) {
    const been = new Set([first])
    let path: readonly Stride[] = []
    while (path.length < steps) {
      const next = await longer(path, been)
      if (next === undefined) break
      path = next.path
      been.add(next.place)
    }
    for (const place of been) places.add(place)
    if (path.length > 0) found.set(path.map(({ step }) => step).join("; "), path)
  }
  const paths = [...found.values()]
  for (const path of paths) await walk(open, path)
  return { paths, places: places.size }
}
