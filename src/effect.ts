/** `recloser/effect`: circuit breakers for Effect. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { InvalidConfig } from "../machines/options.ts"
import type { Endpoint } from "../machines/vocabulary/endpoint.ts"
import type { BreakerConfig } from "./BreakerConfig.ts"
import type { BreakersConfig } from "./BreakersConfig.ts"
import type { CallRejected, CallTimedOut } from "./CallRejected.ts"
import type { StartFailed } from "./control-plane/conductor.ts"
import { type EffectBreaker, type MakeOptions, make } from "./EffectBreaker.ts"
import { type EffectBreakers, type MakeBreakersOptions, makeMany } from "./EffectBreakers.ts"
import type { GuardOptions } from "./guard.ts"
import { PresentEndpoint } from "./guardedAttempt.ts"
import { remainingMs } from "./timeLeft.ts"

/** A service class made by `Breaker.Service`: its name, which is also its identity among services, and its config. */
export interface BreakerService<Self> extends Context.ServiceClass<Self, string, EffectBreaker> {
  readonly breakerName: string
  readonly config: BreakerConfig
}

const Service =
  <Self>() =>
  (name: string, config: BreakerConfig = {}): BreakerService<Self> => {
    const service = Context.Service<Self, EffectBreaker>()(`recloser/${name}`)
    return Object.assign(service, { breakerName: name, config })
  }

/** The layer of a service class: one breaker for the life of the layer. */
const layer = <Self>(
  service: BreakerService<Self>,
  options?: MakeOptions,
): Layer.Layer<Self, InvalidConfig | StartFailed> =>
  Layer.effect(service, make(service.breakerName, service.config, options)) as Layer.Layer<
    Self,
    InvalidConfig | StartFailed
  >

/** Protects an effect in a pipe: `effect.pipe(Breaker.guard(payments))`. */
const guard =
  <A, E, A2 = never, E2 = never, R2 = never>(breaker: EffectBreaker, options?: GuardOptions<A, E, A2, E2, R2>) =>
  <R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A | A2, E | E2 | CallRejected | CallTimedOut, R | R2> =>
    breaker.guard(effect, options)

/** Where the guarded effect that this runs in is to go: an endpoint of the breaker's `discovery`, or `undefined`. */
const endpoint: Effect.Effect<Endpoint | undefined> = PresentEndpoint

/**
 * Breakers as scoped effects, layers and services.
 *
 * @example
 * import * as Effect from "effect/Effect"
 * import { Breaker } from "recloser/effect"
 * import assert from "node:assert/strict"
 *
 * class Payments extends Breaker.Service<Payments>()("payments", { timeout: "2 seconds" }) {}
 *
 * const program = Effect.gen(function* () {
 *   const payments = yield* Payments
 *   return yield* Effect.succeed("paid").pipe(Breaker.guard(payments))
 * })
 * assert.equal(await Effect.runPromise(Effect.provide(program, Breaker.layer(Payments))), "paid")
 */
export const Breaker = { make, layer, Service, guard, endpoint, remainingMs }

/** A service class made by `Breakers.Service`. */
export interface BreakersService<Self> extends Context.ServiceClass<Self, string, EffectBreakers> {
  readonly config: BreakersConfig
}

const ManyService =
  <Self>() =>
  (name: string, config: BreakersConfig = {}): BreakersService<Self> =>
    // Not under the key of a single breaker of that name, which would be another service.
    Object.assign(Context.Service<Self, EffectBreakers>()(`recloser.breakers/${name}`), { config })

/** The layer of a service class: its breakers live as long as the layer. */
const layerOfMany = <Self>(
  service: BreakersService<Self>,
  options?: MakeBreakersOptions,
): Layer.Layer<Self, InvalidConfig> =>
  Layer.effect(service, makeMany(service.config, options)) as Layer.Layer<Self, InvalidConfig>

/**
 * Many breakers by key, as scoped effects, layers and services.
 *
 * @example
 * import * as Effect from "effect/Effect"
 * import { Breakers } from "recloser/effect"
 * import assert from "node:assert/strict"
 *
 * class PerHost extends Breakers.Service<PerHost>()("per-host", { max: 1000 }) {}
 *
 * const program = Effect.gen(function* () {
 *   const breaker = yield* (yield* PerHost).get("api.example")
 *   return yield* breaker.guard(Effect.succeed("answer"))
 * })
 * assert.equal(await Effect.runPromise(Effect.provide(program, Breakers.layer(PerHost))), "answer")
 */
export const Breakers = { make: makeMany, layer: layerOfMany, Service: ManyService }

export type { EndpointInput, EndpointProvider, EndpointSet, ProviderContext } from "../machines/endpointOptions.ts"
export type { CheckContext, HealthCheck } from "../machines/healthOptions.ts"
export { InvalidConfig } from "../machines/options.ts"
export type { RecoveryReport } from "../machines/recoveryMemory.ts"
export type { Ejection, Endpoint, EndpointsFinding, EndpointVerdicts } from "../machines/vocabulary/endpoint.ts"
export type { FeaturesFinding } from "../machines/vocabulary/feature.ts"
export type { ForecastFinding } from "../machines/vocabulary/forecast.ts"
export type { HealthFinding, HealthState } from "../machines/vocabulary/health.ts"
export type { BreakerConfig } from "./BreakerConfig.ts"
export type { BreakersConfig } from "./BreakersConfig.ts"
export { CallRejected, CallTimedOut } from "./CallRejected.ts"
export type { Clock } from "./Clock.ts"
export type { CellMetrics } from "./cellMetrics.ts"
export { StartFailed } from "./control-plane/conductor.ts"
export type { GaugeValue } from "./data-plane/observed.ts"
export type { Dependable } from "./dependencies.ts"
export type { EffectBreaker, EffectDependencyOptions, MakeOptions } from "./EffectBreaker.ts"
export type { EffectBreakers, MakeBreakersOptions } from "./EffectBreakers.ts"
export { type EventLoopDelay, eventLoopDelay } from "./eventLoopDelay.ts"
export type { BreakerEvents, EventName } from "./events.ts"
export { type FromEffectOptions, fromEffect, fromStream } from "./fromEffect.ts"
export type { BreakersMetrics } from "./groupMetrics.ts"
export type { GuardOptions, GuardRetry } from "./guard.ts"
export type { BreakerMetrics, RetryReport } from "./metrics.ts"
export type { LogStyle, RedactedLog } from "./observability/logging.ts"
