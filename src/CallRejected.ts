import type { Statistics } from "../machines/vocabulary/circuit.ts"
import type { Layer, Rejection } from "../machines/vocabulary/rejection.ts"

interface StackLimited {
  stackTraceLimit?: number | undefined
}

/**
 * An error whose stack is not captured: a refusal is an answer, not a defect, and in an outage there are thousands a second.
 * Capturing one stack costs more than the whole call path.
 */
class Stackless extends Error {
  constructor(message: string) {
    const host = Error as StackLimited
    const limit = host.stackTraceLimit
    host.stackTraceLimit = 0
    super(message)
    host.stackTraceLimit = limit
  }
}

/**
 * The breaker did not let the call enter. It says who holds the gate, why, and when to come back.
 *
 * @example
 * import { CallRejected, createBreaker } from "recloser"
 * import assert from "node:assert/strict"
 *
 * const payments = createBreaker("payments")
 * payments.forceOpen("maintenance")
 * const error = await payments.execute(async () => "paid").catch((error) => error)
 * assert(error instanceof CallRejected)
 * assert.equal(error.layer, "operator")
 * assert.deepEqual(error.heldBy, ["operator", "basic"])
 * await payments.stop()
 */
export class CallRejected extends Stackless {
  readonly _tag = "CallRejected"
  /** The breaker's name. */
  readonly breaker: string
  /** Where the call was refused. */
  readonly layer: Layer
  /** Why, in words. */
  readonly reason: string
  /** The keys of the actors that hold the gate. */
  readonly heldBy: readonly string[]
  /** Since when, in milliseconds on the breaker's monotonic clock. */
  readonly since: number
  /** Milliseconds until it makes sense to try again; `undefined` when nobody can know, as while an operator holds it. */
  readonly retryAfterMs: number | undefined
  /** The rule that decided. */
  readonly rule: string
  /** The counts it decided on. */
  readonly statistics: Statistics | undefined

  constructor(rejection: Rejection) {
    super(`${rejection.breaker}: ${rejection.reason}`)
    this.breaker = rejection.breaker
    this.layer = rejection.layer
    this.reason = rejection.reason
    this.heldBy = rejection.heldBy
    this.since = rejection.since
    this.retryAfterMs = rejection.retryAfterMs
    this.rule = rejection.rule
    this.statistics = rejection.statistics
  }
}
Object.defineProperty(CallRejected.prototype, "name", { value: "CallRejected", configurable: true })

/** The call ran longer than its timeout, or than the deadline that the caller gave. The work itself was told by its signal. */
export class CallTimedOut extends Stackless {
  readonly _tag = "CallTimedOut"
  readonly breaker: string
  /** How long the call was given, in milliseconds. */
  readonly timeoutMs: number

  constructor(breaker: string, timeoutMs: number) {
    super(`${breaker}: timed out after ${Math.round(timeoutMs)} ms`)
    this.breaker = breaker
    this.timeoutMs = timeoutMs
  }
}
Object.defineProperty(CallTimedOut.prototype, "name", { value: "CallTimedOut", configurable: true })
