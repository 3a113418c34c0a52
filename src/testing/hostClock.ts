import type { Clock } from "../Clock.ts"

/** The process's own time, as little as scripted services need: `Clock.ts` brings the wheel of breakers with it. */
export const hostClock: Clock = {
  now: () => performance.now(),
  wallNow: () => Date.now(),
  seed: () => 1,
  arm: (delayMs, wake) => {
    const timer = setTimeout(wake, delayMs)
    return { disarm: () => clearTimeout(timer), hold: (holds) => void (holds ? timer.ref() : timer.unref()) }
  },
}
