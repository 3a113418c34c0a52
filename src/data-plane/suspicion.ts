/**
 * Suspicion: what the stream of outcomes says about where trouble sits. Three questions, each a sequential test: is there more of it than
 * usual (Page's CUSUM, as the circuit's own)? Does it sit in some cells, which fail while others do not, or does it fall on all alike
 * (a likelihood ratio over calls to cells that are known already)? And, with that, how likely is it that one cell is dead?
 */
import { Baseline } from "./baseline.ts"

/** A dead cell answers one call in a hundred. */
const dead = 0.99
/** Before there is any trouble: one cell in ten thousand is dead. */
const rarely = Math.log(1e-4)
/** Odds of 20 to 1. */
const certainty = 3
/** So many good outcomes in a row count; each is worth as much as a bad one is worth where one in a hundred fails. */
const mostGood = 2
const perGood = -Math.log(1 - dead)
/** Trouble that begins is a little less likely to sit in cells than to fall on all alike. */
const undecided = -1
const bounds = { least: -8, most: 8 } as const
/** How much the recent past weighs, in cells, when it is guessed how many are dead. */
const guess = 20
const shares = { least: 0.005, most: 0.6 } as const

const clamp = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value))

export class Suspicion {
  threshold: number
  /** Outcomes so far. */
  serial = 0
  /** Outcomes up to this one say nothing of the present trouble. */
  since = 0
  /** Counts troubles. */
  generation = 0
  /** There is more trouble than usual: any cell may be dead. */
  raised = false
  readonly #baseline = new Baseline()
  #score = 0
  #from = 0
  /** The log-likelihood ratio that the trouble sits in cells. */
  #leaning: number = undecided
  /** Cells that were heard of first in this trouble, and those of them that began with a bad outcome. */
  #firsts = 0
  #badFirsts = 0

  constructor(threshold: number) {
    this.threshold = threshold
  }

  /** Whether outcomes that are not bad are worth remembering. */
  get isWary(): boolean {
    return this.raised || this.#score > 0
  }

  /** Whether the failures of the recent past sit in cells rather than fall on all alike. */
  get sitsInCells(): boolean {
    return this.isWary && this.#leaning > 0
  }

  /** What a level counts for now: `seen` is the serial at which it was reached. */
  levelOf(level: number, seen: number): number {
    if (seen > this.since) return level
    return this.raised ? 0 : Math.max(0, level)
  }

  /** The level after one more outcome. Good ones end a row of bad ones; bad ones must first undo what good ones have said. */
  nextLevel(level: number, bad: boolean): number {
    return bad ? Math.min(127, level + 1) : Math.max(-mostGood, Math.min(0, level) - 1)
  }

  /** Whether a cell of this level is dead, as far as anybody can tell. */
  isGuilty(level: number): boolean {
    if (level < 1) return false
    this.#catchUp()
    if (rarely + level * Math.log(dead / this.#baseline.noise) >= certainty) return true
    return this.raised && this.#leaning >= certainty && this.#oddsOf(level) >= certainty
  }

  /** Takes in a good outcome while nothing is wrong. */
  takeWell(): void {
    this.#baseline.countWell()
  }

  /** Takes in one outcome of a cell that is not held back: its level before, and whether it is heard of for the first time in this trouble. */
  take(level: number, isFirst: boolean, bad: boolean): void {
    this.#catchUp()
    this.serial++
    if (this.isWary) this.#lean(level, isFirst, bad)
    // What is usual is learned of those who are well.
    if (!this.raised || level < 0) this.#baseline.learn(bad)
    this.#watch(level, bad)
    this.#baseline.take(bad)
  }

  /** A call to a condemned cell was bad: it was condemned rightly. */
  confirm(): void {
    this.#move(Math.log(dead / this.#baseline.noise))
  }

  /** A call was refused because of its cell. */
  takeRefusal(): void {
    this.#baseline.takeRefusal()
  }

  /** A cell is condemned: that is trouble enough. */
  raise(): void {
    this.#catchUp()
    if (this.raised) return
    if (this.#score <= 0) this.#begin()
    this.raised = true
    this.#score = 0
    this.#leaning = Math.max(this.#leaning, certainty)
  }

  /** What was condemned for one trouble is well again, all of it: what is known of cells is out of date. */
  relieve(): void {
    this.#rest()
    this.#score = 0
    this.#begin()
  }

  /** Nobody is held back: when no more calls fail than usual, the trouble is over. */
  calmDown(): void {
    if (!this.raised || this.#score > 0 || !this.#baseline.isQuiet) return
    this.raised = false
    this.#rest()
  }

  /** All is forgotten but what is usual. */
  clear(): void {
    this.#catchUp()
    this.raised = false
    this.#score = 0
    this.#baseline.clear()
    this.#rest()
  }

  #catchUp(): void {
    const calls = this.#baseline.catchUp()
    if (calls === 0) return
    this.serial += calls
    this.#rest()
  }

  #rest(): void {
    this.since = this.serial
    this.#from = this.serial
  }

  #begin(): void {
    this.generation++
    this.#leaning = undecided
    this.#firsts = 0
    this.#badFirsts = 0
  }

  /** The log-odds that a cell of this level is dead, if the trouble sits in cells at all. */
  #oddsOf(level: number): number {
    const { trouble, usually } = this.#baseline
    const share = clamp((this.#badFirsts + guess * trouble) / (this.#firsts + guess), shares.least, shares.most)
    return Math.log(share / (1 - share)) + level * (level > 0 ? Math.log(dead / usually) : perGood)
  }

  #lean(level: number, isFirst: boolean, bad: boolean): void {
    // Of a cell of which nothing is known both say the same.
    if (level !== 0) this.#weigh(level, bad)
    if (!isFirst) return
    this.#firsts++
    if (bad) this.#badFirsts++
  }

  #weigh(level: number, bad: boolean): void {
    const { noise, usually } = this.#baseline
    const odds = Math.exp(this.#oddsOf(level))
    const likely = (odds * dead + usually) / (1 + odds)
    this.#move(bad ? Math.log(likely / noise) : Math.log((1 - likely) / (1 - noise)))
  }

  #move(by: number): void {
    this.#leaning = clamp(this.#leaning + by, bounds.least, bounds.most)
  }

  /** In the midst of trouble only cells that were well in it can tell of another. */
  #watch(level: number, bad: boolean): void {
    if (this.raised && level >= 0) return
    const before = this.#score
    const score = before + (bad ? this.#baseline.badStep : this.#baseline.goodStep)
    this.#score = Math.max(0, score)
    if (score >= this.threshold) return this.#ring()
    if (this.raised && score <= 0) this.#from = this.serial
    if (this.raised) return
    if (score <= 0) this.#rest()
    else if (before <= 0) this.#begin()
  }

  #ring(): void {
    this.#score = 0
    if (this.raised) {
      this.since = this.#from
      this.#begin()
    }
    this.raised = true
  }
}
