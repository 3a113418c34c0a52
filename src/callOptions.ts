/** Options of calls and of stops, checked before anything is taken. */
import { readDuration } from "../machines/options.ts"
import type { AcquireOptions, ExecuteOptions, Run, StopOptions } from "./Breaker.ts"
import { checkFacts, factNames } from "./callFacts.ts"
import { invalid, refuseNoFunction, refuseStrangers } from "./knownOptions.ts"

export const none: { readonly [Option in keyof ExecuteOptions<never>]?: undefined } = Object.freeze({})

const callOptions = ["signal", "deadline", "classify", "fallback", ...factNames]
const acquireOptions = ["lease", ...factNames]

/** A programmer's mistake says nothing about the service: it is refused before anything is taken. */
export const notAFunction = (fn: unknown) => invalid("fn", fn, "must be a function")

const isSignal = (signal: AbortSignal) =>
  typeof signal?.addEventListener === "function" && typeof signal.removeEventListener === "function"

/** The options of a call, checked before anything is taken for it. */
export function readCall(options: ExecuteOptions<never, unknown>): void {
  refuseStrangers(options, callOptions)
  checkFacts(options)
  const { signal, fallback, classify } = options
  refuseNoFunction(fallback, "options.fallback")
  refuseNoFunction(classify, "options.classify")
  if (signal !== undefined && !isSignal(signal)) {
    throw invalid("options.signal", signal, "must be an AbortSignal")
  }
}

export function readAcquire(options: AcquireOptions): void {
  refuseStrangers(options, acquireOptions)
  checkFacts(options)
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
