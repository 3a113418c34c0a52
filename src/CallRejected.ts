import { type Circuit, inWords, type Statistics } from "../machines/vocabulary/circuit.ts"
import type { Layer, Rejection } from "../machines/vocabulary/rejection.ts"

/**
 * An error without a stack: a refusal is an answer, not a defect, and in an outage there are thousands a second. Even a native
 * `Error` that captures no frames costs four times as much as refusing the call, so these are errors by their prototype, as
 * `DOMException` long was: `instanceof Error` holds, `Error.isError` and structured cloning do not know them.
 */
abstract class Stackless implements Error {
  abstract get name(): string
  /** What the message says. It is put into words when it is read: most refusals are counted, or answered, and never printed. */
  protected abstract told(): string
  get message(): string {
    return this.told()
  }
  /** Whoever puts a prefix before the message of an error that passes by may do so with this one too. */
  set message(value: string) {
    Object.defineProperty(this, "message", { value, writable: true, configurable: true })
  }
  get stack(): string {
    return `${this.name}: ${this.message}`
  }
  set stack(value: string) {
    Object.defineProperty(this, "stack", { value, writable: true, configurable: true })
  }
  /** For loggers that make JSON of what they are given: the message is no field of its own. */
  toJSON(): object {
    return Object.assign({ name: this.name, message: this.message }, this)
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

/** When to come back, rounded up: never too early. */
const backIn = (ms: number): string => (ms < 1000 ? `${Math.ceil(ms)} ms` : `${Math.ceil(ms / 100) / 10} s`)

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
 * assert.equal(error.message, "payments: rejected (operator): maintenance")
 * assert.equal(error.layer, "operator")
 * assert.deepEqual(error.heldBy, ["operator", "gradual"])
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
  /** Where the circuit stood. */
  readonly circuit: Circuit
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
    super()
    this.breaker = rejection.breaker
    this.layer = rejection.layer
    this.circuit = rejection.circuit
    this.reason = rejection.reason
    this.heldBy = rejection.heldBy
    this.since = rejection.since
    this.retryAfterMs = rejection.retryAfterMs
    this.rule = rejection.rule
    this.statistics = rejection.statistics
  }

  protected told(): string {
    const { breaker, layer, circuit, rule, reason, retryAfterMs } = this
    const where = layer !== "circuit" ? layer : rule === "dependency" ? rule : `circuit ${inWords(circuit)}`
    const retry = retryAfterMs === undefined ? "" : `; retry in ${backIn(retryAfterMs)}`
    return `${breaker}: rejected (${where}): ${reason}${retry}`
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
    super()
    this.breaker = breaker
    this.timeoutMs = timeoutMs
  }

  protected told(): string {
    return `${this.breaker}: timed out after ${Math.round(this.timeoutMs)} ms`
  }
}
