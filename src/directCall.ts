import type { Judged } from "../machines/vocabulary/outcome.ts"
import { attemptsWithin } from "./attempts.ts"
import type { CallRejected } from "./CallRejected.ts"
import type { Classify } from "./classify.ts"
import { Receipt } from "./data-plane/receipt.ts"
import type { CallContext, Runner } from "./execution.ts"
import { asShown, shownCall } from "./shownCall.ts"

/**
 * A call without deadline, caller's signal or fallback: an ordinary call in few writes. When the breaker stops it is interrupted
 * only if it was asked for its signal; work that never looked could not be told anyway.
 */
export class DirectCall extends Receipt implements CallContext {
  readonly #runner: Runner
  readonly #classify: Classify<never> | undefined
  #controller: AbortController | undefined = undefined

  constructor(runner: Runner, startedAt: number, classify: Classify<never> | undefined) {
    super(runner.plane, runner.plane.gate.epoch, startedAt, undefined, true)
    this.#runner = runner
    this.#classify = classify
  }

  get [attemptsWithin](): undefined {
    return undefined
  }
  get attempt(): number {
    return 1
  }
  get deadline(): number {
    return Number.POSITIVE_INFINITY
  }
  get remainingMs(): number {
    return Number.POSITIVE_INFINITY
  }
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (!this.settled) this.#runner.signalled.add(this)
    }
    return this.#controller.signal
  }

  toJSON() {
    return shownCall(this)
  }
  [asShown]() {
    return shownCall(this)
  }

  succeed(value: unknown): void {
    const runner = this.#runner
    if (runner.isFailing) runner.isFailing = false
    const classify = this.#classify
    if (classify === undefined) this.#end("success")
    else this.#end(this.#runner.judge(classify, { ok: true, value }))
  }

  fail(error: unknown): void {
    this.#runner.isFailing = true
    this.#end(this.#runner.judge(this.#classify, { ok: false, error }))
  }

  /** The breaker stops: the work is told by its signal, and answers its caller as it sees fit. */
  interrupt(reason: CallRejected): void {
    this.#end("ignored")
    this.#controller?.abort(reason)
  }

  #end(kind: Judged): void {
    if (this.#controller !== undefined) this.#runner.signalled.delete(this)
    this.#runner.plane.settleAt(this, kind, this.#runner.clock.now())
  }
}
