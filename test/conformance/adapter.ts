/** The one small interface behind which every library stands, and the words in which the cases speak to it. */
import type { VirtualClock } from "../../src/testing/index.ts"
import type { Given } from "./given.ts"

export type State = "closed" | "degraded" | "open" | "halfOpen" | "ramping"

/** A window of calls, and when it opens the circuit. */
export interface Line {
  readonly calls: number
  readonly minimumCalls: number
  readonly ratio: number
}

/** What a case asks for, in no library's words. Each adapter turns it into what the library's documentation offers. */
export interface Settings {
  /** Absent: the library's own default. */
  readonly line: Line | undefined
  /** The window must be one by time, this long. Without it each library takes the window that suits it. */
  readonly windowMs?: number | undefined
  /** What is idle for so long is forgotten altogether. */
  readonly idleMs?: number | undefined
  readonly openForMs: number
  /** The lease bounds how long a probe, or all probing, may take. Absent: the library's own default. */
  readonly probes: { readonly atOnce: number; readonly needed: number; readonly leaseMs: number | undefined }
  /** Absent: calls may take as long as they like. */
  readonly timeoutMs?: number | undefined
  /** A timeout also tells the work to stop. */
  readonly abortsOnTimeout?: boolean | undefined
  readonly ignores?: ((error: unknown) => boolean) | undefined
  readonly slow?: { readonly afterMs: number; readonly ratio: number } | undefined
  readonly retry?: { readonly times: number; readonly waitMs: number } | undefined
  readonly ramp?: boolean | undefined
  /** Whatever the library has to answer a caller at once who gives up. */
  readonly givesUp?: boolean | undefined
  /** Whatever the library has to bound the calls it holds. */
  readonly atMost?: number | undefined
  /** Statistics that no decision needs may be switched off. */
  readonly lean?: boolean | undefined
  /** What `save` answered, by way of JSON. */
  readonly restored?: unknown
}

export const settingsOfACase: Settings = {
  line: { calls: 20, minimumCalls: 10, ratio: 0.5 },
  openForMs: 5000,
  probes: { atOnce: 1, needed: 1, leaseMs: 10_000 },
}

export type Ending =
  | { readonly kind: "succeeded" | "failed" | "timedOut" | "aborted" }
  | { readonly kind: "rejected"; readonly retryAfterMs: number | undefined }

/** A protected function. It gets a signal from libraries that have one for it. */
export type Work = (signal: AbortSignal | undefined) => Promise<unknown>

/** One breaker of one library. */
export interface Subject {
  /** How many probes it may run at once, as it was configured. */
  readonly probesAtOnce: number
  /** The options that it was given. */
  readonly given: Given
  run(work: Work, caller?: AbortSignal): Promise<unknown>
  /** What a rejected `run` means. */
  ending(error: unknown): Ending
  /** What a gauge would show. */
  state(): Promise<State>
  /** Moves time and lets what is ready run; 0 only lets run. */
  advance(ms: number): Promise<void>
  stepWallBack(ms: number): Promise<void>
  dispose(): Promise<void>
  /** The outcomes that its own statistics count. */
  samples?(): number
  /** Forces it open; answers how to release it. */
  hold?(): Promise<() => Promise<void>>
  save?(): Promise<unknown>
}

/** Many circuits under keys, made by the library itself. */
export interface Keyed {
  /** One failing call for each key; the second failure in a row of a key opens it. */
  failEach(keys: readonly string[]): Promise<void>
  countOpen(keys: readonly string[]): Promise<number>
  dispose(): Promise<void>
}

/** What a library may have no way to express; then the cases about it are not applicable. */
export type Need =
  | "abort"
  | "abortOnTimeout"
  | "hold"
  | "keys"
  | "lateProbe"
  | "ramp"
  | "retry"
  | "retryTime"
  | "save"
  | "slow"
  | "timeWindow"

export interface Library {
  /** The name of its package. */
  readonly key: string
  readonly title: string
  /** Whether its time is the host's, which must then be faked, or a clock that can be handed to it. */
  readonly time: "host" | "own"
  /** Why it cannot express something. */
  readonly lacks: { readonly [N in Need]?: string | undefined }
  /** What a reader should know of how a case was run, by its number. */
  readonly remarks: { readonly [number: number]: string }
  /** Without a clock it runs in the host's own time. Throws `Inexpressible` where `lacks` is too coarse. */
  make(settings: Settings, clock: VirtualClock | undefined): Promise<Subject>
  readonly keyed?: ((cap: number, clock: VirtualClock) => Promise<Keyed>) | undefined
}

/** The library has no way to say what the case is about. */
export class Inexpressible extends Error {}
