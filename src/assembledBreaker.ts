/** The breaker of the promise door: what each call and each question meets first. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { readDuration } from "../machines/options.ts"
import type { Circuit } from "../machines/vocabulary/circuit.ts"
import { type Facts, noFacts } from "../machines/vocabulary/facts.ts"
import type { Mode, Phase } from "../machines/vocabulary/gate.ts"
import type { Ticket } from "../machines/vocabulary/permit.ts"
import type { Rejection } from "../machines/vocabulary/rejection.ts"
import { answer } from "./answer.ts"
import { type Assembly, saveAssembly } from "./assemble.ts"
import { attemptsOf } from "./attempts.ts"
import type { AcquireOptions, Breaker, ExecuteOptions, Run, StopOptions } from "./Breaker.ts"
import type { BreakerConfig } from "./BreakerConfig.ts"
import { CallRejected, CallTimedOut } from "./CallRejected.ts"
import { wheelOf } from "./Clock.ts"
import type { Course, Fallback } from "./call.ts"
import { readFacts } from "./callFacts.ts"
import { boundBy, deadlineIn, none, notAFunction, readAcquire, readCall, readGrace, wrapped } from "./callOptions.ts"
import { type CallExit, type Classify, heedsQuotas, ownClassify } from "./classify.ts"
import type { SavedBreaker } from "./control-plane/persistence.ts"
import type { GaugeValue } from "./data-plane/observed.ts"
import type { Receipt } from "./data-plane/receipt.ts"
import {
  addDependency,
  type Dependable,
  type DependencyOptions,
  fallbackFor,
  ownAssembly,
  removeDependency,
} from "./dependencies.ts"
import { chargeTo } from "./dependencyNode.ts"
import type { BreakerEvents, Listener } from "./events.ts"
import { Runner } from "./execution.ts"
import { FirstAttempt } from "./firstAttempt.ts"
import { type BreakerMetrics, readMetrics } from "./metrics.ts"
import { observe } from "./observing.ts"
import { promote, reconfigure } from "./reconfiguring.ts"
import { drain } from "./stopping.ts"
import { WaitingCall } from "./waitingCall.ts"

type Caller<T> = Pick<Course<T>, "resolve" | "reject">

export class AssembledBreaker implements Breaker {
  readonly assembly: Assembly
  readonly #runner: Runner
  readonly #scope: Scope.Closeable
  #stopping: Promise<void> | undefined

  constructor(assembly: Assembly, scope: Scope.Closeable) {
    const { plane, clock, listeners } = assembly
    this.assembly = assembly
    this.#runner = new Runner(plane, clock, wheelOf(clock), listeners, chargeTo(assembly))
    this.#scope = scope
  }

  get [ownClassify](): Classify<never> | undefined {
    return this.assembly.classify
  }
  get [heedsQuotas](): boolean {
    return this.assembly.plane.gate.lines.toldMs !== undefined
  }
  get [ownAssembly](): Assembly {
    return this.assembly
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
    if (options === none && typeof fn === "function") {
      const now = plane.untimed ? Number.NaN : clock.now()
      if (plane.ways.isClear(now)) return this.#runner.runPlain(now, fn, classify, this.assembly)
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
    return wrapped((run) => this.execute(run, options), fn, options)
  }

  #enter<T>(
    fn: Run<T>,
    options: ExecuteOptions<never, T>,
    resolve: (value: T | PromiseLike<T>) => void,
    reject: (error: unknown) => void,
  ): void {
    const { plane, clock } = this.assembly
    if (typeof fn !== "function") return reject(notAFunction(fn))
    if (options !== none) readCall(options, plane.gate)
    const bound = boundBy(options)
    if (bound.signal?.aborted) return reject(bound.signal.reason)
    const deadlineMs = deadlineIn(options)
    const caller = { resolve, reject }
    // Nobody is asked for what could not be answered in time.
    if (deadlineMs <= 0) return answer(new CallTimedOut(this.name, 0), options.fallback, caller)
    const now = clock.now()
    const deadline = now + deadlineMs
    const ticket = plane.request(now, bound)
    if (ticket === undefined) return this.#await(fn, bound, now, deadline, caller)
    if (ticket.admitted) this.#begin(ticket, fn, bound, deadline, caller)
    else this.#refuse(ticket, bound, caller)
  }

  #begin<T>(
    receipt: Receipt,
    fn: Run<T>,
    options: ExecuteOptions<never, T>,
    deadline: number,
    caller: Caller<T>,
  ): void {
    const { plane } = this.assembly
    const { signal, fallback, classify = this.assembly.classify, within } = options
    if (plane.retryBudget !== undefined && options.retry !== false)
      return new FirstAttempt(this.assembly, this.#runner, fn, options, deadline, caller).start(receipt)
    const { resolve, reject } = caller
    this.#runner.run(receipt, Math.min(plane.ways.timeoutMs, deadline - receipt.startedAt), fn, {
      resolve,
      reject,
      classify,
      fallback,
      callerSignal: signal,
      attempts: within && attemptsOf(within),
      sequel: undefined,
    })
  }

  #refuse<T>(rejection: Rejection, { fallback }: ExecuteOptions<never, T>, caller: Caller<T>): void {
    const standIn = fallback ?? (fallbackFor(this.assembly, rejection) as Fallback<T> | undefined)
    answer(new CallRejected(rejection), standIn, caller)
  }

  /** Waits for a slot; the wait is part of the caller's time. */
  #await<T>(fn: Run<T>, options: ExecuteOptions<never, T>, now: number, deadline: number, caller: Caller<T>): void {
    new WaitingCall(this.assembly.plane.queue, options, now, deadline, options.signal, {
      begin: (receipt) => this.#begin(receipt, fn, options, deadline, caller),
      refuse: (rejection) => this.#refuse(rejection, options, caller),
      abandon: caller.reject,
    }).wait(now)
  }

  acquire(options?: AcquireOptions): Ticket {
    const { plane, clock } = this.assembly
    if (options !== undefined) readAcquire(options, plane.gate)
    const leaseMs = options?.lease === undefined ? 60_000 : readDuration(options.lease, "options.lease")
    const ticket = plane.admit(clock.now(), options)
    if (ticket.admitted) plane.lease(ticket, leaseMs)
    return ticket
  }

  wouldReject(facts: Facts = noFacts): Rejection | undefined {
    if (facts !== noFacts) readFacts(facts, this.assembly.plane.gate)
    return this.assembly.plane.wouldReject(this.assembly.clock.now(), facts)
  }

  on<Name extends keyof BreakerEvents>(name: Name, listener: Listener<Name>): () => void {
    return this.assembly.listeners.add(name, listener)
  }

  metrics(): BreakerMetrics {
    return readMetrics(this.assembly)
  }

  observe(gauge: string, value: GaugeValue | undefined): void {
    observe(this.assembly, gauge, value)
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
    this.assembly.conductor.send({ type, at: this.assembly.clock.now(), why: String(why ?? "no reason given") })
  }

  reconfigure(config: BreakerConfig): void {
    reconfigure(this.assembly, config)
  }

  promote(): void {
    promote(this.assembly)
  }

  addDependency(dependency: Dependable | string, options: DependencyOptions): void {
    addDependency(this.assembly, dependency, options)
  }
  removeDependency(dependency: Dependable | string): void {
    removeDependency(this.assembly, dependency)
  }

  save(): SavedBreaker {
    return saveAssembly(this.assembly)
  }

  stop(options?: StopOptions): Promise<void> {
    const graceMs = readGrace(options)
    if (this.#stopping !== undefined) return this.#stopping
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
