/** Time for breakers. Nothing else in the library reads a clock, sets a timer or draws chance. */
import type * as EffectClock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { Timekeeper } from "./control-plane/clock.ts"
import { Alarm } from "./data-plane/timers.ts"
import { type HostTimer, Wheel, type WheelHost } from "./data-plane/wheel.ts"

/**
 * What a breaker needs of time. The default is the process's own; `createVirtualClock` of `recloser/testing` is one that a
 * test moves by hand.
 */
export interface Clock extends WheelHost {
  /** Wall-clock milliseconds since 1970: only for the time stamp of a saved state. Everything else uses `now()`. */
  wallNow(): number
  /** A whole number to seed the jitter of one breaker. */
  seed(): number
}

/** The longest delay that a host timer takes; longer ones are armed again on the way. */
const longestDelayMs = 2 ** 31 - 1

interface HostHandle {
  ref?: () => unknown
  unref?: () => unknown
}

/** Timers of Node, Deno and Bun can let the process exit; those of browsers are plain numbers. */
function setHold(handle: unknown, holds: boolean): void {
  if (typeof handle !== "object" || handle === null) return
  const timer = handle as HostHandle
  if (holds) timer.ref?.()
  else timer.unref?.()
}

/** The clock of the process: monotonic, one host timer for all breakers, which never keeps an idle process alive. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wallNow: () => Date.now(),
  seed: () => Math.floor(Math.random() * 2 ** 32),
  arm: (delayMs, wake, holds): HostTimer => {
    const handle = setTimeout(wake, Math.min(longestDelayMs, Math.ceil(delayMs)))
    if (!holds) setHold(handle, false)
    return { disarm: () => clearTimeout(handle), hold: (stays) => setHold(handle, stays) }
  },
}

const wheels = new WeakMap<Clock, Wheel>()

/** The one wheel of a clock. */
export function wheelOf(clock: Clock): Wheel {
  const known = wheels.get(clock)
  if (known !== undefined) return known
  const wheel = new Wheel(clock)
  wheels.set(clock, wheel)
  return wheel
}

/** The control plane's view of a clock: rare timers, as functions. */
export function timekeeperOf(clock: Clock): Timekeeper {
  const wheel = wheelOf(clock)
  return {
    now: () => clock.now(),
    wallNow: () => clock.wallNow(),
    after: (delayMs, run, holds) => {
      const alarm = new Alarm(run)
      alarm.holds = holds
      wheel.arm(alarm, delayMs)
      return () => wheel.disarm(alarm)
    },
  }
}

/** A breaker clock over Effect's clock service: under TestClock a breaker sees the test's time. */
export function clockOfEffect(clock: EffectClock.Clock, seed: number): Clock {
  let seeds = seed
  return {
    now: () => Number(clock.monotonicTimeNanosUnsafe()) / 1e6,
    wallNow: () => clock.currentTimeMillisUnsafe(),
    // Another for each breaker: those that open together must not probe together.
    seed: () => seeds++,
    arm: (delayMs, wake) => {
      const fiber = Effect.runFork(Effect.andThen(clock.sleep(Duration.millis(Math.ceil(delayMs))), Effect.sync(wake)))
      return { disarm: () => fiber.interruptUnsafe(), hold: () => {} }
    },
  }
}
