/** XState's and Effect's clocks, told by one timekeeper: machines and fibers see the same time as the data plane. */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

export interface Timekeeper {
  /** Monotonic milliseconds. */
  now(): number
  /** Wall-clock milliseconds since 1970. */
  wallNow(): number
  /**
   * Runs once `delayMs` after `since`, or after now; answers how to call it off. `holds`: whether the process must stay alive for it. What
   * is run is told when that is.
   */
  after(delayMs: number, run: (now: number) => void, holds: boolean, since?: number): () => void
}

/** XState keeps the handle that `setTimeout` answers and hands it back to `clearTimeout`. */
export interface MachineClock {
  setTimeout(run: () => void, delayMs: number): () => void
  clearTimeout(cancel: (() => void) | undefined): void
}

/** Where actors are when they set a timer, and how what it sets off gets to them, so that its events reach listeners in order. */
export interface Stage {
  /** When that happened which they decide about. */
  readonly instant: number | undefined
  enter(run: () => void, at: number): void
}

/**
 * The clock of an actor system. A delay is counted from what was decided about, not from when the process came to it: a probe comes when it
 * was promised, and a recording decides alike when it is played. What a timer sets off happens when it came, not when it was due: after a host
 * that stood still, what is tried next would else be over before anybody could try it.
 */
export const machineClock = (time: Timekeeper, stage: () => Stage): MachineClock => ({
  setTimeout: (run, delayMs) => time.after(delayMs, (now) => stage().enter(run, now), false, stage().instant),
  clearTimeout: (cancel) => cancel?.(),
})

const nanosPerMs = 1_000_000

/** Effect's clock service over a timekeeper. `holds`: whether the process must stay alive for those who sleep. */
export function effectClock(time: Timekeeper, holds = true): Clock.Clock {
  const wallNanos = () => BigInt(Math.round(time.wallNow() * nanosPerMs))
  const nanos = () => BigInt(Math.round(time.now() * nanosPerMs))
  return {
    currentTimeMillisUnsafe: () => time.wallNow(),
    currentTimeMillis: Effect.sync(() => time.wallNow()),
    currentTimeNanosUnsafe: wallNanos,
    currentTimeNanos: Effect.sync(wallNanos),
    monotonicTimeNanosUnsafe: nanos,
    monotonicTimeNanos: Effect.sync(nanos),
    sleep: (duration) =>
      Effect.callback<void>((resume) => {
        const cancel = time.after(Duration.toMillis(duration), () => resume(Effect.void), holds)
        return Effect.sync(cancel)
      }),
  }
}

/** Runs an effect on this timekeeper's time. */
export const onTime =
  (time: Timekeeper) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.provideContext(effect, Context.make(Clock.Clock, effectClock(time)))

/** For what goes on behind the breaker: it sleeps on this time, and keeps no process alive. */
export const background = (time: Timekeeper) => Context.make(Clock.Clock, effectClock(time, false))
