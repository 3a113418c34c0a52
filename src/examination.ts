/** One that is checked: a check is an Effect with a time limit, and there is one at a time. */
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import { expiryOf } from "../machines/checking.ts"
import type { HealthSettings } from "../machines/healthOptions.ts"
import { describeError } from "../machines/options.ts"
import type { Endpoint } from "../machines/vocabulary/endpoint.ts"
import type { Planned } from "./agenda.ts"
import { onTime, type Timekeeper } from "./control-plane/clock.ts"

const mostWords = 200

export interface Verdict {
  readonly ok: boolean
  readonly reason: string
}

const passed: Verdict = { ok: true, reason: "" }
const failed = (reason: string): Verdict => ({ ok: false, reason: reason.slice(0, mostWords) })

/** What a check came to. */
function verdictOf(answer: unknown): Verdict {
  if (answer === false) return failed("the check said so")
  if (typeof answer !== "object" || answer === null || !("healthy" in answer)) return passed
  const { healthy, reason } = answer as { readonly healthy: unknown; readonly reason?: unknown }
  return healthy === false ? failed(typeof reason === "string" ? reason : "the check said so") : passed
}

/** What examinations of one breaker share. */
export interface Examiner {
  readonly settings: HealthSettings
  readonly time: Timekeeper
  /** The epoch of the gate in force. */
  epoch(): number
}

export class Examination implements Planned {
  /** As it was told last: the id and the address of one that is examined stay, all else may be another. */
  endpoint: Endpoint | undefined
  due = 0
  serial = 0
  /** The check that is under way. */
  fiber: Fiber.Fiber<void> | undefined
  /** The epoch in which somebody was asked last. */
  epoch = -1
  readonly #examiner: Examiner
  /** A check that has not ended: it is under way, or was cut and heeds nothing. */
  #asked: AbortController | undefined
  /** It was cut: for as long as a verdict lasts no other is begun beside it. */
  #hangsUntil = 0

  constructor(endpoint: Endpoint | undefined, examiner: Examiner) {
    this.endpoint = endpoint
    this.#examiner = examiner
  }

  /** One check, and what it came to. */
  check(): Effect.Effect<Verdict> {
    const { time, epoch } = this.#examiner
    // It stands for no probe: nobody was asked now.
    if (this.#asked !== undefined && time.now() < this.#hangsUntil)
      return Effect.succeed(failed("the check before has not ended yet"))
    this.#hangsUntil = 0
    this.epoch = epoch()
    return Effect.raceFirst(this.#answer(), this.#cut())
  }

  /** Interrupted, it says why. */
  #answer(): Effect.Effect<Verdict> {
    return Effect.callback<Verdict>((resume) => {
      const controller = new AbortController()
      this.#asked = controller
      const end = (verdict: Verdict) => {
        if (this.#asked === controller) this.#asked = undefined
        resume(Effect.succeed(verdict))
      }
      this.#run(controller.signal)
        .then(verdictOf)
        .then(end, (error: unknown) => end(failed(describeError(error))))
      return Effect.sync(() => controller.abort(this.#whyNot()))
    })
  }

  #cut(): Effect.Effect<Verdict> {
    const { settings, time } = this.#examiner
    return Effect.map(Effect.sleep(settings.timeout), () => {
      this.#hangsUntil = time.now() + expiryOf(settings)
      return failed(`no answer within ${settings.timeout} ms`)
    })
  }

  #whyNot(): DOMException {
    return this.#hangsUntil > 0
      ? new DOMException(`no answer within ${this.#examiner.settings.timeout} ms`, "TimeoutError")
      : new DOMException("nobody waits for this check any more", "AbortError")
  }

  async #run(signal: AbortSignal): Promise<unknown> {
    const { settings, time } = this.#examiner
    const answer = settings.check?.({ endpoint: this.endpoint, signal, timeoutMs: settings.timeout })
    if (!Effect.isEffect(answer)) return answer
    // On its own, since one that cannot be interrupted must not hold up the others.
    return Effect.runPromise(onTime(time)(answer as Effect.Effect<unknown, unknown>), { signal })
  }
}
