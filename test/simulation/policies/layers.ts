/**
 * Layers of services that repeat what fails, without breakers: everywhere as often as they may, or each within a budget of its own.
 * Published policies, written anew: Finagle's RetryBudget (twitter.github.io/finagle: 20 % of the calls, and 10 a second at least,
 * here as 10 in all), and the token bucket of 10 % that gRPC's and Envoy's budgets come down to.
 */
import {
  type Offered,
  type Policy,
  type PolicyMaker,
  type Port,
  type Settled,
  type Token,
  waiting,
} from "../../../src/testing/simulation/policy.ts"
import { attemptsEach, depth } from "../../../src/testing/simulation/scenarios/layers.ts"

/** What a layer may repeat: so much for each call of its own, and so much to begin with; Infinity: all. */
interface Budget {
  readonly perCall: number
  readonly reserve: number
}

type Ended = (kind: Settled) => void

class Layer {
  readonly #below: (ended: Ended) => void
  readonly #perCall: number
  #left: number

  constructor({ perCall, reserve }: Budget, below: (ended: Ended) => void) {
    this.#perCall = perCall
    this.#left = reserve
    this.#below = below
  }

  call(ended: Ended): void {
    this.#left += this.#perCall
    this.#attempt(1, ended)
  }

  #attempt(number: number, ended: Ended): void {
    this.#below((kind) => {
      if (kind === "success" || number >= attemptsEach || this.#left < 1) return ended(kind)
      this.#left--
      this.#attempt(number + 1, ended)
    })
  }
}

class Unprotected implements Policy {
  readonly #port: Port
  readonly #outermost: (ended: Ended) => void
  #call: Offered | undefined

  constructor(port: Port, budget: Budget) {
    this.#port = port
    let below = (ended: Ended) => {
      const call = this.#call
      if (call === undefined) throw new Error("no call is being made")
      port.attempt(call, (kind) => {
        this.#call = call
        ended(kind)
      })
    }
    for (let layer = 0; layer < depth; layer++) {
      const next = new Layer(budget, below)
      below = (ended) => next.call(ended)
    }
    this.#outermost = below
  }

  admit(call: Offered): Token {
    this.#call = call
    this.#outermost((kind) => this.#port.conclude(call, kind))
    return waiting
  }

  settle(): void {}
}

const layersOf = (id: string, setup: string, budget: Budget): PolicyMaker => ({
  id,
  kind: "reimplemented",
  setup,
  make: (port) => new Unprotected(port, budget),
})

const all = Number.POSITIVE_INFINITY

export const layersWithoutBreakers: readonly PolicyMaker[] = [
  layersOf("naive retries", "each layer repeats three times whatever fails", { perCall: 0, reserve: all }),
  layersOf("retry budgets of 20 %", "each layer repeats 20 % of its calls, and 10 more", { perCall: 0.2, reserve: 10 }),
  layersOf("retry budgets of 10 %", "each layer repeats 10 % of its calls, and 10 more", { perCall: 0.1, reserve: 10 }),
]
