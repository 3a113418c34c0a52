import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { type DurationInput, readDuration } from "../machines/options.ts"
import type { Circuit } from "../machines/vocabulary/circuit.ts"
import type { Mode, Phase } from "../machines/vocabulary/gate.ts"
import type { Ticket } from "../machines/vocabulary/permit.ts"
import type { Rejection } from "../machines/vocabulary/rejection.ts"
import { type Assembly, saveAssembly } from "./assemble.ts"
import { CallRejected } from "./CallRejected.ts"
import { wheelOf } from "./Clock.ts"
import { answer, type Fallback } from "./call.ts"
import { type CallExit, type Classify, selfClassifying } from "./classify.ts"
import type { SavedBreaker } from "./control-plane/persistence.ts"
import type { BreakerEvents, EventName, Listener } from "./events.ts"
import { type CallContext, Runner } from "./execution.ts"
import { invalid, refuseNoFunction, refuseStrangers } from "./knownOptions.ts"
import { type BreakerMetrics, readMetrics } from "./metrics.ts"
import { drain } from "./stopping.ts"

/** Options of one call that answers `T`; its fallback may answer something else. */
export interface ExecuteOptions<T, F = T> {
  /** Aborting it gives the call up: the caller gets the signal's reason, and the outcome is ignored. */
  readonly signal?: AbortSignal | undefined
  /**
   * The longest this call may take; the breaker's timeout applies too if it is shorter. A deadline shorter than the service
   * usually takes (the 99th percentile of its successes) is the caller's impatience: the outcome is ignored.
   */
  readonly deadline?: DurationInput | undefined
  /** Instead of the breaker's own classifier. */
  readonly classify?: Classify<T> | undefined
  /** Answers when the call is rejected or times out. What it returns or throws reaches the caller and no window. */
  readonly fallback?: Fallback<F> | undefined
}

export interface AcquireOptions {
  /** After this long an unsettled permit counts as `ignored`. Default `"1 minute"`; a probe has the strategy's own lease. */
  readonly lease?: DurationInput | undefined
}

export interface StopOptions {
  /** How long calls in flight may still run. Default `"10 seconds"`. */
  readonly grace?: DurationInput | undefined
}

type Run<T> = (call: CallContext) => T | PromiseLike<T>

/** One breaker, for promises. */
export interface Breaker extends AsyncDisposable {
  readonly name: string
  readonly phase: Phase
  readonly circuit: Circuit
  readonly mode: Mode
  /** Runs `fn` if the gate lets it enter. Rejects with `CallRejected`, `CallTimedOut`, or with what `fn` itself threw. */
  execute<T, F = T>(fn: Run<T>, options?: ExecuteOptions<NoInfer<T>, F>): Promise<T | F>
  /** Like `execute`, but never throws. */
  tryExecute<T, F = T>(fn: Run<T>, options?: ExecuteOptions<NoInfer<T>, F>): Promise<CallExit<T | F>>
  /** The same function, protected: same arguments, same result. */
  wrap<This, Args extends unknown[], T, F = T>(
    fn: (this: This, ...args: Args) => T | PromiseLike<T>,
    options?: ExecuteOptions<NoInfer<T>, F>,
  ): (this: This, ...args: Args) => Promise<T | F>
  /** Two-step use, synchronous: a permit to be settled, or a rejection, told apart by `admitted`. */
  acquire(options?: AcquireOptions): Ticket
  /** Why a call would be rejected now; nothing is taken and nothing is counted. */
  wouldReject(): Rejection | undefined
  /** Listens; answers how to stop listening. What a listener throws is isolated and told as `trouble`. */
  on<Name extends EventName>(name: Name, listener: Listener<Name>): () => void
  metrics(): BreakerMetrics
  /** Refuses everything until released. */
  forceOpen(why: string): void
  /** Lets everything pass, and learns nothing, until released. */
  bypass(why: string): void
  /** Decides and reports, but refuses nothing, until released. */
  shadow(why: string): void
  /** Back to what the evidence supports: after `forceOpen` that is half-open. */
  release(why: string): void
  /**
   * The present state as JSON, to be given to `createBreaker` of the same name as `restore`; once stopped, the state in which it
   * stopped. What cannot be a part's state when it comes back is told to `trouble`, and that part begins afresh.
   */
  save(): SavedBreaker
  /** Admits nothing more, waits for calls in flight, then interrupts them. Idempotent. */
  stop(options?: StopOptions): Promise<void>
}

const none: { readonly [Option in keyof ExecuteOptions<never>]-?: undefined } = Object.freeze({
  signal: undefined,
  deadline: undefined,
  classify: undefined,
  fallback: undefined,
})

const callOptions = Object.keys(none)

/** A programmer's mistake says nothing about the service: it is refused before anything is taken. */
const notAFunction = (fn: unknown) => invalid("fn", fn, "must be a function")

/** The options of a call, checked before anything is taken for it. */
function readCall(options: ExecuteOptions<never, unknown>): void {
  refuseStrangers(options, callOptions)
  const { signal, fallback, classify } = options
  refuseNoFunction(fallback, "options.fallback")
  refuseNoFunction(classify, "options.classify")
  if (signal !== undefined && typeof signal?.addEventListener !== "function") {
    throw invalid("options.signal", signal, "must be an AbortSignal")
  }
}

export class AssembledBreaker implements Breaker {
  readonly assembly: Assembly
  readonly #runner: Runner
  readonly #scope: Scope.Closeable
  #stopping: Promise<void> | undefined

  constructor(assembly: Assembly, scope: Scope.Closeable) {
    const { plane, clock, listeners, classify } = assembly
    this.assembly = assembly
    if (classify !== undefined) selfClassifying.add(this)
    this.#runner = new Runner(plane, clock, wheelOf(clock), listeners)
    this.#scope = scope
  }

  get name(): string {
    return this.assembly.name
  }
  get phase(): Phase {
    return this.assembly.plane.gate.phase
  }
  get circuit(): Circuit {
    return this.assembly.plane.gate.circuit
  }
  get mode(): Mode {
    return this.assembly.plane.gate.mode
  }

  execute<T, F = T>(fn: Run<T>, options: ExecuteOptions<NoInfer<T>, F> = none): Promise<T | F> {
    const { plane, clock, classify } = this.assembly
    if (options === none && typeof fn === "function" && plane.gate.restriction.timeoutMs === Number.POSITIVE_INFINITY) {
      const now = plane.untimed ? Number.NaN : clock.now()
      if (plane.enterFreely(now)) return this.#runner.runDirect(now, fn, classify)
    }
    return new Promise<T | F>((resolve, reject) => this.#enter<T | F>(fn, options, resolve, reject))
  }

  tryExecute<T, F = T>(fn: Run<T>, options: ExecuteOptions<NoInfer<T>, F> = none): Promise<CallExit<T | F>> {
    return new Promise((resolve) => {
      const fail = (error: unknown) => resolve({ ok: false, error })
      const succeed = (value: T | F | PromiseLike<T | F>) => {
        if (typeof value !== "object" || value === null) resolve({ ok: true, value: value as T | F })
        else Promise.resolve(value).then((settled) => resolve({ ok: true, value: settled }), fail)
      }
      try {
        this.#enter<T | F>(fn, options, succeed, fail)
      } catch (error) {
        fail(error)
      }
    })
  }

  wrap<This, Args extends unknown[], T, F = T>(
    fn: (this: This, ...args: Args) => T | PromiseLike<T>,
    options: ExecuteOptions<NoInfer<T>, F> = none,
  ): (this: This, ...args: Args) => Promise<T | F> {
    if (typeof fn !== "function") throw notAFunction(fn)
    readCall(options)
    const execute = (run: Run<T>) => this.execute(run, options)
    return function (this: This, ...args: Args) {
      return execute(() => fn.apply(this, args))
    }
  }

  #enter<T>(
    fn: Run<T>,
    options: ExecuteOptions<never, T>,
    resolve: (value: T | PromiseLike<T>) => void,
    reject: (error: unknown) => void,
  ): void {
    const { plane, clock } = this.assembly
    if (typeof fn !== "function") return reject(notAFunction(fn))
    if (options !== none) readCall(options)
    const { signal, deadline, fallback, classify = this.assembly.classify } = options
    if (signal?.aborted) return reject(signal.reason)
    const deadlineMs = deadline === undefined ? Number.POSITIVE_INFINITY : readDuration(deadline, "options.deadline")
    const ticket = plane.admit(clock.now())
    if (!ticket.admitted) return answer(new CallRejected(ticket), fallback, { resolve, reject })
    const timeoutMs = Math.min(plane.timeoutMs, deadlineMs)
    this.#runner.run(ticket, timeoutMs, fn, {
      resolve,
      reject,
      classify,
      fallback,
      callerSignal: signal,
    })
  }

  acquire(options?: AcquireOptions): Ticket {
    const { plane, clock } = this.assembly
    if (options !== undefined) refuseStrangers(options, ["lease"])
    const leaseMs = options?.lease === undefined ? 60_000 : readDuration(options.lease, "options.lease")
    const ticket = plane.admit(clock.now())
    if (ticket.admitted) plane.lease(ticket, leaseMs)
    return ticket
  }

  wouldReject(): Rejection | undefined {
    return this.assembly.plane.wouldReject(this.assembly.clock.now())
  }

  on<Name extends keyof BreakerEvents>(name: Name, listener: Listener<Name>): () => void {
    return this.assembly.listeners.add(name, listener)
  }

  metrics(): BreakerMetrics {
    return readMetrics(this.assembly)
  }

  forceOpen(why: string): void {
    this.#command("operator.forceOpen", why)
  }
  bypass(why: string): void {
    this.#command("operator.bypass", why)
  }
  shadow(why: string): void {
    this.#command("operator.shadow", why)
  }
  release(why: string): void {
    this.#command("operator.release", why)
  }

  #command(type: `operator.${"forceOpen" | "bypass" | "shadow" | "release"}`, why: string): void {
    this.assembly.conductor.send({ type, at: this.assembly.clock.now(), why: String(why) })
  }

  save(): SavedBreaker {
    return saveAssembly(this.assembly)
  }

  stop(options?: StopOptions): Promise<void> {
    if (options !== undefined) refuseStrangers(options, ["grace"])
    if (this.#stopping !== undefined) return this.#stopping
    const graceMs = options?.grace === undefined ? 10_000 : readDuration(options.grace, "options.grace")
    const stopped = drain(this.assembly, this.#runner, graceMs).pipe(
      Effect.andThen(Scope.close(this.#scope, Exit.void)),
    )
    this.#stopping = Effect.runPromise(stopped)
    return this.#stopping
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}
