/** The paths of a model, each to be run as a test of its own, and what they cover. */
import { describeError } from "../../../machines/options.ts"
import type { Reason } from "./beyond.ts"
import { coverageOf, isComplete, type ModelCoverage } from "./coverage.ts"
import { explore, type Limits } from "./explore.ts"
import type { Coverer } from "./watch.ts"
import { type Open, type Stride, take, type World } from "./world.ts"

export interface ModelPath {
  /** What is done, and where that leads: `calls fail → open; time passes → halfOpen`. Another for each path. */
  readonly name: string
  readonly steps: readonly string[]
  /**
   * Walks it in a fresh world. Rejects when an invariant does not hold after a step, or when a step leads elsewhere than it did before:
   * then something in it depends on more than virtual time and its seed.
   */
  run(): Promise<void>
}

export interface TestModel {
  /** Shortest first found, none the beginning of another. */
  readonly paths: readonly ModelPath[]
  readonly coverage: ModelCoverage
}

/** The place after a step is said where it is another. */
function nameOf(start: string, strides: readonly Stride[]): string {
  let before = start
  const parts = strides.map(({ step, where }) => {
    const part = where === before ? step : `${step} → ${where}`
    before = where
    return part
  })
  return parts.join("; ")
}

async function check({ invariants }: World, after: string): Promise<void> {
  for (const [name, holds] of invariants) {
    try {
      // Only what promises something is waited for: the others see the very instant.
      const promise = holds()
      if (promise !== undefined) await promise
    } catch (cause) {
      throw new Error(`"${name}" does not hold ${after}: ${describeError(cause)}`, { cause })
    }
  }
}

function compare(planned: Stride, walked: Stride, after: string): void {
  const [expected, found] = [planned, walked].map(({ where, taken }) => JSON.stringify([where, taken], null, 1))
  if (expected !== found) throw new Error(`it went elsewhere ${after}:\nplanned ${expected}\nwalked ${found}`)
}

/** Walks it in a world of its own. Rejects when an invariant does not hold, or when it leads elsewhere than planned. */
export async function walk(open: Open, strides: readonly Stride[]): Promise<void> {
  const world = await open()
  try {
    world.watch.glimpse()
    await check(world, "at the beginning")
    const done: string[] = []
    for (const planned of strides) {
      const walked = await take(world, planned.step)
      done.push(planned.step)
      const after = `after "${done.join("; ")}"`
      await check(world, after)
      compare(planned, walked, after)
    }
  } finally {
    await world.close()
  }
}

/** Explores what `open` begins, looked at by `coverer`, and makes a test of each path. */
export async function modelOf(
  open: (coverer: Coverer) => World | Promise<World>,
  fresh: () => Coverer,
  limits: Limits,
  reason?: Reason,
): Promise<TestModel> {
  const coverer = fresh()
  const start = await open(coverer)
  const where = start.where()
  await start.close()
  let [known, isDone] = [-1, false]
  const found = await explore(
    () => open(coverer),
    limits,
    () => {
      if (coverer.news !== known) isDone = isComplete(coverer.charts, reason)
      known = coverer.news
      return isDone
    },
  )
  const paths = found.map((strides) => ({
    name: nameOf(where, strides),
    steps: strides.map(({ step }) => step),
    run: () => walk(() => open(fresh()), strides),
  }))
  return { paths, coverage: coverageOf(coverer.charts, reason) }
}
