/** Endpoints: the places where a service is reached, what of them calls may go to, and how the sick ones are told from the others. */
import type { Statistics } from "./circuit.ts"

/** One place where a service is reached. */
export interface Endpoint {
  /** By this it is known: in events, to health checks, from one set to the next. */
  readonly id: string
  /** Where it is, in the words of whoever calls it: `"10.0.0.7:8080"`, `"https://eu.example"`. */
  readonly address: string
  readonly zone: string | undefined
  /** How much of the traffic it should get beside the others; 0: none. */
  readonly weight: number
  readonly metadata: { readonly [key: string]: string }
}

/** How an endpoint whose calls end worse than those to the others is left out. */
export interface EjectionLine {
  /** Most of the endpoints that may be left out at one instant, as a share of all. */
  readonly share: number
  /** How long one is left out: the first time, doubled each time it fails again, and at most. */
  readonly firstMs: number
  readonly longestMs: number
}

/** The endpoints that calls may go to. Without this line calls choose none. */
export interface EndpointsLine {
  readonly endpoints: readonly Endpoint[]
  /** Ids of those that health checks call bad. */
  readonly bad: readonly string[]
  /** Ids of those of which checks suspect that they are not well: they get less than their part. */
  readonly suspect: readonly string[]
  /** So few are well that all are tried. */
  readonly panic: boolean
  /** Endpoints here are taken first, as long as half of them are well. */
  readonly zone: string | undefined
  readonly ejection: EjectionLine | undefined
  /** How long a new endpoint takes until it gets its whole part. */
  readonly slowStartMs: number
  /** The only source of chance. */
  readonly seed: number
}

/** One that is left out because its calls ended worse than those to the others. */
export interface Ejection {
  readonly id: string
  /** Since when, and until when not even a single call tries it, monotonic milliseconds. */
  readonly at: number
  readonly until: number
  /** Its last calls, when it was left out. */
  readonly statistics: Statistics
  /** Calls that have tried it since, and failed. */
  readonly failedTrials: number
}

/** What is known of the endpoints, as `discovery` tells it. */
export interface EndpointsFinding {
  readonly state: "empty" | "fresh" | "stale" | "panicking"
  readonly endpoints: readonly Endpoint[]
  /** Those that get no ordinary calls: health checks call them bad, or their calls ended worse than others'. */
  readonly away: readonly string[]
  /** Those that get less than their part, by their ids: their last checks failed, and too few of them to leave them out. */
  readonly suspect: readonly string[]
  /** Of those, the ones that their calls spoke against. */
  readonly ejections: readonly Ejection[]
  /** Why it is not fresh; empty if it is. */
  readonly reason: string
  /** When its state began, monotonic milliseconds. */
  readonly since: number
}

/** What active checks say of endpoints: only those that are not well. */
export interface EndpointVerdicts {
  readonly [id: string]: "suspect" | "bad"
}
