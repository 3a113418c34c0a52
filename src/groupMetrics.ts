/** One look at all breakers of a table: sums and a short list, so that its size does not grow with the number of keys. */
import type { Circuit } from "../machines/vocabulary/circuit.ts"
import type { Mode } from "../machines/vocabulary/gate.ts"
import { kinds } from "../machines/vocabulary/outcome.ts"
import type { Priority } from "../machines/vocabulary/priority.ts"
import type { Layer } from "../machines/vocabulary/rejection.ts"
import type { ClassCounts, Tally } from "./data-plane/tally.ts"
import type { Member } from "./member.ts"
import type { BreakerMetrics } from "./metrics.ts"
import type { Table } from "./table.ts"

/** One look at many breakers. Its size does not grow with the number of keys; those of one key are in its own `metrics()`. */
export interface BreakersMetrics {
  /** Milliseconds on the monotonic clock of the breakers. */
  readonly at: number
  /** Keys that are known now. */
  readonly keys: number
  /** Those with actors of their own, some 30 KB each with the default config; the others have none. */
  readonly live: number
  readonly circuits: { readonly [C in Circuit]: number }
  /** Breakers that the operator holds. */
  readonly held: number
  /** Sums over all keys since the beginning, those that were let go included. */
  readonly calls: BreakerMetrics["calls"]
  readonly refusals: BreakerMetrics["refusals"]
  /** Calls by the `priority` that they name, of all keys since the beginning; a class that none has named is absent. */
  readonly classes: BreakerMetrics["classes"]
  /** Keys that were let go. */
  readonly evicted: number
  /** Calls that ran unprotected, because every known breaker was in use. */
  readonly unprotected: number
  /** Up to 100 keys that are not closed, or that the operator holds. */
  readonly notable: readonly { readonly key: string; readonly circuit: Circuit; readonly mode: Mode }[]
}

const mostNotable = 100
const counters = [
  "admitted",
  "rejected",
  "success",
  "failure",
  "timedOut",
  "ignored",
  "probes",
  "stragglers",
  "shadowed",
  "gaveUp",
] as const

/** Sums of what breakers have counted. */
export class Totals {
  readonly calls = {
    admitted: 0,
    rejected: 0,
    success: 0,
    failure: 0,
    timedOut: 0,
    ignored: 0,
    probes: 0,
    stragglers: 0,
    shadowed: 0,
    inFlight: 0,
    waiting: 0,
    gaveUp: 0,
  }
  readonly refusals: { [L in Layer]?: number } = {}
  readonly classes: { [P in Priority]?: ClassCounts } = {}

  add(other: { addTo(totals: Totals): void }): void {
    other.addTo(this)
  }

  addTally(
    tally: Pick<Tally, (typeof counters)[number]>,
    { refusals, classes }: Pick<Totals, "refusals" | "classes">,
    inFlight: number,
    waiting: number,
  ): void {
    for (const counter of counters) this.calls[counter] += tally[counter]
    for (const [layer, count] of Object.entries(refusals)) {
      this.refusals[layer as Layer] = (this.refusals[layer as Layer] ?? 0) + count
    }
    this.addClasses(classes)
    this.calls.inFlight += inFlight
    this.calls.waiting += waiting
  }

  addClasses(classes: Totals["classes"]): void {
    for (const [name, { admitted, rejected }] of Object.entries(classes)) {
      const sums = (this.classes[name as Priority] ??= { admitted: 0, rejected: 0 })
      sums.admitted += admitted
      sums.rejected += rejected
    }
  }

  /** `counts` are in the order of `kinds`. */
  addCounts(counts: readonly number[]): void {
    kinds.forEach((kind, index) => {
      const count = counts[index] ?? 0
      this.calls[kind] += count
      this.calls.admitted += count
    })
  }
}

export function readGroup<Face, M extends Member<Face>>(table: Table<Face, M>): BreakersMetrics {
  const totals = new Totals()
  totals.add(table.departures)
  const circuits = { closed: 0, degraded: 0, open: 0, halfOpen: 0, ramping: 0 }
  const notable: BreakersMetrics["notable"][number][] = []
  let [live, held] = [0, 0]
  for (const member of table.members) {
    const { circuit, mode } = member.gate
    circuits[circuit]++
    if (member.awake?.conductor.isStarted) live++
    if (mode !== "auto") held++
    if ((circuit !== "closed" || mode !== "auto") && notable.length < mostNotable) {
      notable.push({ key: member.name, circuit, mode })
    }
    totals.add(member)
  }
  const { evicted, unprotected, size: keys } = table
  return { at: table.clock.now(), keys, live, circuits, held, ...totals, evicted, unprotected, notable }
}
