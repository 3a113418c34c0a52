/** Endpoints: the places where a service is reached, what of them calls may go to, and how the sick ones are told from the others. */

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

/** What is known of the endpoints, as `discovery` tells it. */
export interface EndpointsFinding {
  readonly state: "empty" | "fresh" | "stale" | "panicking"
  readonly endpoints: readonly Endpoint[]
  /** Those that get no ordinary calls: health checks call them bad, or their calls ended worse than others'. */
  readonly away: readonly string[]
  /** Why it is not fresh; empty if it is. */
  readonly reason: string
}

/** What active checks say of endpoints: only those that are not well. */
export interface EndpointVerdicts {
  readonly [id: string]: "suspect" | "bad"
}
