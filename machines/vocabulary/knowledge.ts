/** Signals of what is known of a service beside its calls: where it is, and how it is. */
import type { Ejection, Endpoint, EndpointVerdicts } from "./endpoint.ts"
import type { CheckSignal } from "./health.ts"

/** Whoever knows the endpoints has told which there are: all of them, each time. */
export interface ProviderTold {
  readonly type: "provider.told"
  readonly at: number
  readonly endpoints: readonly Endpoint[]
}

/** It could not be asked, or has ended. */
export interface ProviderLost {
  readonly type: "provider.lost"
  readonly at: number
  readonly reason: string
}

export type ProviderSignal = ProviderTold | ProviderLost

/** Other endpoints are ejected than before, or for longer: their calls ended worse than those to the rest. */
export interface EndpointsShifted {
  readonly type: "endpoints.shifted"
  readonly at: number
  /** All that are. */
  readonly ejected: readonly Ejection[]
}

/** What health checks say of endpoints now. */
export interface HealthFound {
  readonly type: "health.found"
  readonly at: number
  readonly verdicts: EndpointVerdicts
}

export type KnowledgeSignal = CheckSignal | ProviderSignal | EndpointsShifted | HealthFound
