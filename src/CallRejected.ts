import type { Statistics } from "../machines/vocabulary/circuit.ts"
import type { Layer, Rejection } from "../machines/vocabulary/rejection.ts"

/**
 * An error without a stack: a refusal is an answer, not a defect, and in an outage there are thousands a second. Even a native
 * `Error` that captures no frames costs four times as much as refusing the call, so these are errors by their prototype, as
 * `DOMException` long was: `instanceof Error` holds, `Error.isError` and structured cloning do not know them.
 */
abstract class Stackless implements Error {
  abstract get name(): string
  readonly message: string
  constructor(message: string) {
    this.message = message
  }
  get stack(): string {
    return `${this.name}: ${this.message}`
  }
  get [Symbol.toStringTag](): string {
    return "Error"
  }
  toString(): string {
    return this.stack
  }
  static {
    Object.setPrototypeOf(Stackless.prototype, Error.prototype)
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
  override get name(): "CallRejected" {
    return "CallRejected"
  }
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

/** The call ran longer than its timeout, or than the deadline that the caller gave. The work itself was told by its signal. */
export class CallTimedOut extends Stackless {
  readonly _tag = "CallTimedOut"
  override get name(): "CallTimedOut" {
    return "CallTimedOut"
  }
  readonly breaker: string
  /** How long the call was given, in milliseconds. */
  readonly timeoutMs: number

  constructor(breaker: string, timeoutMs: number) {
    super(`${breaker}: timed out after ${Math.round(timeoutMs)} ms`)
    this.breaker = breaker
    this.timeoutMs = timeoutMs
  }
}
