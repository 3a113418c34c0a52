/** Active checks: each of those that are to be checked, by a fiber of its own, for as long as the loop runs. */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import { chance } from "../machines/chance.ts"
import type { HealthSettings } from "../machines/healthOptions.ts"
import type { Endpoint } from "../machines/vocabulary/endpoint.ts"
import type { CheckSettled, ChecksChanged, EndpointChecked } from "../machines/vocabulary/health.ts"
import { Agenda } from "./agenda.ts"
import { background } from "./control-plane/clock.ts"
import { Examination, type Examiner, type Verdict } from "./examination.ts"

/**
 * Each event costs the charts some microseconds for every endpoint that they know. Where there are many, what their checks came to is gathered
 * for so many milliseconds an endpoint, and told at once; where there are few nobody waits.
 */
const gathering = { few: 20, perEndpointMs: 0.1, longestMs: 250 } as const

/** The first checks come within this, so that a verdict is not waited for. */
const firstWithinMs = 1000

type WithoutAt<S> = S extends CheckSettled | ChecksChanged ? Omit<S, "at"> : never

/** What checks may do to the breaker that they are for. */
export interface Examined extends Omit<Examiner, "settings"> {
  readonly seed: number
  tell(signal: WithoutAt<CheckSettled | ChecksChanged>): void
}

/** The service as a whole has a name that no endpoint has. */
const keyOf = (endpoint: Endpoint | undefined): string => (endpoint === undefined ? "" : `/${endpoint.id}`)

/** Timers are not more exact than this. */
const sameInstantMs = 0.01

export class Checks {
  readonly settings: HealthSettings
  /** Checks whoever is due, until it is interrupted; fails with what should not have happened, and can be begun again then. */
  readonly run: Effect.Effect<never>
  readonly #examined: Examined
  readonly #fork: ReturnType<typeof Effect.runForkWith<never>>
  readonly #examinations = new Map<string, Examination>()
  #endpoints: readonly Endpoint[] | undefined
  /** Those that wait for their next check. */
  #waiting = new Agenda<Examination>()
  #draws = 0
  /** Checks of endpoints that have ended, and were not told yet. */
  #ended: EndpointChecked[] = []
  #gathering: Fiber.Fiber<void> | undefined
  #isRunning = false
  /** Whoever sleeps until the next check looks at the agenda again. */
  #wake = () => {}
  /** What should not have happened, and ends the loop. */
  #fault: Effect.Effect<never> | undefined

  constructor(settings: HealthSettings, examined: Examined) {
    this.settings = settings
    this.#examined = examined
    this.#fork = Effect.runForkWith(background(examined.time))
    const turn = (): Effect.Effect<never> =>
      Effect.flatMap(this.#pause(), (isDue) => {
        if (isDue) this.#beginDue()
        return turn()
      })
    const run = Effect.suspend(() => {
      this.#isRunning = true
      this.#fault = undefined
      this.#examine(this.#endpoints)
      return turn()
    })
    this.run = Effect.onExit(run, () => Effect.sync(() => this.#stop()))
  }

  /** Checks each of these endpoints, or the service as a whole where none are known. Those that stay are not disturbed. */
  check(endpoints: readonly Endpoint[] | undefined): void {
    this.#endpoints = endpoints
    if (this.#isRunning) this.#examine(endpoints)
  }

  #examine(endpoints: readonly Endpoint[] | undefined): void {
    const each = endpoints ?? [undefined]
    const wanted = new Map(each.map((endpoint) => [keyOf(endpoint), endpoint]))
    const gone = new Set<Examination>()
    for (const [key, examination] of this.#examinations) {
      const endpoint = wanted.get(key)
      if (wanted.has(key) && endpoint?.address === examination.endpoint?.address) {
        examination.endpoint = endpoint
        continue
      }
      this.#examinations.delete(key)
      gone.add(examination)
      examination.fiber?.interruptUnsafe()
    }
    if (gone.size > 0) this.#waiting.keep((one) => !gone.has(one))
    this.#tellEnded()
    const examiner = { ...this.#examined, settings: this.settings }
    for (const [key, endpoint] of wanted) {
      if (this.#examinations.has(key)) continue
      const examination = new Examination(endpoint, examiner)
      this.#examinations.set(key, examination)
      this.#plan(examination, this.#draw() * Math.min(firstWithinMs, this.settings.interval))
    }
    this.#examined.tell({ type: "checks.changed", endpoints: endpoints?.map(({ id }) => id) })
  }

  /** What decides about half-open is wanted now: whoever waits does so no longer. */
  hurry(): void {
    this.#waiting.hasten(this.#examined.time.now())
    this.#wake()
  }

  #draw(): number {
    return chance(this.#examined.seed, this.#draws++)
  }

  #plan(examination: Examination, ms: number): void {
    this.#waiting.add(examination, this.#examined.time.now() + Math.round(ms))
    if (this.#waiting.first === examination) this.#wake()
  }

  /**
   * Until the next check is due, or the agenda is another; answers which. What is due at once is begun by a timer, too: whoever wakes may
   * be in the midst of telling listeners, or of a call.
   */
  #pause(): Effect.Effect<boolean> {
    if (this.#fault !== undefined) return this.#fault
    const woken = Effect.callback<boolean>((resume) => {
      this.#wake = () => resume(Effect.succeed(false))
    })
    const { first } = this.#waiting
    if (first === undefined) return woken
    const slept = Effect.sleep(Math.max(0, first.due - this.#examined.time.now()))
    return Effect.raceFirst(woken, Effect.as(slept, true))
  }

  #beginDue(): void {
    const until = this.#examined.time.now() + sameInstantMs
    const due: Examination[] = []
    for (let { first } = this.#waiting; first !== undefined && first.due <= until; { first } = this.#waiting) {
      this.#waiting.take()
      due.push(first)
    }
    for (const examination of due) this.#begin(examination)
  }

  /** A check, or whoever hears what one came to, may have taken it off the list, or stopped all of them. */
  #isWanted(examination: Examination): boolean {
    return this.#examinations.get(keyOf(examination.endpoint)) === examination
  }

  #begin(examination: Examination): void {
    if (!this.#isWanted(examination)) return
    const checked = Effect.map(examination.check(), (verdict) => this.#settle(examination, verdict))
    const fiber = this.#fork(checked)
    examination.fiber = fiber
    if (!this.#isWanted(examination)) fiber.interruptUnsafe()
    fiber.addObserver((exit) => {
      examination.fiber = undefined
      if (Exit.isSuccess(exit) || Cause.hasInterruptsOnly(exit.cause)) return
      this.#fault = Effect.failCause(exit.cause)
      this.#wake()
    })
  }

  /** Whoever was taken off the list was interrupted, and does not come here; whoever hears of this one may take it off. */
  #settle(examination: Examination, { ok, reason }: Verdict): void {
    const { interval, jitter } = this.settings
    const { endpoint, epoch } = examination
    this.#hear({ endpoint: endpoint?.id, ok, reason }, epoch)
    if (this.#isWanted(examination)) this.#plan(examination, interval * (1 + jitter * (2 * this.#draw() - 1)))
  }

  /** A check has ended. */
  #hear({ endpoint, ok, reason }: Omit<CheckSettled, "type" | "at" | "epoch">, epoch: number): void {
    const { size } = this.#examinations
    if (endpoint === undefined || size <= gathering.few)
      return this.#examined.tell({ type: "check.settled", epoch, endpoint, ok, reason })
    this.#ended.push({ endpoint, ok, reason })
    if (this.#ended.length > 1) return
    const ms = Math.min(gathering.longestMs, gathering.perEndpointMs * size)
    this.#gathering = this.#fork(Effect.map(Effect.sleep(ms), () => this.#tellEnded()))
  }

  #tellEnded(): void {
    const [first, ...more] = this.#ended
    this.#ended = []
    this.#gathering?.interruptUnsafe()
    if (first !== undefined)
      this.#examined.tell({ type: "check.settled", epoch: this.#examined.epoch(), ...first, more })
  }

  #stop(): void {
    this.#isRunning = false
    for (const { fiber } of this.#examinations.values()) fiber?.interruptUnsafe()
    this.#examinations.clear()
    this.#waiting = new Agenda()
    this.#gathering?.interruptUnsafe()
    this.#ended = []
  }
}
