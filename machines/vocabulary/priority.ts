/** How much calls matter, and how many of them may be under way: the words for whoever bounds them and for whoever lets them in. */

/** How much a call matters, most first. Where there is room for some only, those that matter less give way. */
export const priorities = ["critical", "high", "normal", "low", "bulk"] as const

export type Priority = (typeof priorities)[number]

/** As a number, so that more matters more: 4 is critical, 0 is bulk. */
export const ranks = 5
export const topRank = 4
export const highRank = 3
/** A call of which nothing is said. */
export const ordinaryRank = 2

/** A switch, because it is asked on every call. */
export function rankOf(priority: Priority | undefined): number {
  switch (priority) {
    case "critical":
      return topRank
    case "high":
      return highRank
    case "low":
      return 1
    case "bulk":
      return 0
    default:
      return ordinaryRank
  }
}

export const priorityOf = (rank: number): Priority => priorities[topRank - rank] as Priority

/** What the data plane is to know of slots: how many there may be, for whom, and who may wait for one. */
export interface SlotsLine {
  /** Whether their number is learned; else it is `most`. */
  readonly adaptive: boolean
  readonly least: number
  readonly most: number
  /** How many there are before anything is learned. */
  readonly first: number
  /** Parts of the slots that are kept for a class and those above it, by rank. */
  readonly reserve: readonly number[]
  /** The longest that a call waits for a slot, in milliseconds. */
  readonly waitMs: number
  /** The part of the slots that critical calls of one tenant may hold; what is beyond counts as high. */
  readonly quota: number
  /** Whether it wants to hear how hard the process is pressed. */
  readonly pressure: boolean
}

/** What a learned limit is at: see `priority`. */
export type LimitState = "following" | "climbing" | "holding" | "capped" | "draining"
