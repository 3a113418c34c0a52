/** Many breakers in one world: one for each client, or for each key, made when it is first called for. */

import type { Circuit, Offered, Policy, PolicyMaker, Port, Settled, Token } from "../policy.ts"
import { none } from "./none.ts"

/** What a call belongs to. */
export type By = "client" | "key"

/**
 * What they all publish together: `closed` while all are, `open` when more than half are not, else `degraded`. So the first
 * breaker that moves is the first change that anybody sees.
 */
class Together {
  readonly #port: Port
  readonly #known: () => number
  readonly #troubled = new Set<number>()
  #last: Circuit = "closed"

  constructor(port: Port, known: () => number) {
    this.#port = port
    this.#known = known
  }

  moved(id: number, circuit: Circuit): void {
    if (circuit === "closed") this.#troubled.delete(id)
    else this.#troubled.add(id)
    const { size } = this.#troubled
    const now = size === 0 ? "closed" : size * 2 > this.#known() ? "open" : "degraded"
    if (now === this.#last) return
    this.#last = now
    this.#port.moved(now)
  }
}

class Separate implements Policy {
  readonly #maker: PolicyMaker
  readonly #by: By
  readonly #port: Port
  readonly #policies = new Map<number, Policy>()
  readonly #together: Together

  constructor(port: Port, maker: PolicyMaker, by: By) {
    this.#port = port
    this.#maker = maker
    this.#by = by
    this.#together = new Together(port, () => this.#policies.size)
  }

  admit(call: Offered, now: number): Token | undefined {
    return this.#of(call).admit(call, now)
  }

  settle(token: Token, kind: Settled, now: number, call: Offered): void {
    this.#of(call).settle(token, kind, now, call)
  }

  timeoutMs(call: Offered): number {
    return this.#of(call).timeoutMs?.(call) ?? Number.POSITIVE_INFINITY
  }

  endpointOf(token: Token, call: Offered): number | undefined {
    return this.#of(call).endpointOf?.(token, call)
  }

  giveUp(call: Offered, now: number): void {
    this.#of(call).giveUp?.(call, now)
  }

  #of(call: Offered): Policy {
    const id = call[this.#by]
    const known = this.#policies.get(id)
    if (known !== undefined) return known
    const policy = this.#maker.make({ ...this.#port, moved: (circuit) => this.#together.moved(id, circuit) })
    this.#policies.set(id, policy)
    return policy
  }
}

export const separately = (maker: PolicyMaker, by: By): PolicyMaker => ({
  ...maker,
  id: `${maker.id}, one a ${by}`,
  setup: `${maker.setup}; one for each ${by}`,
  make: (port) => new Separate(port, maker, by),
})

/** One of a policy for everybody, or for each client or key; nothing is nobody's. */
export const spreadOver =
  (each: By | undefined) =>
  (maker: PolicyMaker): PolicyMaker =>
    each === undefined || maker === none ? maker : separately(maker, each)
