/**
 * Options beside a config: of a call, a stop, a listener. One that nobody reads is a slip of the pen, and a slip in `timeout` or
 * `fallback` shows only in an outage: so it is refused, before anything is taken.
 */
import { describeError, InvalidConfig, show } from "../machines/options.ts"

export const invalid = (path: string, value: unknown, rule: string): InvalidConfig =>
  new InvalidConfig([{ path, value: show(value), rule }])

/** Throws `InvalidConfig` for options that are none, and for any that is not known. A call pays some 15 ns for it. */
export function refuseStrangers(options: unknown, known: readonly string[], path = "options"): void {
  if (typeof options !== "object" || options === null) throw invalid(path, options, "must be an object of options")
  const stranger = strangerIn(options, known, path)
  if (stranger === undefined) return
  const value = (options as { readonly [key: string]: unknown })[stranger]
  throw invalid(`${path}.${stranger}`, value, `is not an option here; known: ${known.join(", ")}`)
}

function strangerIn(options: object, known: readonly string[], path: string): string | undefined {
  try {
    for (const key in options) if (!known.includes(key)) return key
    return undefined
  } catch (error) {
    throw invalid(path, options, `could not be read: ${describeError(error)}`)
  }
}

const clockMethods = ["now", "wallNow", "seed", "arm"]

/** Throws `InvalidConfig` for what no breaker could live by. */
export function refuseNoClock(value: unknown): void {
  const clock = (value ?? {}) as { readonly [method: string]: unknown }
  const missing = clockMethods.filter((method) => typeof clock[method] !== "function")
  if (missing.length > 0) throw invalid("options.clock", value, `must be a Clock: it lacks ${missing.join(", ")}`)
}

/** Throws `InvalidConfig` for what is neither a function nor left out. */
export function refuseNoFunction(value: unknown, path: string): void {
  if (value !== undefined && typeof value !== "function") throw invalid(path, value, "must be a function")
}
