import type { DurationInput } from "../machines/options.ts"
import type { Circuit } from "../machines/vocabulary/circuit.ts"
import type { Facts } from "../machines/vocabulary/facts.ts"
import type { Mode, Phase } from "../machines/vocabulary/gate.ts"
import type { Ticket } from "../machines/vocabulary/permit.ts"
import type { Rejection } from "../machines/vocabulary/rejection.ts"
import type { BreakerConfig } from "./BreakerConfig.ts"
import type { Fallback } from "./call.ts"
import type { CallExit, Classify } from "./classify.ts"
import type { SavedBreaker } from "./control-plane/persistence.ts"
import type { GaugeValue } from "./data-plane/observed.ts"
import type { Dependable, DependencyOptions } from "./dependencies.ts"
import type { EventName, Listener } from "./events.ts"
import type { CallContext } from "./execution.ts"
import type { BreakerMetrics } from "./metrics.ts"

/** Options of one call that answers `T`; its fallback may answer something else. */
export interface ExecuteOptions<T, F = T> extends Facts {
  /** Aborting it gives the call up: the caller gets the signal's reason, and the outcome is ignored. */
  readonly signal?: AbortSignal | undefined
  /**
   * The longest this call may take, further attempts included; the breaker's timeout bounds each attempt. A deadline shorter than the service
   * usually takes (the 99th percentile of its successes) is the caller's impatience: the outcome is ignored.
   */
  readonly deadline?: DurationInput | undefined
  /** Instead of the breaker's own classifier. */
  readonly classify?: Classify<T> | undefined
  /** Answers when the call is rejected or times out. What it returns or throws reaches the caller and no window. */
  readonly fallback?: Fallback<F> | undefined
  /**
   * That it does no harm when this call is made twice. Without it the component `retry` repeats only calls that provably never reached
   * the service, and hedges none.
   */
  readonly idempotent?: boolean | undefined
  /** `false`: this call is made once, whatever the component `retry` could do. */
  readonly retry?: false | undefined
  /**
   * The context of the call of another breaker that this one is part of. This call has no more time than that one has left, and ends
   * with it; what is repeated here is not repeated there once more, and what is repeated inside of a repeated attempt is paid for by the
   * budgets of both. A call that has no time left is not made: it ends as `CallTimedOut`, and counts for nothing.
   */
  readonly within?: CallContext | undefined
}

export interface AcquireOptions extends Facts {
  /** After this long an unsettled permit counts as `ignored`. Default `"1 minute"`; a probe has the strategy's own lease. */
  readonly lease?: DurationInput | undefined
}

export interface StopOptions {
  /** How long calls in flight may still run. Default `"10 seconds"`. */
  readonly grace?: DurationInput | undefined
}

export type Run<T> = (call: CallContext) => T | PromiseLike<T>

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
  wouldReject(facts?: Facts): Rejection | undefined
  /** Listens; answers how to stop listening. What a listener throws is isolated and told as `trouble`. */
  on<Name extends EventName>(name: Name, listener: Listener<Name>): () => void
  metrics(): BreakerMetrics
  /**
   * What a gauge of yours shows now, for `prediction`: a number, or a function that is asked once a slice while calls arrive. A number that
   * is not finite says nothing; `undefined` forgets the gauge. Throws `InvalidConfig` for a 17th gauge, and for what shows no number.
   */
  observe(gauge: string, value: GaugeValue | undefined): void
  /** Refuses everything until released. */
  forceOpen(why: string): void
  /** Lets everything pass, untimed, and learns nothing, until released. */
  bypass(why: string): void
  /** Decides and reports, but refuses nothing and times nothing out, until released. */
  shadow(why: string): void
  /** Back to what the evidence supports: after `forceOpen` that is half-open. */
  release(why: string): void
  /**
   * Takes another config, whole, as `createBreaker` does; throws `InvalidConfig` and changes nothing if it cannot be used. What is
   * the same stays as it is; circuit, waits, learned values and calls in flight are kept, and so is the window if it is of the same
   * kind and length. Another strategy takes over where the one before it stood.
   */
  reconfigure(config: BreakerConfig): void
  /** The candidate takes over from the strategy in force, where that one stands; its trial is over. */
  promote(): void
  /**
   * From now on this breaker depends on another, or on whoever is called so. Only with the strategy `dependency`. Throws
   * `InvalidConfig` for one that it depends on already, and for one that depends on it: a cycle is refused by its names.
   */
  addDependency(dependency: Dependable | string, options: DependencyOptions): void
  /** Depends on it no longer. Throws `InvalidConfig` for one that is no dependency. */
  removeDependency(dependency: Dependable | string): void
  /**
   * The present state as JSON, to be given to `createBreaker` of the same name as `restore`; once stopped, the state in which it
   * stopped. What cannot be a part's state when it comes back is told to `trouble`, and that part begins afresh.
   */
  save(): SavedBreaker
  /**
   * Admits nothing more, waits for calls in flight, then interrupts them. Idempotent. What cannot be interrupted is a call without
   * timeout, deadline, caller's signal and fallback whose function never asks for its `signal`: nobody can tell it anything, and its caller
   * waits for its own end, as without a breaker.
   */
  stop(options?: StopOptions): Promise<void>
}
