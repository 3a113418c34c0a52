import type { Clock } from "../../src/Clock.ts"
import type { HostTimer } from "../../src/data-plane/hostAlarm.ts"

/** A clock that a law moves synchronously: no promise runs between its timers. Also an XState clock. */
export interface StepClock extends Clock {
  step(ms: number): void
  setTimeout(run: () => void, delayMs: number): HostTimer
  clearTimeout(timer: HostTimer | undefined): void
}

interface Pending {
  readonly due: number
  readonly wake: () => void
}

export function stepClock(): StepClock {
  let now = 0
  let timers: Pending[] = []
  const arm = (delayMs: number, wake: () => void): HostTimer => {
    const timer = { due: now + Math.max(0, delayMs), wake }
    timers.push(timer)
    return {
      disarm: () => {
        timers = timers.filter((other) => other !== timer)
      },
      hold: () => {},
    }
  }
  const nextBy = (end: number) =>
    timers
      .filter(({ due }) => due <= end)
      .reduce<Pending | undefined>((a, b) => (a && a.due <= b.due ? a : b), undefined)
  return {
    isPunctual: true,
    now: () => now,
    wallNow: () => now,
    seed: () => 7,
    arm,
    setTimeout: (run, delayMs) => arm(delayMs, run),
    clearTimeout: (timer) => timer?.disarm(),
    step: (ms) => {
      const end = now + ms
      for (let timer = nextBy(end); timer; timer = nextBy(end)) {
        const due = timer
        timers = timers.filter((other) => other !== due)
        now = Math.max(now, due.due)
        due.wake()
      }
      now = end
    },
  }
}
