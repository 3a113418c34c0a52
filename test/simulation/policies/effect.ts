/**
 * Effect's own breaker in Effect's own runtime. Its calls are callbacks, so that a fiber goes on in the very event that
 * settles it and no promise is awaited; its clock is the world's.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as CircuitBreaker from "effect/persistence/CircuitBreaker"
import * as Scope from "effect/Scope"
import { timekeeperOf } from "../../../src/Clock.ts"
import { effectClock } from "../../../src/control-plane/clock.ts"
import {
  type Offered,
  type Policy,
  type PolicyMaker,
  type Port,
  type Settled,
  type Token,
  waiting,
} from "../../../src/testing/simulation/policy.ts"
import type { Random } from "../../../src/testing/simulation/random.ts"
import { withoutStacks } from "../hostTime.ts"
import { settingsOf, timeouts } from "./promises.ts"

export interface EffectOptions {
  readonly trip:
    | { readonly type: "rate"; readonly threshold?: number; readonly size?: number; readonly minimumCalls?: number }
    | { readonly type: "consecutive"; readonly failures: number }
  readonly openMs: number
  /** Of `Effect.timeout` inside the breaker. */
  readonly timeout?: number
}

const circuits = { Closed: "closed", Open: "open", HalfOpen: "halfOpen" } as const

/** Its store in memory, which tells the port of each transition that it makes. */
const watchedStore = (port: Port) =>
  Layer.effect(
    CircuitBreaker.CircuitBreakerStore,
    Effect.map(CircuitBreaker.CircuitBreakerStore, ({ admit, record, state }) => {
      const tell = (transition: CircuitBreaker.Transition | undefined) => {
        if (transition !== undefined) port.moved(circuits[transition.to])
      }
      return CircuitBreaker.CircuitBreakerStore.of({
        state,
        admit: (key) => Effect.tap(admit(key), ({ transition }) => Effect.sync(() => tell(transition))),
        record: (options) => Effect.tap(record(options), (transition) => Effect.sync(() => tell(transition))),
      })
    }),
  ).pipe(Layer.provide(CircuitBreaker.layerStoreMemory()))

function breakerOn(port: Port, { trip, openMs }: EffectOptions): CircuitBreaker.CircuitBreaker {
  const tripPolicy = trip.type === "rate" ? CircuitBreaker.rate(trip) : CircuitBreaker.consecutive(trip.failures)
  return Effect.runSync(
    CircuitBreaker.make({ tripPolicy, openDuration: openMs }).pipe(
      Effect.provide(watchedStore(port)),
      Scope.provide(Scope.makeUnsafe()),
    ),
  )
}

class Ticket {
  readonly resume: (effect: Effect.Effect<void, Settled>) => void
  constructor(resume: (effect: Effect.Effect<void, Settled>) => void) {
    this.resume = resume
  }
}

class EffectPolicy implements Policy {
  readonly #port: Port
  readonly #breaker: CircuitBreaker.CircuitBreaker
  readonly #timeoutMs: number
  readonly #fork: ReturnType<typeof Effect.runForkWith<never>>

  constructor(port: Port, options: EffectOptions) {
    this.#port = port
    this.#breaker = breakerOn(port, options)
    this.#timeoutMs = options.timeout ?? Number.POSITIVE_INFINITY
    this.#fork = Effect.runForkWith(Context.make(Clock.Clock, effectClock(timekeeperOf(port.clock))))
  }

  admit(call: Offered): Token {
    let admitted = false
    const running = Effect.callback<void, Settled>((resume) => {
      admitted = true
      this.#port.begin(call, new Ticket(resume))
    })
    const fiber = this.#fork(this.#breaker.execute(running, { key: "service" }))
    fiber.addObserver((exit) => {
      if (!admitted && Exit.isFailure(exit)) this.#port.refuse(call)
    })
    return waiting
  }

  timeoutMs(): number {
    return this.#timeoutMs
  }

  settle(token: Token, kind: Settled): void {
    ;(token as Ticket).resume(kind === "success" ? Effect.void : Effect.fail(kind))
  }
}

export const effectWith = (options: EffectOptions, id: string, setup = settingsOf(options)): PolicyMaker => ({
  id,
  kind: "package",
  around: withoutStacks,
  setup,
  make: (port) => new EffectPolicy(port, options),
})

/** Its rate policy has defaults; how long it stays open must be said, and is 30 s throughout its documentation. */
export const documentedEffect = effectWith(
  { trip: { type: "rate" }, openMs: 30_000 },
  "effect",
  "its rate policy's defaults (half of the last 100), 30 s as in its documentation",
)

export function effectAtRandom(random: Random): EffectOptions {
  const size = random.pick([10, 20, 50, 100])
  const threshold = random.pick([0.1, 0.2, 0.3, 0.5, 0.7, 0.9])
  const trip = random.pick<EffectOptions["trip"]>([
    { type: "consecutive", failures: random.pick([3, 5, 8, 12, 20]) },
    { type: "rate", threshold, size, minimumCalls: size / random.pick([1, 2, 5]) },
  ])
  const openMs = random.pick([250, 500, 1000, 2000, 5000, 10_000, 30_000])
  return { trip, openMs, timeout: random.pick(timeouts) }
}
