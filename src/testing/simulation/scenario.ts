/** A scenario: worlds that differ in a few numbers, what is measured in each, and what is to be reached. */
import type { BreakerConfig } from "../../index.ts"
import type { Column } from "./columns.ts"
import type { By } from "./policies/separate.ts"
import type { PolicyMaker } from "./policy.ts"
import { type Random, stream } from "./random.ts"
import { binMs, type Fault } from "./record.ts"
import type { World } from "./world.ts"

/** What one column is to reach, in the median over seeds unless it says otherwise. */
export interface Goal {
  readonly column: Column
  readonly most?: number
  readonly least?: number
  /** `bad`: what one seed in twenty is worse than. */
  readonly over?: "median" | "mean" | "worst" | "bad"
}

/** All goals of one of these are to be met; any one of these will do. */
export type Goals = readonly (readonly Goal[])[]

export interface Variant {
  readonly id: string
  /** The world of one seed. `full`: at its full length where the standard one is shortened. */
  world(seed: number, full: boolean): World
  readonly columns: readonly Column[]
  readonly goals: Goals
  /** What columns compare with instead of no breaker, made of our config. */
  beside?(config: BreakerConfig): PolicyMaker
  /** What stands for our breaker here, instead of one that is asked about each call. */
  ours?(config: BreakerConfig): PolicyMaker
  /** The seed whose run is drawn is the one with the median of this. */
  readonly primary: Column
  /** About how many calls a run offers, with those that are refused and come again: where there are many, packages run on fewer seeds. */
  readonly calls: number
  /** The seconds that the chart shows. */
  readonly shown: readonly [number, number]
}

export interface Scenario {
  readonly id: string
  readonly title: string
  /** What happens, in a line of a list. */
  readonly gist: string
  /** The worlds, in words. */
  readonly about: string
  /** What is shorter than it should be unless `--full` is given. */
  readonly shortened?: string
  readonly notMeasured: readonly string[]
  readonly variants: readonly Variant[]
  /** Every client, or every key, has a breaker of its own. */
  readonly each?: By
  /** Beside one breaker for all, it is worth while to see one for each of these. */
  readonly alsoEach?: By
}

const toBin = (ms: number): number => Math.round(ms / binMs) * binMs

/** Fault lengths vary by a fifth: a fixed length rewards whoever happens to probe at its end. */
export const jittered = (random: Random, ms: number): number => toBin(ms * random.between(0.8, 1.2))

/** One fault, that begins somewhere in the ten seconds after `afterMs`. */
export function faultOf(seed: number, afterMs: number, lengthMs: number): Fault {
  const random = stream(seed, "fault")
  const from = toBin(afterMs + random.between(0, 10_000))
  return { from, to: from + jittered(random, lengthMs) }
}

export const lasts = ({ from, to }: Fault, now: number): boolean => now >= from && now < to
