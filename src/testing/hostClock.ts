import type { Clock } from "../Clock.ts"
import type { HostTimer } from "../data-plane/hostAlarm.ts"

/** The longest delay that a host timer takes; longer ones are armed again on the way. */
const longestMs = 2 ** 31 - 1

function arm(delayMs: number, wake: () => void, holds: boolean): HostTimer {
  let isHeld = holds
  const hold = () => (isHeld ? timer.ref() : timer.unref())
  const wait = (leftMs: number): ReturnType<typeof setTimeout> =>
    leftMs > longestMs
      ? setTimeout(() => {
          timer = wait(leftMs - longestMs)
          hold()
        }, longestMs)
      : setTimeout(wake, leftMs)
  let timer = wait(delayMs)
  hold()
  return {
    disarm: () => clearTimeout(timer),
    hold: (held) => {
      isHeld = held
      hold()
    },
  }
}

/** The process's own time, as little as scripted services need: `Clock.ts` brings the wheel of breakers with it. */
export const hostClock: Clock = {
  now: () => performance.now(),
  wallNow: () => Date.now(),
  seed: () => 1,
  arm,
}
