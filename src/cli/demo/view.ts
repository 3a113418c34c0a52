import type { Summary } from "./summary.ts"
import type { Counts, Recent } from "./tally.ts"

/** What is told once, before anything happens. */
export interface Opening {
  readonly gateway: string
  readonly twin: string | undefined
  /** The page that shows the breakers; undefined with --no-inspect. */
  readonly inspector?: string | undefined
  /** The real service behind the gateway, with --to. */
  readonly to: string | undefined
  readonly seed: number
  readonly perSecond: number
  /** undefined = until Ctrl-C. */
  readonly durationMs: number | undefined
  readonly rules: readonly string[]
  /** `false`: no request has anything that could be answered instead. */
  readonly hasFallback?: boolean | undefined
}

export interface PhaseEntered {
  readonly at: number
  readonly name: string
  readonly faults: Readonly<Record<string, string>>
}

export interface CircuitMoved {
  readonly at: number
  readonly breaker: string
  readonly from: string
  readonly to: string
  readonly reason: string
}

/** Something that a part of a breaker found, in words. */
export interface Told {
  readonly at: number
  readonly breaker: string
  readonly kind: "finding" | "dependency" | "refusal" | "probes"
  readonly words: string
}

/** What a list of the last decisions holds. */
export type Entry = CircuitMoved | Told

/** How something behind a gateway stands, in words. */
export interface PartState {
  readonly name: string
  readonly words: string
  /** There is nothing to see. */
  readonly isCalm: boolean
}

/** One service as one gateway sees it now. */
export interface ServiceRow {
  readonly service: string
  /** undefined = no breaker. */
  readonly circuit: string | undefined
  readonly fault: string | undefined
  readonly recent: Recent
  readonly trail: readonly (number | undefined)[]
}

export interface GatewayState {
  readonly protected: boolean
  readonly rows: readonly ServiceRow[]
  readonly parts?: readonly PartState[] | undefined
  readonly totals: Counts
  /** undefined where nobody knows which calls went to a failing service. */
  readonly sentToFailing: number | undefined
  readonly wastedMs: number
}

export interface LiveState {
  readonly at: number
  readonly gateways: readonly GatewayState[]
}

/** A way to show a run. Times are milliseconds since the run began. */
export interface View {
  /** How often it wants to be refreshed. */
  readonly everyMs: number
  open(opening: Opening): void
  phase(entered: PhaseEntered): void
  transition(moved: CircuitMoved): void
  told(told: Told): void
  refresh(state: LiveState): void
  /** Gives the terminal back; safe to call twice. */
  close(): void
  summary(summary: Summary): void
}

export const RECENT_MS = 1000
