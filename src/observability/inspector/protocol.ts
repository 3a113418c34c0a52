/** What the inspector's server tells its page. Types alone: the page is plain JavaScript once they are gone. */

/** One breaker in the overview. Times are wall-clock milliseconds since 1970. */
export interface Row {
  readonly id: string
  readonly name: string
  readonly circuit: string
  readonly mode: string
  readonly phase: string
  /** The part of calls that may enter, 0 to 1. */
  readonly share: number
  /** How many probes at once, where only probes enter; 0 where others enter too. */
  readonly probes: number
  /** Calls a second that were sent; of them, the part that failed or timed out, 0 to 1; and calls refused a second. */
  readonly sent: number
  readonly failing: number
  readonly refused: number
  /** The layer that refused the most of those; empty when none were, or by nothing but a circuit that has closed since. */
  readonly refusedBy: string
  readonly inFlight: number
  /** Milliseconds; 0 when nothing is known. */
  readonly p50: number
  readonly p99: number
  /** Parts of the service, known by the keys of calls, that are held back by themselves. */
  readonly heldParts: number
  /** Who holds calls back, strictest first. */
  readonly heldBy: readonly string[]
  readonly since: number
  readonly reason: string
  /** When it will let a probe through; 0 when nobody can know. */
  readonly retryAt: number
  /** The breaker in which the trouble began, when that is another. */
  readonly cause: string
  readonly episode?: Episode | undefined
}

/**
 * Since it left the closed state: when, why, where it went first, and how often it has come back to open since. Slow, where it left for
 * its slow calls, or more of the calls that it was judged by were slow than failed.
 */
export interface Episode {
  readonly at: number
  readonly to: string
  readonly reason: string
  readonly isSlow: boolean
  readonly failedRounds: number
}

export interface Edge {
  readonly from: string
  readonly to: string
  readonly need: string
  /** The part of its calls that the dependency can serve, 0 to 1. */
  readonly health: number
  readonly circuit: string
}

/** Something that was decided. */
export interface Decision {
  readonly serial: number
  readonly at: number
  readonly id: string
  readonly name: string
  readonly kind: "moved" | "operator" | "dependency" | "finding" | "cell" | "trouble" | "config"
  readonly to: string
  readonly words: string
  /** It stands for all moves of the breaker from this serial on: rounds of probes that found no change. */
  readonly since?: number | undefined
}

export interface Totals {
  readonly breakers: number
  readonly circuits: { readonly [circuit: string]: number }
  readonly held: number
}

export interface OverviewMessage {
  readonly type: "overview"
  readonly at: number
  /** Whether the rows are all there are, or only those that changed. */
  readonly whole: boolean
  readonly rows: readonly Row[]
  readonly gone: readonly string[]
  readonly totals: Totals
  readonly edges: readonly Edge[]
  /** Those that are new, oldest first. */
  readonly decisions: readonly Decision[]
}

/** A sentence on how a part stands. Times are of the wall clock; 0: none. */
export interface StandingLine {
  readonly words: string
  readonly since: number
  /** Until when nothing of it changes by itself: then it is tried. */
  readonly until: number
}

export interface ActorView {
  readonly key: string
  /** Paths of the active states, outermost first. */
  readonly states: readonly string[]
  readonly report: unknown
  readonly settings: unknown
  /** In words, where the part has some; empty otherwise. */
  readonly standing: readonly StandingLine[]
}

export interface HolderView {
  readonly by: string
  readonly layer: string
  readonly since: number
  readonly reason: string
  readonly demand: { readonly [field: string]: number | string }
}

/** One instant of a time series: counts are of the span before it. */
export interface Point {
  readonly at: number
  readonly spanMs: number
  readonly success: number
  readonly failure: number
  readonly timedOut: number
  readonly refused: number
  readonly p50: number
  readonly p99: number
  readonly share: number
  /** How many calls were in flight, how many might be, and the probability of failure within the next minute; `null`: nobody knows. */
  readonly inFlight: number | null
  readonly limit: number | null
  readonly danger: number | null
}

/** One event between actors. */
export interface Message {
  readonly serial: number
  readonly at: number
  readonly from: string
  readonly to: string
  readonly event: string
  /** How often it came: of what comes every second, the last stands for all. */
  readonly times: number
}

export interface BreakerMessage {
  readonly type: "breaker"
  readonly at: number
  readonly row: Row
  readonly epoch: number
  readonly restriction: { readonly [field: string]: number | string }
  readonly holders: readonly HolderView[]
  /** Absent while a breaker among many rests: it has no actors then. */
  readonly actors: readonly ActorView[]
  readonly isResting: boolean
  readonly calls: { readonly [outcome: string]: number }
  readonly points: readonly Point[]
  readonly messages: readonly Message[]
  readonly decisions: readonly Decision[]
  readonly edges: readonly Edge[]
}

export interface GoneMessage {
  readonly type: "gone"
}

export type ServerMessage = OverviewMessage | BreakerMessage | GoneMessage

/** What the page asks first. */
export interface About {
  readonly library: string
  /** The program that is looked at. */
  readonly program: string
  readonly control: boolean
  /** A recording is looked at instead of a living program. */
  readonly recording: string | undefined
}

export const acts = ["forceOpen", "bypass", "shadow", "release"] as const
export type Act = (typeof acts)[number]

export interface ActRequest {
  readonly id: string
  readonly act: Act
  readonly why: string
}
