/**
 * The first attempt of a call that may be made again. Most calls need no other, so that it is all there is of such a call until it
 * fails: what further attempts need is made then.
 */
import type { Judged } from "../machines/vocabulary/outcome.ts"
import type { Assembly } from "./assemble.ts"
import { type Attempts, attemptsOf } from "./attempts.ts"
import type { ExecuteOptions, Run } from "./Breaker.ts"
import type { Attempt, AttemptEnd, Course, Fallback, Sequel } from "./call.ts"
import type { Classify } from "./classify.ts"
import type { Receipt } from "./data-plane/receipt.ts"
import type { Runner } from "./execution.ts"
import { presentMark } from "./exhaustion.ts"
import { RepeatedCall } from "./repeatedCall.ts"

export class FirstAttempt<T> implements Course<T>, Sequel<T> {
  readonly assembly: Assembly
  readonly runner: Runner
  readonly fn: Run<T>
  readonly options: ExecuteOptions<never, T>
  readonly classify: Classify<never> | undefined
  readonly deadline: number
  /** Marks that are made from now on are about it. */
  readonly since: number
  /** How the call ends for its caller. */
  readonly caller: Pick<Course<T>, "resolve" | "reject">
  #repeated: RepeatedCall<T> | undefined = undefined
  #isOver = false

  constructor(
    assembly: Assembly,
    runner: Runner,
    fn: Run<T>,
    options: ExecuteOptions<never, T>,
    deadline: number,
    caller: Pick<Course<T>, "resolve" | "reject">,
    since: number = presentMark(),
  ) {
    this.assembly = assembly
    this.runner = runner
    this.fn = fn
    this.options = options
    this.classify = options.classify ?? assembly.classify
    this.deadline = deadline
    this.caller = caller
    this.since = since
  }

  get callerSignal(): AbortSignal | undefined {
    return this.options.signal
  }
  get fallback(): Fallback<T> | undefined {
    return this.#repeated === undefined ? this.options.fallback : this.#repeated.fallback
  }
  get sequel(): Sequel<T> {
    return this
  }
  /** What is over has no further attempts, whoever kept its context. */
  get attempts(): Attempts | undefined {
    return this.#isOver ? this.#repeated : this.#whole()
  }

  /** Makes it, with its permit. One that is hedged is two from the start. */
  start(receipt: Receipt): void {
    const { gate, ways } = this.assembly.plane
    if (gate.restriction.hedges > 0 && this.options.idempotent === true) return this.#whole().startHedged(receipt)
    this.runner.run(receipt, Math.min(ways.timeoutMs, this.deadline - receipt.startedAt), this.fn, this)
  }

  resolve(value: T | PromiseLike<T>): void {
    this.#isOver = true
    ;(this.#repeated ?? this.caller).resolve(value)
  }
  reject(error: unknown): void {
    this.#isOver = true
    ;(this.#repeated ?? this.caller).reject(error)
  }

  won(): void {}

  mayGoOn(): void {
    this.#whole()
  }

  goesOn(attempt: Attempt, judged: Judged, end: AttemptEnd<T>): boolean {
    return this.#whole().goesOn(attempt, judged, end)
  }

  /** The call with all its attempts. */
  #whole(): RepeatedCall<T> {
    if (this.#repeated === undefined) {
      const { assembly, options, deadline, since } = this
      const { idempotent = false, within } = options
      const outer = within && attemptsOf(within)
      this.#repeated = new RepeatedCall(assembly, { facts: options, idempotent, deadline, outer, since }, this)
    }
    return this.#repeated
  }
}
