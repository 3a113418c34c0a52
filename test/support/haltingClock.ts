/** A host that can stand still: time passes, no timer fires, and when it goes on those that are due fire before any answer is read. */
import type { Clock } from "../../src/Clock.ts"

export interface HaltingClock extends Clock {
  /** Time passes as it should: each timer fires when it is due. */
  step(ms: number): void
  /** Time passes while the host stands still; then it fires what is due, and reads what has come meanwhile. */
  halt(ms: number, read?: () => void): void
  /** Time passes while the host stands still, and it stands still yet. */
  sleep(ms: number): void
  /** Timers armed now. */
  readonly pending: number
  /** When the next of them is due. */
  readonly nextAt: number | undefined
  /** From now on each look at the clock takes so long: other processes have the processor in between. */
  starve(ms: number): void
  /** Somebody sets the wall clock. */
  setWall(byMs: number): void
}

interface Pending {
  readonly due: number
  readonly wake: () => void
}

export function haltingClock(): HaltingClock {
  let now = 0
  let wall = 1_700_000_000_000
  let starvedMs = 0
  const timers = new Set<Pending>()
  const next = (by: number) =>
    [...timers]
      .filter(({ due }) => due <= by)
      .reduce<Pending | undefined>((a, b) => (a && a.due <= b.due ? a : b), undefined)
  const fireUntil = (by: number) => {
    for (let timer = next(by); timer !== undefined; timer = next(by)) {
      timers.delete(timer)
      now = Math.max(now, timer.due)
      timer.wake()
    }
    now = Math.max(now, by)
  }
  return {
    now: () => {
      const seen = now
      now += starvedMs
      return seen
    },
    wallNow: () => wall + now,
    seed: () => 7,
    arm: (delayMs, wake) => {
      const timer = { due: now + Math.max(0, delayMs), wake }
      timers.add(timer)
      return { disarm: () => void timers.delete(timer), hold: () => {} }
    },
    step: (ms) => fireUntil(now + ms),
    halt: (ms, read = () => {}) => {
      now += ms
      fireUntil(now)
      read()
    },
    sleep: (ms) => {
      now += ms
    },
    get pending() {
      return timers.size
    },
    get nextAt() {
      return next(Number.POSITIVE_INFINITY)?.due
    },
    starve: (ms) => {
      starvedMs = ms
    },
    setWall: (byMs) => {
      wall += byMs
    },
  }
}
