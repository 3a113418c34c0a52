/**
 * The seam between a world and whatever protects calls in it. A policy is asked about every call and told how each admitted
 * one ended; it sees time only through the clock that it is given.
 */
import type { Priority } from "../../../machines/vocabulary/priority.ts"
import type { Clock } from "../../Clock.ts"
import type { EventQueue } from "./queue.ts"
import type { Random } from "./random.ts"

/** What a policy may know of a call: nothing of its fate. */
export interface Offered {
  /** Whose breaker is asked, where every client has one of its own. */
  readonly client: number
  /** What the call is about, where worlds have keys. */
  readonly key: number
  /** How much it matters, where callers say so. */
  readonly priority: Priority | undefined
  /** Whose it is, where callers say so. */
  readonly tenant: string | undefined
  /** How long its caller waits for an answer in all, where callers say so; else Infinity. */
  readonly deadlineMs: number
}

export type Settled = "success" | "failure" | "timedOut"

/** What a policy recognises an admitted call by. */
export type Token = object

/** The answer of a policy that tells the port instead, now or later. */
export const waiting: Token = Object.freeze({ waiting: true })

export interface Policy {
  /** A token when the call may run, undefined when it is refused, `waiting` when the port is told. */
  admit(call: Offered, now: number): Token | undefined
  /** How an admitted call ended for its caller. Told once for each token. */
  settle(token: Token, kind: Settled, now: number, call: Offered): void
  /** How long a call that has just been admitted may run before its caller is told that it timed out. Without it: for ever. */
  timeoutMs?(call: Offered): number
  /** Where a call that has just been admitted goes, among the endpoints of the world. Without it: anywhere. */
  endpointOf?(token: Token, call: Offered): number | undefined
  /** The caller of a call that is `waiting` has gone: it is neither to begin nor to be refused. */
  giveUp?(call: Offered, now: number): void
}

/** States as charts and tables name them; a policy reports those that it has. */
export type Circuit = "closed" | "degraded" | "open" | "halfOpen" | "ramping"

/** What a policy may ask of the world around it. */
export interface Port {
  readonly clock: Clock
  readonly random: Random
  /** Callers say the keys of their calls. */
  readonly keysTold: boolean
  /** How many endpoints the service has, where any will do; else 0. */
  readonly endpoints: number
  /** The policy has published a change: of its circuit, or of the share of calls that it admits. */
  moved(circuit: Circuit): void
  /** A call that was `waiting` may run. */
  begin(call: Offered, token: Token): void
  /** A call that was `waiting` is refused. */
  refuse(call: Offered): void
  /** Makes an attempt of a call that is `waiting`, which may have several; `ended` hears how this one ended. */
  attempt(call: Offered, ended: (kind: Settled) => void): void
  /** How a call that was `waiting` ended for its caller, after its attempts. */
  conclude(call: Offered, kind: Settled): void
  /** The policy itself has told the caller of a running call that it timed out; it wants no settlement. */
  abandon(call: Offered): void
  /** The run cannot go on: its figures would mean nothing. */
  fail(error: Error): void
  /** Promises were settled or made: let what hangs on them run before anything else happens. */
  stir(): void
}

export interface PolicyMaker {
  readonly id: string
  /** How it is set up, for the reader of a table. */
  readonly setup: string
  /** A real package, our own breaker, or a published algorithm written anew here. */
  readonly kind: "none" | "ours" | "package" | "reimplemented"
  /** What a run needs around it: libraries that read the time of the process want the world's there. Without it: nothing. */
  readonly around?: <T>(run: () => Promise<T>, queue: EventQueue, seed: number) => Promise<T>
  make(port: Port): Policy
}
