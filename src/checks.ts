/** Active checks: each of those that are to be checked, now and then, one check at a time. */
import * as Effect from "effect/Effect"
import { chance } from "../machines/chance.ts"
import { expiryOf } from "../machines/checking.ts"
import type { HealthSettings } from "../machines/healthOptions.ts"
import { describeError } from "../machines/options.ts"
import type { Endpoint } from "../machines/vocabulary/endpoint.ts"
import type { CheckSettled, ChecksChanged, EndpointChecked } from "../machines/vocabulary/health.ts"
import { onTime, type Timekeeper } from "./control-plane/clock.ts"

/**
 * Each event costs the charts some microseconds for every endpoint that they know. Where there are many, what their checks came to is gathered
 * for so many milliseconds an endpoint, and told at once; where there are few nobody waits.
 */
const gathering = { few: 20, perEndpointMs: 0.1, longestMs: 250 } as const

/** The first checks come within this, so that a verdict is not waited for. */
const firstWithinMs = 1000
const mostWords = 200

type WithoutAt<S> = S extends CheckSettled | ChecksChanged ? Omit<S, "at"> : never

/** What checks may do to the breaker that they are for. */
export interface Examined {
  readonly time: Timekeeper
  readonly seed: number
  /** The epoch of the gate in force. */
  epoch(): number
  tell(signal: WithoutAt<CheckSettled | ChecksChanged>): void
}

interface Verdict {
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

/** One that is checked. */
class Examination {
  readonly endpoint: Endpoint | undefined
  readonly #settings: HealthSettings
  readonly #examined: Examined
  readonly #draw: () => number
  #cancel: (() => void) | undefined
  #controller: AbortController | undefined
  /** A check that was cut and has not ended yet. For as long as a verdict lasts no other is begun beside it. */
  #hanging: AbortController | undefined
  #hangsUntil = 0
  #epoch = -1
  #isStopped = false

  constructor(endpoint: Endpoint | undefined, settings: HealthSettings, examined: Examined, draw: () => number) {
    this.endpoint = endpoint
    this.#settings = settings
    this.#examined = examined
    this.#draw = draw
    this.#wait(this.#draw() * Math.min(firstWithinMs, settings.interval))
  }

  /** Checks at once, unless a check is under way. */
  hurry(): void {
    if (this.#controller === undefined) this.#wait(0)
  }

  stop(): void {
    this.#isStopped = true
    this.#cancel?.()
    this.#controller?.abort(new DOMException("nobody waits for this check any more", "AbortError"))
  }

  #wait(ms: number): void {
    this.#cancel?.()
    this.#cancel = this.#examined.time.after(ms, () => this.#begin(), false)
  }

  #again(): void {
    const { interval, jitter } = this.#settings
    if (!this.#isStopped) this.#wait(interval * (1 + jitter * (2 * this.#draw() - 1)))
  }

  #begin(): void {
    // It stands for no probe: nobody was asked now.
    if (this.#hanging !== undefined && this.#examined.time.now() < this.#hangsUntil)
      return this.#tell(failed("the check before has not ended yet"), this.#epoch)
    const epoch = this.#examined.epoch()
    this.#epoch = epoch
    this.#hanging = undefined
    const { timeout: timeoutMs } = this.#settings
    const controller = new AbortController()
    this.#controller = controller
    const end = (verdict: Verdict) => {
      if (this.#controller !== controller) return
      this.#controller = undefined
      this.#cancel?.()
      this.#tell(verdict, epoch)
    }
    this.#cancel = this.#examined.time.after(
      timeoutMs,
      () => {
        this.#hanging = controller
        this.#hangsUntil = this.#examined.time.now() + expiryOf(this.#settings)
        end(failed(`no answer within ${timeoutMs} ms`))
        controller.abort(new DOMException(`no answer within ${timeoutMs} ms`, "TimeoutError"))
      },
      false,
    )
    this.#run(controller.signal, timeoutMs)
      .then(
        (answer) => end(verdictOf(answer)),
        (error: unknown) => end(failed(describeError(error))),
      )
      .finally(() => {
        if (this.#hanging === controller) this.#hanging = undefined
      })
  }

  async #run(signal: AbortSignal, timeoutMs: number): Promise<unknown> {
    const answer = this.#settings.check?.({ endpoint: this.endpoint, signal, timeoutMs })
    if (!Effect.isEffect(answer)) return answer
    return Effect.runPromise(onTime(this.#examined.time)(answer as Effect.Effect<unknown, unknown>), { signal })
  }

  #tell({ ok, reason }: Verdict, epoch: number): void {
    if (this.#isStopped) return
    this.#examined.tell({ type: "check.settled", epoch, endpoint: this.endpoint?.id, ok, reason })
    this.#again()
  }
}

export class Checks {
  readonly settings: HealthSettings
  readonly #examined: Examined
  readonly #tell: Examined["tell"]
  readonly #examinations = new Map<string, Examination>()
  #draws = 0
  /** Checks of endpoints that have ended, and were not told yet. */
  #ended: EndpointChecked[] = []
  #cancel: (() => void) | undefined

  constructor(settings: HealthSettings, examined: Examined) {
    this.settings = settings
    this.#tell = examined.tell
    this.#examined = { ...examined, tell: (signal) => this.#hear(signal) }
  }

  /** Checks each of these endpoints, or the service as a whole where none are known. Those that stay are not disturbed. */
  check(endpoints: readonly Endpoint[] | undefined): void {
    if (this.settings.check === undefined) return
    const wanted = new Map<string, Endpoint | undefined>(
      endpoints === undefined ? [["", undefined]] : endpoints.map((endpoint) => [`/${endpoint.id}`, endpoint]),
    )
    for (const [key, examination] of this.#examinations) {
      if (wanted.has(key) && wanted.get(key)?.address === examination.endpoint?.address) continue
      examination.stop()
      this.#examinations.delete(key)
    }
    this.#tellEnded()
    for (const [key, endpoint] of wanted) if (!this.#examinations.has(key)) this.#begin(key, endpoint)
    this.#tell({ type: "checks.changed", endpoints: endpoints?.map(({ id }) => id) })
  }

  /** What decides about half-open is wanted now. */
  hurry(): void {
    for (const examination of this.#examinations.values()) examination.hurry()
  }

  stop(): void {
    for (const examination of this.#examinations.values()) examination.stop()
    this.#examinations.clear()
    this.#cancel?.()
    this.#ended = []
  }

  /** A check has ended. */
  #hear(signal: Parameters<Examined["tell"]>[0]): void {
    if (signal.type !== "check.settled" || signal.endpoint === undefined || this.#examinations.size <= gathering.few)
      return this.#tell(signal)
    const { endpoint, ok, reason } = signal
    this.#ended.push({ endpoint, ok, reason })
    if (this.#ended.length > 1) return
    const ms = Math.min(gathering.longestMs, gathering.perEndpointMs * this.#examinations.size)
    this.#cancel = this.#examined.time.after(ms, () => this.#tellEnded(), false)
  }

  #tellEnded(): void {
    this.#cancel?.()
    const [first, ...more] = this.#ended
    this.#ended = []
    if (first !== undefined) this.#tell({ type: "check.settled", epoch: this.#examined.epoch(), ...first, more })
  }

  #begin(key: string, endpoint: Endpoint | undefined): void {
    const draw = () => chance(this.#examined.seed, this.#draws++)
    this.#examinations.set(key, new Examination(endpoint, this.settings, this.#examined, draw))
  }
}
