/** What the further attempts of one breaker's calls share: their settings, their chance, and who waits for one. */
import { chance } from "../machines/chance.ts"
import { backoffMs, type HedgeAfter, type RetrySettings } from "../machines/repeating.ts"
import { type FailedExit, type FailureClass, failureClasses } from "../machines/vocabulary/failure.ts"
import type { Assembly } from "./assemble.ts"
import { failureClassOf } from "./failureClass.ts"

/** Fewer successes than this say nothing about how long a call takes. */
const knownSamples = 20
/** A quantile that is asked for on every call is read so often. */
const readEveryMs = 1000

export class Repeater {
  /** Ends every wait for a further attempt. */
  readonly pauses = new Set<() => void>()
  readonly #assembly: Assembly
  readonly #seed: number
  #draws = 0
  #hedgeMs = Number.POSITIVE_INFINITY
  #readAgainAt = Number.NEGATIVE_INFINITY

  constructor(assembly: Assembly) {
    this.#assembly = assembly
    this.#seed = assembly.clock.seed()
  }

  get settings(): RetrySettings | undefined {
    return this.#assembly.parts.find(({ plug }) => plug.key === "retry")?.settings as RetrySettings | undefined
  }

  /** What a failed attempt was: in the words of the user, who may know more, or in ours. */
  classOf(exit: FailedExit, standard: FailureClass | undefined): FailureClass {
    return this.#asked(exit) ?? standard ?? failureClassOf(exit)
  }

  /** How long an attempt is waited for after `ended` others, when the service asks for `askedMs`. */
  waitMs({ backoff, longestAsked }: RetrySettings, ended: number, askedMs: number | undefined): number {
    // Whole milliseconds: timers of one length wait in one list.
    const own = Math.floor(backoffMs(backoff, ended, chance(this.#seed, this.#draws++)))
    // Those who were told the same time do not come back at the same time.
    return askedMs === undefined ? own : Math.max(own, Math.min(longestAsked, askedMs + own))
  }

  /** How long an attempt usually takes; 0 while too little is known. */
  usualMs(now: number): number {
    const { samples, p50 } = this.#assembly.plane.meter.slices.latency(now)
    return samples < knownSamples ? 0 : p50
  }

  /** After how long an attempt gets another beside it; `Infinity` while nobody knows. */
  hedgeAfterMs(after: HedgeAfter, now: number): number {
    if ("ms" in after) return after.ms
    if (now < this.#readAgainAt) return this.#hedgeMs
    this.#readAgainAt = now + readEveryMs
    return (this.#hedgeMs =
      this.#assembly.plane.meter.slices.quantileMs(after.quantile, now) || Number.POSITIVE_INFINITY)
  }

  #asked(exit: FailedExit): FailureClass | undefined {
    const retryOn = this.settings?.retryOn
    if (retryOn === undefined) return undefined
    try {
      return this.#read(retryOn(exit))
    } catch (error) {
      this.#trouble(error)
      return undefined
    }
  }

  #read(answer: unknown): FailureClass | undefined {
    if (answer === undefined) return undefined
    if (typeof answer === "boolean") return answer ? "transient" : "permanent"
    if (failureClasses.includes(answer as FailureClass)) return answer as FailureClass
    // An async function fails later, and would end the process.
    if (answer instanceof Promise) answer.catch((error) => this.#trouble(error))
    this.#trouble(new TypeError(`retryOn must answer a boolean, or one of ${failureClasses.join(", ")}`))
    return undefined
  }

  #trouble(error: unknown): void {
    this.#assembly.listeners.trouble("retryOn", error)
  }
}

/** The breaker's repeater, made when it is first needed. */
export const repeaterOf = (assembly: Assembly): Repeater => (assembly.repeater ??= new Repeater(assembly))
