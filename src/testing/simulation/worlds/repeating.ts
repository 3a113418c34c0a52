/** Callers who call again when a call of theirs fails or is not answered in time. One that is refused is told not to, and does not. */
import { chance } from "../../../../machines/chance.ts"
import { Call, type Load, type Stage } from "../world.ts"
import { PoissonLoad, type PoissonOptions } from "./poisson.ts"

export interface RepeatingOptions extends Omit<PoissonOptions, "clients"> {
  /** How often they call again, at once. */
  readonly repeats: number
}

/** A call made again; `client` counts how often. */
export class RepeatingLoad implements Load {
  readonly #first: PoissonLoad
  readonly #repeats: number

  constructor({ repeats, ...options }: RepeatingOptions) {
    this.#first = new PoissonLoad(options)
    this.#repeats = repeats
  }

  start(stage: Stage): void {
    this.#first.start(stage)
  }

  ended(call: Call, stage: Stage): void {
    if (call.fate !== "failure" && call.fate !== "timedOut") return
    if (call.client >= this.#repeats) return
    const luck = chance(Math.floor(call.luck * 2 ** 32), call.client)
    stage.offer(new Call(stage, luck, call.client + 1))
  }
}

/** Which calls are made for the first time: group 0 of two. */
export const firstOrAgain = { count: 2, of: (call: Call): number => (call.client === 0 ? 0 : 1) }
