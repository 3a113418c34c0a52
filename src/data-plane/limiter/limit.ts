/**
 * The learned limit. Per-outcome arithmetic on a few numbers; once in a round of outcomes, and only if every slot was taken, the
 * search goes on. While nobody waits there is nothing to decide, and nothing is held back.
 */
import type { OutcomeKind } from "../../../machines/vocabulary/outcome.ts"
import type { LimitState } from "../../../machines/vocabulary/priority.ts"
import { Ghosts } from "./ghosts.ts"
import { Lengths } from "./lengths.ts"
import { Round } from "./round.ts"
import { Search } from "./search.ts"

/** So many outcomes at least make a round. */
const leastOutcomes = 8
/** And so many milliseconds: in less there is nothing to be seen of how many calls there were at once. */
const leastMs = 1
/** A limit that holds calls back without any outcome for so long gives way. */
export const blindMs = 500
/** The same in the lengths of a call: who hears of none for so long knows nothing of those that hold the slots. */
const blindCalls = 4
/** Where it is at most so many times what it began at, room is made as often as somebody has no other; beyond, what came of it is waited for. */
const small = 1.7
/** Those who wait for what comes of room that was made ask no more often than that: a thousand of them may. */
const leastTryingMs = 20
/** A limit that was raised for calls that could not wait sinks by half in so many milliseconds, if it is not needed. */
const sinksMs = 10_000
/** Where calls take longer than this their number says nothing of queues: they are streams, or wait for something to happen. */
const longestMs = 10_000

/** For how long of a time the host stood still. */
interface Host {
  stoodMs(since: number, now: number): number
}
const punctual: Host = { stoodMs: () => 0 }

export class Limit {
  readonly #least: number
  readonly #most: number
  readonly #first: number
  #search = new Search()
  readonly #ghosts = new Ghosts()
  readonly #lengths = new Lengths()
  #round: Round
  #limit: number
  #changedAt: number
  /** How many calls have yet to end since room was made last: as many as there were slots before. */
  #turns = 0
  /** What calls take on average, and what they take while there is room for more; 0: not known. */
  #meanMs = 0
  #idleMs = 0
  #areLong = false
  #isDraining = false
  /** How many calls may be in flight. */
  value: number
  /** It may have moved, or found something out, since it was last looked at. */
  isStirred = true
  /** When a call ended last. */
  #heardAt = 0
  readonly #host: Host

  /** It is made at `now`, up to which there was that `area`: what comes is not to be measured from the beginning of all time. */
  constructor(least: number, most: number, first: number, host: Host = punctual, now = 0, area = 0) {
    this.#host = host
    this.#round = new Round(now, area)
    this.#changedAt = now
    this.#least = least
    this.#most = most
    this.#first = first
    this.#limit = first
    this.value = this.#whole
  }

  get #whole(): number {
    return this.#areLong ? this.#most : Math.max(this.#least, Math.floor(this.#limit + 0.3))
  }

  /** Nothing has spoken against more calls at once yet, and none has ended: what is held back is held back for fear alone. */
  get isBlind(): boolean {
    return this.isUncharted && this.#meanMs === 0
  }
  get meanMs(): number {
    return this.#meanMs
  }
  get state(): LimitState {
    return this.#isDraining ? "draining" : this.#search.state
  }
  get independent(): boolean {
    return this.#search.independent
  }

  /** How many calls may be in flight now, beside those that nobody waits for and that may still run. */
  effective(now: number): number {
    return this.#ghosts.some ? this.#besideGhosts(now) : this.value
  }

  #besideGhosts(now: number): number {
    return Math.max(1, this.value - Math.floor(this.#ghosts.at(now) + 0.7))
  }

  /** A call had to wait for a slot. */
  wait(): void {
    this.#round.waited++
  }

  /** Nothing has spoken against more calls at once yet. */
  get isUncharted(): boolean {
    return this.#search.isUncharted
  }

  /**
   * Whether it may turn calls away: they have been seen to grow longer, or too long, or hardly more was done with more of them at once.
   * Else it would do so for fear, or by chance.
   */
  isGrounded(now: number): boolean {
    return this.#ghosts.some || this.#lengths.haveGrown(now) || this.#search.isBounded(now)
  }

  /**
   * Somebody is to be turned away: a limit that has no ground for it is doubled instead, and learns anew. `atOnce`: all have come in one
   * go, and wait for nothing that could be seen meanwhile.
   */
  makeRoom(now: number, atOnce = false): boolean {
    if (this.isGrounded(now) || this.#limit >= this.#most || (this.#isTrying && !atOnce)) return false
    this.#turns = this.#limit
    this.#beginAnew(2 * this.#limit, now)
    return true
  }

  /**
   * Room was made beyond what is small, more may be, and what comes of it is not seen yet: else those who wait, one after the other,
   * would flood what was well.
   */
  get #isTrying(): boolean {
    return this.#turns > 0 && this.#idleMs > 0 && this.#limit > small * this.#first && this.#limit < this.#most
  }

  /** In how many milliseconds more is known of the room that was made; 0: now. Until then nobody is turned away who can wait. */
  tryingMs(now: number): number {
    return this.#isTrying && !this.isGrounded(now) ? Math.max(leastTryingMs, this.#meanMs) : 0
  }

  /** No call has ended for so long that those that hold the slots are others than those it has learned of. */
  isDeaf(now: number): boolean {
    const restMs = this.isUncharted ? blindMs : Math.max(blindMs, blindCalls * this.#meanMs)
    return now - Math.max(this.#heardAt, this.#changedAt) >= restMs
  }

  /** Calls wait all the while that it hears of none: it is doubled, and learns anew. */
  giveWay(now: number): boolean {
    if (!this.isDeaf(now)) return false
    this.#beginAnew(2 * this.#limit, now)
    return true
  }

  #beginAnew(limit: number, now: number): void {
    this.isStirred = true
    if (!this.isUncharted) this.#search = new Search()
    this.#moveTo(limit, now)
  }

  /** A call has ended. `area`: calls in flight times milliseconds until now. */
  settle(kind: OutcomeKind, tookMs: number, area: number, now: number): void {
    if (!(tookMs >= 0)) return
    // A host that slept would make streams of all calls in flight, and let in at once whoever waits.
    const ms = tookMs > longestMs ? tookMs - this.#host.stoodMs(now - tookMs, now) : tookMs
    if (kind === "success") {
      this.#lengths.add(ms)
      return this.#hear(kind, ms, area, now)
    }
    const isAbandoned = kind === "timedOut" || (kind === "ignored" && this.#isLong(ms))
    // A caller who had hardly any time left does not tell how long the work takes.
    if (isAbandoned) this.#ghosts.add(Math.max(ms, this.#meanMs), now)
    if (kind !== "ignored" || isAbandoned) this.#hear(isAbandoned ? "timedOut" : kind, ms, area, now)
  }

  #hear(kind: OutcomeKind, ms: number, area: number, now: number): void {
    const round = this.#round
    round.add(kind, ms)
    this.#heardAt = now
    this.#turns--
    this.#meanMs += (this.#meanMs === 0 ? 1 : 0.05) * (ms - this.#meanMs)
    if (this.#meanMs > (this.#areLong ? 0.5 : 1) * longestMs !== this.#areLong) this.#turn()
    if (round.outcomes >= leastOutcomes && round.lastedFor(now) >= Math.max(leastMs, this.#meanMs))
      this.#endRound(area, now)
  }

  /** Calls have grown so long that their number says nothing, or are no longer. */
  #turn(): void {
    this.#areLong = !this.#areLong
    this.value = this.#whole
    this.isStirred = true
  }

  /** Who gives up after so long has waited longer than calls take: the work goes on without him. */
  #isLong(ms: number): boolean {
    return this.#meanMs > 0 && ms > 1.5 * this.#meanMs
  }

  #endRound(area: number, now: number): void {
    const round = this.#round
    this.#round = new Round(now, area)
    this.isStirred = true
    const ghosts = this.#ghosts.at(now)
    const { meanMs, isChoking } = round
    const inFlight = round.inFlight(area, now) + ghosts
    this.#isDraining = ghosts >= this.#limit
    const isFull = (round.waited > 0 && inFlight >= 0.85 * this.#limit) || (isChoking && inFlight >= 0.5 * this.#limit)
    this.#lengths.look(inFlight, !isFull && inFlight <= 0.5 * this.#limit, now)
    if (!isFull) {
      this.#search.interrupt()
      this.#sink(inFlight, round.lastedFor(now))
      if (inFlight <= 0.5 * this.#limit) this.#idleMs += (this.#idleMs === 0 ? 1 : 0.2) * (meanMs - this.#idleMs)
      return
    }
    // What began under another limit is not over yet; and of calls that nobody waits for it can only be guessed how many there are.
    const isRipe = round.hasBegunAfter(this.#changedAt + Math.min(this.#meanMs, 1.5 * meanMs))
    if (!isRipe || (ghosts >= 0.2 * inFlight && !isChoking)) return
    const rate = round.rate(area, now, this.#idleMs)
    const full = { inFlight, rate, outcomes: round.outcomes, meanMs, isChoking }
    this.#moveTo(this.#search.next(this.#limit, full, this.#idleMs, now), now)
  }

  /** Not the limit in force is what matters then, but that nothing speaks against more. */
  #sink(inFlight: number, ms: number): void {
    if (!this.#search.isUncharted || this.#limit <= this.#first || inFlight > 0.25 * this.#limit) return
    this.#limit = Math.max(this.#first, this.#limit * 2 ** (-ms / sinksMs))
    this.value = this.#whole
    // What was done under the higher limit is nothing to measure the lower one by.
    this.#search = new Search()
  }

  #moveTo(limit: number, now: number): void {
    const before = this.#limit
    this.#limit = Math.max(this.#least, Math.min(this.#most, Math.max(limit, before / 2)))
    if (this.#limit === before) return
    this.value = this.#whole
    this.#changedAt = now
    this.isStirred = true
  }
}
