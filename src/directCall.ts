import type { OutcomeKind } from "../machines/vocabulary/outcome.ts"
import type { CallRejected } from "./CallRejected.ts"
import { type Classify, classifyWith } from "./classify.ts"
import type { Receipt } from "./data-plane/receipt.ts"
import type { CallContext, Runner } from "./execution.ts"

/** A call without deadline, caller's signal or fallback. */
export class DirectCall implements CallContext {
  readonly attempt = 1
  readonly deadline = Number.POSITIVE_INFINITY
  readonly #runner: Runner
  readonly #receipt: Receipt
  readonly #classify: Classify<never> | undefined
  #controller: AbortController | undefined = undefined

  constructor(runner: Runner, receipt: Receipt, classify: Classify<never> | undefined) {
    this.#runner = runner
    this.#receipt = receipt
    this.#classify = classify
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (!this.#receipt.settled) this.#runner.signalled.add(this)
    }
    return this.#controller.signal
  }

  succeed<T>(value: T): T {
    const classify = this.#classify
    this.#end(
      classify === undefined ? "success" : classifyWith(classify, { ok: true, value }, (e) => this.#runner.trouble(e)),
    )
    return value
  }

  fail(error: unknown): never {
    this.#end(classifyWith(this.#classify, { ok: false, error }, (e) => this.#runner.trouble(e)))
    throw error
  }

  /** The breaker stops: the work is told, and its permit given back; the caller still gets what the work answers. */
  interrupt(reason: CallRejected): void {
    this.#end("ignored")
    this.#controller?.abort(reason)
  }

  #end(kind: OutcomeKind): void {
    if (this.#controller !== undefined) this.#runner.signalled.delete(this)
    this.#runner.plane.settleAt(this.#receipt, kind, this.#runner.clock.now())
  }
}
