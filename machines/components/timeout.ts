/**
 * `timeout`: how long one attempt may run. Fixed, or learned from how long successes take: twice the 99.9th percentile
 * of the recent successes, moved in bounded steps, and left alone while the circuit is not closed.
 *
 * Owns:    the present timeout in milliseconds.
 * Hears:   slice.closed, circuit.moved, breaker.restored.
 * Demands: timeoutMs, always.
 * Laws:
 *   1. The timeout stays between `min` and `max`, and a slice moves it by at most a factor of 1.5 up or 1.25 down.
 *   2. Failures never shorten it: only successes are measured.
 *   3. Timed-out calls lengthen it only when the successes themselves have become slow; calls that hang do not.
 *   4. While the circuit is not closed nothing is learned; each further probe round is given twice the time, up to `max`.
 *   5. Reading it has no side effect.
 */
import { assign, type Snapshot, type SnapshotFrom, setup } from "xstate"
import { type DurationInput, duration, type InOf, isBareDuration, type OutOf, short, struct } from "../options.ts"
import { component, type PlugInput, type StateMeta } from "../plug.ts"
import type { Signal, Slice } from "../vocabulary/signal.ts"

const bounds = struct(
  {
    min: duration({ default: "250 millis", min: "1 millis", max: "1 day" }),
    max: duration({ default: "30 seconds", min: "1 millis", max: "1 day" }),
  },
  ({ min, max }) => (min > max ? { path: "max", rule: "must not be shorter than min" } : undefined),
)

export const timeoutOptions = short<DurationInput, InOf<typeof bounds>, OutOf<typeof bounds>>(bounds, (value) =>
  isBareDuration(value) ? { min: value as DurationInput, max: value as DurationInput } : undefined,
)

type TimeoutSettings = OutOf<typeof timeoutOptions>

/** Fewer successes than this say nothing about a tail. */
const minimumSamples = 100
const headroom = 2
const stepUp = 1.5
const stepDown = 1.25
/** The share of false timeouts that is accepted; above it, a slower service is given more time. */
const falseTimeouts = 0.001

interface TimeoutContext {
  readonly settings: TimeoutSettings
  readonly timeoutMs: number
  readonly probeRounds: number
}

/** The next timeout after one slice. */
export function nextTimeout(
  settings: TimeoutSettings,
  timeoutMs: number,
  { latency, timedOut, success }: Slice,
): number {
  if (latency.samples < minimumSamples) return timeoutMs
  // Successes close to the timeout mean that the service is slower; timeouts beside quick successes mean that some calls hang.
  const censored = timedOut > falseTimeouts * (timedOut + success) && latency.p99 * 3 >= timeoutMs
  const wanted = censored ? timeoutMs * stepUp : headroom * latency.p999
  const stepped = Math.min(timeoutMs * stepUp, Math.max(timeoutMs / stepDown, wanted))
  return Math.min(settings.max, Math.max(settings.min, stepped))
}

const machine = setup({
  types: {
    context: {} as TimeoutContext,
    events: {} as Signal,
    input: {} as PlugInput<TimeoutSettings>,
    meta: {} as StateMeta<TimeoutContext>,
  },
  guards: {
    isFixed: ({ context }) => context.settings.min === context.settings.max,
    isKnown: ({ event }) => event.type === "slice.closed" && event.slice.latency.samples >= minimumSamples,
    left: ({ event }) => event.type === "circuit.moved" && event.to !== "closed",
    cameBack: ({ event }) => event.type === "circuit.moved" && event.to === "closed",
    probing: ({ event }) => event.type === "circuit.moved" && event.to === "halfOpen",
    isSaved: ({ context, event }) => savedMs(context, event) !== undefined,
  },
  actions: {
    learn: assign(({ context, event }) =>
      event.type === "slice.closed" ? { timeoutMs: nextTimeout(context.settings, context.timeoutMs, event.slice) } : {},
    ),
    beginFreeze: assign({ probeRounds: 0 }),
    giveProbesTime: assign(({ context }) => ({
      probeRounds: context.probeRounds + 1,
      timeoutMs: context.probeRounds === 0 ? context.timeoutMs : Math.min(context.settings.max, context.timeoutMs * 2),
    })),
    restore: assign(({ context, event }) => ({ timeoutMs: savedMs(context, event) ?? context.timeoutMs })),
  },
}).createMachine({
  id: "timeout",
  context: ({ input: { settings } }) => ({ settings, timeoutMs: settings.max, probeRounds: 0 }),
  initial: "cold",
  on: { "breaker.restored": { guard: "isSaved", target: ".tracking", actions: "restore" } },
  states: {
    fixed: { meta: { demand: ({ timeoutMs }) => ({ timeoutMs }) }, on: { "breaker.restored": {} } },
    cold: {
      meta: { demand: ({ timeoutMs }) => ({ timeoutMs }), lines: () => ({ sliceMs: 1000 }) },
      always: { guard: "isFixed", target: "fixed" },
      on: {
        "slice.closed": { guard: "isKnown", target: "tracking", actions: "learn" },
        "circuit.moved": { guard: "left", target: "frozen", actions: "beginFreeze" },
      },
    },
    tracking: {
      meta: { demand: ({ timeoutMs }) => ({ timeoutMs }), lines: () => ({ sliceMs: 1000 }) },
      on: {
        "slice.closed": { actions: "learn" },
        "circuit.moved": { guard: "left", target: "frozen", actions: "beginFreeze" },
      },
    },
    frozen: {
      meta: { demand: ({ timeoutMs }) => ({ timeoutMs }) },
      on: {
        "circuit.moved": [
          { guard: "cameBack", target: "tracking" },
          { guard: "probing", actions: "giveProbesTime" },
        ],
      },
    },
  },
})

function savedMs({ settings }: TimeoutContext, event: Signal): number | undefined {
  const saved = event.type === "breaker.restored" ? event.parts["timeout"] : undefined
  const ms = typeof saved === "object" && saved !== null && "timeoutMs" in saved ? saved.timeoutMs : undefined
  return typeof ms === "number" && ms >= settings.min && ms <= settings.max ? ms : undefined
}

const contextOf = (snapshot: Snapshot<unknown>) => (snapshot as SnapshotFrom<typeof machine>).context

export const timeout = component({
  key: "timeout",
  layer: "limit",
  standard: true,
  options: timeoutOptions,
  chart: machine,
  hears: ["slice.closed", "circuit.moved", "breaker.restored"],
  save: (snapshot) => ({ timeoutMs: contextOf(snapshot).timeoutMs }),
  report: (snapshot) => ({
    state: String((snapshot as SnapshotFrom<typeof machine>).value),
    timeoutMs: contextOf(snapshot).timeoutMs,
  }),
})
