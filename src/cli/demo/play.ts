import type { BreakerConfig } from "../../index.ts"
import type { FetchFacts } from "../../integrations/fetch.ts"
import type { BackendOptions, Backends } from "./backends.ts"
import type { Closers } from "./closers.ts"
import type { Fault } from "./faultyService.ts"
import type { PhaseSummary, SideSummary } from "./summary.ts"

/** What the demo plays: services, what is asked of them, and what happens. The same for both gateways. */
export interface Play {
  readonly services: readonly string[]
  readonly lanes: readonly LaneSpec[]
  readonly phases: readonly Phase[]
  readonly settings: PlaySettings
  /** Whether a call can be said to go to a service that fails. */
  readonly hasFaults: boolean
  /** Opens what its lanes call. Left out: each service by itself, behind a breaker of its own. */
  readonly open?: ((options: BackendOptions, closers: Closers) => Promise<Backends>) | undefined
  /** The service whose calls are counted, where that are not all. */
  readonly counted?: string | undefined
  /** Whether what came of it is told phase by phase. */
  readonly isToldByPhase?: boolean | undefined
  /** What came of it, in words. */
  statement(guarded: SideSummary, bare: SideSummary, phases: readonly PhaseSummary[]): string
}

/** One path of the gateway: the calls of one kind, to one service. */
export interface LaneSpec {
  readonly name: string
  readonly service: string
  /** Its part of the requests, beside the other lanes' parts. */
  readonly share: number
  /** What the breaker is told of its calls. */
  readonly facts?: FetchFacts | undefined
  /** What to answer instead, given the last good answer; left out, or undefined: there is nothing sensible. */
  readonly fallback?: ((lastGood: string | undefined) => string | undefined) | undefined
}

export interface Phase {
  readonly name: string
  readonly atMs: number
  readonly perSecond: number
  readonly faults: Readonly<Record<string, Fault>>
  /** More is asked than the services can do. */
  readonly isOverloaded: boolean
}

/** Figures that follow from --duration and --rate. */
export interface PlaySettings {
  readonly timeoutMs: number
  readonly patienceMs: number
  readonly gatewayWorkers: number
  readonly gatewayLine: number
  readonly serviceWorkers: number
  /** How long a well service works on a call; undefined = a few milliseconds. */
  readonly workMs?: number | undefined
  readonly breaker: BreakerConfig
  /** The breaker's rules and the limits of both gateways, in words. */
  readonly rules: readonly string[]
}

/** Requests a second at a time of the play. */
export const perSecondAt = (phases: readonly Phase[], atMs: number): number =>
  phases.findLast((phase) => phase.atMs <= atMs)?.perSecond ?? 0

/** Calls `enter` for each phase when its time has come; the returned function stops the play. */
export function enact(phases: readonly Phase[], nowMs: () => number, enter: (phase: Phase) => void): () => void {
  const timers = phases.map((phase) => setTimeout(() => enter(phase), Math.max(0, phase.atMs - nowMs())))
  return () => {
    for (const timer of timers) clearTimeout(timer)
  }
}
