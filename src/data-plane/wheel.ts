/**
 * The wheel: every timer of a clock in one place, so that a process has one host timer however many breakers it runs.
 *
 * Timers of the same length end in the order in which they began, so each length has a plain list, and a small heap orders
 * the lists by their next end (Node's own timers are built so). Arming and disarming a timer is a few pointer writes;
 * a deadline that is met costs no more than that.
 */

/** What the wheel needs of a clock. */
export interface WheelHost {
  /** Monotonic milliseconds. */
  now(): number
  /** Calls `wake` once after `delayMs`. `holds`: whether the pending timer keeps the process alive. */
  arm(delayMs: number, wake: () => void, holds: boolean): HostTimer
}

export interface HostTimer {
  disarm(): void
  /** Says anew whether the pending timer keeps the process alive. */
  hold(holds: boolean): void
}

/** One timer; a subclass says what happens. Links live in the timer itself: arming allocates nothing. */
export abstract class Timer {
  due = 0
  /** Whether the process must stay alive for it: true for a call that somebody awaits. */
  holds = false
  list: TimerList | undefined = undefined
  previous: Timer | undefined = undefined
  next: Timer | undefined = undefined
  abstract fire(now: number): void
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

const isBefore = (one: TimerList, other: TimerList) =>
  one.wakeAt < other.wakeAt || (one.wakeAt === other.wakeAt && one.serial < other.serial)

/** An idle process may exit this long after its last held timer. */
const releaseAfterMs = 20

export class Wheel {
  readonly host: WheelHost
  #lists = new Map<number, TimerList>()
  #heap: TimerList[] = []
  #serial = 0
  #holding = 0
  #armed = 0
  /** What the host was told; it lags behind `#holding` so that a quick call does not cost two words to the host. */
  #held = false
  readonly #release = new Alarm(() => this.#releaseHost())
  #timer: HostTimer | undefined
  #armedAt = Number.POSITIVE_INFINITY
  #turning = false

  constructor(host: WheelHost) {
    this.host = host
  }

  /** Timers armed now, the wheel's own left out. */
  get size(): number {
    return this.#armed - (this.#release.list === undefined ? 0 : 1)
  }

  /** The list of this length; keep it to arm many timers without a look-up. */
  listOf(durationMs: number): TimerList {
    const known = this.#lists.get(durationMs)
    if (known !== undefined) return known
    const list = new TimerList(durationMs)
    this.#lists.set(durationMs, list)
    return list
  }

  /** Arms `timer` to fire `durationMs` after `now`. It must not be armed. */
  arm(timer: Timer, durationMs: number, now: number = this.host.now()): void {
    this.armIn(this.listOf(durationMs), timer, now)
  }

  armIn(list: TimerList, timer: Timer, now: number): void {
    const last = list.last
    // A clock that a test sets back must not break the order of the list.
    timer.due = last !== undefined && last.due > now + list.durationMs ? last.due : now + list.durationMs
    timer.list = list
    timer.previous = last
    if (last === undefined) list.first = timer
    else last.next = timer
    list.last = timer
    this.#armed++
    if (timer.holds && this.#holding++ === 0 && !this.#held) this.#holdHost()
    if (!list.queued) this.#enqueue(list, timer.due)
  }

  /** Disarms a timer; nothing happens when it is not armed. */
  disarm(timer: Timer): void {
    const list = timer.list
    if (list === undefined) return
    this.#armed--
    const { previous, next } = timer
    if (previous === undefined) list.first = next
    else previous.next = next
    if (next === undefined) list.last = previous
    else next.previous = previous
    timer.list = undefined
    timer.previous = undefined
    timer.next = undefined
    if (timer.holds && --this.#holding === 0 && this.#release.list === undefined)
      this.arm(this.#release, releaseAfterMs)
  }

  #holdHost(): void {
    this.#held = true
    this.#timer?.hold(true)
  }

  #releaseHost(): void {
    if (this.#holding > 0) return
    this.#held = false
    this.#timer?.hold(false)
  }

  #enqueue(list: TimerList, wakeAt: number): void {
    // Dropped from the table while it was empty, a list comes back unless another of its length has taken the place.
    if (!this.#lists.has(list.durationMs)) this.#lists.set(list.durationMs, list)
    list.queued = true
    list.wakeAt = wakeAt
    list.serial = this.#serial++
    this.#heap.push(list)
    this.#rise(this.#heap.length - 1)
    this.#schedule()
  }

  #schedule(): void {
    const first = this.#heap[0]
    if (this.#turning || first === undefined || first.wakeAt >= this.#armedAt) return
    this.#timer?.disarm()
    this.#armedAt = first.wakeAt
    this.#timer = this.host.arm(Math.max(0, first.wakeAt - this.host.now()), this.#wake, this.#held)
  }

  /** Lets go of the host when nothing is armed: what stopped leaves no timer behind. */
  rest(): void {
    if (this.size > 0) return
    this.disarm(this.#release)
    for (const list of this.#heap) list.queued = false
    this.#heap.length = 0
    this.#lists.clear()
    this.#held = false
    this.#timer?.disarm()
    this.#timer = undefined
    this.#armedAt = Number.POSITIVE_INFINITY
  }

  readonly #wake = (): void => {
    this.#timer = undefined
    this.#armedAt = Number.POSITIVE_INFINITY
    this.turn(this.host.now())
  }

  /** Fires everything that is due at `now`, in order of its end. */
  turn(now: number): void {
    if (this.#turning) return
    this.#turning = true
    try {
      for (let list = this.#heap[0]; list !== undefined && list.wakeAt <= now; list = this.#heap[0])
        this.#turnList(list, now)
    } finally {
      this.#turning = false
      this.#schedule()
    }
  }

  #turnList(list: TimerList, now: number): void {
    const timer = list.first
    const isDue = timer !== undefined && timer.due <= now
    if (isDue) this.disarm(timer)
    const following = list.first
    if (following === undefined) this.#dropFirst()
    else {
      list.wakeAt = following.due
      this.#sink(0)
    }
    if (isDue) timer.fire(now)
  }

  #dropFirst(): void {
    const [first] = this.#heap
    const last = this.#heap.pop()
    if (first === undefined || last === undefined) return
    first.queued = false
    if (this.#lists.get(first.durationMs) === first) this.#lists.delete(first.durationMs)
    if (first === last) return
    this.#heap[0] = last
    this.#sink(0)
  }

  #rise(start: number): void {
    const heap = this.#heap
    for (let at = start; at > 0; ) {
      const parent = (at - 1) >> 1
      const [child, above] = [heap[at] as TimerList, heap[parent] as TimerList]
      if (!isBefore(child, above)) return
      heap[at] = above
      heap[parent] = child
      at = parent
    }
  }

  #sink(start: number): void {
    const heap = this.#heap
    for (let at = start; ; ) {
      const left = 2 * at + 1
      const right = left + 1
      if (left >= heap.length) return
      const least = right < heap.length && isBefore(heap[right] as TimerList, heap[left] as TimerList) ? right : left
      const [above, below] = [heap[at] as TimerList, heap[least] as TimerList]
      if (!isBefore(below, above)) return
      heap[at] = below
      heap[least] = above
      at = least
    }
  }
}
