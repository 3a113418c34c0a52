/** Open loop: callers who know nothing of each other, nor of how the service fares. */
import { Happening } from "../queue.ts"
import { type Random, stream } from "../random.ts"
import { Call, type Load, type Stage } from "../world.ts"

export interface PoissonOptions {
  /** How many calls a second: always, or now. */
  readonly perSecond: number | ((now: number) => number)
  readonly seed: number
  /** Each call is one of so many clients', chosen evenly. */
  readonly clients?: number
  readonly keys?: (random: Random) => number
  /** Says of a call what its caller would: class, tenant. */
  readonly marks?: (call: Call, random: Random) => void
}

export class PoissonLoad extends Happening implements Load {
  readonly #gapMs: (now: number) => number
  readonly #marks: PoissonOptions["marks"]
  readonly #clients: number
  readonly #keys: ((random: Random) => number) | undefined
  readonly #arrivals: Random
  readonly #luck: Random
  readonly #who: Random
  readonly #classes: Random
  #stage: Stage | undefined

  constructor({ perSecond, seed, clients = 1, keys, marks }: PoissonOptions) {
    super()
    this.#gapMs = typeof perSecond === "number" ? () => 1000 / perSecond : (now) => 1000 / perSecond(now)
    this.#marks = marks
    this.#clients = clients
    this.#keys = keys
    this.#arrivals = stream(seed, "arrivals")
    this.#luck = stream(seed, "luck")
    this.#who = stream(seed, "who")
    this.#classes = stream(seed, "classes")
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
    const call = new Call(stage, this.#luck.unit(), client, this.#keys?.(this.#who) ?? 0)
    this.#marks?.(call, this.#classes)
    stage.offer(call)
  }

  #next(stage: Stage): void {
    stage.plan(this, stage.now + this.#arrivals.exponential(this.#gapMs(stage.now)))
  }
}
