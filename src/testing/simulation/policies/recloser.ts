/**
 * Our own breaker: the production code, made by `createBreaker` on the world's clock. Calls take and settle the data plane's
 * own receipts, as `execute` does; a test shows that `execute` itself gives the same run.
 */
import { type Facts, noFacts } from "../../../../machines/vocabulary/facts.ts"
import { AssembledBreaker } from "../../../assembledBreaker.ts"
import { Waiter } from "../../../data-plane/limiter/waiter.ts"
import { type BreakerConfig, createBreaker } from "../../../index.ts"
import { type Offered, type Policy, type PolicyMaker, type Port, type Settled, type Token, waiting } from "../policy.ts"

type Plane = AssembledBreaker["assembly"]["plane"]
type Receipt = Extract<ReturnType<Plane["admit"]>, { readonly admitted: true }>

const names = (count: number) => Array.from({ length: count }, (_, index) => `endpoint ${index}`)

/** Where endpoints may be chosen, the breaker is told of them: that is a fact, and no tuning. */
const knowing = ({ endpoints }: Port, config: BreakerConfig): BreakerConfig =>
  endpoints === 0 ? config : { discovery: { endpoints: names(endpoints) }, ...config }

/** A breaker that tells the port of its transitions. A part that breaks down ends the run: its figures would mean nothing. */
export function breakerOn(port: Port, config: BreakerConfig): AssembledBreaker {
  const breaker = createBreaker("service", knowing(port, config), { clock: port.clock })
  if (!(breaker instanceof AssembledBreaker)) throw new Error("createBreaker answered something else than a breaker")
  breaker.on("transition", ({ to }) => port.moved(to))
  breaker.on("trouble", ({ part, error }) => port.fail(new Error(`${part} is in trouble`, { cause: error })))
  return breaker
}

/** A call that waits for a slot, as it does behind `execute`. */
class Waiting extends Waiter {
  readonly #call: Offered
  readonly #port: Port
  constructor(call: Offered, facts: Facts, now: number, port: Port) {
    super(facts, now, now + call.deadlineMs)
    this.#call = call
    this.#port = port
  }
  granted(receipt: Receipt): void {
    this.#port.begin(this.#call, receipt)
  }
  refused(): void {
    this.#port.refuse(this.#call)
  }
}

class Recloser implements Policy {
  readonly #waiting = new WeakMap<Offered, Waiting>()
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
    const facts = this.#factsOf(call)
    const ticket = this.#plane.request(now, facts)
    if (ticket === undefined) return this.#hold(new Waiting(call, facts, now, this.#port), call, now)
    return ticket.admitted ? ticket : undefined
  }

  #factsOf({ key, priority, tenant }: Offered): Facts {
    if (this.#port.keysTold) return { key: `key ${key}`, priority, tenant }
    return priority === undefined && tenant === undefined ? noFacts : { priority, tenant }
  }

  endpointOf(token: Token): number {
    return Number((token as Receipt).endpoint?.id.split(" ")[1] ?? 0)
  }

  giveUp(call: Offered): void {
    const one = this.#waiting.get(call)
    if (one !== undefined) this.#plane.queue.giveUp(one)
  }

  #hold(one: Waiting, call: Offered, now: number): Token {
    this.#waiting.set(call, one)
    this.#plane.queue.hold(one, now)
    return waiting
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
