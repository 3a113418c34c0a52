/** Timers, and the lists of one length in which they wait. */

/** One timer; a subclass says what happens. Links live in the timer itself: arming allocates nothing. */
export abstract class Timer {
  due = 0
  /** Whether the process must stay alive for it: true for a call that somebody awaits. */
  holds = false
  list: TimerList | undefined = undefined
  previous: Timer | undefined = undefined
  next: Timer | undefined = undefined
  abstract fire(now: number): void

  /** What was due by then has happened when it is fired. */
  get turnedBy(): number {
    return this.due
  }
}

/** A timer that runs a function. */
export class Alarm extends Timer {
  readonly run: (now: number) => void
  constructor(run: (now: number) => void) {
    super()
    this.run = run
  }
  fire(now: number): void {
    this.run(now)
  }
}

/** Timers of one length, oldest first. */
export class TimerList {
  readonly durationMs: number
  /** The end for which the list is ordered in the heap; not later than its first timer's. */
  wakeAt = 0
  serial = 0
  queued = false
  first: Timer | undefined = undefined
  last: Timer | undefined = undefined
  constructor(durationMs: number) {
    this.durationMs = durationMs
  }
}
