import { fromPromise } from "xstate"
import { attach, type BreakerActorRef } from "./attach.ts"
import type { ExecuteOptions } from "./Breaker.ts"
import type { Clock } from "./Clock.ts"
import type { CallContext } from "./execution.ts"

/** What an invoked call needs: the breaker's actor, and the work. */
export interface CallThroughInput {
  readonly breaker: BreakerActorRef
  readonly run: (call: Pick<CallContext, "signal" | "attempt" | "deadline">) => unknown
  /** For an actor that nobody has attached before. Default: the clock of its system if it is one for breakers, else the process's. */
  readonly clock?: Clock | undefined
  readonly options?: Omit<ExecuteOptions<unknown>, "signal"> | undefined
}

/**
 * Actor logic that makes one call through a breaker's actor: `invoke` it in a state. Its output is the call's result, its error
 * `CallRejected`, `CallTimedOut` or the call's own. When the state is left, the call is aborted.
 *
 * @example
 * import { breakerLogic, callThrough } from "recloser/machines"
 * import { createActor, toPromise } from "xstate"
 * import assert from "node:assert/strict"
 *
 * const breaker = createActor(breakerLogic, { input: { name: "search" } }).start()
 * const call = createActor(callThrough, { input: { breaker, run: async () => 42 } }).start()
 * assert.equal(await toPromise(call), 42)
 * breaker.stop()
 */
export const callThrough = /* @__PURE__ */ fromPromise<unknown, CallThroughInput>(
  ({ input: { breaker, run, clock, options }, signal }) =>
    attach(breaker, { clock }).execute<unknown>(run, { ...options, signal }),
)
