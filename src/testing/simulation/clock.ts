/** The clock of a run, as breakers know clocks: its timers are happenings of the same queue as calls and answers. */
import type { Clock } from "../../Clock.ts"
import { Errand, type EventQueue } from "./queue.ts"
import type { Random } from "./random.ts"

/** A host timer never comes early; a sum of fractions of milliseconds may, so timers come a nanosecond late. */
const latenessMs = 1e-6

/** Where the wall clock stands when a run starts: some libraries take a small number for "never". */
export const epochMs = 1_700_000_000_000

/** `seeds`: every breaker of a run draws its own. */
export function runClock(queue: EventQueue, seeds: Random): Clock {
  return {
    isPunctual: true,
    now: () => queue.now,
    wallNow: () => epochMs + queue.now,
    seed: () => seeds.next(),
    arm: (delayMs, wake) => {
      const timer = new Errand(wake)
      queue.plan(timer, queue.now + delayMs + latenessMs)
      return { disarm: () => queue.cancel(timer), hold: () => {} }
    },
  }
}
