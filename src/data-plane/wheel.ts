/**
 * The wheel: every timer of a clock in one place, so that a process has one host timer however many breakers it runs.
 *
 * Timers of the same length end in the order in which they began, so each length has a plain list, and a small heap orders
 * the lists by their next end (Node's own timers are built so). Arming and disarming a timer is a few pointer writes;
 * a deadline that is met costs no more than that.
 */

import type { Flight, Flying } from "./flight.ts"
import { HostAlarm, punctualMs, type WheelHost } from "./hostAlarm.ts"
import { TimerHeap } from "./timerHeap.ts"
import { Alarm, type EndingList, type Timer, TimerList } from "./timers.ts"
import { Turns } from "./turns.ts"

/** An idle process may exit this long after its last held timer. */
const releaseAfterMs = 20
/** A host that woke it late is given as long as it was late to read what has come meanwhile, and no longer than this. */
const longestGraceMs = 100

const never = Number.POSITIVE_INFINITY

export class Wheel {
  readonly host: WheelHost
  readonly turns = new Turns()
  #lists = new Map<number, TimerList>()
  readonly #heap = new TimerHeap()
  #holding = 0
  #armed = 0
  readonly #release = new Alarm(() => this.#releaseHost())
  /** What it was told to hold lags behind `#holding`, so that a quick call does not cost two words to the host. */
  readonly alarm: HostAlarm
  /** The host slept, and reads what has come meanwhile: nothing fires before. Since when, and until when. */
  #restsSince = Number.NEGATIVE_INFINITY
  #restsUntil = Number.NEGATIVE_INFINITY
  #turning = false

  constructor(host: WheelHost) {
    this.host = host
    this.alarm = new HostAlarm(host, this.turns, (now, lateMs) => this.#wake(now, lateMs))
  }

  /** Timers armed now, the wheel's own left out. */
  get size(): number {
    return this.#armed - (this.#release.list === undefined ? 0 : 1)
  }

  /** Lengths of timers that are remembered. */
  get lengths(): number {
    return this.#lists.size
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
    if (last === undefined) {
      list.first = timer
      if (list.queued) this.#heap.filled()
    } else last.next = timer
    list.last = timer
    this.#armed++
    if (timer.holds) this.#hold()
    if (list.queued) return
    // Dropped from the table while it was empty, a list comes back unless another of its length has taken the place.
    if (!this.#lists.has(list.durationMs)) this.#lists.set(list.durationMs, list)
    this.#enqueue(list, timer.due)
  }

  /** Disarms a timer; nothing happens when it is not armed. */
  disarm(timer: Timer): void {
    const list = timer.list
    if (list === undefined) return
    this.#armed--
    list.remove(timer)
    if (list.first === undefined) this.#emptied(list)
    if (timer.holds) this.#letGo()
  }

  /** A call begins; what lasts for ever is not waited for. While any is in flight the process stays alive. */
  join<C extends Flying>(flight: Flight<C>, call: C): void {
    flight.add(call)
    if (flight.durationMs === never) return
    this.#armed++
    if (flight.count > 1) return
    this.#hold()
    if (flight.queued) this.#heap.filled()
    else this.#expect(flight)
  }

  /** Seldom, and so apart: what a call hardly ever does would cost it the code that its host has made for all that it does. */
  #expect<C extends Flying>(flight: Flight<C>): void {
    this.#enqueue(flight, (flight.first as C).due)
  }

  /** A call has ended. */
  leave<C extends Flying>(flight: Flight<C>, call: C): void {
    flight.remove(call)
    if (flight.durationMs === never) return
    this.#armed--
    if (flight.count > 0) return
    this.#emptied(flight)
    this.#letGo()
  }

  #emptied(list: EndingList): void {
    if (list.queued && this.#heap.hollowed() && !this.#turning) this.#prune()
  }

  #hold(): void {
    if (this.#holding++ === 0 && !this.alarm.holds) this.alarm.hold(true)
  }

  #letGo(): void {
    if (--this.#holding === 0 && this.#release.list === undefined) this.arm(this.#release, releaseAfterMs)
  }

  #prune(): void {
    for (const list of this.#heap.prune()) this.#forget(list)
  }

  #forget(list: EndingList): void {
    if (this.#lists.get(list.durationMs) === list) this.#lists.delete(list.durationMs)
  }

  #releaseHost(): void {
    if (this.#holding === 0) this.alarm.hold(false)
  }

  #enqueue(list: EndingList, wakeAt: number): void {
    this.#heap.push(list, wakeAt)
    this.#schedule()
  }

  #schedule(): void {
    const first = this.#heap.first
    if (!this.#turning && first !== undefined) this.alarm.arm(Math.max(first.wakeAt, this.#restsUntil))
  }

  /** Lets go of the host when nothing is armed: what stopped leaves no timer behind. */
  rest(): void {
    if (this.size > 0) return
    this.disarm(this.#release)
    this.#heap.clear()
    this.#lists.clear()
    this.alarm.disarm()
    this.#endRest()
  }

  #endRest(): void {
    this.#restsSince = Number.NEGATIVE_INFINITY
    this.#restsUntil = Number.NEGATIVE_INFINITY
  }

  #wake(now: number, lateMs: number): void {
    if (lateMs <= punctualMs) return this.#comeTo(now)
    // Hosts fire timers before they read sockets: a deadline that passed while the host stood still would take answers for timeouts. Late
    // again when it was over, the host slept once more: what was due when it slept first has had its time, and the rest gets its own.
    const [hadTime, hadUntil] = [this.#restsSince, this.#restsUntil]
    this.#restsUntil = Math.max(hadUntil, now + Math.min(lateMs, longestGraceMs))
    // It looks at its clock while it rests, too: a moment that it is late for then takes nothing from what it rests for.
    if (now < hadUntil) return this.#schedule()
    this.#restsSince = now
    if (hadTime > Number.NEGATIVE_INFINITY) this.#fire(now, hadTime)
    else this.#schedule()
  }

  /** Woken in time: for what is due, or to look at the clock. */
  #comeTo(now: number): void {
    const first = this.#heap.first
    const isDue = first !== undefined && first.wakeAt <= now
    if (now >= this.#restsUntil) {
      if (isDue) return this.turn(now)
      this.#endRest()
    }
    this.#schedule()
  }

  /** Fires everything that is due by `by`, at `now`, in order of its end. */
  turn(now: number, by: number = now): void {
    if (this.#turning) return
    this.#endRest()
    this.#fire(now, by)
  }

  #fire(now: number, by: number): void {
    if (this.#turning) return
    this.#turning = true
    this.turns.begin(now)
    try {
      for (let list = this.#heap.first; list !== undefined && list.wakeAt <= by; list = this.#heap.first)
        this.#turnList(list, now, by)
    } finally {
      this.turns.reach(by)
      this.#turning = false
      this.#schedule()
    }
  }

  #turnList(list: EndingList, now: number, by: number): void {
    const timer = list.first
    // A list may be waiting for the end of a timer that is gone: what others have that ends sooner goes before its next one.
    const isDue = timer !== undefined && timer.due <= Math.min(by, list.wakeAt)
    if (isDue) list.takeFirst(this)
    const following = list.first
    if (following === undefined) {
      this.#heap.dropFirst()
      this.#heap.filled()
      this.#forget(list)
    } else this.#heap.deferFirst(list, following.due)
    if (!isDue) return
    this.turns.reach(Math.max(this.turns.by, timer.turnedBy))
    timer.fire(now)
  }
}
