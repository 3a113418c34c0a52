import { chance } from "../../machines/chance.ts"
import { type DurationInput, InvalidConfig, show, toMs } from "../../machines/options.ts"
import type { Clock } from "../Clock.ts"
import type { HostTimer } from "../data-plane/hostAlarm.ts"
import type { CallContext } from "../execution.ts"
import { refuseNoClock, refuseStrangers } from "../knownOptions.ts"
import { hostClock } from "./hostClock.ts"
import { type Phase, readScript, type Weather } from "./script.ts"

/** One scripted answer: what a call meets when it reaches the backend. */
export type ScriptedAnswer =
  | { readonly answer: "value"; readonly value?: unknown; readonly after?: DurationInput | undefined }
  | { readonly answer: "error"; readonly error?: unknown; readonly after?: DurationInput | undefined }
  /** Never answers; ends only when the call's signal is aborted. */
  | { readonly answer: "hang" }

/** Answers one by one, or what the service is like over time, in words: `"down 30 s, slow 2 s, flaky 20 %"`. */
export type Script = readonly [string] | readonly ScriptedAnswer[]

export interface ScriptedBackend {
  /** The function to protect: `breaker.execute(backend.call)`. */
  readonly call: (context?: Pick<CallContext, "signal">) => Promise<unknown>
  /**
   * Replaces the script from the next call on. The last answer of a list repeats for ever; the times of a written script begin now.
   * Throws `InvalidConfig` for a script that cannot be read, and says where.
   */
  respond(...script: Script): void
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

/** What may be said of each answer. */
const told = { value: ["answer", "value", "after"], error: ["answer", "error", "after"], hang: ["answer"] } as const

function checked(answer: ScriptedAnswer, path: string): ScriptedAnswer {
  const known = answer?.answer === "value" || answer?.answer === "error" || answer?.answer === "hang"
  if (!known)
    throw new InvalidConfig([{ path, value: show(answer), rule: 'must have an answer of "value", "error" or "hang"' }])
  refuseStrangers(answer, told[answer.answer], path)
  if (answer.answer !== "hang" && answer.after !== undefined && !((toMs(answer.after) ?? -1) >= 0)) {
    throw new InvalidConfig([{ path: `${path}.after`, value: show(answer.after), rule: "must be a duration" }])
  }
  return answer
}

/** What HTTP says by status 503, in the words of most clients. */
const tooBusy = ({ retryAfterMs }: Weather): Error =>
  Object.assign(new Error("busy, as scripted"), {
    status: 503,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  })

function answerIn(weather: Weather, luck: number): ScriptedAnswer {
  const { mood, slowMs: after, flaky } = weather
  if (mood === "hang") return { answer: "hang" }
  if (mood === "busy") return { answer: "error", error: tooBusy(weather), after }
  if (mood === "down") return { answer: "error", error: new Error("down, as scripted"), after: 0 }
  if (luck < flaky) return { answer: "error", error: new Error("flaky, as scripted"), after }
  return { answer: "value", after }
}

type NextAnswer = () => ScriptedAnswer

/** How many services there are on a clock: what is flaky by one seed fails call by call together with all others, unless each has its own. */
const served = new WeakMap<Clock, number>()

function nextOn(clock: Clock): number {
  const number = served.get(clock) ?? 0
  served.set(clock, number + 1)
  return number
}

/** The answers of a script that is written in words: by the clock, and by chance of its seed. */
function written(script: string, clock: Clock, number: number): NextAnswer {
  const phases = readScript(script)
  const [start, seed] = [clock.now(), clock.seed() ^ Math.imul(number, 0x9e3779b1)]
  let serial = 0
  return () => {
    const since = clock.now() - start
    const { weather } = phases.findLast(({ from }) => from <= since) as Phase
    return answerIn(weather, chance(seed, serial++))
  }
}

function listed(script: readonly ScriptedAnswer[]): NextAnswer {
  const answers = script.map((line, index) => checked(line, `script[${index}]`))
  let next = 0
  return () => answers[Math.min(next++, answers.length - 1)] ?? ok
}

function readAnswers(script: Script, clock: Clock, number: number): NextAnswer {
  const [words, ...rest] = script
  if (typeof words !== "string") return listed(script as readonly ScriptedAnswer[])
  if (rest.length === 0) return written(words, clock, number)
  throw new InvalidConfig([{ path: "script", value: show(rest[0]), rule: "must be one text, or answers alone" }])
}

/**
 * A service that answers as its script says, on a clock of the test's. In words: `up`, `down`, `hang`, `slow 2 s`, `flaky 20 %`, `busy 5 s`
 * (an error of status 503), with commas between them. `down 30 s` and `slow 2 s for 1 min` last so long, one after the other; what has no
 * length holds from there on. Without a clock it keeps the process's own.
 *
 * @example
 * import { createBreaker } from "recloser"
 * import { createVirtualClock, scriptedBackend } from "recloser/testing"
 * import assert from "node:assert/strict"
 *
 * const clock = createVirtualClock()
 * const backend = scriptedBackend(clock, "down 30 s, slow 2 s, flaky 20 %")
 * const breaker = createBreaker("search", { strategy: "basic" }, { clock })
 * for (let call = 0; call < 200; call++) await breaker.tryExecute(backend.call)
 * assert.equal(breaker.circuit, "open")
 * assert.equal(backend.calls, 20) // its `minimumCalls`
 * backend.respond({ answer: "error", error: new Error("once") }, { answer: "value", value: 42 }) // or answer by answer
 * await breaker.stop()
 */
export function scriptedBackend(script: string): ScriptedBackend
export function scriptedBackend(clock: Clock, ...script: Script): ScriptedBackend
export function scriptedBackend(given: Clock | string, ...others: Script): ScriptedBackend {
  const [clock, script]: readonly [Clock, Script] = typeof given === "string" ? [hostClock, [given]] : [given, others]
  refuseNoClock(clock)
  // Whoever gives no clock shares one with every test of the process, and must not depend on which of them came before.
  const number = clock === hostClock ? 0 : nextOn(clock)
  const counts = { calls: 0, inFlight: 0, mostInFlight: 0, aborted: 0 }
  let answer = readAnswers(script, clock, number)

  const settle = (line: ScriptedAnswer, resolve: (value: unknown) => void, reject: (error: unknown) => void) => {
    if (line.answer === "value") resolve(line.value)
    if (line.answer === "error") reject("error" in line ? line.error : new Error("scripted failure"))
  }

  const call = (context?: Pick<CallContext, "signal">) => {
    const line = answer()
    // Whoever wraps it hands on arguments of his own.
    const signal = context?.signal instanceof AbortSignal ? context.signal : undefined
    counts.calls++
    counts.mostInFlight = Math.max(counts.mostInFlight, ++counts.inFlight)
    let leave = () => {}
    const answered = new Promise<unknown>((resolve, reject) => {
      const delayMs = line.answer === "hang" ? undefined : (toMs(line.after ?? 0) ?? 0)
      if (delayMs === 0) return settle(line, resolve, reject)
      let timer: HostTimer | undefined
      const abort = () => {
        timer?.disarm()
        counts.aborted++
        reject(signal?.reason)
      }
      if (signal?.aborted) return abort()
      if (delayMs !== undefined) timer = clock.arm(delayMs, () => settle(line, resolve, reject), true)
      signal?.addEventListener("abort", abort)
      leave = () => signal?.removeEventListener("abort", abort)
    })
    return answered.finally(() => {
      leave()
      counts.inFlight--
    })
  }
  return {
    call,
    respond: (...next) => {
      answer = readAnswers(next, clock, number)
    },
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
