import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { type DurationInput, InvalidConfig, readDuration, show } from "../machines/options.ts"
import type { Circuit } from "../machines/vocabulary/circuit.ts"
import type { Mode, Phase } from "../machines/vocabulary/gate.ts"
import type { Ticket } from "../machines/vocabulary/permit.ts"
import type { Rejection } from "../machines/vocabulary/rejection.ts"
import type { Assembly } from "./assemble.ts"
import { CallRejected } from "./CallRejected.ts"
import { timekeeperOf, wheelOf } from "./Clock.ts"
import { answer, type Fallback } from "./call.ts"
import type { CallExit, Classify } from "./classify.ts"
import { type SavedBreaker, save } from "./control-plane/persistence.ts"
import type { BreakerEvents, EventName, Listener } from "./events.ts"
import { type CallContext, Runner } from "./execution.ts"
import { type BreakerMetrics, readMetrics } from "./metrics.ts"
import { drain } from "./stopping.ts"

/** Options of one call. */
export interface ExecuteOptions<T> {
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
  readonly fallback?: Fallback<T> | undefined
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
  execute<T>(fn: Run<T>, options?: ExecuteOptions<NoInfer<T>>): Promise<T>
  /** Like `execute`, but never throws. */
  tryExecute<T>(fn: Run<T>, options?: ExecuteOptions<NoInfer<T>>): Promise<CallExit<T>>
  /** The same function, protected: same arguments, same result. */
  wrap<This, Args extends unknown[], T>(
    fn: (this: This, ...args: Args) => T | PromiseLike<T>,
    options?: ExecuteOptions<NoInfer<T>>,
  ): (this: This, ...args: Args) => Promise<T>
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
  /** The present state as JSON, to be given to `createBreaker` as `restore`. */
  save(): SavedBreaker
  /** Admits nothing more, waits for calls in flight, then interrupts them. Idempotent. */
  stop(options?: StopOptions): Promise<void>
}

const none: { readonly [Option in keyof ExecuteOptions<unknown>]: undefined } = Object.freeze({
  signal: undefined,
  deadline: undefined,
  classify: undefined,
  fallback: undefined,
})

/** A programmer's mistake says nothing about the service: it is refused before anything is taken. */
const notAFunction = (fn: unknown): InvalidConfig =>
  new InvalidConfig([{ path: "fn", value: show(fn), rule: "must be a function" }])

/** A caller's signal, checked before anything is taken for the call. */
function readSignal(signal: AbortSignal): AbortSignal {
  if (typeof signal === "object" && signal !== null && typeof signal.addEventListener === "function") return signal
  throw new InvalidConfig([{ path: "options.signal", value: show(signal), rule: "must be an AbortSignal" }])
}

export class AssembledBreaker implements Breaker {
  readonly assembly: Assembly
  readonly #runner: Runner
  readonly #scope: Scope.Closeable
  #stopping: Promise<void> | undefined

  constructor(assembly: Assembly, scope: Scope.Closeable) {
    const { plane, clock, listeners } = assembly
    this.assembly = assembly
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

  execute<T>(fn: Run<T>, options: ExecuteOptions<NoInfer<T>> = none): Promise<T> {
    const { plane, clock, classify } = this.assembly
    if (options === none && typeof fn === "function" && plane.gate.restriction.timeoutMs === Number.POSITIVE_INFINITY) {
      const now = plane.untimed ? Number.NaN : clock.now()
      if (plane.enterFreely(now)) return this.#runner.runDirect(now, fn, classify)
    }
    return new Promise<T>((resolve, reject) => this.#enter(fn, options, resolve, reject))
  }

  tryExecute<T>(fn: Run<T>, options: ExecuteOptions<NoInfer<T>> = none): Promise<CallExit<T>> {
    return new Promise((resolve) => {
      const fail = (error: unknown) => resolve({ ok: false, error })
      const succeed = (value: T | PromiseLike<T>) => {
        if (typeof value !== "object" || value === null) resolve({ ok: true, value: value as T })
        else Promise.resolve(value).then((settled) => resolve({ ok: true, value: settled }), fail)
      }
      try {
        this.#enter(fn, options, succeed, fail)
      } catch (error) {
        fail(error)
      }
    })
  }

  wrap<This, Args extends unknown[], T>(
    fn: (this: This, ...args: Args) => T | PromiseLike<T>,
    options: ExecuteOptions<NoInfer<T>> = none,
  ): (this: This, ...args: Args) => Promise<T> {
    const execute = (run: Run<T>) => this.execute(run, options)
    return function (this: This, ...args: Args) {
      return execute(() => fn.apply(this, args))
    }
  }

  #enter<T>(
    fn: Run<T>,
    options: ExecuteOptions<NoInfer<T>>,
    resolve: (value: T | PromiseLike<T>) => void,
    reject: (error: unknown) => void,
  ): void {
    const { plane, clock } = this.assembly
    if (typeof fn !== "function") return reject(notAFunction(fn))
    const { signal, deadline, fallback, classify = this.assembly.classify } = options
    if (signal !== undefined && readSignal(signal).aborted) return reject(signal.reason)
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
    const { conductor, parts, clock, listeners } = this.assembly
    return save(conductor, parts, timekeeperOf(clock), (part, error) => listeners.trouble(part, error))
  }

  stop(options?: StopOptions): Promise<void> {
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
