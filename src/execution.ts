/** Running admitted calls as promises: what all calls of one breaker share. */
import type { Endpoint } from "../machines/vocabulary/endpoint.ts"
import type { Judged } from "../machines/vocabulary/outcome.ts"
import type { Assembly } from "./assemble.ts"
import type { CallRejected } from "./CallRejected.ts"
import type { Clock } from "./Clock.ts"
import { Call, type Course, type InFlight } from "./call.ts"
import { type CallExit, type Charge, type Classify, classifyWith } from "./classify.ts"
import { Flight } from "./data-plane/flight.ts"
import type { Plane } from "./data-plane/plane.ts"
import type { Receipt } from "./data-plane/receipt.ts"
import type { ShortWays } from "./data-plane/shortWays.ts"
import type { TimerList } from "./data-plane/timers.ts"
import type { Wheel } from "./data-plane/wheel.ts"
import { DirectCall } from "./directCall.ts"
import type { Listeners } from "./events.ts"
import { PlainCall } from "./plainCall.ts"

/** What a protected function is given. */
export interface CallContext {
  /** Aborted when the call times out, when its caller gives up, or when the breaker stops. Made when first read. */
  readonly signal: AbortSignal
  /** Which attempt of its call this is, from 1. */
  readonly attempt: number
  /** When the call's time is over, in milliseconds on the breaker's monotonic clock; `Infinity` without a timeout. */
  readonly deadline: number
  /** Where this attempt is to go; `undefined` without the component `discovery`. */
  readonly endpoint: Endpoint | undefined
  /** Milliseconds until then, read now: never negative, `Infinity` without a timeout. */
  readonly remainingMs: number
}

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

const never = Number.POSITIVE_INFINITY

const observe = Promise.prototype.then as <T>(
  this: Promise<T>,
  succeed: (value: T) => unknown,
  fail: (error: unknown) => unknown,
) => Promise<unknown>

/** What all calls of one breaker share. */
export class Runner {
  readonly plane: Plane
  readonly clock: Clock
  readonly wheel: Wheel
  readonly listeners: Listeners
  readonly #charge: Charge | undefined
  /** The calls in flight that this breaker answers for, newest first. */
  newest: InFlight | undefined = undefined
  /** The last direct call that ended has failed. */
  isFailing = false
  /** Direct calls that were asked for their signal. */
  readonly signalled = new Set<DirectCall>()
  #list: TimerList | undefined
  /** Ordinary calls in flight that have the time that calls have now; and the same of whatever time. */
  #flight: Flight<PlainCall<unknown>> | undefined = undefined
  #flights: readonly Flight<PlainCall<unknown>>[] = []
  #ways: ShortWays | undefined = undefined

  constructor(plane: Plane, clock: Clock, wheel: Wheel, listeners: Listeners, charge: Charge | undefined) {
    this.plane = plane
    this.clock = clock
    this.wheel = wheel
    this.listeners = listeners
    this.#charge = charge
  }

  /** An ordinary call, for which the way is clear: of its caller nothing is known but that it waits. */
  runPlain<T>(
    startedAt: number,
    fn: (call: CallContext) => T | PromiseLike<T>,
    classify: Classify<never> | undefined,
    assembly: Assembly,
  ): Promise<T> {
    const { plane } = this
    const isRepeatable = plane.retryBudget !== undefined
    if (!isRepeatable && plane.ways.timeoutMs === never) return this.#runDirect(startedAt, fn, classify)
    const call = plane.enter(new PlainCall(this, startedAt, fn, classify, isRepeatable ? assembly : undefined))
    return new Promise<T>((resolve, reject) => {
      call.begin(resolve, reject)
      this.observe(call, fn)
    })
  }

  /**
   * The same of a breaker without timeouts: the caller gets what our reaction to the function's promise makes, so that there is no
   * second promise, the outcome is settled before the caller goes on, and a failure that nobody handles is told. A reaction that throws
   * costs ten times what a promise of our own does: while calls fail they get one.
   */
  #runDirect<T>(
    startedAt: number,
    fn: (call: CallContext) => T | PromiseLike<T>,
    classify: Classify<never> | undefined,
  ): Promise<T> {
    const call = this.plane.enter(new DirectCall(this, startedAt, classify))
    if (this.isFailing) return this.#runFailing(call, fn)
    return observe.call(
      promiseOf(fn, call),
      (value) => {
        call.succeed(value)
        return value
      },
      (error) => {
        call.fail(error)
        throw error
      },
    ) as Promise<T>
  }

  #runFailing<T>(call: DirectCall, fn: (call: CallContext) => T | PromiseLike<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      observe.call(
        promiseOf(fn, call),
        // Answered first, whatever happens to the books: the caller goes on a turn later, when they are done.
        (value) => {
          resolve(value as T)
          call.succeed(value)
        },
        (error) => {
          reject(error)
          call.fail(error)
        },
      )
    })
  }

  run<T>(receipt: Receipt, timeoutMs: number, fn: (call: CallContext) => T | PromiseLike<T>, course: Course<T>): void {
    const call = new Call(this, receipt, timeoutMs, course, 1)
    if (!call.ended) this.observe(call, fn)
  }

  /** Runs the work of a call that has begun. */
  observe<T>(call: Call<T> | PlainCall<T>, fn: (call: CallContext) => T | PromiseLike<T>): void {
    observe.call(
      promiseOf(fn, call),
      (value) => call.succeed(value as T),
      (error) => call.fail(error),
    )
  }

  /** Ends every call in flight: the breaker is stopping and its grace is over. */
  interruptAll(reason: () => CallRejected): void {
    for (let call = this.newest; call !== undefined; call = this.newest) call.interrupt(reason())
    for (const flight of this.#flights) for (const call of flight.calls) call.interrupt(reason())
    for (const call of this.signalled) call.interrupt(reason())
  }

  listOf(durationMs: number): TimerList {
    if (this.#list?.durationMs !== durationMs) this.#list = this.wheel.listOf(durationMs)
    return this.#list
  }

  /**
   * The row of the calls that begin now, known by what is in force: milliseconds are whole numbers until a timeout is learned, and a
   * host that has made its code for those makes it anew.
   */
  flightUnder(ways: ShortWays): Flight<PlainCall<unknown>> {
    const flight = this.#flight
    return flight !== undefined && this.#ways === ways ? flight : this.#changeFlight(ways)
  }

  #changeFlight(ways: ShortWays): Flight<PlainCall<unknown>> {
    const durationMs = ways.timeoutMs
    this.#ways = ways
    if (this.#flight?.durationMs === durationMs) return this.#flight
    const flying = this.#flights.filter(({ count }) => count > 0)
    const known = flying.find((flight) => flight.durationMs === durationMs)
    const flight = known ?? new Flight<PlainCall<unknown>>(durationMs)
    this.#flight = flight
    this.#flights = known === undefined ? [...flying, flight] : flying
    return flight
  }

  /** What the end of a call means. What the user's own code throws is told; the call goes on. */
  judge(classify: Classify<never> | undefined, exit: CallExit): Judged {
    return classifyWith(classify, exit, (error) => this.listeners.trouble("classify", error), this.#charge)
  }
}
