/**
 * What a log shows of a call: what its function is told, not what the breaker keeps for it. That stands in plain fields, because hosts
 * write private ones twice, in a way that is slow until they have made code for it (some 3 % of a call by C2).
 */
import type { CallContext } from "./execution.ts"

/** By this name Node, Deno and Bun ask what to show. */
export const asShown = Symbol.for("nodejs.util.inspect.custom")

export const shownCall = ({ attempt, deadline, remainingMs, endpoint }: CallContext) => ({
  attempt,
  deadline,
  remainingMs,
  endpoint,
})
