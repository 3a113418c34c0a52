/**
 * A service of several endpoints that share its threads: a call holds one for as long as its endpoint takes, whether or not its caller
 * still waits. What finds no thread waits for one, and fails when it has waited too long (as in Semian's mock service).
 */
import { Happening } from "../queue.ts"
import type { Call, Server, Stage } from "../world.ts"

export interface ThreadsOptions {
  readonly threads: number
  /** How long a call waits for a thread before it fails. */
  readonly queueMs: number
  /** How long a call takes there, and whether it fails. */
  readonly serve: (endpoint: number, call: Call, now: number) => { readonly serviceMs: number; readonly good: boolean }
  /** Which endpoint a call goes to. */
  readonly endpointOf: (call: Call) => number
}

class Job extends Happening {
  readonly #done: (now: number) => void
  constructor(done: (now: number) => void) {
    super()
    this.#done = done
  }
  fire(now: number): void {
    this.#done(now)
  }
}

export class ThreadsServer implements Server {
  readonly #options: ThreadsOptions
  /** Those that wait, in order, and what ends their wait. */
  readonly #queue = new Map<Call, Job>()
  #busy = 0

  constructor(options: ThreadsOptions) {
    this.#options = options
  }

  take(call: Call, now: number, stage: Stage): void {
    if (this.#busy < this.#options.threads) return this.#serve(call, now, stage)
    const late = new Job(() => {
      this.#queue.delete(call)
      stage.answer(call, false, 0)
    })
    this.#queue.set(call, late)
    stage.plan(late, now + this.#options.queueMs)
  }

  #serve(call: Call, now: number, stage: Stage): void {
    const { serve, endpointOf } = this.#options
    const { serviceMs, good } = serve(endpointOf(call), call, now)
    this.#busy++
    const done = new Job((at) => {
      this.#busy--
      stage.answer(call, good, serviceMs)
      this.#next(at, stage)
    })
    stage.plan(done, now + serviceMs)
  }

  #next(now: number, stage: Stage): void {
    const [next] = this.#queue
    if (next === undefined || this.#busy >= this.#options.threads) return
    const [call, late] = next
    this.#queue.delete(call)
    stage.cancel(late)
    this.#serve(call, now, stage)
  }
}
