/** `recloser/machines`: the statecharts, to `createActor`, `spawn`, `invoke`, draw and path-test. */

export { breakerLogic } from "../machines/breaker.ts"
export type { BreakerEmitted, BreakerEvent, BreakerInput, OperatorCommand } from "../machines/breakerEvents.ts"
export { discovery } from "../machines/components/discovery.ts"
export { health } from "../machines/components/health.ts"
export { metrics } from "../machines/components/metrics.ts"
export { prediction } from "../machines/components/prediction.ts"
export { priority } from "../machines/components/priority.ts"
export { rateLimit } from "../machines/components/rateLimit.ts"
export { recovery } from "../machines/components/recovery.ts"
export { retry } from "../machines/components/retry.ts"
export { timeout } from "../machines/components/timeout.ts"
export type {
  DiscoveryOptions,
  DiscoverySettings,
  EndpointInput,
  EndpointProvider,
  EndpointSet,
  ProviderContext,
} from "../machines/endpointOptions.ts"
export type { FeatureIn, RecoveryOptions, RecoverySettings } from "../machines/featuring.ts"
export type { CheckContext, HealthCheck, HealthOptions, HealthSettings } from "../machines/healthOptions.ts"
export type { GatePublished } from "../machines/meter.ts"
export type { AnyComponent, AnyPlug, AnyStrategy, Component, PlugInput, StateMeta, Strategy } from "../machines/plug.ts"
export type { RateLimitOptions, RateOptions, RateSettings } from "../machines/rateOptions.ts"
export { registry } from "../machines/registry.ts"
export type { PriorityOptions, PrioritySettings } from "../machines/slotting.ts"
export { basic } from "../machines/strategies/basic.ts"
export { type DependencyReport, dependency, type GraphReport } from "../machines/strategies/dependency.ts"
export { type AdmissionState, decideAdmission, freshAdmission, type Verdict } from "../machines/vocabulary/admission.ts"
export type { Circuit, CircuitFinding, Statistics } from "../machines/vocabulary/circuit.ts"
export type {
  Ejection,
  Endpoint,
  EndpointsFinding,
  EndpointsLine,
  EndpointVerdicts,
} from "../machines/vocabulary/endpoint.ts"
export type { FeatureBounds, FeatureLines, FeatureSignal, FeatureTurn } from "../machines/vocabulary/feature.ts"
export {
  type Demand,
  type Gate,
  idleGate,
  type Restriction,
  tighten,
  unrestricted,
} from "../machines/vocabulary/gate.ts"
export type { CheckSignal, HealthFinding, HealthState } from "../machines/vocabulary/health.ts"
export type {
  EndpointsShifted,
  HealthFound,
  KnowledgeSignal,
  ProviderSignal,
} from "../machines/vocabulary/knowledge.ts"
export type { LimitState, Priority, SlotsLine } from "../machines/vocabulary/priority.ts"
export type { Bucket } from "../machines/vocabulary/rate.ts"
export type {
  CallEntered,
  CircuitMoved,
  DependencySignal,
  OutcomeSettled,
  Signal,
} from "../machines/vocabulary/signal.ts"
export {
  type GraphFinding,
  type Need,
  type Standing,
  standingOf,
  unknownStanding,
} from "../machines/vocabulary/standing.ts"
export type { GrowthOptions } from "../machines/waiting.ts"
export type { BreakerActorRef } from "./attach.ts"
export { type CallThroughInput, callThrough } from "./callThrough.ts"
