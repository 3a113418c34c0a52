/**
 * Cells: the parts of a service that callers name by keys. Nobody says which keys share a shard, so each key is a cell; a cell that is
 * dead is held back by itself, and its calls are charged to it and not to the circuit. A gauge: the gate's line bounds it, and where
 * the gate has none (an open circuit: the service as a whole is to blame) all that was suspected is forgotten.
 */
import type { Statistics } from "../../machines/vocabulary/circuit.ts"
import type { CellLine } from "../../machines/vocabulary/gate.ts"
import { isFailure, type Judged, kindOf, type OutcomeKind } from "../../machines/vocabulary/outcome.ts"
import { CellTable, hashOf } from "./cellTable.ts"
import { Condemned, type Convict } from "./condemned.ts"
import type { Settler } from "./receipt.ts"
import { Streaks } from "./streaks.ts"
import { Suspicion } from "./suspicion.ts"
import { Visit, Visits } from "./visits.ts"

const never = Number.POSITIVE_INFINITY

/** How long a cell has asked to be left alone. */
const askedMs = (judged: Judged): number => (typeof judged === "string" ? 0 : (judged.retryAfterMs ?? 0))

/** Something that people should know: which cell, and how many with it. */
export interface CellChange {
  readonly to: "condemned" | "freed"
  readonly key: string
  readonly cells: number
  /** How many are held back now. */
  readonly condemned: number
  readonly statistics: Statistics
}

/** Who knows for how long of a time the host itself stood still: no call is slow for that. */
export interface Stood {
  stoodMs(since: number, now: number): number
}

export class Cells {
  /** What has changed and was not told yet. */
  news: CellChange | undefined = undefined
  readonly condemned: Condemned
  readonly seed: number
  readonly #suspicion: Suspicion
  readonly #streaks = new Streaks()
  #table: CellTable
  #line: CellLine | undefined
  #slowAfterMs: number
  #era = 0
  readonly #host: Stood
  readonly #visits = new Visits()

  constructor(line: CellLine, seed: number, host: Stood, slowAfterMs = never) {
    this.#slowAfterMs = slowAfterMs
    this.#host = host
    this.seed = seed
    this.#line = line
    this.#table = new CellTable(line.max)
    this.condemned = new Condemned(line)
    this.#suspicion = new Suspicion(line.threshold)
  }

  adopt(line: CellLine | undefined, slowAfterMs = never): void {
    this.#slowAfterMs = slowAfterMs
    if (line === undefined && this.#line !== undefined) this.#clear()
    this.#line = line
    if (line === undefined) return
    this.condemned.adopt(line)
    this.#suspicion.threshold = line.threshold
    if (line.max === this.#table.max) return
    this.#table = new CellTable(line.max)
  }

  /** How many cells something is remembered of. */
  get remembered(): number {
    return this.#table.used
  }

  /** Where the trouble sits, for an alarm of the circuit. */
  get within(): "oneCell" | "cells" | undefined {
    if (this.#streaks.isOneCell) return "oneCell"
    return this.condemned.size > 0 || this.#suspicion.sitsInCells ? "cells" : undefined
  }

  /** How many calls in a row nobody has answered, whoever was called, when that is too many for cells; said once. */
  takeSilence(): Statistics | undefined {
    if (this.condemned.size === 0 || !this.#streaks.isSilent) return undefined
    const calls = this.#streaks.breakSilence()
    return { calls, failures: calls, slow: 0 }
  }

  /** The cell that holds a call back now, or would; takes nothing. */
  holds(key: string, now: number): Convict | number | undefined {
    if (this.#line === undefined) return undefined
    if (this.condemned.size === 0 && !this.#mayBeGuilty) return undefined
    const hash = hashOf(key, this.seed)
    const convict = this.condemned.find(hash)
    if (convict !== undefined) return this.condemned.mayProbe(convict, now) ? undefined : convict
    const level = this.#levelOf(hash)
    const isGuilty = this.#suspicion.isGuilty(level) && !this.#streaks.isOminous && this.condemned.hasRoom(now)
    return isGuilty ? level : undefined
  }

  /** A call was refused because of its cell: condemns the cell if it was not yet. */
  refuse(key: string, now: number): void {
    const hash = hashOf(key, this.seed)
    const convict = this.condemned.find(hash) ?? this.#condemn(hash, key, now)
    this.condemned.refuse(hash, convict, now)
    this.#suspicion.takeRefusal()
    this.#streaks.refused(key)
  }

  /** A call enters: its receipt. */
  enter(settler: Settler, epoch: number, key: string, now: number): Visit {
    this.#sweep(now)
    const convict = this.condemned.size === 0 ? undefined : this.condemned.find(hashOf(key, this.seed))
    const round = convict === undefined ? -1 : this.condemned.probe(convict, now)
    const visit = new Visit(settler, epoch, now, key, this.#era, round)
    this.#visits.add(visit)
    return visit
  }

  /** A call has ended. Answers whether it is its cell's business alone. */
  settle(visit: Visit, judged: Judged, now: number): boolean {
    if (visit.era !== this.#era) return visit.probesCell
    this.#visits.remove(visit)
    this.#sweep(now)
    const kind = kindOf(judged)
    const slow = this.#isSlow(visit, now)
    const bad = slow || isFailure(kind)
    if (!bad && this.#isOrdinary(visit)) return this.#settleWell(visit.key, kind)
    const convict = this.#convictOf(visit)
    if (visit.probesCell) this.condemned.giveBack(visit.round)
    if (kind !== "ignored" && !visit.judged)
      this.#judge(visit, convict, bad, slow && !isFailure(kind), now, askedMs(judged))
    return convict !== undefined || visit.probesCell
  }

  /** Nothing is wrong, with this cell or as a whole: a good outcome tells nothing new. A probe has a place to give back all the same. */
  #isOrdinary(visit: Visit): boolean {
    if (this.condemned.size > 0 || this.#suspicion.isWary || visit.probesCell) return false
    return this.#table.blamed === 0 || this.#levelOf(this.#hashOf(visit)) <= 0
  }

  #settleWell(key: string, kind: OutcomeKind): false {
    if (kind === "ignored") return false
    this.#suspicion.takeWell()
    this.#streaks.good(key)
    return false
  }

  #isSlow({ startedAt }: Visit, now: number): boolean {
    const durationMs = now - startedAt
    return durationMs >= this.#slowAfterMs && durationMs - this.#host.stoodMs(startedAt, now) >= this.#slowAfterMs
  }

  /** A call of no cell has ended well. */
  hearGood(): void {
    this.#streaks.hearGood()
  }

  /** Calls in flight that have become too old are bad, once. */
  #sweep(now: number): void {
    for (let visit = this.#visits.oldest; visit !== undefined; visit = this.#visits.oldest) {
      if (!this.#isSlow(visit, now)) return
      this.#visits.remove(visit)
      visit.judged = true
      this.#judge(visit, this.#convictOf(visit), true, true, now)
    }
  }

  #convictOf(visit: Visit): Convict | undefined {
    return this.condemned.size === 0 ? undefined : this.condemned.find(this.#hashOf(visit))
  }

  #judge(visit: Visit, convict: Convict | undefined, bad: boolean, slow: boolean, now: number, asked = 0): void {
    if (convict !== undefined) return this.#judgeConvict(visit, convict, bad, slow, now, asked)
    const hash = this.#hashOf(visit)
    const place = this.#table.find(hash)
    const level = place < 0 ? 0 : this.#levelAt(place)
    const isFirst = place < 0 || this.#table.seenAt(place) <= this.#suspicion.since
    this.#suspicion.take(level, isFirst, bad)
    if (bad) this.#streaks.bad(visit.key)
    else this.#streaks.good(visit.key)
    // A cell of which nothing is known is as good as new; a good outcome is worth remembering only in times of trouble.
    if (level > 0 || bad || this.#suspicion.isWary) this.#note(place, hash, this.#suspicion.nextLevel(level, bad))
    if (this.condemned.size === 0) this.#suspicion.calmDown()
  }

  #judgeConvict(visit: Visit, convict: Convict, bad: boolean, slow: boolean, now: number, asked: number): void {
    const { key, probesCell } = visit
    if (bad) {
      this.#suspicion.confirm()
      this.#streaks.refused(key)
      return this.condemned.fail(convict, slow, probesCell, now, asked)
    }
    const hash = this.#hashOf(visit)
    this.#streaks.good(key)
    const cells = this.condemned.succeed(hash, convict, probesCell, now)
    if (cells > 1 || this.condemned.size === 0) this.#suspicion.relieve()
    this.#note(this.#table.find(hash), hash, -1)
    this.#tell("freed", convict, cells)
  }

  #tell(to: CellChange["to"], { key, calls, failures, slow }: Convict, cells: number): void {
    this.news = { to, key, cells, condemned: this.condemned.size, statistics: { calls, failures, slow } }
  }

  #condemn(hash: number, key: string, now: number): Convict {
    const level = this.#levelOf(hash)
    this.#suspicion.raise()
    // What is known of it stands in its record from now on; set free, it is as good as new.
    this.#note(this.#table.find(hash), hash, 0)
    const convict = this.condemned.condemn(hash, key, this.#suspicion.generation, level, now)
    this.#tell("condemned", convict, 1)
    return convict
  }

  get #mayBeGuilty(): boolean {
    return this.#suspicion.isWary || this.#table.suspects > 0
  }

  #hashOf(visit: Visit): number {
    if (visit.hash === 0) visit.hash = hashOf(visit.key, this.seed)
    return visit.hash
  }

  #levelOf(hash: number): number {
    const place = this.#table.find(hash)
    return place < 0 ? 0 : this.#levelAt(place)
  }

  #levelAt(place: number): number {
    return this.#suspicion.levelOf(this.#table.levelAt(place), this.#table.seenAt(place))
  }

  #note(place: number, hash: number, level: number): void {
    this.#table.write(place, hash, level, this.#suspicion.serial)
  }

  #clear(): void {
    this.#era++
    this.#visits.clear()
    this.#table = new CellTable(this.#table.max)
    this.condemned.clear()
    this.#suspicion.clear()
    this.#streaks.clear()
  }
}
