/** Timers, and the lists of one length in which they wait. */

/** Who takes out of a list what has come to its end. */
interface Waiting {
  disarm(timer: Timer): void
  leave(flight: EndingList, call: Ending): void
}

/** What comes to its end: a timer, or a call in flight. */
export interface Ending {
  readonly due: number
  /** What was due by then has happened when it is fired. */
  readonly turnedBy: number
  fire(now: number): void
}

/** What ends in the order in which it began, because all of it lasts equally long: who waits for the first waits for all. */
export abstract class EndingList {
  readonly durationMs: number
  /** The end for which the list is ordered in the heap; not later than its first one's. */
  wakeAt = 0
  serial = 0
  queued = false
  abstract get first(): Ending | undefined

  constructor(durationMs: number) {
    this.durationMs = durationMs
  }

  /** Its first one has come to its end. */
  abstract takeFirst(waiting: Waiting): void
}

/** One timer; a subclass says what happens. Links live in the timer itself: arming allocates nothing. */
export abstract class Timer implements Ending {
  due = 0
  /** Whether the process must stay alive for it: true for a call that somebody awaits. */
  holds = false
  list: TimerList | undefined = undefined
  previous: Timer | undefined = undefined
  next: Timer | undefined = undefined
  abstract fire(now: number): void

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
export class TimerList extends EndingList {
  first: Timer | undefined = undefined
  last: Timer | undefined = undefined

  remove(timer: Timer): void {
    const { previous, next } = timer
    if (previous === undefined) this.first = next
    else previous.next = next
    if (next === undefined) this.last = previous
    else next.previous = previous
    timer.list = undefined
    timer.previous = undefined
    timer.next = undefined
  }

  takeFirst(waiting: Waiting): void {
    if (this.first !== undefined) waiting.disarm(this.first)
  }
}
