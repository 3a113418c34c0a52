/**
 * Whether calls of one kind leave something behind, told by a short run: the heap after forced garbage collections, window by window. The
 * first windows fill what is bounded (keys, sketches, what the compiler learns); of the others the median counts, so that one window
 * in which something was filled, or moved, says nothing. What a leak keeps of each call is an object at least and the place where it is
 * kept, 24 bytes; what is not one comes to a few bytes either way.
 */
import { collectGarbage } from "../measure.ts"
import type { World } from "./worlds.ts"

export const leastLeak = 24
export const windows = { filling: 4, counted: 5 }

export interface Growth {
  readonly name: string
  /** Bytes that each call adds to the heap: the median of the windows that count. */
  readonly perCall: number
  /** Likewise, of the memory of the process. It says more of the allocator than of a leak, and decides nothing. */
  readonly residentPerCall: number
}

const median = (values: readonly number[]): number =>
  values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN

/** What ends a moment after its owner has must be gone before it is counted. */
async function measured(): Promise<NodeJS.MemoryUsage> {
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
  collectGarbage()
  await new Promise(setImmediate)
  collectGarbage()
  return process.memoryUsage()
}

/** Makes so many calls in each window that counts, and answers what they leave behind. */
async function counted({ name, run }: World, calls: number): Promise<Growth> {
  const found = [await measured()]
  for (let window = 0; window < windows.counted; window++) {
    await run(calls)
    found.push(await measured())
  }
  const perCall = (what: "heapUsed" | "rss") =>
    median(found.slice(1).map((now, at) => (now[what] - (found[at] as NodeJS.MemoryUsage)[what]) / calls))
  return { name, perCall: perCall("heapUsed"), residentPerCall: perCall("rss") }
}

/** Likewise, when what is bounded has been filled. What seems to leak is tried once more: a leak leaks on, and nothing else does. */
export async function growthOf(world: World, calls: number): Promise<Growth> {
  for (let window = 0; window < windows.filling; window++) await world.run(calls)
  const first = await counted(world, calls)
  return first.perCall < leastLeak ? first : counted(world, calls)
}
