/** The options of `health`. */
import {
  duration,
  type Named,
  number,
  type Reader,
  type StructIn,
  type StructOut,
  show,
  struct,
  switchable,
} from "./options.ts"
import type { Endpoint } from "./vocabulary/endpoint.ts"

/** What a check is given. */
export interface CheckContext {
  /** The endpoint to be checked; `undefined`: the service as a whole. */
  readonly endpoint: Endpoint | undefined
  /** Aborted when the check has taken too long, or when nobody waits for it any more. */
  readonly signal: AbortSignal
  readonly timeoutMs: number
}

/**
 * Says how a service, or one of its endpoints, is: it passes unless it throws, rejects, or comes to `false` or `{ healthy: false, reason }`.
 * It may answer a promise or an Effect.
 */
export type HealthCheck = (context: CheckContext) => unknown

const check: Reader<HealthCheck, HealthCheck | undefined> = {
  read: (value, path, problems) => {
    if (value === undefined || typeof value === "function") return value as HealthCheck | undefined
    problems.push({
      path,
      value: show(value),
      rule: "must be a function, such as httpCheck of recloser/health answers",
    })
    return undefined
  },
}

const passiveFields = {
  /** The part of the calls of a second that must have failed or been slow, 0.01 to 1. Default: 0.5. */
  ratio: number({ default: 0.5, min: 0.01, max: 1 }),
  /** Seconds with fewer calls say nothing. Default: 10. */
  minimumCalls: number({ default: 10, min: 1, max: 1_000_000, integer: true }),
}
export interface PassiveFields extends Named<typeof passiveFields> {}

const fields = {
  /** Checks the service, or with `discovery` each of its endpoints, now and then. Default: none; only calls tell. */
  check,
  /** How often. Default: 10 seconds. */
  interval: duration({ default: "10 seconds", min: "10 millis", max: "1 day" }),
  /** By how much of it each wait differs, so that checks of many processes do not come together, 0 to 1. Default: 0.2. */
  jitter: number({ default: 0.2, min: 0, max: 1 }),
  /** What takes longer has failed. Default: 2 seconds, or `interval` if that is less. */
  timeout: duration({ default: "2 seconds", min: "1 millis", max: "1 hour" }),
  /** So many checks in a row must pass until what was bad is healthy. Default: 2. */
  rise: number({ default: 2, min: 1, max: 1000, integer: true }),
  /** So many must fail until it is bad. Default: 3. */
  fall: number({ default: 3, min: 1, max: 1000, integer: true }),
  /** Whether the calls themselves are heeded. Default: on. */
  passive: switchable(struct<PassiveFields>(passiveFields), true),
  /** The part of the calls that enters while the service is bad, 0.001 to 1: enough to see it get well. Default: 0.05. */
  trickle: number({ default: 0.05, min: 0.001, max: 1 }),
}
export interface HealthFields extends Named<typeof fields> {}
export interface HealthOptions extends StructIn<HealthFields> {}
export interface HealthSettings extends StructOut<HealthFields> {}

export const healthOptions: Reader<HealthOptions, HealthSettings> = struct<HealthFields>(
  fields,
  ({ timeout, interval }) =>
    timeout > interval ? { path: "timeout", rule: "must not be longer than interval" } : undefined,
  ({ timeout, interval }) => ({ timeout: Math.min(timeout, interval) }),
)
