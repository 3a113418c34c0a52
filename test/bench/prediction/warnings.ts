/** The second half of PREDICTION.md: what the component `prediction` says of services that fail, and of services that do not. */
import { type AnyStateMachine, createActor } from "xstate"
import { prediction } from "../../../machines/components/prediction.ts"
import { control, declaredGauges, ordinaryDay, precursors, type Second, type World, worldOf } from "./precursors.ts"

const noLatency = { samples: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 }

const sliceOf = ({ calls, bad, latencyMs, running, gauges }: Second, second: number) => ({
  type: "slice.closed" as const,
  at: (second + 1) * 1000,
  epoch: 0,
  running: Math.round(running),
  gauges,
  slice: {
    ...{ startedAt: second * 1000, success: calls - bad, failure: bad, timedOut: 0, ignored: 0, slow: 0, late: 0 },
    busyMs: (calls - bad) * latencyMs,
    latency: noLatency,
  },
})

/** A clock for the one timer of a chart: of its warning. */
class SliceClock {
  #now = 0
  #due = Number.POSITIVE_INFINITY
  #wake = () => {}

  readonly setTimeout = (wake: (...args: never[]) => unknown, ms: number): number => {
    this.#due = this.#now + ms
    this.#wake = wake as () => void
    return 1
  }
  readonly clearTimeout = (): void => {
    this.#due = Number.POSITIVE_INFINITY
  }

  moveTo(now: number): void {
    this.#now = now
    if (now < this.#due) return
    this.#due = Number.POSITIVE_INFINITY
    this.#wake()
  }
}

export interface Warning {
  readonly second: number
  readonly reasons: readonly string[]
}

/** The warnings of the production chart up to the failure. */
export function warningsIn({ seconds, failsAt }: World): readonly Warning[] {
  const clock = new SliceClock()
  const settings = prediction.options.read({ gauges: declaredGauges }, "options", [])
  const input = { settings, seed: 1, at: 0, circuit: "closed" }
  const actor = createActor(prediction.chart as AnyStateMachine, { input, clock }).start()
  const warnings: Warning[] = []
  for (const [second, counts] of seconds.slice(0, failsAt < 0 ? seconds.length : failsAt).entries()) {
    clock.moveTo((second + 1) * 1000)
    const before = actor.getSnapshot().value
    actor.send(sliceOf(counts, second))
    const { value, context } = actor.getSnapshot()
    if (value === "warned" && before !== "warned") warnings.push({ second, reasons: context.finding.reasons })
  }
  actor.stop()
  return warnings
}

const horizonS = 60

/** Seconds from the first of the warnings that follow each other, horizon after horizon, up to the failure; 0 without. */
function leadOf({ failsAt }: World, warnings: readonly Warning[]): number {
  let first = failsAt
  for (const { second } of [...warnings].reverse()) {
    if (first - second > horizonS + 5) break
    first = second
  }
  return failsAt - first
}

export interface Led {
  readonly name: string
  readonly worlds: number
  /** Sorted; 0 where nothing was told. */
  readonly leads: readonly number[]
  /** Warnings that no failure followed, nor another warning until it came. */
  readonly early: number
}

export function led(name: keyof typeof precursors | "control", seeds: readonly number[]): Led {
  const make = name === "control" ? control : precursors[name]
  const told = seeds.map((seed) => {
    const world = worldOf(make, seed)
    if (world.failsAt < 0) throw new Error(`${name} ${seed} never fails`)
    const warnings = warningsIn(world)
    const lead = leadOf(world, warnings)
    return { lead, early: warnings.filter(({ second }) => second < world.failsAt - lead).length }
  })
  return {
    name,
    worlds: seeds.length,
    leads: told.map(({ lead }) => lead).sort((one, other) => one - other),
    early: told.reduce((sum, { early }) => sum + early, 0),
  }
}

export const falseAlarmsIn = (seed: number): readonly Warning[] => warningsIn(worldOf(ordinaryDay, seed))

export const median = (sorted: readonly number[]): number => sorted[Math.floor(sorted.length / 2)] ?? 0

const seedsFrom = (first: number, count: number): readonly number[] =>
  Array.from({ length: count }, (_, at) => first + at)

/** Constants were chosen on worlds of lower seeds. */
const firstSeed = 101

export interface WarningReport {
  readonly lines: readonly string[]
  readonly all: readonly Led[]
  readonly alarmsADay: number
}

export function warningReport(worlds: number, days: number): WarningReport {
  const seeds = seedsFrom(firstSeed, worlds)
  const names = [...(Object.keys(precursors) as (keyof typeof precursors)[]), "control"] as const
  const all = names.map((name) => led(name, seeds))
  const alarms = seedsFrom(firstSeed, days).map((seed) => falseAlarmsIn(seed).length)
  const total = alarms.reduce((sum, count) => sum + count, 0)
  const lines = [
    "| service | worlds | warned of | lead, median | least | most | warnings too early |",
    "| --- | --- | --- | --- | --- | --- | --- |",
    ...all.map(({ name, worlds, leads, early }) => {
      const warned = leads.filter((lead) => lead > 0).length
      return `| ${name} | ${worlds} | ${warned} | ${median(leads)} s | ${leads[0]} s | ${leads.at(-1)} s | ${early} |`
    }),
    "",
    `Ordinary days: ${total} false alarms in ${days} days, ${(total / days).toFixed(2)} a day; at most ${Math.max(...alarms)} in one.`,
  ]
  return { lines, all, alarmsADay: total / days }
}
