/** A call that waits for a slot before it begins: as a promise. */
import type { Facts } from "../machines/vocabulary/facts.ts"
import type { Rejection } from "../machines/vocabulary/rejection.ts"
import { Waiter } from "./data-plane/limiter/waiter.ts"
import type { Queue } from "./data-plane/queue.ts"
import type { Receipt } from "./data-plane/receipt.ts"

/** What becomes of it. */
export interface Prospect {
  /** It has its slot. */
  begin(receipt: Receipt): void
  refuse(rejection: Rejection): void
  /** Its caller has given it up. */
  abandon(reason: unknown): void
}

/** What calls itself a signal and throws must keep nobody from an answer. It stays listened to; it has nothing to end any more. */
export function unheed(signal: AbortSignal | undefined, abandon: () => void): void {
  try {
    signal?.removeEventListener("abort", abandon)
  } catch {
    // As said.
  }
}

export class WaitingCall extends Waiter {
  readonly #prospect: Prospect
  readonly #signal: AbortSignal | undefined
  readonly #queue: Queue
  readonly #leave = () => {
    if (this.#queue.giveUp(this)) this.#prospect.abandon(this.#signal?.reason)
  }

  constructor(
    queue: Queue,
    facts: Facts,
    now: number,
    deadline: number,
    signal: AbortSignal | undefined,
    prospect: Prospect,
  ) {
    super(facts, now, deadline)
    this.#queue = queue
    this.#prospect = prospect
    this.#signal = signal
  }

  /** Joins the line. A signal that cannot be heeded ends the wait before it begins. */
  wait(now: number): void {
    try {
      this.#signal?.addEventListener("abort", this.#leave, { once: true })
    } catch (error) {
      return this.#prospect.abandon(error)
    }
    this.#queue.hold(this, now)
  }

  granted(receipt: Receipt): void {
    unheed(this.#signal, this.#leave)
    this.#prospect.begin(receipt)
  }

  refused(rejection: Rejection): void {
    unheed(this.#signal, this.#leave)
    this.#prospect.refuse(rejection)
  }
}
