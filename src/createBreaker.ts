import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { assemble, readAll } from "./assemble.ts"
import { AssembledBreaker } from "./assembledBreaker.ts"
import type { Breaker } from "./Breaker.ts"
import type { BreakerConfig } from "./BreakerConfig.ts"
import { type Clock, systemClock } from "./Clock.ts"
import type { Inspect } from "./control-plane/conductor.ts"
import type { SavedBreaker } from "./control-plane/persistence.ts"
import { invalid, refuseStrangers } from "./knownOptions.ts"
import { type LogStyle, lineOf, logEvents } from "./observability/logging.ts"

export interface BreakerOptions {
  /** Where the breaker gets its time from. Default: the process's clock. */
  readonly clock?: Clock | undefined
  /**
   * Structured logs of start and stop, transitions, operator acts, and samples of refusals and troubles, on the console: what is
   * worth a warning on stderr, the rest on stdout. Default: none.
   */
  readonly log?: LogStyle | false | undefined
  /** What `save()` returned, perhaps in another process. */
  readonly restore?: SavedBreaker | undefined
  /** Receives XState's inspection events of the breaker's actors. */
  readonly inspect?: Inspect | undefined
}

/** Runs a start to its end; one that fails leaves nothing behind. */
function startIn<A>(scope: Scope.Closeable, start: Effect.Effect<A, Error, Scope.Scope>): A {
  try {
    return Effect.runSync(Scope.provide(start, scope))
  } catch (error) {
    Effect.runSync(Scope.close(scope, Exit.void))
    throw error
  }
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
  if (log !== undefined && log !== false && log !== "human" && log !== "json") {
    throw invalid("options.log", log, 'must be "human", "json" or false')
  }
  if (typeof clock?.now !== "function") throw invalid("options.clock", clock, "must be a Clock")
  const scope = Scope.makeUnsafe()
  const breaker = new AssembledBreaker(
    startIn(scope, assemble(readAll(name, config, restore), { clock, inspect })),
    scope,
  )
  if (log) {
    const stopped = logEvents(breaker, (entry) => {
      const line = lineOf(entry, log, clock.wallNow())
      if (entry.level === "INFO") console.log(line)
      else console.error(line)
    })
    Effect.runSync(Scope.addFinalizer(scope, Effect.sync(stopped)))
  }
  return breaker
}
