/**
 * `retry`: whether calls that failed may be made again. Its data plane repeats them, each attempt with a permit and an outcome of its
 * own, and pays for every further attempt from a budget that only successes fund: a service in trouble gets little more load than
 * its callers offer. While the circuit is not closed, or failure is foretold, nothing is repeated.
 *
 * Owns:    whether the budget is spent, and whether circuit or forecast bar repeating.
 * Hears:   budget.spent, budget.funded, circuit.moved, forecast.changed.
 * Demands: funded: at most `attempts` less one further attempts, one of them as a hedge · spent, barred: retries 0, hedges 0.
 * Laws:
 *   1. Nothing is repeated while the circuit is not closed, nor while failure is foretold, nor while the budget is spent.
 *   2. A call is made at most `attempts` times, whatever a schedule says.
 *   3. A spent budget pays again when it has been funded; that a circuit closes funds nothing.
 *   4. In any span of time further attempts are at most `most` and `share` of the successes in it.
 *   5. No wait is longer than `max`, or than `longestAsked` where the service asks for it.
 *   6. What is not idempotent is repeated only if it provably never reached the service.
 *   7. What an inner layer has repeated, or could not pay for, no outer layer repeats.
 */
import { assign, type Snapshot, type SnapshotFrom, setup } from "xstate"
import { component, only, type PlugInput, type StateMeta } from "../plug.ts"
import { type RetrySettings, retryOptions } from "../repeating.ts"
import { type BudgetLine, unrepeated } from "../vocabulary/gate.ts"
import type { Signal } from "../vocabulary/signal.ts"

/** `spent` while the budget cannot pay for further attempts, `barred` while the circuit is not closed or failure is foretold. */
export type RetryState = "funded" | "spent" | "barred"

interface RetryContext {
  readonly settings: RetrySettings
  /** The circuit is not closed. */
  readonly isAway: boolean
  readonly isForetold: boolean
  readonly isSpent: boolean
}

const lines = ({ settings: { budget, hedge } }: RetryContext) => ({
  budget: budget satisfies BudgetLine,
  // A quantile is one of the latencies that are measured while somebody asks for slices.
  ...(hedge !== undefined && "quantile" in hedge.after && { sliceMs: 1000 }),
})

const machine = setup({
  types: {
    context: {} as RetryContext,
    events: {} as Signal,
    input: {} as PlugInput<RetrySettings>,
    meta: {} as StateMeta<RetryContext>,
  },
  guards: {
    isBarred: ({ context }) => context.isAway || context.isForetold,
    isSpent: ({ context }) => !context.isAway && !context.isForetold && context.isSpent,
    isFunded: ({ context }) => !context.isAway && !context.isForetold && !context.isSpent,
  },
  actions: {
    noteBudget: assign({ isSpent: ({ event }) => event.type === "budget.spent" }),
    noteCircuit: assign({ isAway: ({ event }) => only(event, "circuit.moved").to !== "closed" }),
    noteForecast: assign({ isForetold: ({ event }) => only(event, "forecast.changed").state === "warned" }),
  },
}).createMachine({
  id: "retry",
  context: ({ input: { settings, circuit } }) => ({
    settings,
    isAway: circuit !== "closed",
    isForetold: false,
    isSpent: false,
  }),
  initial: "funded",
  on: {
    "budget.spent": { actions: "noteBudget" },
    "budget.funded": { actions: "noteBudget" },
    "circuit.moved": { actions: "noteCircuit" },
    "forecast.changed": { actions: "noteForecast" },
  },
  states: {
    funded: {
      meta: {
        demand: ({ settings: { attempts, hedge } }) => ({ retries: attempts - 1, hedges: hedge === undefined ? 0 : 1 }),
        lines,
      },
      always: [
        { guard: "isBarred", target: "barred" },
        { guard: "isSpent", target: "spent" },
      ],
    },
    spent: {
      meta: { demand: () => unrepeated, lines },
      always: [
        { guard: "isBarred", target: "barred" },
        { guard: "isFunded", target: "funded" },
      ],
    },
    barred: {
      meta: { demand: () => unrepeated, lines },
      always: [
        { guard: "isFunded", target: "funded" },
        { guard: "isSpent", target: "spent" },
      ],
    },
  },
})

const snapshotOf = (snapshot: Snapshot<unknown>) => snapshot as SnapshotFrom<typeof machine>

export const retry = component({
  key: "retry",
  layer: "limit",
  standard: false,
  options: retryOptions,
  chart: machine,
  hears: ["budget.spent", "budget.funded", "circuit.moved", "forecast.changed"],
  reason: (snapshot) => {
    const { isAway, isForetold } = snapshotOf(snapshot).context
    const why = isAway ? "the circuit is not closed" : isForetold ? "failure is foretold" : "the budget is spent"
    return `nothing is repeated: ${why}`
  },
  report: (snapshot): { state: RetryState } => ({ state: snapshotOf(snapshot).value }),
})
