/** A breaker as the inspector sees it: whoever owns it says how it is read. */
import type { Gate } from "../../../machines/vocabulary/gate.ts"
import type { LatencySummary, Slice } from "../../../machines/vocabulary/signal.ts"
import type { BreakerEvents, EventName, Listener } from "../../events.ts"
import type { Act, ActorView, Edge } from "./protocol.ts"

export interface Tallied {
  readonly admitted: number
  readonly rejected: number
  readonly success: number
  readonly failure: number
  readonly timedOut: number
  readonly ignored: number
}

/** An event between two actors of a breaker, by their keys. */
export interface Passed {
  readonly from: string
  readonly to: string
  readonly event: string
}

export interface Inspected {
  readonly name: string
  readonly gate: Gate
  /** Monotonic milliseconds, and those since 1970. */
  now(): number
  wallNow(): number
  tally(): Tallied & { readonly inFlight: number }
  /** Refused calls by layer, since it was made. */
  refusals(): { readonly [layer: string]: number }
  latency(): LatencySummary
  /** How many calls may be in flight, as it is learned or set, and what is expected of the next minute; `NaN` where nothing is known. */
  outlook(): { readonly limit: number; readonly danger: number }
  /** The breaker in which the trouble of its dependencies began. */
  cause(): string
  /** How many parts of the service, known by the keys of calls, are held back by themselves. */
  heldParts(): number
  edges(): readonly Edge[]
  /** `undefined` while it has no actors. */
  actors(): readonly ActorView[] | undefined
  /** The last slices, oldest first. */
  slices(): readonly Slice[]
  onPassed(listener: (passed: Passed) => void): () => void
  act(act: Act, why: string): void
}

/** What is told of decisions, of one breaker or of many. */
export interface Telling {
  on<Name extends EventName>(name: Name, listener: Listener<Name>): () => void
}

export type Told = BreakerEvents["transition" | "mode" | "dependency" | "finding" | "cell" | "trouble" | "config"]

/** Everything that there is to inspect. */
export interface World {
  /** By an id that no other has had. */
  readonly breakers: Iterable<readonly [string, Inspected]>
  readonly size: number
  find(id: string): Inspected | undefined
  /** Hears of every decision from now on. */
  onTold(listener: (id: string, told: Told, wallOf: (at: number) => number) => void): () => void
}
