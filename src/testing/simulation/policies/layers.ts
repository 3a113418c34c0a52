/**
 * Our own breakers in layers: each calls the next by `execute`, and the innermost the service. Every layer repeats what fails, as far as
 * its `retry` lets it.
 */
import type { Breaker, BreakerConfig } from "../../../index.ts"
import { type Offered, type Policy, type PolicyMaker, type Port, type Settled, type Token, waiting } from "../policy.ts"
import { breakerOn } from "./recloser.ts"

/** What a service answers when it fails: an error without the cost of a stack. */
class ServiceFailed {
  readonly status = 500
}

class Layers implements Policy {
  readonly #port: Port
  readonly #layers: readonly Breaker[]

  constructor(port: Port, config: BreakerConfig, depth: number) {
    this.#port = port
    // The innermost sees every attempt: what it publishes is what anybody can know first.
    const outer = { ...port, moved: () => {} }
    this.#layers = Array.from({ length: depth }, (_, layer) => breakerOn(layer === depth - 1 ? port : outer, config))
  }

  admit(call: Offered): Token {
    const port = this.#port
    let sent = false
    const work = () => {
      sent = true
      return new Promise<void>((resolve, reject) => {
        port.attempt(call, (kind) => {
          if (kind === "success") resolve()
          else reject(new ServiceFailed())
          port.stir()
        })
      })
    }
    const conclude = (kind: Settled) => (sent ? port.conclude(call, kind) : port.refuse(call))
    this.#through(0, work).then(
      () => conclude("success"),
      () => conclude("failure"),
    )
    port.stir()
    return waiting
  }

  /** The policy hears of attempts by their promises. */
  settle(): void {}

  #through(depth: number, work: () => Promise<void>): Promise<void> {
    const layer = this.#layers[depth]
    if (layer === undefined) return work()
    const inner = () => this.#through(depth + 1, work)
    const ended = layer.execute(inner, { idempotent: true })
    ended.then(this.#stir, this.#stir)
    return ended
  }

  readonly #stir = (): void => this.#port.stir()
}

/** `depth` breakers of this config, one inside the other. */
export const layered = (config: BreakerConfig, depth: number): PolicyMaker => ({
  id: "recloser",
  kind: "ours",
  setup: `recloser ${JSON.stringify(config)}, ${depth} layers of it`,
  make: (port) => new Layers(port, config, depth),
})
