/** Open loop: callers who know nothing of each other, nor of how the service fares. */
import { Happening } from "../queue.ts"
import { type Random, stream } from "../random.ts"
import { Call, type Load, type Stage } from "../world.ts"

export interface PoissonOptions {
  readonly perSecond: number
  readonly seed: number
  /** Each call is one of so many clients', chosen evenly. */
  readonly clients?: number
  readonly keys?: (random: Random) => number
}

export class PoissonLoad extends Happening implements Load {
  readonly #gapMs: number
  readonly #clients: number
  readonly #keys: ((random: Random) => number) | undefined
  readonly #arrivals: Random
  readonly #luck: Random
  readonly #who: Random
  #stage: Stage | undefined

  constructor({ perSecond, seed, clients = 1, keys }: PoissonOptions) {
    super()
    this.#gapMs = 1000 / perSecond
    this.#clients = clients
    this.#keys = keys
    this.#arrivals = stream(seed, "arrivals")
    this.#luck = stream(seed, "luck")
    this.#who = stream(seed, "who")
  }

  start(stage: Stage): void {
    this.#stage = stage
    this.#next(stage)
  }

  fire(): void {
    const stage = this.#stage
    if (stage === undefined) return
    this.#next(stage)
    const client = this.#clients === 1 ? 0 : this.#who.below(this.#clients)
    stage.offer(new Call(stage, this.#luck.unit(), client, this.#keys?.(this.#who) ?? 0))
  }

  #next(stage: Stage): void {
    stage.plan(this, stage.now + this.#arrivals.exponential(this.#gapMs))
  }
}
