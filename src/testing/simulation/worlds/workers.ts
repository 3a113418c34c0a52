/** Closed loop: workers who each make one call at a time, and the next when that has ended. */
import { Happening } from "../queue.ts"
import { type Random, stream } from "../random.ts"
import { Call, type Load, type Stage } from "../world.ts"

export interface WorkersOptions {
  readonly workers: number
  readonly seed: number
  readonly keys: number
  /** A worker whose call was refused takes up its next after this long; one that was answered does so at once. */
  readonly pauseMs: number
}

class Worker extends Happening {
  readonly #random: Random
  readonly #options: WorkersOptions
  readonly index: number
  readonly #stage: Stage

  constructor(options: WorkersOptions, index: number, stage: Stage) {
    super()
    this.#options = options
    this.index = index
    this.#random = stream(options.seed, `worker ${index}`)
    this.#stage = stage
    // They do not start in step.
    stage.plan(this, this.#random.between(0, 100))
  }

  fire(): void {
    const key = this.#random.below(this.#options.keys)
    this.#stage.offer(new WorkerCall(this, this.#stage, this.#random.unit(), key))
  }

  again(stage: Stage, refused: boolean): void {
    stage.plan(this, stage.now + (refused ? this.#options.pauseMs : 0))
  }
}

class WorkerCall extends Call {
  readonly worker: Worker
  constructor(worker: Worker, stage: Stage, luck: number, key: number) {
    super(stage, luck, worker.index, key)
    this.worker = worker
  }
}

export class WorkersLoad implements Load {
  readonly #options: WorkersOptions
  constructor(options: WorkersOptions) {
    this.#options = options
  }

  start(stage: Stage): void {
    for (let index = 0; index < this.#options.workers; index++) new Worker(this.#options, index, stage)
  }

  ended(call: Call, stage: Stage): void {
    if (call instanceof WorkerCall) call.worker.again(stage, call.fate === "refused")
  }
}
