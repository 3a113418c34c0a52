/** A service with a cache before it: what is cached is answered at once, what is not takes a slot of the service and is cached then. */
import type { Call, Server, Stage } from "../world.ts"
import { SlotsServer } from "./slots.ts"

export interface CacheOptions {
  readonly hitMs: number
  readonly missMs: number
  readonly slots: number
  /** When it forgets everything. */
  readonly emptiedAt: number
  /** Keys that are cached at the beginning: those below this. */
  readonly warm: number
}

export class CacheServer implements Server {
  readonly #options: CacheOptions
  readonly #cached: Set<number>
  readonly #behind: SlotsServer
  #isEmptied = false

  constructor(options: CacheOptions) {
    this.#options = options
    this.#cached = new Set(Array.from({ length: options.warm }, (_, key) => key))
    this.#behind = new SlotsServer({
      serviceMs: options.missMs,
      slots: () => options.slots,
      isDown: () => false,
      queues: true,
      answered: ({ key }) => this.#cached.add(key),
    })
  }

  take(call: Call, now: number, stage: Stage): void {
    if (now >= this.#options.emptiedAt && !this.#isEmptied) {
      this.#isEmptied = true
      this.#cached.clear()
    }
    if (!this.#cached.has(call.key)) return this.#behind.take(call, now, stage)
    call.good = true
    call.answersAt = now + this.#options.hitMs
    call.workMs = 0
  }
}
