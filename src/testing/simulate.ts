import type { BreakerConfig } from "../BreakerConfig.ts"

/**
 * S1 step outage, S2 spikes, S3 partial and creeping faults, S4 stationary noise, S5 a slow dependency, S7 metastable failure, S8 a
 * service that grows slower with its load, S9
 * stale queues, S10 overload, S11 a shard dies, S12 fleets of clients, S13 where a limit does harm.
 */
export type ScenarioId = "S1" | "S2" | "S3" | "S4" | "S5" | "S6" | "S7" | "S8" | "S9" | "S10" | "S11" | "S12" | "S13"

export interface SimulateOptions {
  readonly scenario: ScenarioId
  /** The config to compare with the default one and with no breaker. Its `classify` has no say: simulated calls succeed or fail. */
  readonly config?: BreakerConfig | undefined
  /** Only the worlds of the scenario whose name contains this, as `"100 rps, 30 s"`. */
  readonly only?: string | undefined
  /** As `"1-20"`, `"3,5,8"`, or numbers. The same seed is the same arrivals, luck and faults. Default: `"1-10"`. */
  readonly seeds?: string | readonly number[] | undefined
  /** Worlds at their full length, where the standard one is shortened (S4). */
  readonly full?: boolean | undefined
  /** Aborts the simulation: the promise is rejected with the signal's reason. */
  readonly signal?: AbortSignal | undefined
}

export interface Simulation {
  readonly scenario: ScenarioId
  readonly title: string
  /** The worlds, in words. */
  readonly about: string
  readonly notMeasured: readonly string[]
  readonly seeds: readonly number[]
  readonly worlds: readonly SimulatedWorld[]
}

export interface SimulatedWorld {
  readonly name: string
  readonly measures: readonly SimulatedMeasure[]
  /** `no breaker`, `default`, and `yours` if there is a config; each also as `…, one a key` where callers see keys. */
  readonly policies: readonly SimulatedPolicy[]
  /** The run that the policies' histories tell of: that of the median seed. */
  readonly history: SimulatedHistory
  /** What the last policy did for the calls, in a sentence or three. */
  readonly conclusion: string
}

export interface SimulatedMeasure {
  readonly id: string
  readonly unit: "" | "s" | "%" | "ms" | "calls" | "a day"
  readonly meaning: string
  readonly better: "less" | "more"
}

export interface SimulatedPolicy {
  readonly name: string
  readonly setup: string
  /** By the id of the measure. */
  readonly figures: { readonly [measure: string]: SimulatedFigure }
  /** What the benchmark suite asks of the default config in this world. */
  readonly goals: readonly SimulatedGoal[]
  /** Calls of one run, in the mean over the seeds. `failed`: sent, and failed or timed out. */
  readonly perRun: {
    readonly offered: number
    readonly refused: number
    readonly failed: number
    readonly succeeded: number
  }
  /** Successes of the calls offered in each second of the history. */
  readonly successesPerSecond: readonly number[]
  /** Its circuit over time; before the first move it was closed. Without a breaker: none. */
  readonly moves: readonly { readonly atS: number; readonly circuit: string }[]
}

/** Infinity: never. NaN: there was nothing to measure. */
export interface SimulatedFigure {
  readonly median: number
  /** What one run in twenty is worse than. */
  readonly bad: number
  /** In the order of the seeds. */
  readonly values: readonly number[]
}

export interface SimulatedGoal {
  readonly measure: string
  readonly rule: string
  readonly value: number
  readonly met: boolean
}

export interface SimulatedHistory {
  readonly seed: number
  readonly fromS: number
  readonly toS: number
  readonly faults: readonly { readonly fromS: number; readonly toS: number }[]
}

/**
 * Plays a scenario of the benchmark suite, seed by seed in virtual time, with the breaker that runs in production: without any
 * breaker, with the default config, and with yours. The command `recloser simulate` prints the same. Throws `InvalidConfig`
 * before anything is run when an option or the config cannot be used.
 *
 * @example
 * import { simulate } from "recloser/testing"
 * import assert from "node:assert/strict"
 *
 * const { worlds } = await simulate({
 *   scenario: "S1",
 *   only: "100 rps, 5 s",
 *   seeds: "1-3",
 *   config: { strategy: { type: "basic", window: { type: "consecutive", failures: 5 }, openFor: "1 second" } },
 * })
 * const [none, , yours] = worlds[0]?.policies ?? []
 * assert.ok((yours?.figures.W?.median ?? 0) < (none?.figures.W?.median ?? 0)) // failed calls sent during the outage
 */
export async function simulate(options: SimulateOptions): Promise<Simulation> {
  // Loaded when it is asked for: whoever only wants virtual time does not load a breaker.
  const { simulateAll } = await import("./simulation/simulation.ts")
  return simulateAll(options)
}
