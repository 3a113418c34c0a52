/**
 * Our own breaker: the production code, made by `createBreaker` on the world's clock. Calls take and settle the data plane's
 * own receipts, as `execute` does; a test shows that `execute` itself gives the same run.
 */
import { AssembledBreaker } from "../../../assembledBreaker.ts"
import { type BreakerConfig, createBreaker } from "../../../index.ts"
import type { Offered, Policy, PolicyMaker, Port, Settled, Token } from "../policy.ts"

type Plane = AssembledBreaker["assembly"]["plane"]
type Receipt = Extract<ReturnType<Plane["admit"]>, { readonly admitted: true }>

/** A breaker that tells the port of its transitions. A part that breaks down ends the run: its figures would mean nothing. */
export function breakerOn(port: Port, config: BreakerConfig): AssembledBreaker {
  const breaker = createBreaker("service", config, { clock: port.clock })
  if (!(breaker instanceof AssembledBreaker)) throw new Error("createBreaker answered something else than a breaker")
  breaker.on("transition", ({ to }) => port.moved(to))
  breaker.on("trouble", ({ part, error }) => port.fail(new Error(`${part} is in trouble`, { cause: error })))
  return breaker
}

class Recloser implements Policy {
  readonly #plane: Plane
  readonly #port: Port
  #gate: Plane["gate"]

  constructor(port: Port, config: BreakerConfig) {
    this.#port = port
    this.#plane = breakerOn(port, config).assembly.plane
    this.#gate = this.#plane.gate
  }

  timeoutMs(): number {
    return this.#plane.gate.restriction.timeoutMs
  }

  admit(call: Offered, now: number): Token | undefined {
    if (this.#plane.gate !== this.#gate) this.#look()
    const ticket = this.#port.keysTold ? this.#plane.admit(now, { key: `key ${call.key}` }) : this.#plane.admit(now)
    return ticket.admitted ? ticket : undefined
  }

  settle(token: Token, kind: Settled, now: number): void {
    this.#plane.settleAt(token as Receipt, kind, now)
  }

  /** A new gate that admits another share is a published change, transition or not. */
  #look(): void {
    const { restriction, circuit } = this.#plane.gate
    if (restriction.share !== this.#gate.restriction.share) this.#port.moved(circuit)
    this.#gate = this.#plane.gate
  }
}

export const recloser = (config: BreakerConfig = {}): PolicyMaker => ({
  id: "recloser",
  kind: "ours",
  setup: `recloser ${JSON.stringify(config)}`,
  make: (port) => new Recloser(port, config),
})
