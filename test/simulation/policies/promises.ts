/**
 * Libraries that wrap a function: the world's call is the promise that they are given to guard. Whether they admit it shows in
 * whether they call the function, which may be later; what they tell the caller shows in the promise that they answer.
 */
import {
  type Offered,
  type Policy,
  type Port,
  type Settled,
  type Token,
  waiting,
} from "../../../src/testing/simulation/policy.ts"

export interface Guard {
  execute(run: () => Promise<unknown>): Promise<unknown>
}

/** Settings as a table shows them; what is Infinity is not there. */
export const settingsOf = (options: object): string =>
  JSON.stringify(options, (_, value) => (value === Number.POSITIVE_INFINITY ? undefined : value)).replaceAll('"', "")

/** What a service answers when it fails. */
const failed = new Error("the service failed")

/** One call that a library has let run: the promise that it waits for. */
class Ticket {
  readonly promise: Promise<unknown>
  settled = false
  #succeed: (value: unknown) => void = () => {}
  #fail: (error: unknown) => void = () => {}

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.#succeed = resolve
      this.#fail = reject
    })
  }

  settle(kind: Settled): void {
    this.settled = true
    if (kind === "success") this.#succeed(kind)
    else this.#fail(failed)
  }
}

/** Lengths of the timeout that is put inside a breaker which has none of its own; Infinity: none. */
export const timeouts = [Number.POSITIVE_INFINITY, 250, 500, 1000, 3000] as const

export class PromisePolicy implements Policy {
  readonly #port: Port
  readonly #guard: Guard
  readonly #timeoutMs: number

  /** `timeoutMs`: of a timeout inside the guard, as all of these libraries can compose one. The world keeps its time. */
  constructor(port: Port, guard: Guard, timeoutMs: number = Number.POSITIVE_INFINITY) {
    this.#port = port
    this.#guard = guard
    this.#timeoutMs = timeoutMs
  }

  timeoutMs(): number {
    return this.#timeoutMs
  }

  admit(call: Offered): Token {
    let ticket: Ticket | undefined
    const run = (): Promise<unknown> => {
      ticket = new Ticket()
      this.#port.begin(call, ticket)
      return ticket.promise
    }
    const ended = () => {
      if (ticket === undefined) this.#port.refuse(call)
      else if (!ticket.settled) this.#port.abandon(call)
    }
    this.#guard.execute(run).then(ended, ended)
    this.#port.stir()
    return waiting
  }

  settle(token: Token, kind: Settled): void {
    ;(token as Ticket).settle(kind)
    this.#port.stir()
  }
}
