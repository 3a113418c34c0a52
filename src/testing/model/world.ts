/** What a model walks: something that can be begun afresh any number of times, and the steps that may be taken in it. */
import { describeError } from "../../../machines/options.ts"
import type { VirtualClock } from "../virtualClock.ts"
import type { Watch } from "./watch.ts"

export interface World {
  readonly clock: VirtualClock
  readonly watch: Watch
  /** By name, in the order in which they are tried. */
  readonly steps: ReadonlyMap<string, () => unknown>
  /** How many of those, from the first, are tried where nothing is new but a bound. */
  readonly ordinary: number
  /** Tried after those: what stands for happenings too long for a path. */
  readonly told: ReadonlyMap<string, () => unknown>
  /** The charts that a step is meant for: where those stand as they did before, it is not tried again. Left out: it may matter to all. */
  readonly concerns: ReadonlyMap<string, readonly string[]>
  /** Throws, or rejects, when something is wrong that must never be. */
  readonly invariants: ReadonlyMap<string, () => void | Promise<void>>
  /** Where it stands, in a word or two. */
  where(): string
  /** Where each of its charts stands. */
  standing(): readonly string[]
  /** What else matters for what may come next. */
  bounds(): string
  /** Ends it, and throws when something is left. */
  close(): Promise<void>
}

/** Whatever the host has ready. */
export const nextTask = () => new Promise<void>((resolve) => setImmediate(resolve))

export type Open = () => World | Promise<World>

/** What one step did. */
export interface Stride {
  readonly step: string
  readonly where: string
  /** The transitions that it set off. */
  readonly taken: readonly string[]
}

/** Takes one step, and lets ready promises run. */
export async function take(world: World, step: string): Promise<Stride> {
  try {
    await (world.steps.get(step) ?? world.told.get(step))?.()
  } catch (cause) {
    throw new Error(`the step "${step}" could not be taken: ${describeError(cause)}`, { cause })
  }
  await world.clock.advance(0)
  return { step, where: world.where(), taken: world.watch.glimpse() }
}

export const anHourMs = 3_600_000
const mostTimers = 40

/** No circuit waits for longer: a day, and what chance adds. */
const mostMs = 2 * 24 * anHourMs

/** Time passes until something moves: one timer after the other. */
export async function passTime({ clock, watch }: Pick<World, "clock" | "watch">): Promise<void> {
  const { moves } = watch
  const end = clock.now() + mostMs
  for (let timers = 0; timers < mostTimers && watch.moves === moves; timers++) {
    const { nextAt } = clock
    if (nextAt === undefined || nextAt > end) return
    await clock.advance(Math.max(0, nextAt - clock.now()))
  }
}
