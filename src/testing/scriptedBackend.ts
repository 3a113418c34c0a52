import { type DurationInput, InvalidConfig, show, toMs } from "../../machines/options.ts"
import type { Clock } from "../Clock.ts"
import type { CallContext } from "../execution.ts"

/** One scripted answer: what a call meets when it reaches the backend. */
export type ScriptedAnswer =
  | { readonly answer: "value"; readonly value?: unknown; readonly after?: DurationInput | undefined }
  | { readonly answer: "error"; readonly error?: unknown; readonly after?: DurationInput | undefined }
  /** Never answers; ends only when the call's signal is aborted. */
  | { readonly answer: "hang" }

export interface ScriptedBackend {
  /** The function to protect: `breaker.execute(backend.call)`. */
  readonly call: (context?: Pick<CallContext, "signal">) => Promise<unknown>
  /** Replaces the script from the next call on. The last answer of a script repeats for ever. */
  respond(...script: readonly ScriptedAnswer[]): void
  /** Calls that reached the backend. */
  readonly calls: number
  /** Calls that it is working on now. */
  readonly inFlight: number
  /** The most that it ever worked on at once. */
  readonly mostInFlight: number
  /** Calls whose signal was aborted before they were answered. */
  readonly aborted: number
}

const ok: ScriptedAnswer = { answer: "value" }

function checked(answer: ScriptedAnswer, path: string): ScriptedAnswer {
  const known = answer?.answer === "value" || answer?.answer === "error" || answer?.answer === "hang"
  if (!known)
    throw new InvalidConfig([{ path, value: show(answer), rule: 'must have an answer of "value", "error" or "hang"' }])
  if (answer.answer !== "hang" && answer.after !== undefined && toMs(answer.after) === undefined) {
    throw new InvalidConfig([{ path: `${path}.after`, value: show(answer.after), rule: "must be a duration" }])
  }
  return answer
}

/**
 * A service that answers as its script says, on a clock of the test's.
 *
 * @example
 * import { createBreaker } from "recloser"
 * import { createVirtualClock, scriptedBackend } from "recloser/testing"
 * import assert from "node:assert/strict"
 *
 * const clock = createVirtualClock()
 * const backend = scriptedBackend(clock, { answer: "error", error: new Error("down") })
 * const breaker = createBreaker("search", { strategy: "basic" }, { clock })
 * for (let call = 0; call < 200; call++) await breaker.tryExecute(backend.call)
 * assert.equal(breaker.circuit, "open")
 * assert.equal(backend.calls, 20) // its `minimumCalls`
 * await breaker.stop()
 */
export function scriptedBackend(clock: Clock, ...script: readonly ScriptedAnswer[]): ScriptedBackend {
  let answers: readonly ScriptedAnswer[] = []
  let next = 0
  const counts = { calls: 0, inFlight: 0, mostInFlight: 0, aborted: 0 }
  const respond = (...lines: readonly ScriptedAnswer[]) => {
    answers = lines.map((line, index) => checked(line, `script[${index}]`))
    next = 0
  }
  respond(...script)

  const settle = (line: ScriptedAnswer, resolve: (value: unknown) => void, reject: (error: unknown) => void) => {
    if (line.answer === "value") resolve(line.value)
    if (line.answer === "error") reject(line.error ?? new Error("scripted failure"))
  }

  const call = (context?: Pick<CallContext, "signal">) => {
    const line = answers[Math.min(next++, answers.length - 1)] ?? ok
    counts.calls++
    counts.mostInFlight = Math.max(counts.mostInFlight, ++counts.inFlight)
    const answered = new Promise<unknown>((resolve, reject) => {
      const delayMs = line.answer === "hang" ? undefined : (toMs(line.after ?? 0) ?? 0)
      const timer = delayMs ? clock.arm(delayMs, () => settle(line, resolve, reject), true) : undefined
      if (delayMs === 0) settle(line, resolve, reject)
      if (delayMs === 0 || context === undefined) return
      context.signal.addEventListener("abort", () => {
        timer?.disarm()
        counts.aborted++
        reject(context.signal.reason)
      })
    })
    return answered.finally(() => {
      counts.inFlight--
    })
  }
  return {
    call,
    respond,
    get calls() {
      return counts.calls
    },
    get inFlight() {
      return counts.inFlight
    },
    get mostInFlight() {
      return counts.mostInFlight
    },
    get aborted() {
      return counts.aborted
    },
  }
}
