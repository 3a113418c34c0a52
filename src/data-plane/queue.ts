/** Calls that wait for a slot: how they join, leave, and are let in one at a time. Synchronous; nothing of theirs is lost. */
import type { Facts } from "../../machines/vocabulary/facts.ts"
import type { Rejection } from "../../machines/vocabulary/rejection.ts"
import type { Admission } from "./admission.ts"
import type { Bulkhead } from "./limiter/bulkhead.ts"
import type { Keeper, Waiter } from "./limiter/waiter.ts"
import type { PlaneHooks } from "./planeHooks.ts"
import type { Receipt } from "./receipt.ts"
import type { Tally } from "./tally.ts"
import type { Tape } from "./tape.ts"
import { Alarm } from "./timers.ts"
import type { Wheel } from "./wheel.ts"

/** While calls wait it is looked so often whether they must: no longer than a limit may be blind. */
const lookMs = 250

/** What the queue needs of its plane. */
export interface QueueHost {
  readonly tally: Tally
  readonly inFlight: number
  /** Who writes down what happens, while somebody does. */
  readonly tape: Tape | undefined
  /** Looks at the gate from the top, and takes what the call needs. */
  admit(now: number, facts: Facts): Receipt | Rejection
  /** Tells those who follow along how a call was answered. */
  tell(answer: Rejection, now: number, facts: Facts): void
}

export class Queue implements Keeper {
  readonly #wheel: Wheel
  readonly #admission: Admission
  readonly #host: QueueHost
  readonly #hooks: Pick<PlaneHooks, "refused" | "idle">
  /** A gate has come while calls wait. They are asked anew a moment later: never in the midst of the machines' work. */
  readonly #review = new Alarm((now) => this.#reviewAll(now))
  /** While calls wait it is looked now and then whether they still have to: nobody may be held back for ever where no call ends. */
  readonly #look = new Alarm((now) => this.#lookAgain(now))
  #isLettingIn = false

  constructor(wheel: Wheel, admission: Admission, host: QueueHost, hooks: Pick<PlaneHooks, "refused" | "idle">) {
    this.#hooks = hooks
    this.#wheel = wheel
    this.#admission = admission
    this.#host = host
  }

  get size(): number {
    return this.#admission.bulkhead?.line.size ?? 0
  }

  /** Puts a call into the line. It is answered later, or now if there is no room for it. */
  hold(waiter: Waiter, now: number): void {
    waiter.keeper = this
    const { tape } = this.#host
    if (tape !== undefined) waiter.number = tape.waits(now, waiter.facts, waiter.deadlineAt)
    const { bulkhead } = this.#admission
    const isRoomMade = bulkhead?.isFull && bulkhead.makeRoom(now)
    if (isRoomMade) this.letIn(now)
    const out = bulkhead?.join(waiter, now)
    if (out !== undefined)
      this.#refuse(out, this.#admission.refuseWaiter(out === waiter ? "full" : "gaveWay", now), now)
    if (isRoomMade) this.letIn(now)
    this.#watch(now)
  }

  /** A caller has given up; false when its call waits no longer. */
  giveUp(waiter: Waiter): boolean {
    if (!this.#admission.bulkhead?.leaveLine(waiter)) return false
    this.#host.tally.gaveUp++
    const now = this.#wheel.host.now()
    if (waiter.number > 0) this.#host.tape?.gaveUp(waiter.number, now)
    this.#watch(now)
    if (this.#host.inFlight === 0) this.#hooks.idle()
    return true
  }

  waitedTooLong(waiter: Waiter, now: number): void {
    const { bulkhead } = this.#admission
    // How long it waits on is counted from now: a replay must look when this did, though nobody is told of anything.
    this.#host.tape?.turn()
    if (bulkhead === undefined || bulkhead.waitsOn(waiter, now)) return
    if (now < waiter.deadlineAt) this.#findRoom(bulkhead, waiter, now)
    if (!bulkhead.leaveLine(waiter)) return
    this.#refuse(waiter, this.#admission.refuseWaiter("waited", now), now)
    this.#watch(now)
  }

  /** One that has waited as long as may be, and has time still: nobody is refused while there is a slot, or for fear alone. */
  #findRoom(bulkhead: Bulkhead, { isHurried }: Waiter, now: number): void {
    if (!isHurried) bulkhead.makeRoom(now)
    this.letIn(now)
  }

  /** What another tape has called those who wait means nothing to this one. */
  beginTape(): void {
    for (const waiter of this.#waiting()) waiter.number = 0
  }

  /** Another gate is in force, which was decided on then: timers that end with the one that brought it come to that, however late they are. */
  reviewSoon(decidedAt: number): void {
    if (this.size > 0 && this.#review.list === undefined) this.#wheel.arm(this.#review, 0, decidedAt)
  }

  /** Lets those in who have a slot now, each looked at from the top: one slot that is free wakes one. */
  letIn(now: number): void {
    const { bulkhead } = this.#admission
    // Who is let in may end at once, or bring others: the loop that runs already sees to them.
    if (bulkhead === undefined || this.#isLettingIn) return
    this.#isLettingIn = true
    try {
      for (let waiter = bulkhead.next(now); waiter !== undefined; waiter = bulkhead.next(now)) {
        const { facts } = waiter
        this.#tellOf(waiter, now)
        const ticket = bulkhead.serve(waiter, () => this.#host.admit(now, facts))
        if (ticket.admitted) waiter.granted(ticket, now)
        else waiter.refused(ticket, now)
      }
    } finally {
      this.#isLettingIn = false
      this.#watch(now)
    }
  }

  /** Nobody is watched over when nobody waits. */
  #watch(now: number): void {
    if (this.size === 0) this.#wheel.disarm(this.#look)
    else if (this.#look.list === undefined) this.#wheel.arm(this.#look, lookMs, now)
  }

  #lookAgain(now: number): void {
    const bulkhead = this.#line
    this.#host.tape?.turn()
    if (bulkhead.isDeaf(now)) {
      // Time alone frees slots too: those of calls that were given up, or that are kept for others.
      this.letIn(now)
      if (this.size > 0 && bulkhead.giveWay(now)) this.letIn(now)
    }
    this.#watch(now)
  }

  /** Nobody is let in any more. */
  stop(now: number): void {
    this.#wheel.disarm(this.#review)
    this.#wheel.disarm(this.#look)
    for (const waiter of this.#waiting())
      this.#turnOut(waiter, this.#admission.turnsAway(waiter, now) ?? this.#admission.refuseWaiter("waited", now), now)
  }

  /** Whom the new gate turns away need not wait, and there may be room. */
  #reviewAll(now: number): void {
    for (const waiter of this.#waiting()) {
      const refusal = this.#admission.turnsAway(waiter, now)
      if (refusal !== undefined) this.#turnOut(waiter, refusal, now)
    }
    this.letIn(now)
    const bulkhead = this.#line
    for (let waiter = bulkhead.surplus; waiter !== undefined; waiter = bulkhead.surplus)
      this.#turnOut(waiter, this.#admission.refuseWaiter("full", now), now)
  }

  /** What those who wait stand in: once made it is kept. */
  get #line(): Bulkhead {
    return this.#admission.bulkhead as Bulkhead
  }

  #waiting(): readonly Waiter[] {
    return this.#admission.bulkhead?.line.all() ?? []
  }

  #turnOut(waiter: Waiter, rejection: Rejection, now: number): void {
    if (this.#line.leaveLine(waiter)) this.#refuse(waiter, rejection, now)
  }

  /** Of whom the tape hears next. */
  #tellOf({ number }: Waiter, now: number): void {
    if (number > 0) this.#host.tape?.waited(number, now)
  }

  #refuse(waiter: Waiter, rejection: Rejection, now: number): void {
    this.#tellOf(waiter, now)
    this.#host.tally.refuse(rejection.layer)
    this.#hooks.refused(rejection, now)
    this.#host.tell(rejection, now, waiter.facts)
    waiter.refused(rejection, now)
  }
}
