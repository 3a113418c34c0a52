/** The attempts of one call, of either door: whether another may follow, when, and who pays for it. */
import type { Endpoint } from "../machines/vocabulary/endpoint.ts"
import type { Facts, FurtherFacts } from "../machines/vocabulary/facts.ts"
import type { FailedExit } from "../machines/vocabulary/failure.ts"
import type { Gate } from "../machines/vocabulary/gate.ts"
import { type Judged, kindOf } from "../machines/vocabulary/outcome.ts"
import type { Assembly } from "./assemble.ts"
import type { RetryBudget, Want } from "./data-plane/retryBudget.ts"
import { isMarked, mark, presentMark } from "./exhaustion.ts"
import { type Repeater, repeaterOf } from "./repeater.ts"
import { retryAfterOf } from "./retryAfter.ts"

/** What a call is known by when it may be repeated. */
export interface CallTerms {
  /** What its caller says about it. */
  readonly facts: Facts
  readonly idempotent: boolean
  /** When its time is over, in milliseconds on the breaker's clock. */
  readonly deadline: number
  /** The attempts of the call of another breaker that it is part of. */
  readonly outer: Attempts | undefined
  /** The mark at which its first attempt began, where that has begun already. */
  readonly since?: number
}

/** By this the context of a call tells which attempts it belongs to, whoever passes it on. */
export const attemptsWithin = Symbol("attempts")

/** Who only observes, lets everything pass or stops, repeats nothing. */
const isObeyed = ({ enforcement, phase }: Gate): boolean => enforcement === "on" && phase === "active"

/** The attempts that the context of a call belongs to, or is part of. */
export const attemptsOf = (context: object): Attempts | undefined =>
  (context as { readonly [attemptsWithin]?: Attempts | undefined })[attemptsWithin]

/** Somebody else than a spent budget bars repeating. */
const isBarred = ({ circuit, holders }: Gate): boolean =>
  circuit !== "closed" || holders.some(({ by, demand }) => by !== "retry" && demand.retries === 0)

const whatOf = (exit: FailedExit): unknown => (exit.ok ? exit.value : exit.error)

export class Attempts {
  readonly assembly: Assembly
  readonly terms: CallTerms
  /** Attempts that have begun. */
  begun = 0
  /** What the service asked for when the last attempt failed, as far as that is heeded. */
  askedMs = 0
  /** A layer further in has done with what the present attempt wanted. */
  exhausted = false
  #since = 0
  /** Where it has been tried, by the ids of endpoints: a further attempt goes elsewhere. */
  #tried: readonly string[] = []
  /** Who has paid for the attempt that is to follow. */
  #paid: readonly RetryBudget[] = []

  constructor(assembly: Assembly, terms: CallTerms) {
    this.assembly = assembly
    this.terms = terms
    if (terms.since !== undefined) {
      this.begun = 1
      this.#since = terms.since
    }
    assembly.repeatable = (assembly.repeatable ?? 0) + 1
  }

  /** What is known of a further attempt. */
  get facts(): FurtherFacts {
    return this.#tried.length === 0 ? this.terms.facts : { ...this.terms.facts, tried: this.#tried }
  }

  /** An attempt goes, or went, to this endpoint. */
  noteTried(endpoint: Endpoint | undefined): void {
    if (endpoint !== undefined && !this.#tried.includes(endpoint.id)) this.#tried = [...this.#tried, endpoint.id]
  }

  /** The call has ended for its caller; what was paid for and is not made is paid back. */
  over(): void {
    const { assembly } = this
    this.giveBack()
    assembly.repeatable = (assembly.repeatable ?? 1) - 1
    if (assembly.repeatable === 0) assembly.quiet?.()
  }

  /** An attempt begins. Answers its number, from 1. */
  begin(): number {
    this.exhausted = false
    this.#paid = []
    this.#since = presentMark()
    return ++this.begun
  }

  /**
   * After how many milliseconds another attempt is to follow one that ended so, which is then paid for; `undefined` when none is.
   * What costs nothing is looked at first.
   */
  next(exit: FailedExit, judged: Judged, now: number): number | undefined {
    const { plane } = this.assembly
    const budget = plane.retryBudget
    const kind = kindOf(judged)
    if (budget === undefined || kind === "success" || !isObeyed(plane.gate)) return undefined
    const repeater = repeaterOf(this.assembly)
    const { settings } = repeater
    const standard = kind === "ignored" ? "permanent" : kind === "timedOut" ? "timeout" : undefined
    const failure = repeater.classOf(exit, standard)
    if (settings === undefined || failure === "permanent") return undefined
    if (!this.terms.idempotent && failure !== "unsent") return this.#without("idempotence", budget)
    if (this.#isDoneBelow(exit, budget)) return this.#giveUp("inner", exit, budget)
    if (this.#isHeld) return this.#giveUp("held", exit, budget)
    if (this.begun > plane.gate.restriction.retries) return this.#giveUp(undefined, exit, budget)
    const askedMs = (typeof judged === "string" ? undefined : judged.retryAfterMs) ?? retryAfterOf(exit)
    this.askedMs = Math.min(settings.longestAsked, askedMs ?? 0)
    const waitMs = repeater.waitMs(settings, this.begun, askedMs)
    if (!this.hasTimeFor(waitMs, now, repeater)) return this.#without("time", budget)
    return this.#pay() ? waitMs : this.#giveUp("budget", exit, budget)
  }

  /** Whether a further attempt may begin beside one that runs; it is paid for then. */
  mayHedge(now: number): boolean {
    const { plane } = this.assembly
    const { restriction } = plane.gate
    if (plane.retryBudget === undefined || !isObeyed(plane.gate) || this.#isHeld) return false
    if (this.begun > restriction.retries || restriction.hedges === 0) return false
    if (!this.hasTimeFor(0, now, repeaterOf(this.assembly))) return false
    if (this.#pay()) return true
    plane.retryBudget.tally.refused.budget++
    return false
  }

  /**
   * Whether an attempt that was paid for may still be made after its wait. That the budget is spent meanwhile is no reason against it. A host
   * that stood still may end the wait when the caller's time is over.
   */
  get isWanted(): boolean {
    if (this.assembly.clock.now() >= this.terms.deadline) return false
    return this.#layers.every(({ assembly }, index) => {
      const { gate } = assembly.plane
      return isObeyed(gate) ? !isBarred(gate) : index > 0
    })
  }

  /** An attempt that was paid for was not made. */
  giveBack(): void {
    for (const payer of this.#paid) payer.giveBack()
    this.#paid = []
  }

  /** A call that could not be made again is not to be made again by those further out. */
  giveUp(exit: FailedExit): void {
    const { retryBudget } = this.assembly.plane
    if (retryBudget !== undefined) mark(whatOf(exit), retryBudget)
    if (this.terms.outer !== undefined) this.terms.outer.exhausted = true
  }

  /** Whether an attempt after this wait would have as much time as attempts usually take. */
  hasTimeFor(waitMs: number, now: number, repeater: Repeater): boolean {
    const { deadline } = this.terms
    return deadline === Number.POSITIVE_INFINITY || now + waitMs + repeater.usualMs(now) < deadline
  }

  /** This breaker, or one around it, bars repeating now: it is in trouble, recovers, or has spent its budget. */
  get #isHeld(): boolean {
    for (const { assembly } of this.#layers) {
      const { gate } = assembly.plane
      if (isObeyed(gate) && gate.restriction.retries === 0) return true
    }
    return false
  }

  #isDoneBelow(exit: FailedExit, budget: RetryBudget): boolean {
    return this.exhausted || isMarked(whatOf(exit), budget, this.#since)
  }

  /** This call and those that it is part of, from the inside out. */
  get #layers(): readonly Attempts[] {
    const { outer } = this.terms
    return outer === undefined ? [this] : [this, ...outer.#layers]
  }

  /** What is repeated inside of a repeated attempt is paid for by both: else repeats would multiply. */
  get #payers(): readonly RetryBudget[] {
    return this.#layers.flatMap((each) => {
      const { retryBudget } = each.assembly.plane
      const isPayer = each === this || each.begun > 1
      return isPayer && retryBudget !== undefined ? retryBudget : []
    })
  }

  #pay(): boolean {
    const now = this.assembly.clock.now()
    const paid: RetryBudget[] = []
    this.#paid = paid
    for (const payer of this.#payers) {
      if (payer.take(now)) paid.push(payer)
      else {
        this.giveBack()
        return false
      }
    }
    return true
  }

  #without(want: Want, { tally }: RetryBudget): undefined {
    tally.refused[want]++
  }

  #giveUp(want: Want | undefined, exit: FailedExit, budget: RetryBudget): undefined {
    if (want !== undefined) budget.tally.refused[want]++
    this.giveUp(exit)
  }
}
