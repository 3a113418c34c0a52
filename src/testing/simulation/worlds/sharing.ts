/**
 * A service whose calls share what it has: all that are in it go on at once, the more of them the slower. What it has begun it
 * ends, even if the caller has gone.
 */
import { EventQueue, Happening } from "../queue.ts"
import type { Call, Server, Stage } from "../world.ts"

export interface SharingOptions {
  /** How much slower a call is with so many in the service than alone. */
  readonly stretch: (calls: number, now: number) => number
  /** How long one call takes alone. */
  readonly aloneMs: (call: Call) => number
  /** It stands still from time to time: how long, with so many calls in it. */
  readonly pauses?: { readonly everyMs: number; readonly lengthMs: (calls: number) => number }
}

/** A call in the service; it ends when so much work has been done on each. */
class Share extends Happening {
  readonly call: Call
  readonly workMs: number
  constructor(call: Call, workMs: number) {
    super()
    this.call = call
    this.workMs = workMs
  }
  fire(): void {}
}

export class SharingServer extends Happening implements Server {
  readonly #options: SharingOptions
  /** Ordered by the work that each call of the service will have been given when it ends. */
  readonly #shares = new EventQueue()
  #done = 0
  #since = 0
  #pausedUntil = 0
  #pauseAt: number
  #stage: Stage | undefined

  constructor(options: SharingOptions) {
    super()
    this.#options = options
    this.#pauseAt = options.pauses?.everyMs ?? Number.POSITIVE_INFINITY
  }

  take(call: Call, now: number, stage: Stage): void {
    this.#stage = stage
    this.#goOn(now)
    const workMs = this.#options.aloneMs(call)
    this.#shares.plan(new Share(call, workMs), this.#done + workMs)
    this.#planNext(now, stage)
  }

  fire(now: number): void {
    const stage = this.#stage
    if (stage === undefined) return
    this.#goOn(now)
    for (let share = this.#next(); share !== undefined && share.at <= this.#done + 1e-6; share = this.#next()) {
      this.#shares.cancel(share)
      stage.answer(share.call, true, share.workMs)
    }
    this.#planNext(now, stage)
  }

  #next(): Share | undefined {
    return this.#shares.first as Share | undefined
  }

  /** Work is done on all, save while it stands still. */
  #goOn(now: number): void {
    const { stretch, pauses } = this.#options
    const calls = this.#shares.size
    const from = Math.max(this.#since, this.#pausedUntil)
    if (now > from && calls > 0) this.#done += (now - from) / stretch(calls, now)
    this.#since = now
    if (pauses === undefined || now < this.#pauseAt) return
    this.#pausedUntil = now + pauses.lengthMs(calls)
    this.#pauseAt = this.#pausedUntil + pauses.everyMs
  }

  #planNext(now: number, stage: Stage): void {
    stage.cancel(this)
    const share = this.#next()
    if (share === undefined) return
    const left = (share.at - this.#done) * this.#options.stretch(this.#shares.size, now)
    const ends = Math.max(now, this.#pausedUntil) + left
    // A stretch that changes with time is looked at anew now and then.
    stage.plan(this, Math.min(ends, Math.max(now, this.#pauseAt), now + 100))
  }
}
