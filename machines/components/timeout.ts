/**
 * `timeout`: how long one attempt may run. Fixed, or learned from how long successes take: twice the 99.9th percentile of the
 * recent successes, moved in bounded steps, and left alone while the circuit keeps calls back. A call that timed out is no
 * success that was quick: while too many time out, some are given longer now and then, to see what becomes of them.
 *
 * Owns:    the present timeout in milliseconds, and what it knows of the calls that it cuts off (machines/exploring.ts).
 * Hears:   slice.closed, circuit.moved, breaker.restored.
 * Demands: timeoutMs, always: what has been learned; while exploring, the longer one of the trial.
 * Laws:
 *   1. What is learned stays between `min` and `max`, and a slice moves it by at most a factor of 1.5 up or 1.25 down.
 *   2. Failures never shorten it: only successes are measured.
 *   3. Timed-out calls lengthen it only when successes need more: they come close to it, or came after it in a trial; calls
 *      that hang do not.
 *   4. While the circuit is neither closed nor degraded nothing is learned; each further probe round is given twice the time, up to `max`.
 *   5. Reading it has no side effect.
 *   6. A slow part of the calls is not timed out for ever: while more than 0.1 % of the calls time out it explores, up to
 *      `max`, and lengthens until no more do so, or until it has seen that longer ones do not help.
 *   7. Exploring is cheap. What calls that hang wait longer in trials is, on average, at most 5 % of the time that all calls
 *      take and 5 % of one caller's time, and `max` once; each longer trial is made half as often as the one below it.
 *   8. It comes down only when hardly any of the latency that it knows was cut off at a shorter timeout; what probe rounds were
 *      given beyond that is taken back step by step.
 *   9. Where a limit on calls stands does not stop it: calls that are cut off have the limit capped, and would be cut off for longer.
 *   10. Nor does a degraded circuit: where all calls take longer for good, and degrade it for that, hardly any is cut off falsely
 *      from the second minute on.
 */
import { assign, type Snapshot, type SnapshotFrom, setup } from "xstate"
import { begun, countedInTrial, freshSearch, goneOn, isOver, mayExplore, type Search, tried } from "../exploring.ts"
import {
  type DurationInput,
  duration,
  type InOf,
  isBareDuration,
  type Named,
  type OutOf,
  short,
  struct,
} from "../options.ts"
import { component, only, type PlugInput, type StateMeta } from "../plug.ts"
import { found, type Learning, learned, minimumSamples, readTimeout, type SavedTimeout, within } from "../timing.ts"
import type { Circuit } from "../vocabulary/circuit.ts"
import type { Signal, Slice } from "../vocabulary/signal.ts"

const timeoutFields = {
  /** The shortest timeout that is learned. Default: 250 milliseconds, or `max` if that is shorter. */
  min: duration({ default: "250 millis", min: "1 millis", max: "1 day" }),
  /** The longest timeout, and the one before anything is learned. Default: 30 seconds, or `min` if that is longer. */
  max: duration({ default: "30 seconds", min: "1 millis", max: "1 day" }),
}
export interface TimeoutFields extends Named<typeof timeoutFields> {}

const bounds = struct<TimeoutFields>(
  timeoutFields,
  ({ min, max }) => (min > max ? { path: "max", rule: "must not be shorter than min" } : undefined),
  ({ min, max }) => ({ min: Math.min(min, max), max: Math.max(min, max) }),
)

export const timeoutOptions = short<DurationInput, InOf<typeof bounds>, OutOf<typeof bounds>>(bounds, (value) =>
  isBareDuration(value) ? { min: value as DurationInput, max: value as DurationInput } : undefined,
)

type TimeoutSettings = OutOf<typeof timeoutOptions>

const sliceMs = 1000

/** A degraded circuit lets all calls enter. Calls that are cut off degrade it: were nothing learned then, they would be cut off until that is usual. */
const isLearning = (circuit: Circuit): boolean => circuit === "closed" || circuit === "degraded"

interface TimeoutContext extends Learning {
  readonly probeRounds: number
  /** It began while the circuit kept calls back. */
  readonly startsAway: boolean
}

type Step<T> = (context: TimeoutContext, slice: Slice, at: number) => T

/** A step that only a closed slice makes. */
const onSlice =
  <T>(step: Step<T>) =>
  ({ context, event }: { readonly context: TimeoutContext; readonly event: Signal }): T =>
    step(context, only(event, "slice.closed").slice, event.at)

const searches = (step: Step<Search>) => onSlice((...all) => ({ search: step(...all) }))

const machine = setup({
  types: {
    context: {} as TimeoutContext,
    events: {} as Signal,
    input: {} as PlugInput<TimeoutSettings>,
    meta: {} as StateMeta<TimeoutContext>,
  },
  guards: {
    startsAway: ({ context }) => context.startsAway,
    isFixed: ({ context }) => context.settings.min === context.settings.max,
    isKnown: onSlice((_context, { latency }) => latency.samples >= minimumSamples),
    // What the same slice teaches may leave nothing longer to try.
    mayTry: onSlice(
      (context, slice, at) =>
        mayExplore(context.search, slice, context.timeoutMs, context.settings.max) &&
        learned(context, slice, at).timeoutMs < context.settings.max,
    ),
    isLate: onSlice((_context, { late }) => late > 0),
    triedEnough: onSlice(({ search, timeoutMs, settings }, slice, at) =>
      isOver(tried(countedInTrial(search, slice, at, timeoutMs, settings.max), slice, at)),
    ),
    allEnded: ({ context, event }) => event.at >= context.search.endsAt,
    left: ({ event }) => !isLearning(only(event, "circuit.moved").to),
    cameBack: ({ event }) => isLearning(only(event, "circuit.moved").to),
    probing: ({ event }) => only(event, "circuit.moved").to === "halfOpen",
    isSavedTrial: ({ context, event }) => savedOf(context, event)?.trialMs !== undefined,
    isSaved: ({ context, event }) => savedOf(context, event) !== undefined,
  },
  actions: {
    learn: assign(onSlice(learned)),
    adopt: assign(onSlice(found)),
    begin: assign(searches(({ search, timeoutMs, settings }, slice) => begun(search, slice, timeoutMs, settings.max))),
    count: assign(
      searches(({ search, timeoutMs, settings }, slice, at) =>
        countedInTrial(search, slice, at, timeoutMs, settings.max),
      ),
    ),
    goOn: assign(searches(({ search, timeoutMs }, slice, at) => goneOn(search, slice, timeoutMs, at))),
    end: assign(searches(({ search }, slice, at) => tried(search, slice, at))),
    beginFreeze: assign({ probeRounds: 0 }),
    giveProbesTime: assign(({ context: { probeRounds, timeoutMs, settings } }) => ({
      probeRounds: probeRounds + 1,
      timeoutMs: probeRounds === 0 ? timeoutMs : Math.min(settings.max, timeoutMs * 2),
    })),
    restore: assign(({ context, event }) => {
      const { timeoutMs, trialMs = 0 } = savedOf(context, event) as SavedTimeout
      return { timeoutMs, search: { ...context.search, trialMs } }
    }),
  },
}).createMachine({
  id: "timeout",
  context: ({ input: { settings, circuit } }) => ({
    settings,
    startsAway: !isLearning(circuit),
    timeoutMs: settings.max,
    probeRounds: 0,
    search: freshSearch(settings.max),
  }),
  initial: "cold",
  on: {
    "breaker.restored": [
      { guard: "isSavedTrial", target: ".exploring", actions: "restore" },
      { guard: "isSaved", target: ".tracking", actions: "restore" },
    ],
    "circuit.moved": { guard: "left", target: ".frozen", actions: "beginFreeze" },
  },
  states: {
    fixed: {
      meta: { demand: ({ timeoutMs }) => ({ timeoutMs }) },
      on: { "breaker.restored": {}, "circuit.moved": {} },
    },
    cold: {
      meta: { demand: ({ timeoutMs }) => ({ timeoutMs }), lines: () => ({ sliceMs }) },
      always: [
        { guard: "isFixed", target: "fixed" },
        { guard: "startsAway", target: "frozen" },
      ],
      on: { "slice.closed": [{ guard: "isKnown", target: "tracking", actions: "learn" }, { actions: "learn" }] },
    },
    tracking: {
      meta: { demand: ({ timeoutMs }) => ({ timeoutMs }), lines: () => ({ sliceMs }) },
      on: {
        "slice.closed": [{ guard: "mayTry", target: "exploring", actions: ["learn", "begin"] }, { actions: "learn" }],
      },
    },
    exploring: {
      meta: {
        demand: ({ search }) => ({ timeoutMs: search.trialMs }),
        lines: ({ timeoutMs }) => ({ sliceMs, lateAfterMs: timeoutMs }),
      },
      on: {
        "slice.closed": [
          { guard: "isLate", target: "tracking", actions: "adopt" },
          { guard: "triedEnough", target: "listening", actions: ["count", "end"] },
          { actions: ["count", "goOn"] },
        ],
      },
    },
    // The calls of the trial are still on their way.
    listening: {
      meta: {
        demand: ({ timeoutMs }) => ({ timeoutMs }),
        lines: ({ timeoutMs }) => ({ sliceMs, lateAfterMs: timeoutMs }),
      },
      on: {
        "slice.closed": [
          { guard: "isLate", target: "tracking", actions: "adopt" },
          { guard: "allEnded", target: "tracking", actions: "learn" },
          { actions: "learn" },
        ],
      },
    },
    frozen: {
      meta: { demand: ({ timeoutMs }) => ({ timeoutMs }) },
      on: {
        "circuit.moved": [
          { guard: "cameBack", target: "tracking" },
          { guard: "probing", actions: "giveProbesTime" },
          {},
        ],
      },
    },
  },
})

const savedOf = ({ settings }: TimeoutContext, event: Signal): SavedTimeout | undefined =>
  within(settings, readTimeout(only(event, "breaker.restored").parts["timeout"]))

const inForce = ({ value, context }: SnapshotFrom<typeof machine>): SavedTimeout =>
  value === "exploring"
    ? { timeoutMs: context.timeoutMs, trialMs: context.search.trialMs }
    : { timeoutMs: context.timeoutMs }

const isLearned = ({ value }: SnapshotFrom<typeof machine>) => value !== "fixed" && value !== "cold"

const snapshotOf = (snapshot: Snapshot<unknown>) => snapshot as SnapshotFrom<typeof machine>

export const timeout = component({
  key: "timeout",
  layer: "limit",
  standard: true,
  options: timeoutOptions,
  chart: machine,
  hears: ["slice.closed", "circuit.moved", "breaker.restored"],
  canRestore: (saved) => readTimeout(saved) !== undefined,
  // What was set, or never learned, is nothing to keep.
  save: (snapshot) => (isLearned(snapshotOf(snapshot)) ? inForce(snapshotOf(snapshot)) : undefined),
  report: (snapshot) => {
    const { timeoutMs, trialMs = timeoutMs } = inForce(snapshotOf(snapshot))
    return { state: String(snapshotOf(snapshot).value), timeoutMs: trialMs }
  },
})
