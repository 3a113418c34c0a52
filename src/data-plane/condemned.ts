/**
 * Cells that are held back, and the one schedule on which all of them are probed: so many dead shards cost no more probes than one dead
 * service. A probe that fails makes the wait longer, a cell that is condemned meanwhile is as good as a probe. One success sets its
 * cell free; several in a row set free all that were condemned for the same trouble.
 */
import type { CellLine } from "../../machines/vocabulary/gate.ts"

/** One condemned cell. */
export interface Convict {
  readonly key: string
  readonly since: number
  /** For which trouble: those of one trouble may share a fate. */
  readonly generation: number
  /** What it was condemned on, and its probes since. */
  calls: number
  failures: number
  slow: number
  probes: number
  /** Calls refused since one was let in last, and when that was. */
  refused: number
  triedAt: number
  askedAt: number
  /** Until when it has asked to be left alone. */
  leaveUntil: number
}

/** So many successes in a row, of cells of one trouble, say that the trouble is over. */
const enough = 3
/** The cells that were probed least come first, as long as nobody waits longer for them than this. */
const patienceMs = 250
/** Of so few cells any may be probed. */
const few = 4
const mostAtOnce = 16
/** A cell that was refused so many calls, and for so long, is due for a probe of its own. */
const longest = { calls: 64, ms: 30_000 } as const
/** Who was not asked for so long is forgotten. */
const forgottenMs = 600_000
/** How long failed probes are remembered after the last cell was set free. */
const memoryMs = 60_000

export class Condemned {
  readonly #byHash = new Map<number, Convict>()
  #line: CellLine
  /** Failed probes in a row. */
  #failed = 0
  #nextAt = 0
  #freeAt = 0
  /** How many may be probed at once. */
  #wave = 1
  #running = 0
  /** Probes of another round have lost their places. */
  round = 0
  #stuckAt = 0
  /** Probes of those who are held back now. */
  #probes = 0
  #streak = 0
  #streakOf = -1
  /** All probes ever. */
  probed = 0

  constructor(line: CellLine) {
    this.#line = line
  }

  get size(): number {
    return this.#byHash.size
  }

  get all(): Iterable<Convict> {
    return this.#byHash.values()
  }

  adopt(line: CellLine): void {
    this.#line = line
  }

  find(hash: number): Convict | undefined {
    return this.#byHash.get(hash)
  }

  /** Whether one more fits in, perhaps in the place of one that nobody asks for. */
  hasRoom(now: number): boolean {
    if (this.#byHash.size < this.#line.max) return true
    const [oldest] = this.#byHash.values()
    return oldest !== undefined && now - oldest.askedAt >= forgottenMs
  }

  /** A copy of the key is kept: one that was cut out of a long text would keep the whole text. */
  condemn(hash: number, text: string, generation: number, failures: number, now: number): Convict {
    const since = {
      calls: failures,
      failures,
      slow: 0,
      probes: 0,
      refused: 0,
      triedAt: now,
      askedAt: now,
      leaveUntil: now,
    }
    this.#forget(now)
    const key: string = JSON.parse(JSON.stringify(text))
    const convict: Convict = { key, since: now, generation, ...since }
    if (this.size === 0) this.#failed = now - this.#freeAt < memoryMs ? this.#failed >> 1 : 0
    this.#byHash.set(hash, convict)
    this.#nextAt = now + this.#gap
    return convict
  }

  /** Whether a call to this cell may enter, as a probe. */
  mayProbe(convict: Convict, now: number): boolean {
    if (now < convict.leaveUntil) return false
    const isDue = convict.refused >= longest.calls && now - convict.triedAt >= longest.ms
    if (isDue) return true
    if (now < this.#nextAt || (this.#running >= this.#wave && now < this.#stuckAt)) return false
    return this.size <= few || convict.probes * this.size <= this.#probes || now - this.#nextAt >= patienceMs
  }

  /** When a call to this cell may enter, at the earliest; without one: to a cell that is condemned only now. */
  retryAt(convict: Convict | undefined, now: number): number {
    return convict === undefined ? now + this.#gap : Math.max(this.#nextAt, convict.leaveUntil, now + patienceMs)
  }

  /** A call was refused. */
  refuse(hash: number, convict: Convict, now: number): void {
    convict.refused++
    if (now - convict.askedAt < 1000) return
    convict.askedAt = now
    // The order of the map is the order in which they were asked for, to the second.
    this.#byHash.delete(hash)
    this.#byHash.set(hash, convict)
  }

  /** A call enters as a probe. Answers the round in which it holds its place. */
  probe(convict: Convict, now: number): number {
    this.#forget(now)
    if (this.#running >= this.#wave && now >= this.#stuckAt) this.#unstick()
    convict.refused = 0
    convict.triedAt = now
    convict.probes++
    this.#probes++
    this.probed++
    this.#running++
    this.#stuckAt = now + this.#line.leaseMs
    return this.round
  }

  /** A probe has ended, whatever its outcome. */
  giveBack(round: number): void {
    if (round === this.round && this.#running > 0) this.#running--
  }

  /** A call to a condemned cell was bad; it may have asked to be left alone for so long. */
  fail(convict: Convict, slow: boolean, isProbe: boolean, now: number, askedMs: number): void {
    convict.calls++
    // Calls that were under way when it asked end later, and ask for nothing.
    convict.leaveUntil = Math.max(convict.leaveUntil, now + Math.min(askedMs, this.#line.longestAskedMs))
    if (slow) convict.slow++
    else convict.failures++
    if (isProbe) {
      this.#failed++
      this.#wave = 1
      if (convict.generation === this.#streakOf) this.#streak = 0
    }
    this.#nextAt = now + this.#gap
  }

  /** A call to a condemned cell was good. Answers how many cells were set free. */
  succeed(hash: number, convict: Convict, isProbe: boolean, now: number): number {
    // One that failed only once may have been condemned for nothing: its success says little of the others.
    if (isProbe && convict.calls > 1) this.#wave = Math.min(mostAtOnce, this.#wave * 2)
    // Where it was the last one, the next trouble begins with one probe again.
    this.#release(hash, convict, now)
    if (!isProbe) return 1
    this.#streak = convict.generation === this.#streakOf ? this.#streak + 1 : 1
    this.#streakOf = convict.generation
    this.#nextAt = now
    return this.#streak >= enough ? 1 + this.#releaseAll(convict.generation, now) : 1
  }

  /** The service as a whole is to blame. */
  clear(): void {
    this.#byHash.clear()
    this.#unstick()
    this.#probes = 0
    this.#failed = 0
    this.#streak = 0
  }

  get #gap(): number {
    const { waitMs, stepMs, factor, maxMs } = this.#line
    return Math.min(maxMs, (waitMs + stepMs * this.#failed) * factor ** Math.min(this.#failed, 60))
  }

  #unstick(): void {
    this.round++
    this.#running = 0
    this.#wave = 1
  }

  #release(hash: number, convict: Convict, now: number): void {
    this.#byHash.delete(hash)
    this.#probes -= convict.probes
    this.#freeAt = now
    if (this.size === 0) this.#wave = 1
  }

  #releaseAll(generation: number, now: number): number {
    const before = this.size
    for (const [hash, convict] of this.#byHash) if (convict.generation === generation) this.#release(hash, convict, now)
    this.#streak = 0
    return before - this.size
  }

  #forget(now: number): void {
    for (const [hash, convict] of this.#byHash) {
      if (now - convict.askedAt < forgottenMs) return
      this.#release(hash, convict, now)
    }
  }
}
