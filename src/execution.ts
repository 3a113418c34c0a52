/** Running one admitted call as a promise: its deadline, its signal, its one outcome. */
import type { OutcomeKind } from "../machines/vocabulary/outcome.ts"
import { type CallRejected, CallTimedOut } from "./CallRejected.ts"
import type { Clock } from "./Clock.ts"
import { type Classify, classifyWith } from "./classify.ts"
import type { Plane } from "./data-plane/plane.ts"
import type { Receipt } from "./data-plane/receipt.ts"
import { Timer, type TimerList, type Wheel } from "./data-plane/wheel.ts"
import { DirectCall } from "./directCall.ts"
import type { Listeners } from "./events.ts"

/** What a protected function is given. */
export interface CallContext {
  /** Aborted when the call times out, when its caller gives up, or when the breaker stops. Made when first read. */
  readonly signal: AbortSignal
  /** Counts from 1. */
  readonly attempt: number
  /** When the call's time is over, in milliseconds on the breaker's monotonic clock; `Infinity` without a timeout. */
  readonly deadline: number
}

export type Fallback<T> = (reason: CallRejected | CallTimedOut) => T | PromiseLike<T>

/** How one call ends for its caller, and what its end means. */
export interface Course<T> {
  readonly resolve: (value: T | PromiseLike<T>) => void
  readonly reject: (error: unknown) => void
  readonly classify: Classify<never> | undefined
  readonly fallback: Fallback<T> | undefined
  readonly callerSignal: AbortSignal | undefined
}

const never = Number.POSITIVE_INFINITY
const settled = Promise.resolve()

/**
 * The function's promise, whatever it answers or throws: a native one, as `await` would make of it, so that only the native
 * `then` is ever called on it.
 */
function promiseOf<T>(fn: (call: CallContext) => T | PromiseLike<T>, call: CallContext): Promise<T> {
  try {
    return Promise.resolve(fn(call))
  } catch (error) {
    return Promise.reject(error)
  }
}

const observe = Promise.prototype.then as <T>(
  this: Promise<T>,
  succeed: (value: T) => void,
  fail: (error: unknown) => void,
) => Promise<void>

/** What all calls of one breaker share. */
export class Runner {
  readonly plane: Plane
  readonly clock: Clock
  readonly wheel: Wheel
  readonly listeners: Listeners
  /** The calls in flight that this breaker answers for, newest first. */
  newest: InFlight | undefined = undefined
  /** Direct calls that were asked for their signal. */
  readonly signalled = new Set<DirectCall>()
  #list: TimerList | undefined

  constructor(plane: Plane, clock: Clock, wheel: Wheel, listeners: Listeners) {
    this.plane = plane
    this.clock = clock
    this.wheel = wheel
    this.listeners = listeners
  }

  /**
   * The ordinary call of a breaker without timeouts: the caller gets the function's own promise, and ours is the first
   * reaction to it. A second promise would cost as much as all the rest of the call.
   */
  runDirect<T>(
    startedAt: number,
    fn: (call: CallContext) => T | PromiseLike<T>,
    classify: Classify<never> | undefined,
  ): Promise<T> {
    const call = new DirectCall(this, startedAt, classify)
    const promise = promiseOf(fn, call)
    observe.call(
      promise,
      (value) => call.succeed(value),
      (error) => call.fail(error),
    )
    return promise
  }

  run<T>(receipt: Receipt, timeoutMs: number, fn: (call: CallContext) => T | PromiseLike<T>, course: Course<T>): void {
    const call = new Call(this, receipt, timeoutMs, course)
    observe.call(
      promiseOf(fn, call),
      (value) => call.succeed(value as T),
      (error) => call.fail(error),
    )
  }

  /** Ends every call in flight: the breaker is stopping and its grace is over. */
  interruptAll(reason: () => CallRejected): void {
    for (let call = this.newest; call !== undefined; call = this.newest) call.interrupt(reason())
    for (const call of this.signalled) call.interrupt(reason())
  }

  listOf(durationMs: number): TimerList {
    if (this.#list?.durationMs !== durationMs) this.#list = this.wheel.listOf(durationMs)
    return this.#list
  }

  /** Tells what the user's own code threw; the call goes on. */
  trouble(error: unknown): void {
    this.listeners.trouble("classify", error)
  }
}

/** A call of whatever type, in the list of those in flight. */
interface InFlight {
  older: InFlight | undefined
  newer: InFlight | undefined
  interrupt(error: CallRejected): void
}

/** One call in flight: what its function is given, and the timer of its deadline. */
export class Call<T> extends Timer implements CallContext, InFlight {
  readonly attempt = 1
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
  #ended = false

  constructor(runner: Runner, receipt: Receipt, timeoutMs: number, course: Course<T>) {
    super()
    this.holds = true
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

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#abortedBy !== undefined) this.#controller.abort(this.#abortedBy)
    }
    return this.#controller.signal
  }

  succeed(value: T): void {
    if (this.#ended) return
    const classify = this.#course.classify
    this.#end(
      classify === undefined ? "success" : classifyWith(classify, { ok: true, value }, (e) => this.#runner.trouble(e)),
    )
    this.#course.resolve(value)
  }

  fail(error: unknown): void {
    if (this.#ended) return
    const exit = { ok: false, error } as const
    this.#end(classifyWith(this.#course.classify, exit, (e) => this.#runner.trouble(e)))
    this.#course.reject(error)
  }

  /** The deadline: the caller is answered now, and the work is told to stop. */
  fire(): void {
    if (this.#ended) return
    const error = new CallTimedOut(this.#runner.plane.breaker, this.deadline - this.#receipt.startedAt)
    this.#end("timedOut")
    this.#abort(error)
    answer(error, this.#course.fallback, this.#course)
  }

  /** The breaker stops and waits no longer. */
  interrupt(error: CallRejected): void {
    this.#end("ignored")
    this.#abort(error)
    answer(error, this.#course.fallback, this.#course)
  }

  /** The caller gave up: that says nothing about the service. */
  #heed(signal: AbortSignal): void {
    this.#abandon = () => {
      if (this.#ended) return
      this.#end("ignored")
      this.#abort(signal.reason)
      this.#course.reject(signal.reason)
    }
    signal.addEventListener("abort", this.#abandon, { once: true })
  }

  #abort(reason: unknown): void {
    this.#abortedBy = reason
    this.#controller?.abort(reason)
  }

  #end(kind: OutcomeKind): void {
    this.#ended = true
    const runner = this.#runner
    if (this.list !== undefined) runner.wheel.disarm(this)
    if (this.newer === undefined) runner.newest = this.older
    else this.newer.older = this.older
    if (this.older !== undefined) this.older.newer = this.newer
    if (this.#abandon !== undefined) this.#course.callerSignal?.removeEventListener("abort", this.#abandon)
    runner.plane.settleAt(this.#receipt, kind, runner.clock.now())
  }
}

/** Answers a refused or timed-out call: by its fallback, whose result never reaches a window, or by the error. */
export function answer<T>(
  error: CallRejected | CallTimedOut,
  fallback: Fallback<T> | undefined,
  { resolve, reject }: Pick<Course<T>, "resolve" | "reject">,
): void {
  if (fallback === undefined) {
    // One turn later, when the caller has taken hold of its promise: one that is rejected before anyone listens sends the
    // host through its search for unhandled rejections, which costs more than the rest of a refusal.
    settled.then(() => reject(error))
    return
  }
  try {
    resolve(fallback(error))
  } catch (thrown) {
    reject(thrown)
  }
}
