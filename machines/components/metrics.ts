/**
 * `metrics`: the memory of a breaker. It counts nothing per call; it keeps the last slices, how long the circuit stood in
 * each state and why it moved.
 *
 * Owns:    the last 60 slices, milliseconds per circuit state, counts of moves by rule.
 * Hears:   slice.closed, circuit.moved.
 * Demands: nothing.
 * Laws:
 *   1. It never restricts a call.
 *   2. Times in state add up to the time since it started.
 *   3. The score lies between 0 and 1, never falls when a failure becomes a success, is 1 without
 *      evidence of the last ten minutes, and is 0 while open.
 *   4. What it keeps is bounded: 60 slices, five states, and 50 rules by name; moves by any further one are counted together.
 */
import { assign, type Snapshot, type SnapshotFrom, setup } from "xstate"
import { type OutOf, type Reader, struct } from "../options.ts"
import { component, only, type PlugInput, type StateMeta } from "../plug.ts"
import type { Circuit } from "../vocabulary/circuit.ts"
import type { CircuitMoved, Signal, Slice } from "../vocabulary/signal.ts"

type NoOptions = { readonly [Option in never]?: never }

export const metricsOptions: Reader<NoOptions, NoOptions> = struct({})

const keptSlices = 60
/** What is older says nothing of the service as it is. */
const recentMs = 600_000

/** Rules are the charts' own words, and a strategy of a user's may have any. */
const mostRules = 50
const otherRules = "other"

interface MetricsContext {
  readonly slices: readonly Slice[]
  readonly circuit: Circuit
  readonly since: number
  readonly msIn: { readonly [C in Circuit]: number }
  readonly moves: { readonly [rule: string]: number }
}

/** The part of these calls that went well, 0 to 1; 1 when there were none. */
export function score(slices: readonly Slice[]): number {
  const sum = (count: (slice: Slice) => number) => slices.reduce((total, slice) => total + count(slice), 0)
  const good = sum((slice) => slice.success)
  const bad = sum((slice) => slice.failure + slice.timedOut)
  return good + bad === 0 ? 1 : good / (good + bad)
}

const pass = (context: MetricsContext, at: number) => ({
  ...context.msIn,
  [context.circuit]: context.msIn[context.circuit] + Math.max(0, at - context.since),
})

const countedAs = (moves: MetricsContext["moves"], rule: string): string =>
  Object.hasOwn(moves, rule) || Object.keys(moves).length < mostRules ? rule : otherRules

function moved(context: MetricsContext, { at, to, rule }: CircuitMoved): Partial<MetricsContext> {
  const name = countedAs(context.moves, rule)
  const before = Object.hasOwn(context.moves, name) ? (context.moves[name] as number) : 0
  return {
    msIn: pass(context, at),
    circuit: to,
    since: Math.max(at, context.since),
    moves: { ...context.moves, [name]: before + 1 },
  }
}

const machine = setup({
  types: {
    context: {} as MetricsContext,
    events: {} as Signal,
    input: {} as PlugInput<OutOf<typeof metricsOptions>>,
    meta: {} as StateMeta<MetricsContext>,
  },
  actions: {
    keepSlice: assign(({ context, event }) => ({
      slices: [...context.slices, only(event, "slice.closed").slice].slice(-keptSlices),
    })),
    countMove: assign(({ context, event }) => moved(context, only(event, "circuit.moved"))),
  },
}).createMachine({
  id: "metrics",
  context: ({ input }) => ({
    slices: [],
    circuit: input.circuit,
    since: input.at,
    msIn: { closed: 0, degraded: 0, open: 0, halfOpen: 0, ramping: 0 },
    moves: {},
  }),
  initial: "observing",
  states: {
    observing: {
      meta: { lines: () => ({ sliceMs: 1000 }) },
      on: { "slice.closed": { actions: "keepSlice" }, "circuit.moved": { actions: "countMove" } },
    },
  },
})

const contextOf = (snapshot: Snapshot<unknown>) => (snapshot as SnapshotFrom<typeof machine>).context

export const metrics = component({
  key: "metrics",
  layer: "limit",
  standard: true,
  options: metricsOptions,
  chart: machine,
  hears: ["slice.closed", "circuit.moved"],
  report: (snapshot, at) => {
    const context = contextOf(snapshot)
    const { circuit, slices } = context
    return {
      score: circuit === "open" ? 0 : score(slices.filter(({ startedAt }) => at - startedAt < recentMs)),
      msIn: pass(context, at),
      moves: context.moves,
      slices: context.slices,
    }
  },
})
