/** A call of the promise door that may be made more than once: one attempt after another, or one beside another. */
import { type Judged, kindOf } from "../machines/vocabulary/outcome.ts"
import { answer } from "./answer.ts"
import type { Assembly } from "./assemble.ts"
import { Attempts, type CallTerms } from "./attempts.ts"
import type { CallTimedOut } from "./CallRejected.ts"
import { type Attempt, type AttemptEnd, Call, type Course, type Fallback, type Sequel } from "./call.ts"
import type { Classify } from "./classify.ts"
import type { Receipt } from "./data-plane/receipt.ts"
import { Alarm } from "./data-plane/timers.ts"
import type { Runner } from "./execution.ts"
import type { FirstAttempt } from "./firstAttempt.ts"
import { repeaterOf } from "./repeater.ts"
import { unheed } from "./waitingCall.ts"

/** What the work of a hedge that came too late is told by its signal. */
const tooLate = () => new DOMException("another attempt of this call has answered", "AbortError")

export class RepeatedCall<T> extends Attempts implements Course<T>, Sequel<T> {
  readonly classify: Classify<never> | undefined
  readonly callerSignal: AbortSignal | undefined
  readonly #runner: Runner
  readonly #first: FirstAttempt<T>
  #isOver = false
  /** Attempts that run now: one, or the two of a hedged call. */
  readonly #running = new Set<Attempt>()
  #hedge: Call<T> | undefined = undefined
  /** How the last attempt ended that was not the last word. */
  #last: AttemptEnd<T> | undefined = undefined
  /** Waits for the next attempt, or for the time to hedge. */
  #alarm: Alarm | undefined = undefined

  constructor(assembly: Assembly, terms: CallTerms, first: FirstAttempt<T>) {
    super(assembly, terms)
    this.classify = first.classify
    this.callerSignal = first.callerSignal
    this.#runner = first.runner
    this.#first = first
  }

  get attempts(): Attempts {
    return this
  }
  get sequel(): Sequel<T> {
    return this
  }
  get fallback(): Fallback<T> | undefined {
    return this.#isOver ? undefined : this.#first.options.fallback
  }

  resolve(value: T | PromiseLike<T>): void {
    if (this.#end()) this.#first.caller.resolve(value)
  }
  reject(error: unknown): void {
    if (this.#end()) this.#first.caller.reject(error)
  }

  /** Makes the first attempt, for which there is a permit; another may begin beside it. */
  startHedged(receipt: Receipt): void {
    this.begun = 0
    this.#run(receipt)
    if (this.#running.size > 0) this.#planHedge(receipt.startedAt)
  }

  mayGoOn(): void {}

  won(attempt: Attempt): void {
    const tally = this.assembly.plane.retryBudget?.tally
    if (tally !== undefined && attempt === this.#hedge) tally.hedgesWon++
    else if (tally !== undefined && this.#last !== undefined) tally.rescued++
    this.#forget(attempt)
    this.#loseOthers()
  }

  goesOn(attempt: Attempt, judged: Judged, end: AttemptEnd<T>): boolean {
    this.#forget(attempt)
    this.noteTried(attempt.endpoint)
    // Of two attempts that run, the other may still succeed.
    if (kindOf(judged) !== "ignored" && this.#running.size > 0) {
      this.#last = end
      return true
    }
    const now = this.#runner.clock.now()
    const waitMs = this.#running.size > 0 ? undefined : this.next(end, judged, now)
    if (waitMs === undefined) {
      this.#loseOthers()
      return false
    }
    this.#last = end
    this.#wait(waitMs, now, () => this.#again())
    return true
  }

  #run(receipt: Receipt): Call<T> {
    const timeoutMs = Math.min(this.assembly.plane.ways.timeoutMs, this.terms.deadline - receipt.startedAt)
    const call = new Call<T>(this.#runner, receipt, timeoutMs, this, this.begin())
    this.noteTried(receipt.endpoint)
    if (call.ended) return call
    this.#running.add(call)
    this.#runner.observe(call, this.#first.fn)
    return call
  }

  /** The wait is over: the gate has the last word. */
  #again(): void {
    const { plane, clock } = this.assembly
    const ticket = this.isWanted ? plane.admit(clock.now(), this.facts) : undefined
    if (!ticket?.admitted) return this.#yield()
    if (plane.retryBudget !== undefined) plane.retryBudget.tally.retries++
    this.#run(ticket)
  }

  #planHedge(now: number): void {
    const repeater = repeaterOf(this.assembly)
    const after = repeater.settings?.hedge?.after
    const ms = after === undefined ? Number.POSITIVE_INFINITY : repeater.hedgeAfterMs(after, now)
    if (ms < Number.POSITIVE_INFINITY) this.#arm(ms, now, false, () => this.#beginHedge())
  }

  #beginHedge(): void {
    const { plane, clock } = this.assembly
    const now = clock.now()
    if (!this.mayHedge(now)) return
    const ticket = plane.admit(now, this.facts)
    if (!ticket.admitted) return this.giveBack()
    if (plane.retryBudget !== undefined) plane.retryBudget.tally.hedges++
    this.#hedge = this.#run(ticket)
  }

  /** No further attempt is made: the caller gets what the last one came to. */
  #yield(): void {
    const last = this.#last
    if (last === undefined) return
    this.giveBack()
    this.giveUp(last)
    if (last.ok) this.resolve(last.value as T)
    else if (last.own) answer(last.error as CallTimedOut, this.fallback, this)
    else this.reject(last.error)
  }

  /** Waits, unless the caller gives up or the breaker stops. */
  #wait(ms: number, now: number, then: () => void): void {
    const { callerSignal } = this
    const abandon = () => this.reject(callerSignal?.reason)
    try {
      callerSignal?.addEventListener("abort", abandon, { once: true })
    } catch {
      // Who cannot be heeded is not waited for: the caller gets what the last attempt came to.
      return this.#yield()
    }
    this.#arm(ms, now, true, () => {
      unheed(callerSignal, abandon)
      then()
    })
    if (callerSignal?.aborted) abandon()
  }

  #arm(ms: number, now: number, holds: boolean, run: () => void): void {
    const alarm = new Alarm(() => {
      this.#disarm()
      run()
    })
    alarm.holds = holds
    this.#alarm = alarm
    this.#runner.wheel.arm(alarm, ms, now)
    repeaterOf(this.assembly).pauses.add(this.#stop)
  }

  #disarm(): void {
    if (this.#alarm === undefined) return
    this.#runner.wheel.disarm(this.#alarm)
    this.#alarm = undefined
    this.assembly.repeater?.pauses.delete(this.#stop)
  }

  /** The breaker stops. */
  readonly #stop = (): void => {
    const alarm = this.#alarm
    if (alarm?.holds) alarm.run(this.#runner.clock.now())
    else this.#disarm()
  }

  #forget(attempt: Attempt): void {
    this.#running.delete(attempt)
    this.#disarm()
  }

  #loseOthers(): void {
    for (const other of this.#running) other.lose(tooLate())
    this.#running.clear()
  }

  /** True once. */
  #end(): boolean {
    if (this.#isOver) return false
    this.#isOver = true
    this.#disarm()
    this.over()
    return true
  }
}
