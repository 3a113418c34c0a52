/** Visits: calls with keys, and those of them that are in flight in the order in which they entered. */
import { Receipt, type Settler } from "./receipt.ts"

/** A call to a cell. */
export class Visit extends Receipt {
  readonly #key: string
  /** What was known of cells when it entered is still known. */
  readonly era: number
  /** The round in which it holds a probe's place; -1: it is no probe. */
  readonly round: number
  /** Of its key; 0 until somebody asks for it. */
  hash = 0
  /** It was bad before it ended: it had become too old. */
  judged = false
  /** It may yet become too old. */
  isListed = false
  older: Visit | undefined = undefined
  newer: Visit | undefined = undefined

  constructor(settler: Settler, epoch: number, startedAt: number, key: string, era: number, round: number) {
    super(settler, epoch, startedAt, undefined, true)
    this.#key = key
    this.era = era
    this.round = round
  }

  get key(): string {
    return this.#key
  }
  override get probesCell(): boolean {
    return this.round >= 0
  }
}

/** Visits that may yet become too old. Links live in the visits: one more costs two writes. */
export class Visits {
  oldest: Visit | undefined = undefined
  #newest: Visit | undefined = undefined

  add(visit: Visit): void {
    const before = this.#newest
    visit.isListed = true
    visit.older = before
    if (before === undefined) this.oldest = visit
    else before.newer = visit
    this.#newest = visit
  }

  remove(visit: Visit): void {
    if (!visit.isListed) return
    visit.isListed = false
    const { older, newer } = visit
    if (newer === undefined) this.#newest = older
    else newer.older = older
    if (older === undefined) this.oldest = newer
    else older.newer = newer
    visit.older = undefined
    visit.newer = undefined
  }

  clear(): void {
    this.oldest = undefined
    this.#newest = undefined
  }
}
