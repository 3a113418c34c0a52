/** Time for breakers. Nothing else in the library reads a clock, sets a timer or draws chance. */
import type * as EffectClock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { Timekeeper } from "./control-plane/clock.ts"
import type { HostTimer, WheelHost } from "./data-plane/hostAlarm.ts"
import { Alarm } from "./data-plane/timers.ts"
import { Wheel } from "./data-plane/wheel.ts"

/**
 * What a breaker needs of time. The default is the process's own; `createVirtualClock` of `recloser/testing` is one that a
 * test moves by hand.
 */
export interface Clock extends WheelHost {
  /** Wall-clock milliseconds since 1970: only for the time stamp of a saved state. Everything else uses `now()`. */
  wallNow(): number
  /** A whole number to seed the jitter of one breaker. */
  seed(): number
  /** How full the process is, if that can be told: it is asked once a second, and only by breakers that want to know. */
  load?(): ProcessLoad | undefined
}

/** How full a process is, each 0 to 1. */
export interface ProcessLoad {
  /** The part of the last second or so in which its event loop was busy. */
  readonly eventLoop: number
  /** The part of the heap's limit that is in use. */
  readonly memory: number
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

interface HeapStatistics {
  readonly used_heap_size: number
  readonly heap_size_limit: number
}

interface Utilisation {
  readonly utilization: number
}

interface HostGauges {
  readonly performance?: { eventLoopUtilization?(now?: Utilisation, before?: Utilisation): Utilisation }
  readonly process?: { getBuiltinModule?(name: string): { getHeapStatistics?(): HeapStatistics } | undefined }
}

let lastLoad: { readonly at: number; readonly loop: Utilisation; readonly load: ProcessLoad } | undefined

/** What is older says nothing of the last second. */
const longestLoadMs = 5000

/** Read at most twice a second, however many breakers ask. Of a stretch whose beginning nobody has read it says nothing. */
function processLoad(): ProcessLoad | undefined {
  const at = performance.now()
  if (lastLoad !== undefined && at - lastLoad.at < 500) return lastLoad.load
  // Node's own gauges; other hosts have none.
  const { performance: gauge, process } = globalThis as HostGauges
  const heap = process?.getBuiltinModule?.("node:v8")?.getHeapStatistics?.()
  const loop = gauge?.eventLoopUtilization?.()
  if (heap === undefined || loop === undefined) return undefined
  const isRecent = lastLoad !== undefined && at - lastLoad.at < longestLoadMs
  const utilization = isRecent ? (gauge?.eventLoopUtilization?.(loop, lastLoad?.loop).utilization ?? 0) : 0
  const { used_heap_size, heap_size_limit } = heap
  lastLoad = { at, loop, load: { eventLoop: utilization, memory: used_heap_size / heap_size_limit } }
  return lastLoad.load
}

/**
 * The global `performance` is an accessor, which costs a third of a reading: it is looked up once, and again only while somebody has put
 * fake timers or a fake date in the host's place, or where there was none at first.
 */
const { performance: hostPerformance, setTimeout: hostTimeout, Date: HostDate } = globalThis
const isHostOwn = (): boolean => setTimeout === hostTimeout && Date === HostDate && hostPerformance !== undefined

/** The clock of the process: monotonic, one host timer for all breakers, which never keeps an idle process alive. */
export const systemClock: Clock = {
  now: () => (isHostOwn() ? hostPerformance.now() : performance.now()),
  wallNow: () => Date.now(),
  seed: () => Math.floor(Math.random() * 2 ** 32),
  load: processLoad,
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
    after: (delayMs, run, holds, since) => {
      const alarm = new Alarm(run)
      alarm.holds = holds
      wheel.arm(alarm, delayMs, since)
      return () => wheel.disarm(alarm)
    },
  }
}

/** A breaker clock over Effect's clock service: under TestClock a breaker sees the test's time. */
export function clockOfEffect(clock: EffectClock.Clock, seed: number): Clock {
  let seeds = seed
  return {
    // Only that of a test is adjusted; any other is somebody's own view of real time.
    isPunctual: "adjust" in clock,
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
