import type { Facts } from "../../../machines/vocabulary/facts.ts"
import type { Rejection } from "../../../machines/vocabulary/rejection.ts"
import type { Receipt } from "../receipt.ts"
import { Timer } from "../timers.ts"
import type { Lane } from "./line.ts"

/** Whoever ends a wait that has lasted too long. */
export interface Keeper {
  waitedTooLong(waiter: Waiter, now: number): void
}

/** A call that waits for a slot. It is answered once: with a receipt, or with the reason why not. */
export abstract class Waiter extends Timer {
  readonly facts: Facts
  readonly since: number
  /** When its caller's own time is over. */
  readonly deadlineAt: number
  /** Set by the line in which it stands. */
  rank = 0
  lane: Lane | undefined = undefined
  ahead: Waiter | undefined = undefined
  behind: Waiter | undefined = undefined
  /** It came when it made no sense to wait for long. */
  isHurried = false
  /** Its number on the tape; 0 when nobody recorded that it waits. */
  number = 0
  keeper: Keeper | undefined = undefined

  constructor(facts: Facts, since: number, deadlineAt: number) {
    super()
    this.holds = true
    this.facts = facts
    this.since = since
    this.deadlineAt = deadlineAt
  }

  /** Its slot has been taken for it: it runs now. */
  abstract granted(receipt: Receipt, now: number): void
  abstract refused(rejection: Rejection, now: number): void

  fire(now: number): void {
    this.keeper?.waitedTooLong(this, now)
  }
}
