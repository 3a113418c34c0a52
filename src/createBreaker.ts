import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
import { type Assembly, assemble, readAll, startIn } from "./assemble.ts"
import { AssembledBreaker } from "./assembledBreaker.ts"
import type { Breaker } from "./Breaker.ts"
import type { BreakerConfig } from "./BreakerConfig.ts"
import { type Clock, systemClock } from "./Clock.ts"
import type { Inspect } from "./control-plane/conductor.ts"
import type { SavedBreaker } from "./control-plane/persistence.ts"
import { invalid, refuseNoClock, refuseNoFunction, refuseStrangers } from "./knownOptions.ts"
import {
  type LogEntry,
  type LogStyle,
  lineOf,
  logEvents,
  type RedactedLog,
  type Shown,
} from "./observability/logging.ts"

export interface BreakerOptions {
  /** Where the breaker gets its time from. Default: the process's clock. */
  readonly clock?: Clock | undefined
  /**
   * Structured logs of start and stop, transitions, operator acts, and samples of refusals and troubles, on the console: what is
   * worth a warning on stderr, the rest on stdout. Keys, features and endpoints are told in clear, whatever the inspector hides:
   * `redactedLog` of `recloser/inspect` hides them here, too. Default: none.
   */
  readonly log?: LogStyle | RedactedLog | false | undefined
  /** What `save()` returned, perhaps in another process. */
  readonly restore?: SavedBreaker | undefined
  /** Receives XState's inspection events of the breaker's actors. */
  readonly inspect?: Inspect | undefined
}

/** Throws `InvalidConfig` for what is no clock, or no style of logs. */
export function readSurroundings(clock: Clock, log: BreakerOptions["log"]): void {
  const style = typeof log === "object" ? typeof log?.shown === "function" && log.style : log
  if ((log !== undefined && log !== false && style !== "human" && style !== "json") || log === null) {
    throw invalid("options.log", log, 'must be "human", "json", what redactedLog made, or false')
  }
  refuseNoClock(clock)
}

/** Of a breaker that begins, names may have been told before anybody listened. */
export const shownIn = (log: LogStyle | RedactedLog, begun?: Assembly): Shown | undefined =>
  typeof log === "string" ? undefined : log.shown(begun)

/** Writes a log on the console: what is worth a warning on stderr, the rest on stdout. */
export const writerOf = (log: LogStyle | RedactedLog, clock: Clock) => (entry: LogEntry) => {
  const line = lineOf(entry, typeof log === "string" ? log : log.style, clock.wallNow())
  if (entry.level === "INFO") console.log(line)
  else console.error(line)
}

/**
 * Makes a breaker and starts it. Throws `InvalidConfig` when the config cannot be used; nothing has been started then.
 *
 * A resolved promise is a success, so `execute(() => fetch(url))` counts an HTTP 500 as one: use `protectFetch` of
 * `recloser/fetch`, or a `classify` of your own.
 *
 * @example
 * import { createBreaker } from "recloser"
 * import assert from "node:assert/strict"
 *
 * const payments = createBreaker("payments", { timeout: "2 seconds" })
 * assert.equal(await payments.execute(async () => "paid"), "paid")
 * assert.equal(payments.metrics().calls.success, 1)
 * await payments.stop()
 */
export function createBreaker(name: string, config: BreakerConfig = {}, options: BreakerOptions = {}): Breaker {
  refuseStrangers(options, ["clock", "log", "restore", "inspect"])
  const { clock = systemClock, log, restore, inspect } = options
  readSurroundings(clock, log)
  if (typeof inspect !== "object") refuseNoFunction(inspect, "options.inspect")
  const scope = Scope.makeUnsafe()
  const breaker = new AssembledBreaker(
    startIn(scope, assemble(readAll(name, config, restore), { clock, inspect })),
    scope,
  )
  if (log) {
    const stopped = logEvents(breaker, writerOf(log, clock), shownIn(log, breaker.assembly))
    Effect.runSync(Scope.addFinalizer(scope, Effect.sync(stopped)))
  }
  return breaker
}
