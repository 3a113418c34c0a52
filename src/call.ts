/** One admitted call as a promise: its deadline, its signal, its one outcome. */

import type { Endpoint } from "../machines/vocabulary/endpoint.ts"
import type { FailedExit } from "../machines/vocabulary/failure.ts"
import { type Judged, kindOf, neverSent } from "../machines/vocabulary/outcome.ts"
import { answer } from "./answer.ts"
import { type Attempts, attemptsWithin } from "./attempts.ts"
import { type CallRejected, CallTimedOut } from "./CallRejected.ts"
import type { Classify } from "./classify.ts"
import { kindOfTimeout } from "./data-plane/impatience.ts"
import type { Receipt } from "./data-plane/receipt.ts"
import { Timer } from "./data-plane/timers.ts"
import type { CallContext, Runner } from "./execution.ts"
import { asShown, shownCall } from "./shownCall.ts"
import { unheed } from "./waitingCall.ts"

export type Fallback<T> = (reason: CallRejected | CallTimedOut) => T | PromiseLike<T>

/** One attempt of a call. */
export interface Attempt {
  readonly endpoint: Endpoint | undefined
  /** Another attempt of the same call has answered. */
  lose(reason: unknown): void
}

/** What becomes of an attempt of a call that may be made again. */
export interface Sequel<T> {
  /** An attempt has succeeded; its caller is told next. */
  won(attempt: Attempt): void
  /** An attempt has ended otherwise, and is settled next: whoever hears then that nothing is in flight must know better. */
  mayGoOn(): void
  /** Hears how an attempt has ended otherwise, before its caller does. True: the call goes on, and its caller waits. */
  goesOn(attempt: Attempt, judged: Judged, end: AttemptEnd<T>): boolean
}

/** How an attempt ended; `own`: by the breaker, which gave it no more time. */
export type AttemptEnd<T> = FailedExit & { readonly value?: T; readonly own?: true }

/** How one call ends for its caller, and what its end means. */
export interface Course<T> {
  readonly resolve: (value: T | PromiseLike<T>) => void
  readonly reject: (error: unknown) => void
  readonly classify: Classify<never> | undefined
  readonly fallback: Fallback<T> | undefined
  readonly callerSignal: AbortSignal | undefined
  /** The attempts of the call that this one belongs to, or is part of: calls further in ask for them. */
  readonly attempts: Attempts | undefined
  readonly sequel: Sequel<T> | undefined
}

const never = Number.POSITIVE_INFINITY
/** Ends that lie no further apart are the same: they were computed in different ways. */
const instantMs = 0.001

/** A call of whatever type, in the list of those in flight. */
export interface InFlight {
  older: InFlight | undefined
  newer: InFlight | undefined
  interrupt(error: CallRejected): void
}

/** One call in flight: what its function is given, and the timer of its deadline. */
export class Call<T> extends Timer implements Attempt, CallContext, InFlight {
  readonly attempt: number
  readonly deadline: number
  older: InFlight | undefined
  newer: InFlight | undefined = undefined
  readonly #runner: Runner
  readonly #receipt: Receipt
  readonly #course: Course<T>
  #controller: AbortController | undefined = undefined
  /** Why the call was ended from outside; then its own result no longer counts. */
  #abortedBy: unknown = undefined
  #abandon: (() => void) | undefined = undefined
  ended = false
  /** Another attempt has answered: nobody waits for this one any more. */
  #isLost = false

  constructor(runner: Runner, receipt: Receipt, timeoutMs: number, course: Course<T>, attempt: number) {
    super()
    this.holds = true
    this.attempt = attempt
    this.deadline = receipt.startedAt + timeoutMs
    this.#runner = runner
    this.#receipt = receipt
    this.#course = course
    const newest = runner.newest
    this.older = newest
    if (newest !== undefined) newest.newer = this
    runner.newest = this
    if (timeoutMs < never) runner.wheel.armIn(runner.listOf(timeoutMs), this, receipt.startedAt)
    if (course.callerSignal !== undefined) this.#heed(course.callerSignal)
  }

  /** Who is told of the end of a call hears it before what is due at the same instant. */
  override get turnedBy(): number {
    return this.due * (1 - Number.EPSILON / 2)
  }

  get remainingMs(): number {
    return this.deadline === never ? never : Math.max(0, this.deadline - this.#runner.clock.now())
  }

  get endpoint(): Endpoint | undefined {
    return this.#receipt.endpoint
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#abortedBy !== undefined) this.#controller.abort(this.#abortedBy)
    }
    return this.#controller.signal
  }

  get [attemptsWithin](): Attempts | undefined {
    return this.#course.attempts
  }

  toJSON() {
    return shownCall(this)
  }
  [asShown]() {
    return shownCall(this)
  }

  succeed(value: T): void {
    if (this.ended) return
    if (this.#isLost) return this.#end("ignored")
    const { classify } = this.#course
    const judged = classify === undefined ? "success" : this.#runner.judge(classify, { ok: true, value })
    if (this.#goesOn(judged, { ok: true, value })) return
    this.#course.resolve(value)
  }

  fail(error: unknown): void {
    if (this.ended) return
    if (this.#isLost) return this.#end("ignored")
    const judged = this.#runner.judge(this.#course.classify, { ok: false, error })
    if (this.#goesOn(judged, { ok: false, error })) return
    this.#course.reject(error)
  }

  /** Ends it, judged so; true when its caller is not to be told. */
  #goesOn(judged: Judged, end: AttemptEnd<T>): boolean {
    // Whoever judged it has given it up: its caller knows.
    if (this.ended) return true
    const { sequel } = this.#course
    const isGood = kindOf(judged) === "success"
    if (!isGood) sequel?.mayGoOn()
    this.#end(judged)
    if (!isGood) return sequel?.goesOn(this, judged, end) === true
    sequel?.won(this)
    return false
  }

  /** Another attempt of the same call has answered. The work is told to stop, and gives its place back when it has. */
  lose(reason: unknown): void {
    this.#isLost = true
    this.#heedNobody()
    this.#abort(reason)
  }

  /** The deadline: the caller is answered now, and the work is told to stop. */
  fire(): void {
    if (this.ended) return
    const { plane } = this.#runner
    const givenMs = this.deadline - this.#receipt.startedAt
    const error = new CallTimedOut(plane.breaker, givenMs)
    const judged = this.#isLost ? "ignored" : kindOfTimeout(plane, givenMs, this.deadline)
    const sequel = this.#isLost ? undefined : this.#course.sequel
    sequel?.mayGoOn()
    this.#end(judged)
    this.#abort(error)
    if (this.#isLost || sequel?.goesOn(this, judged, { ok: false, error, own: true })) return
    answer(error, this.#course.fallback, this.#course)
  }

  /** The breaker stops and waits no longer. */
  interrupt(error: CallRejected): void {
    this.#end("ignored")
    this.#abort(error)
    if (!this.#isLost) answer(error, this.#course.fallback, this.#course)
  }

  /** The caller gave up: that says nothing about the service. */
  #heed(signal: AbortSignal): void {
    this.#abandon = () => {
      if (this.ended) return
      // Who gives up when the time is over anyway, as a call around this one does, says that it took too long.
      if (this.remainingMs < instantMs) return this.fire()
      this.#end("ignored")
      this.#abort(signal.reason)
      this.#course.reject(signal.reason)
    }
    try {
      signal.addEventListener("abort", this.#abandon, { once: true })
    } catch (error) {
      // What calls itself a signal and cannot be heeded ends its call before the work begins; nothing stays taken.
      this.#abandon = undefined
      this.#end(neverSent)
      this.#course.reject(error)
    }
  }

  #heedNobody(): void {
    if (this.#abandon !== undefined) unheed(this.#course.callerSignal, this.#abandon)
    this.#abandon = undefined
  }

  #abort(reason: unknown): void {
    this.#abortedBy = reason
    this.#controller?.abort(reason)
  }

  #end(kind: Judged): void {
    this.ended = true
    const runner = this.#runner
    if (this.list !== undefined) runner.wheel.disarm(this)
    if (this.newer === undefined) runner.newest = this.older
    else this.newer.older = this.older
    if (this.older !== undefined) this.older.newer = this.newer
    // Whoever keeps this call must not keep its neighbours alive.
    this.older = undefined
    this.newer = undefined
    // Whatever happens to the books, the caller is answered.
    try {
      runner.plane.settleAt(this.#receipt, kind, runner.clock.now())
      this.#heedNobody()
    } catch (error) {
      runner.listeners.trouble("breaker", error)
    }
  }
}
