/** Many snapshots as one: of many breakers, or of the same breaker in many processes. */
import { circuits } from "../machines/vocabulary/circuit.ts"
import { mergeSketches, summariseCounts } from "../machines/vocabulary/latency.ts"
import type { LatencySummary } from "../machines/vocabulary/signal.ts"
import type { BreakerMetrics } from "./metrics.ts"

type Circuits = { readonly [C in BreakerMetrics["circuit"]]: number }

/** What many breakers are together. */
export interface MergedMetrics {
  readonly breakers: number
  /** How many stand where. */
  readonly circuits: Circuits
  /** Sums. */
  readonly calls: BreakerMetrics["calls"]
  readonly refusals: BreakerMetrics["refusals"]
  readonly classes: BreakerMetrics["classes"]
  /** Of all their successes together: each quantile within 3.2 %, as it is of one. */
  readonly latency: LatencySummary
  readonly sketch: BreakerMetrics["sketch"]
  /** The least of their scores; 1 when none has one. */
  readonly score: number
  /** Sums of the times in state and of the moves by rule. */
  readonly msIn: Circuits
  readonly moves: { readonly [rule: string]: number }
}

type Counts = { readonly [name: string]: number | undefined }

/** As many names as this stay apart, of whatever many processes call the rules that they moved by. */
const mostNames = 200

function sum(all: readonly Counts[]): { readonly [name: string]: number } {
  const sums = new Map<string, number>()
  for (const counts of all) {
    for (const [name, count = 0] of Object.entries(counts)) {
      const known = sums.has(name) || sums.size < mostNames ? name : "other"
      sums.set(known, (sums.get(known) ?? 0) + count)
    }
  }
  return Object.fromEntries(sums)
}

function sumClasses(all: readonly BreakerMetrics["classes"][]): BreakerMetrics["classes"] {
  const names = [...new Set(all.flatMap((classes) => Object.keys(classes)))] as (keyof BreakerMetrics["classes"])[]
  return Object.fromEntries(names.map((name) => [name, sum(all.map((classes) => ({ ...classes[name] })))]))
}

/**
 * One look at many: counts add up, latencies are those of all successes together, the score is the least. The snapshots may come from other
 * processes as JSON; in what order does not matter, and what was merged of some merges with the rest in the same way, by `sketch` and sums.
 *
 * @example
 * import { createBreaker, mergeMetrics } from "recloser"
 * import assert from "node:assert/strict"
 *
 * const [one, two] = [createBreaker("search in Berlin"), createBreaker("search in Bonn")]
 * await Promise.all([one.execute(async () => 1), two.execute(async () => 2)])
 * const { calls, latency } = mergeMetrics([one.metrics(), JSON.parse(JSON.stringify(two.metrics()))])
 * assert.deepEqual([calls.success, latency.samples], [2, 2])
 * await Promise.all([one.stop(), two.stop()])
 */
export function mergeMetrics(snapshots: readonly BreakerMetrics[]): MergedMetrics {
  const parts = snapshots.flatMap(({ components: { metrics } }) => (metrics === undefined ? [] : [metrics]))
  const sketch = mergeSketches(snapshots.map((snapshot) => snapshot.sketch))
  const none = Object.fromEntries(circuits.map((circuit) => [circuit, 0]))
  return {
    breakers: snapshots.length,
    circuits: sum([none, ...snapshots.map(({ circuit }) => ({ [circuit]: 1 }))]) as Circuits,
    calls: sum(snapshots.map(({ calls }) => ({ ...calls }))) as MergedMetrics["calls"],
    refusals: sum(snapshots.map(({ refusals }) => refusals)),
    classes: sumClasses(snapshots.map(({ classes }) => classes)),
    latency: summariseCounts(sketch),
    sketch,
    score: parts.reduce((least, { score }) => Math.min(least, score), 1),
    msIn: sum([none, ...parts.map(({ msIn }) => msIn)]) as Circuits,
    moves: sum(parts.map(({ moves }) => moves)),
  }
}
