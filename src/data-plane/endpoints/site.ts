/** What is remembered of one endpoint: how quick and how well its calls end, and how many are under way. */
import type { Statistics } from "../../../machines/vocabulary/circuit.ts"
import type { Ejection, Endpoint } from "../../../machines/vocabulary/endpoint.ts"
import { faded } from "./fading.ts"

/** What was measured so long ago weighs a third; the rest is what is typical. */
const memoryMs = 10_000
/** So much of what is known of its latency one more answer replaces. */
const perAnswer = 0.1
/** The part of its traffic that a new endpoint begins with. */
const firstPart = 0.1
/** So much of what is known of its outcomes one more replaces. */
const perOutcome = 0.2
const worst = 0.05
/**
 * Calls that have been under way for so long, in milliseconds, have said what they had to say. They may be streams, or lost for good: in
 * neither case must they keep others away for as long as they last.
 */
const patienceMs = 30_000
/**
 * Milliseconds: what is quicker than this is not told apart. Of calls that take microseconds one in which the process paused for a
 * millisecond would else make its endpoint look a hundred times as slow as the others: of ten answers it is a tenth.
 */
const least = 0.1
/** Who takes so many times as long as is typical is hardly ever chosen; who takes at most so many times as long is quick. */
const shunned = (typicalMs: number): number => 3 * Math.max(least, typicalMs)
const quick = (typicalMs: number): number => 2 * Math.max(least, typicalMs)
/** Of one that is shunned a quick answer replaces what was measured so long before it but for a third. */
const staleMs = 500
/** How long nobody asks one that is shunned until a scout does; twice as long after each that was not quick. */
const scouting = { firstMs: 1000, longestMs: 30_000 } as const

export class Site {
  facts: Endpoint
  /** Its part of the traffic beside the others', as the checks of it have it. */
  weight: number
  /** The last list does not name it: it ends the calls that it has, and gets no more. */
  isGone = false
  /** Since when it takes its part of the traffic, less at first. */
  readonly since: { at: number }
  inFlight = 0
  /** Those of them that have not been judged, and when they began, added up: their mean age follows from it. */
  open = 0
  #startedAt = 0
  #judgedAt = Number.NEGATIVE_INFINITY
  #latencyMs = 0
  /** Outcomes that it was measured by, up to as many as matter. */
  #answers = 0
  #measuredAt = 0
  #quality = 1
  /** When the call began that went there last, when that of those that ended well which began last, and when the last scout's. */
  #askedAt = Number.NEGATIVE_INFINITY
  /** Calls in flight that began then. */
  #newest = 0
  #answeredAt = Number.NEGATIVE_INFINITY
  #scoutedAt = Number.NEGATIVE_INFINITY
  #scoutMs: number = scouting.firstMs
  /** Log-likelihood that it is sick, not just unlucky: see `Outliers`. */
  evidence = 0
  /** Outcomes of late, of which so many bad; each weighs less the older it is. */
  recent = 0
  recentBad = 0
  /** Bad ones in a row, the last one included. */
  row = 0
  /** The pool's serial at its last outcome. */
  serial = 0
  /** Left out until then; `undefined`: it is not. */
  ejectedUntil: number | undefined = undefined
  ejections = 0
  #left: Omit<Ejection, "id" | "until"> = { at: 0, statistics: { calls: 0, failures: 0, slow: 0 }, failedTrials: 0 }
  freedAt = Number.NEGATIVE_INFINITY
  /** A call that tries whether it is well again, and when that has taken too long. */
  probe: object | undefined = undefined
  probeUntil = 0

  constructor(facts: Endpoint, startsAt: number) {
    this.facts = facts
    this.weight = facts.weight
    this.since = { at: startsAt }
  }

  enter(now: number): void {
    this.inFlight++
    this.open++
    this.#startedAt += now
    this.#newest = now === this.#askedAt ? this.#newest + 1 : 1
    this.#askedAt = now
  }

  /** Whether it seems so slow that no call chooses it, and none has for a while. */
  isShunned(typicalMs: number, now: number): boolean {
    return now - this.#askedAt >= this.#scoutMs && this.#seemsMs(now) > shunned(typicalMs)
  }

  /** The call that begins now finds out whether it still is. */
  scout(now: number): void {
    // The last one hangs still.
    if (this.#scoutedAt > Number.NEGATIVE_INFINITY) this.#rest()
    this.#scoutedAt = now
  }

  #rest(): void {
    this.#scoutMs = Math.min(scouting.longestMs, 2 * this.#scoutMs)
  }

  /** `counts`: whether how it ended says something of the endpoint. */
  leave(startedAt: number, good: boolean, counts: boolean, typicalMs: number, now: number): void {
    this.inFlight--
    if (startedAt === this.#askedAt) this.#newest--
    if (startedAt >= this.#judgedAt) {
      this.open--
      this.#startedAt = this.open === 0 ? 0 : this.#startedAt - startedAt
    }
    const isScout = startedAt === this.#scoutedAt
    if (isScout) this.#scoutedAt = Number.NEGATIVE_INFINITY
    if (!counts) return
    const tookMs = now - startedAt
    const isQuick = good && tookMs <= quick(typicalMs)
    if (isScout && isQuick) this.#scoutMs = scouting.firstMs
    else if (isScout) this.#rest()
    if (good) this.#answeredAt = Math.max(this.#answeredAt, startedAt)
    const renewed =
      isQuick && this.#latencyMs > shunned(typicalMs) ? 1 - Math.exp((this.#measuredAt - now) / staleMs) : 0
    this.#measure(tookMs, good, typicalMs, renewed, now)
    this.#quality += Math.max(perOutcome, renewed) * ((good ? 1 : 0) - this.#quality)
  }

  /**
   * The short way of a call that ended well, in the usual time, and says no more: what `leave` makes of most, in few steps. `false`, and
   * nothing has happened, where that is not so.
   */
  leaveWell(startedAt: number, typicalMs: number, now: number): boolean {
    if (startedAt < this.#judgedAt || startedAt === this.#scoutedAt || this.#latencyMs > shunned(typicalMs))
      return false
    this.inFlight--
    if (startedAt === this.#askedAt) this.#newest--
    this.open--
    this.#startedAt = this.open === 0 ? 0 : this.#startedAt - startedAt
    if (startedAt > this.#answeredAt) this.#answeredAt = startedAt
    this.#quality += perOutcome * (1 - this.#quality)
    const known = this.#answers
    const before = known === 0 ? typicalMs : this.#latencyMs
    const answers = known < 1 / perAnswer ? known + 1 : 1 / perAnswer
    this.#answers = answers
    this.#latencyMs = before + (now - startedAt - before) * (1 / (before === 0 ? answers : answers + 1))
    this.#measuredAt = now
    return true
  }

  /** Its last calls, and what spoke against it: those in a row, where there is no other bad one of late. */
  lately(isSlow: boolean): Statistics {
    const known = Math.round(this.recentBad)
    const bad = Math.max(1, known, this.row)
    const calls = this.row >= known ? bad : Math.max(bad, Math.round(this.recent))
    return { calls, failures: isSlow ? 0 : bad, slow: isSlow ? bad : 0 }
  }

  leftOut(isSlow: boolean, now: number): void {
    this.#left = { at: now, statistics: this.lately(isSlow), failedTrials: 0 }
  }

  /** A call that tried whether it is well again has failed. */
  triedInVain(): void {
    this.#left = { ...this.#left, failedTrials: this.#left.failedTrials + 1 }
  }

  /** How it is left out, while it is. */
  get ejection(): Ejection {
    return { id: this.facts.id, ...this.#left, until: this.ejectedUntil as number }
  }

  /** How long calls in flight have run, on average. */
  ageMs(now: number): number {
    return this.open === 0 ? 0 : Math.max(0, now - this.#startedAt / this.open)
  }

  /** Whatever is under way says no more. What begins now is left out: when it ends nobody can tell whether that was before or after. */
  #judge(now: number): void {
    this.open = this.#askedAt === now ? this.#newest : 0
    this.#startedAt = this.open * now
    this.#judgedAt = now
  }

  /** How long a call seems to take: as calls took, or as those in flight have run. Those that later ones have overtaken say nothing. */
  #seemsMs(now: number): number {
    return Math.max(this.#latencyMs, this.#runMs(now))
  }

  #runMs(now: number): number {
    return this.#askedAt > this.#answeredAt ? Math.min(this.ageMs(now), now - this.#answeredAt) : 0
  }

  /** What it can take beside the others. */
  weightAt(now: number, slowStartMs: number): number {
    const age = now - this.since.at
    return age >= slowStartMs ? this.weight : this.weight * Math.max(firstPart, age / slowStartMs)
  }

  /**
   * What one more call would cost here: how long calls take, times those that it would be among, the more the more of them fail. Calls
   * that hang are as slow as they are old. One that was slow, and that nobody has asked since, is asked again after a while.
   */
  costAt(now: number, typicalMs: number, meanWeight: number): number {
    const known = this.#answers === 0 ? 0 : faded(Math.max(0, now - this.#measuredAt) / memoryMs)
    const usualMs = typicalMs + known * (this.#latencyMs - typicalMs)
    const quality = this.#quality === 1 ? 1 : Math.max(worst, 1 - known * (1 - this.#quality))
    // Nothing is under way.
    if (this.open === 0) return Math.max(least, usualMs) / quality
    if (this.ageMs(now) > patienceMs) this.#judge(now)
    const latencyMs = Math.max(least, usualMs, this.#runMs(now))
    return (latencyMs * (1 + (this.open * meanWeight) / Math.max(1e-9, this.weight))) / quality
  }

  /** It may be well again: what it was is no reason to avoid it. */
  forgive(now: number): void {
    this.#judge(now)
    this.#answers = 0
    this.#quality = 1
    this.since.at = now
    this.freedAt = now
  }

  /** Failures are often quick: they make nothing look quicker than it is. */
  #measure(ms: number, good: boolean, typicalMs: number, renewed: number, now: number): void {
    const before = this.#answers === 0 ? typicalMs : this.#latencyMs
    const took = good ? ms : Math.max(ms, before)
    this.#answers = Math.min(1 / perAnswer, this.#answers + 1)
    this.#latencyMs = before + (took - before) * Math.max(renewed, 1 / (this.#answers + (before === 0 ? 0 : 1)))
    this.#measuredAt = now
  }
}
