/** Visits: calls with keys, as their cells see them, and those of them that are in flight in the order in which they entered. */

/** One call to a cell. */
export class Visit {
  readonly key: string
  readonly hash: number
  readonly startedAt: number
  /** What was known of cells since then has not been forgotten as a whole. */
  readonly era: number
  /** The round in which it holds a probe's place; -1: it is no probe. */
  readonly round: number
  /** It was bad before it ended: it had become too old. */
  judged = false
  older: Visit | undefined = undefined
  newer: Visit | undefined = undefined

  constructor(key: string, hash: number, startedAt: number, era: number, round: number) {
    this.key = key
    this.hash = hash
    this.startedAt = startedAt
    this.era = era
    this.round = round
  }

  get isProbe(): boolean {
    return this.round >= 0
  }
}

/** Visits that may yet become too old. Links live in the visits: one more costs two writes. */
export class Visits {
  oldest: Visit | undefined = undefined
  #newest: Visit | undefined = undefined

  add(visit: Visit): void {
    visit.older = this.#newest
    if (this.#newest === undefined) this.oldest = visit
    else this.#newest.newer = visit
    this.#newest = visit
  }

  remove(visit: Visit): void {
    if (visit.newer === undefined) this.#newest = visit.older
    else visit.newer.older = visit.older
    if (visit.older === undefined) this.oldest = visit.newer
    else visit.older.newer = visit.newer
    visit.older = undefined
    visit.newer = undefined
  }

  clear(): void {
    this.oldest = undefined
    this.#newest = undefined
  }
}
