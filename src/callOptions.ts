/** Options of calls and of stops, checked before anything is taken. */
import { type InvalidConfig, readDuration } from "../machines/options.ts"
import type { Gate } from "../machines/vocabulary/gate.ts"
import { attemptsWithin } from "./attempts.ts"
import type { AcquireOptions, ExecuteOptions, Run, StopOptions } from "./Breaker.ts"
import { checkFacts, checkFeature, factNames } from "./callFacts.ts"
import { invalid, refuseNoFunction, refuseStrangers } from "./knownOptions.ts"

export const none: { readonly [Option in keyof ExecuteOptions<never>]?: undefined } = Object.freeze({})

const callOptions = ["signal", "deadline", "classify", "fallback", "idempotent", "retry", "within", ...factNames]
const acquireOptions = ["lease", ...factNames]

/** A programmer's mistake says nothing about the service: it is refused before anything is taken. */
export const notAFunction = (fn: unknown): InvalidConfig => invalid("fn", fn, "must be a function")

const isSignal = (signal: AbortSignal) =>
  typeof signal?.addEventListener === "function" && typeof signal.removeEventListener === "function"

const isContext = (within: unknown): boolean =>
  typeof within === "object" && within !== null && attemptsWithin in within

/** What only the component `retry` reads. */
function readRepeating({ idempotent, retry, within }: ExecuteOptions<never, unknown>): void {
  if (idempotent !== undefined && typeof idempotent !== "boolean")
    throw invalid("options.idempotent", idempotent, "must be true or false")
  if (retry !== undefined && retry !== false) throw invalid("options.retry", retry, "must be false, or left out")
  if (within !== undefined && !isContext(within))
    throw invalid("options.within", within, "must be the context that a breaker gave to a call")
}

/** The options of a call, checked; `gate` knows which features there are. Throws `InvalidConfig`. */
export function readCall(options: ExecuteOptions<never, unknown>, gate?: Gate): void {
  refuseStrangers(options, callOptions)
  checkFacts(options)
  if (gate !== undefined) checkFeature(options, gate)
  const { signal, fallback, classify } = options
  refuseNoFunction(fallback, "options.fallback")
  refuseNoFunction(classify, "options.classify")
  if (signal !== undefined && !isSignal(signal)) {
    throw invalid("options.signal", signal, "must be an AbortSignal")
  }
  readRepeating(options)
}

export function readAcquire(options: AcquireOptions, gate: Gate): void {
  refuseStrangers(options, acquireOptions)
  checkFacts(options)
  checkFeature(options, gate)
}

/** How long calls in flight may still run, in milliseconds. Throws `InvalidConfig`. */
export function readGrace(options: StopOptions | undefined): number {
  if (options !== undefined) refuseStrangers(options, ["grace"])
  return options?.grace === undefined ? 10_000 : readDuration(options.grace, "options.grace")
}

/** The same function, run by `execute`. */
export function wrapped<This, Args extends unknown[], T, F>(
  execute: (run: Run<T>) => Promise<T | F>,
  fn: (this: This, ...args: Args) => T | PromiseLike<T>,
  options: ExecuteOptions<NoInfer<T>, F> = none,
): (this: This, ...args: Args) => Promise<T | F> {
  if (typeof fn !== "function") throw notAFunction(fn)
  readCall(options)
  return function (this: This, ...args: Args) {
    return execute(() => fn.apply(this, args))
  }
}

/**
 * How long the call may take in all, in milliseconds: its own deadline, and what is left of the call that it is part of. That one may
 * live on another clock: time that is left is the same on both.
 */
export function deadlineIn({ deadline, within }: Pick<ExecuteOptions<never>, "deadline" | "within">): number {
  const own = deadline === undefined ? Number.POSITIVE_INFINITY : readDuration(deadline, "options.deadline")
  return within === undefined ? own : Math.min(own, within.remainingMs)
}

/** The same options, with what ends the call from outside in one signal: its caller's, and that of the call that it is part of. */
export function boundBy<Options extends Pick<ExecuteOptions<never>, "signal" | "within">>(options: Options): Options {
  const { signal, within } = options
  if (within === undefined) return options
  return { ...options, signal: signal === undefined ? within.signal : AbortSignal.any([signal, within.signal]) }
}
