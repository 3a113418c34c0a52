import type { Priority } from "./priority.ts"

/** What a caller says about one call, beside what it runs. Whatever is left unsaid is the ordinary case. */
export interface Facts {
  /** Which part of the service the call goes to: a card, a shard, a host. Calls of one key share the fate of their cell. */
  readonly key?: string | undefined
  /** What the call counts against rate limits, in calls: more than 0, counted to a millionth. Default: 1. */
  readonly cost?: number | undefined
  /**
   * How much the call matters: where not all can be let in, `bulk` gives way first and `critical` last. Default `"normal"`. It is
   * your word: what a request from outside says of itself is for you to check.
   */
  readonly priority?: Priority | undefined
  /** Whose call it is. Tenants who wait take turns, and none can hold all places by calling everything critical. */
  readonly tenant?: string | undefined
  /** What the call is for, as `recovery` names it: one of its features, which comes and goes by itself. */
  readonly feature?: string | undefined
}

/** What is known of a further attempt of a call, beside what its caller says: where it has been tried already, by the ids of endpoints. */
export interface FurtherFacts extends Facts {
  readonly tried?: readonly string[] | undefined
}

/** A call about which nothing is said. */
export const noFacts: Facts = Object.freeze({})

/** Facts of a call that is lived through again: it has spent what it spent. */
export const livedThrough: Facts = Object.freeze({ cost: 0 })

/** What a call costs. Facts are the caller's own object: what changes between two looks must not get into the books. */
export function costOf({ cost = 1 }: Facts): number {
  return cost >= 0 && cost < Number.POSITIVE_INFINITY ? cost : 1
}
