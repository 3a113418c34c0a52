import { type DurationInput, readDuration } from "../../machines/options.ts"
import type { Clock } from "../Clock.ts"
import type { HostTimer } from "../data-plane/hostAlarm.ts"
import { invalid, refuseStrangers } from "../knownOptions.ts"
import { Errand, EventQueue } from "./simulation/queue.ts"

/** A clock that stands still until a test moves it. It also serves as the `clock` of XState's `createActor`. */
export interface VirtualClock extends Clock {
  /**
   * Moves time forward, firing every timer on the way at its own instant, in order. Between timers, promises that are ready
   * run, so that what a timer set off happens at its time.
   */
  advance(duration: DurationInput): Promise<void>
  /** Sets the wall clock, as an administrator or a time server might. Monotonic time does not move. */
  setWall(epochMs: number): void
  /** Timers armed now. */
  readonly pending: number
  /** Monotonic milliseconds at which the next timer is due; `undefined` when none is armed. */
  readonly nextAt: number | undefined
  setTimeout(run: () => void, delayMs: number): HostTimer
  clearTimeout(timer: HostTimer | undefined): void
}

export interface VirtualClockOptions {
  /** Monotonic milliseconds at the start. Default 0. */
  readonly start?: number | undefined
  /** Wall-clock milliseconds since 1970 at the start. Default 0. */
  readonly wall?: number | undefined
  /** What `seed()` answers. Default 1, so that a test repeats itself. */
  readonly seed?: number | undefined
}

/** How often ready promises are let run between timers: chains longer than this are left to the next step. */
const microtaskTurns = 50

/** Instants closer than a nanosecond are one instant: sums of fractions of milliseconds must not miss a timer. */
const sameInstantMs = 1e-6

async function settlePromises(): Promise<void> {
  for (let turn = 0; turn < microtaskTurns; turn++) await undefined
  // Effect's fibers continue in a macrotask of the host.
  await new Promise<void>((resolve) => setImmediate(resolve))
}

function readOptions(options: VirtualClockOptions): void {
  refuseStrangers(options, ["start", "wall", "seed"])
  const { start, wall, seed } = options
  for (const [name, value] of Object.entries({ start, wall }))
    if (value !== undefined && !Number.isFinite(value)) throw invalid(`options.${name}`, value, "must be a number")
  if (seed !== undefined && !Number.isInteger(seed)) throw invalid("options.seed", seed, "must be a whole number")
}

/**
 * A clock for tests: breakers made with it see only the time that the test gives them.
 *
 * @example
 * import { createBreaker } from "recloser"
 * import { createVirtualClock } from "recloser/testing"
 * import assert from "node:assert/strict"
 *
 * const clock = createVirtualClock()
 * const breaker = createBreaker("search", { timeout: "2 seconds" }, { clock })
 * const call = breaker.tryExecute(() => new Promise(() => {}))
 * await clock.advance("2 seconds")
 * assert.equal((await call).ok, false)
 * await breaker.stop()
 */
export const createVirtualClock = (options: VirtualClockOptions = {}): VirtualClock =>
  virtualClock(options, settlePromises)

/** A virtual clock whose promises are let run by `settle`: a walk of many thousand calls knows how few turns it needs. */
export function virtualClock(options: VirtualClockOptions, settle: () => Promise<void>): VirtualClock {
  readOptions(options)
  const timers = new EventQueue()
  timers.now = options.start ?? 0
  let wallOffset = (options.wall ?? 0) - timers.now

  const arm = (delayMs: number, wake: () => void): HostTimer => {
    const timer = new Errand(() => wake())
    // As on a host, what is no time to come is now: one that could never ring would be pending for ever.
    timers.plan(timer, timers.now + (delayMs > 0 ? Number(delayMs) : 0))
    return { disarm: () => timers.cancel(timer), hold: () => {} }
  }

  return {
    isPunctual: true,
    now: () => timers.now,
    wallNow: () => timers.now + wallOffset,
    seed: () => options.seed ?? 1,
    arm,
    setTimeout: (run, delayMs) => arm(delayMs, run),
    clearTimeout: (timer) => timer?.disarm(),
    setWall: (epochMs) => {
      wallOffset = epochMs - timers.now
    },
    get pending() {
      return timers.size
    },
    get nextAt() {
      return timers.first?.at
    },
    advance: async (duration) => {
      const end = timers.now + readDuration(duration, "duration")
      const latest = end + sameInstantMs
      await settle()
      for (let timer = timers.next(latest); timer !== undefined; timer = timers.next(latest)) {
        timer.fire(timers.now)
        await settle()
      }
      timers.now = Math.max(timers.now, end)
    },
  }
}
