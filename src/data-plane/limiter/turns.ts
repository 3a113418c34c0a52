/** When each class had its turn last: one that has waited long while others were served has one, whatever waits above it. */
import { ranks } from "../../../machines/vocabulary/priority.ts"
import type { Line } from "./line.ts"

/** A class that has waited for so long, and was not served for so many calls, has a turn. */
const aged = { ms: 1000, calls: 40 } as const

export class Turns {
  readonly #servedAt: number[] = new Array(ranks).fill(0)
  readonly #served: number[] = new Array(ranks).fill(0)
  #calls = 0

  serve(rank: number, now: number): void {
    this.#servedAt[rank] = now
    this.#served[rank] = ++this.#calls
  }

  /** Whether a class that waits in the line has waited for its turn too long. */
  isDue(rank: number, line: Line, now: number): boolean {
    if (!line.has(rank) || this.#calls - (this.#served[rank] as number) < aged.calls) return false
    return Math.min(now - (this.#servedAt[rank] as number), line.standsFor(rank, now)) >= aged.ms
  }
}
