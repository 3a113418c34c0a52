/**
 * An ordinary call of which its caller has said nothing: its permit, its timer and what its function is given, all in one, because most
 * calls are such, and each object costs. What a failure of one needs that may be made again is made then.
 */
import { type Judged, kindOf } from "../machines/vocabulary/outcome.ts"
import { answer } from "./answer.ts"
import type { Assembly } from "./assemble.ts"
import { type Attempts, attemptsWithin } from "./attempts.ts"
import { type CallRejected, CallTimedOut } from "./CallRejected.ts"
import type { AttemptEnd } from "./call.ts"
import { none } from "./callOptions.ts"
import type { Classify } from "./classify.ts"
import type { Flight, Flying } from "./data-plane/flight.ts"
import { kindOfTimeout } from "./data-plane/impatience.ts"
import { Receipt } from "./data-plane/receipt.ts"
import type { CallContext, Runner } from "./execution.ts"
import { presentMark } from "./exhaustion.ts"
import { FirstAttempt } from "./firstAttempt.ts"
import { asShown, shownCall } from "./shownCall.ts"

const never = Number.POSITIVE_INFINITY

export class PlainCall<T> extends Receipt implements Flying, CallContext {
  declare seat: number
  declare private readonly runner: Runner
  declare private readonly fn: (call: CallContext) => T | PromiseLike<T>
  declare private readonly classify: Classify<never> | undefined
  /** Of a breaker whose calls may be made again. */
  declare private readonly assembly: Assembly | undefined
  /** Marks that are made from now on are about it. */
  declare private readonly since: number
  declare private readonly flight: Flight<PlainCall<unknown>>
  declare private first: FirstAttempt<T> | undefined
  declare private onValue: ((value: T | PromiseLike<T>) => void) | undefined
  declare private onError: ((error: unknown) => void) | undefined
  declare private controller: AbortController | undefined
  /** Why the call was ended from outside; then its own result no longer counts. */
  declare private abortedBy: unknown

  constructor(
    runner: Runner,
    startedAt: number,
    fn: (call: CallContext) => T | PromiseLike<T>,
    classify: Classify<never> | undefined,
    assembly: Assembly | undefined,
  ) {
    const { plane } = runner
    super(plane, plane.gate.epoch, startedAt, undefined, true)
    this.seat = -1
    this.runner = runner
    this.fn = fn
    this.classify = classify
    this.assembly = assembly
    this.since = presentMark()
    this.flight = runner.flightUnder(plane.ways)
    this.first = undefined
    this.onValue = undefined
    this.onError = undefined
    this.controller = undefined
    this.abortedBy = undefined
  }

  /** When its time is over. */
  get deadline(): number {
    return this.startedAt + this.flight.durationMs
  }
  get due(): number {
    return this.deadline
  }
  /** Who is told of the end of a call hears it before what is due at the same instant. */
  get turnedBy(): number {
    return this.deadline * (1 - Number.EPSILON / 2)
  }
  get attempt(): number {
    return 1
  }
  get remainingMs(): number {
    return Math.max(0, this.deadline - this.runner.clock.now())
  }
  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController()
      if (this.abortedBy !== undefined) this.controller.abort(this.abortedBy)
    }
    return this.controller.signal
  }
  get [attemptsWithin](): Attempts | undefined {
    // What is over has no further attempts, whoever kept its context.
    return (this.settled ? this.first : this.repeatable)?.attempts
  }

  toJSON() {
    return shownCall(this)
  }
  [asShown]() {
    return shownCall(this)
  }

  /** Begins, once it has entered. */
  begin(resolve: (value: T | PromiseLike<T>) => void, reject: (error: unknown) => void): void {
    this.onValue = resolve
    this.onError = reject
    this.runner.wheel.join(this.flight, this as PlainCall<unknown>)
  }

  succeed(value: T): void {
    if (this.settled) return
    const classify = this.classify
    if (classify === undefined) {
      this.end("success")
      ;(this.first ?? this).resolve(value)
    } else this.finish(this.runner.judge(classify, { ok: true, value }), { ok: true, value })
  }

  fail(error: unknown): void {
    if (this.settled) return
    this.finish(this.runner.judge(this.classify, { ok: false, error }), { ok: false, error })
  }

  /** The deadline: the caller is answered now, and the work is told to stop. */
  fire(): void {
    const { plane } = this.runner
    const givenMs = this.flight.durationMs
    const error = new CallTimedOut(plane.breaker, givenMs)
    const judged = kindOfTimeout(plane, givenMs, this.deadline)
    const again = this.repeatable
    again?.mayGoOn()
    this.end(judged)
    this.abort(error)
    if (again?.goesOn(this, judged, { ok: false, error, own: true })) return
    answer(error, undefined, again ?? this)
  }

  /** The breaker stops and waits no longer. */
  interrupt(error: CallRejected): void {
    this.end("ignored")
    this.abort(error)
    answer(error, undefined, this.first ?? this)
  }

  /** Nobody makes another attempt beside a call of which nobody has said that it may be made twice. */
  lose(): void {}

  resolve(value: T | PromiseLike<T>): void {
    this.onValue?.(value)
  }
  reject(error: unknown): void {
    this.onError?.(error)
  }

  private finish(judged: Judged, end: AttemptEnd<T>): void {
    const again = kindOf(judged) === "success" ? undefined : this.repeatable
    again?.mayGoOn()
    this.end(judged)
    if (again?.goesOn(this, judged, end)) return
    const course = again ?? this.first ?? this
    if (end.ok) course.resolve(end.value as T)
    else course.reject(end.error)
  }

  /** The call with its further attempts, where it may have any. */
  private get repeatable(): FirstAttempt<T> | undefined {
    if (this.assembly === undefined) return undefined
    return (this.first ??= new FirstAttempt(this.assembly, this.runner, this.fn, none, never, this, this.since))
  }

  private abort(reason: unknown): void {
    this.abortedBy = reason
    this.controller?.abort(reason)
  }

  private end(kind: Judged): void {
    const runner = this.runner
    if (this.seat >= 0) runner.wheel.leave(this.flight, this as PlainCall<unknown>)
    // Whatever happens to the books, the caller is answered.
    try {
      runner.plane.settleAt(this, kind, runner.clock.now())
    } catch (error) {
      runner.listeners.trouble("breaker", error)
    }
  }
}
