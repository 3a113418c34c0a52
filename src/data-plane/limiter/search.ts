/**
 * The search for the limit, while calls wait for slots: it looks at more of them at once, and at fewer, and keeps to the least at
 * which hardly less is done: the knee of goodput over concurrency. Each look is judged on rounds of its own.
 */
import type { LimitState } from "../../../machines/vocabulary/priority.ts"
import { callsAt, Goodput, levelOf, topOf } from "./goodput.ts"

/** One round in which every slot was taken: how many calls there were, how many succeeded in a millisecond, and how long they took. */
export interface FullRound {
  readonly inFlight: number
  readonly rate: number
  readonly outcomes: number
  readonly meanMs: number
  readonly isChoking: boolean
}

/** A look is judged on so many outcomes. */
const enough = 16
/** More calls brought that much more: still more of them may. */
const worthwhile = 1.25
/** How many levels a look upwards may skip. */
const longestStride = 8
/** After more calls have brought nothing it is so long before they are tried again: in milliseconds, and in calls. */
const rest = { ms: 8000, calls: 60 } as const
/** That more calls brought hardly more is remembered for so many milliseconds. */
const memoryMs = 30_000

export class Search {
  readonly #goodput = new Goodput()
  /** Nothing has spoken against more calls at once yet. */
  isUncharted = true
  /** The rate of success before the last step into the unknown; 0: none has been taken. */
  #rateBefore = 0
  /** The limit before the present look; 0: it looks nowhere. */
  #from = 0
  #upAt = 0
  /** When more calls at once than at the knee were known to bring hardly more. */
  #boundedAt = Number.NEGATIVE_INFINITY
  #stride = 2
  state: LimitState = "following"
  /** With fewer calls at once as much less was done: load was not to blame. */
  independent = false

  /** There is room again: whatever it was looking at, it does not see any more. */
  interrupt(): void {
    this.state = "following"
    if (!this.isUncharted) this.#from = 0
  }

  /** Hardly more was done with more calls at once, as far as was known not long ago. */
  isBounded(now: number): boolean {
    return now - this.#boundedAt < memoryMs
  }

  #kneeAt(now: number): number {
    const knee = this.#goodput.knee(now)
    this.#boundedAt = this.#goodput.isEnough(knee, now) ? now : Number.NEGATIVE_INFINITY
    return knee
  }

  /** The limit after a full round. `idleMs`: what calls take while there is room for more; 0: not known. */
  next(limit: number, round: FullRound, idleMs: number, now: number): number {
    const here = levelOf(Math.round(round.inFlight))
    this.#goodput.learn(here, round.rate, round.outcomes, now)
    if (this.isUncharted) return this.#chart(limit, here, round, idleMs, now)
    if (this.#from > 0) return this.#judgeLook(limit, here, now)
    const knee = this.#kneeAt(now)
    this.state = round.isChoking ? "capped" : "holding"
    if (knee < here) return topOf(knee)
    if (knee > here) return Math.min(topOf(knee), topOf(here + 2))
    return this.#lookAround(limit, here, round.meanMs, now)
  }

  /**
   * Before anything is known: where calls have grown longer, half as many are tried once. If as much is done with them, more would
   * be too many. Else the limit is doubled until more calls bring no more.
   */
  #chart(limit: number, here: number, { rate, isChoking, meanMs }: FullRound, idleMs: number, now: number): number {
    this.state = "climbing"
    if (isChoking) return this.#charted(limit / 2)
    // Only a whole generation of calls tells of the rate.
    if (this.#goodput.weightOf(here, now) < 0.8 * limit) return limit
    if (this.#from > limit) return this.#judgeHalf(limit, here, now)
    const isFirst = this.#rateBefore === 0
    if (rate < worthwhile * this.#rateBefore) return this.#charted(limit / 2)
    this.#rateBefore = rate
    return isFirst && !(meanMs < 1.5 * idleMs) ? this.#look(limit, limit / 2) : 2 * limit
  }

  #judgeHalf(limit: number, here: number, now: number): number {
    const from = this.#from
    this.#from = 0
    this.independent = this.#goodput.isElastic(levelOf(from), here, now)
    return this.independent ? 2 * from : this.#charted(limit)
  }

  #charted(limit: number): number {
    this.isUncharted = false
    this.#from = 0
    return limit
  }

  #judgeLook(limit: number, here: number, now: number): number {
    const rates = this.#goodput
    if (rates.weightOf(here, now) < enough) return limit
    const from = this.#from
    this.#from = 0
    const knee = this.#kneeAt(now)
    if (from > limit) this.independent = rates.isElastic(levelOf(from), here, now)
    else this.#noteUpwards(knee === here)
    this.state = "holding"
    if (knee === here) return limit
    return knee > here && knee >= levelOf(from) ? from : topOf(knee)
  }

  /** More calls at once were better: still more may be. Or they were not, and it rests a while. */
  #noteUpwards(wasBetter: boolean): void {
    this.#stride = wasBetter ? Math.min(longestStride, 2 * this.#stride) : 1
    if (wasBetter) this.#upAt = 0
  }

  /** At the knee: looks at fewer calls if nothing is known of them, and at more from time to time. */
  #lookAround(limit: number, here: number, meanMs: number, now: number): number {
    const rates = this.#goodput
    const lower = levelOf(Math.max(1, Math.round(0.75 * limit)))
    if (lower < here && !rates.knowsAny(lower - 1, here - 1, now)) return this.#look(limit, callsAt(lower))
    if (now < this.#upAt && rates.isKnown(here + 1, now)) return limit
    // What was known of more calls may be so no more.
    rates.doubt(here + 1, here + this.#stride, now)
    this.#upAt = now + Math.max(rest.ms, rest.calls * meanMs)
    this.state = "climbing"
    return this.#look(limit, topOf(here + this.#stride))
  }

  #look(from: number, at: number): number {
    this.#from = from
    return at
  }
}
