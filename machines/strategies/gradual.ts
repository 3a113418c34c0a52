/**
 * `gradual`: a breaker that decides on evidence and comes back step by step. Closed, it learns what is usual and rings when a stream of
 * outcomes departs from it; a service that is gone opens it, one that fails in part only degrades it, at full share. After a wait it
 * probes, and then ramps: each step lets more in, and is judged on its own calls in the order of their admission.
 *
 * Owns:    how often it tripped, how long it waits, which step of the ramp it stands on, and what a trial has shown.
 * Hears:   alarm.rang, slice.closed, probe.succeeded, probe.failed, probe.expired, operator.forcedOpen, operator.released,
 *          breaker.restored, settings.changed.
 * Demands: open: share 0 until retryAt · halfOpen: a capped number of leased probes · ramping: the share and limit of the step ·
 *          degraded: while it tries, the share of the trial · closed: nothing.
 * Laws:
 *   1. It opens only on an alarm whose counts say that the service is gone or asks to be left alone, on failed probes, or by order.
 *   2. An alarm that says less than gone degrades it: calls keep their full share, save for one small trial.
 *   3. From halfOpen it never closes at once: every recovery passes through the ramp, and no step lets in less while all goes well.
 *   4. A step that goes badly is taken back; if less load does not help, load is not to blame, and it degrades at full share.
 *   5. A wait never exceeds `max`, or `longestAsked` where the service asks for more, and is remembered for `memory` after a close.
 *   6. Forced open, it stays open until released, and is then half-open: never straight to closed.
 *   7. Restored, it waits for what remained of its wait; a ramp begins anew with probes.
 *   8. New settings keep circuit, wait and evidence.
 *   9. Trials never refuse more than their budget: eight calls, and one in 20 000 of those that were judged.
 */
import { assign, type Snapshot, type SnapshotFrom, setup } from "xstate"
import {
  acceptedLine,
  badShare,
  confirmingLine,
  describeEvidence,
  isGone,
  isPartial,
  isTrouble,
  type JudgingFields,
  judging,
  limitAt,
  probesFor,
  ramp,
  shareAt,
  slowLine,
  stepLine,
  trialLine,
  usualLine,
} from "../judging.ts"
import { type Named, number, type OutOf, struct } from "../options.ts"
import { circuitOf, type PlugInput, type StateMeta, strategy } from "../plug.ts"
import {
  entered,
  findingOf,
  freshTrip,
  operated,
  probed,
  probing,
  restored,
  savedTrip,
  saveTrip,
  type TripContext,
  tripped,
  waited,
} from "../tripping.ts"
import type { SequentialLine } from "../vocabulary/gate.ts"
import type { AlarmRang, Signal } from "../vocabulary/signal.ts"
import { type WaitingFields, waiting } from "../waiting.ts"

const probeFields = {
  ...probing,
  /** The chance that its probes decide wrongly, of a service that answers 19 calls in 20 or 1 in 20. Default: 0.05, one probe. */
  wrong: number({ default: 0.05, min: 0.000_001, max: 0.4 }),
}
export interface GradualProbeFields extends Named<typeof probeFields> {}

const own = {
  /** The calls that a half-open circuit lets through, to see whether the service is well. */
  probes: struct<GradualProbeFields>(probeFields),
}
export interface GradualFields extends JudgingFields, WaitingFields, Named<typeof own> {}
export const gradualOptions = struct<GradualFields>({
  ...judging,
  ...waiting({ base: "410 millis", step: "30 millis", factor: 1, max: "3700 millis" }),
  ...own,
})

export type GradualSettings = OutOf<typeof gradualOptions>

interface GradualContext extends TripContext {
  readonly settings: GradualSettings
  /** Where on the ramp, and how far the next step goes. */
  readonly step: number
  readonly stride: number
  /** How often in a row the lowest step was late. */
  readonly late: number
  /** The share of bad outcomes that the last step was taken back for, or that the trial is to better. */
  readonly blame: number
  /** A call that takes so long is slow: as set, or as learned while closed. */
  readonly slowAfterMs: number | undefined
  /** Probes in a row that hung: each gives the next more time. */
  readonly hung: number
  /** What trials have spent of their budget, in calls. */
  readonly spent: number
}

/** While closed it learns what is slow; where the user has set it, nothing need be measured. */
const learns = ({ slowCalls }: GradualSettings): boolean => slowCalls !== undefined && slowCalls.after === 0
const ownLine = ({ slowCalls }: GradualSettings): number | undefined => slowCalls?.after || undefined
const learntLine = (context: GradualContext, event: Signal): number | undefined =>
  event.type === "slice.closed" ? slowLine(context.settings, event, context.slowAfterMs) : undefined
/** A probe that takes longer than a slow call, and than those that hung before it, has failed. */
const patienceOf = ({ settings, slowAfterMs, hung }: GradualContext): number | undefined =>
  slowAfterMs === undefined ? undefined : Math.min(settings.probes.lease, slowAfterMs * (1 + hung / 4))
const watch = ({ slowAfterMs }: GradualContext, circuit: SequentialLine) => ({ circuit, slowAfterMs })

/** Bad outcomes that are mostly slow ones speak of load. */
const isOverload = ({ statistics }: AlarmRang): boolean => statistics.slow > statistics.failures
const isLate = (event: Signal): boolean =>
  event.type === "alarm.rang" && (event.rule === "cohort" || event.rule === "dead") && isOverload(event)
/** A late call is taken for a little too much load, failures for far too much. */
const backOf = (event: Signal): number => (isLate(event) ? 1 : 2)
/** A service that is late so often on the lowest step is slower than it was, and not overloaded. */
const acceptedAfter = 3

/** New settings; a slow line that the user has set stands at once, a learned one goes on. */
function changed(context: GradualContext, event: Signal): Partial<GradualContext> {
  if (event.type !== "settings.changed") return {}
  const settings = event.settings as GradualSettings
  const keeps = learns(settings) && learns(context.settings)
  return { settings, slowAfterMs: keeps ? context.slowAfterMs : ownLine(settings) }
}

const savedOf = (event: Signal) => savedTrip("gradual", event)
const alarmOf = (event: Signal): AlarmRang | undefined => (event.type === "alarm.rang" ? event : undefined)
const shareOf = (event: Signal): number => (event.type === "alarm.rang" ? badShare(event.statistics) : 0)
const isRule = (event: Signal, rule: AlarmRang["rule"]): boolean => event.type === "alarm.rang" && event.rule === rule
const budget = { calls: 8, perCall: 1 / 20_000 } as const
const priceOf = ({ settings: { trial } }: GradualContext): number =>
  trial ? Math.ceil((trial.calls * (1 - trial.share)) / trial.share) + 1 : 0
const enough = ({ settings }: GradualContext): number => probesFor(settings.probes.wrong)

const machine = setup({
  types: {
    context: {} as GradualContext,
    events: {} as Signal,
    input: {} as PlugInput<GradualSettings>,
    meta: {} as StateMeta<GradualContext>,
  },
  delays: {
    untilRetry: ({ context }) => context.waitMs,
    untilStale: ({ context }) => context.settings.probes.lease,
  },
  guards: {
    gone: ({ context, event }) => event.type === "alarm.rang" && isGone(event, context.settings),
    partial: ({ event }) => event.type === "alarm.rang" && isPartial(event),
    newLine: ({ context, event }) => learntLine(context, event) !== context.slowAfterMs,
    over: ({ event }) => isRule(event, "relief"),
    judged: ({ event }) => isRule(event, "cohort"),
    mayTry: ({ context, event }) => {
      const seen = alarmOf(event)?.seen ?? 0
      const left = budget.calls + seen * budget.perCall - context.spent
      return (
        isRule(event, "cohort") &&
        shareOf(event) >= 0.25 &&
        context.settings.trial !== undefined &&
        left >= priceOf(context)
      )
    },
    helped: ({ context, event }) => isRule(event, "cohort") && shareOf(event) < context.blame / 2 - 0.05,
    enoughProbes: ({ context }) => context.successes + 1 >= enough(context),
    tooManyFailed: ({ context }) => context.successes - 1 <= -enough(context),
    overloaded: ({ context, event }) => isLate(event) && context.step > ramp.lowest,
    lateAtLowest: ({ event }) => event.type === "alarm.rang" && isLate(event) && isTrouble(event.statistics),
    stepBad: ({ event }) => event.type === "alarm.rang" && isRule(event, "cohort") && isTrouble(event.statistics),
    blameless: ({ context, event }) =>
      isRule(event, "cohort") &&
      context.step <= ramp.lowest &&
      shareOf(event) >= 0.6 * context.blame &&
      shareOf(event) >= 0.3,
    atTop: ({ context, event }) => isRule(event, "cohort") && context.step >= ramp.highest,
    savedOpen: ({ event }) => savedOf(event)?.circuit === "open",
    savedProbing: ({ event }) => ["halfOpen", "ramping"].includes(savedOf(event)?.circuit ?? ""),
    savedDegraded: ({ event }) => savedOf(event)?.circuit === "degraded",
    savedClosed: ({ event }) => savedOf(event)?.circuit === "closed",
  },
  actions: {
    learn: assign(({ context, event }) => changed(context, event)),
    enter: assign(({ context }) => entered(context)),
    noteAlarm: assign(({ event }) =>
      event.type === "alarm.rang"
        ? {
            at: event.at,
            reason: describeEvidence(event),
            rule: event.rule,
            statistics: event.statistics,
          }
        : {},
    ),
    noteProbe: assign(({ context, event }) => probed(event, enough(context))),
    noteWaited: assign(({ context }) => waited(context)),
    noteOperator: assign(({ event }) => operated(event)),
    noteRestored: assign(({ context, event }) => restored(context, event, savedOf(event))),
    trip: assign(({ context, event }) => tripped(context, event)),
    // An outage that comes back is waited for half as long as it was last.
    tripAgain: assign(({ context, event }) => tripped(context, event, 1 + Math.floor(context.trips / 2))),
    countSuccess: assign({ successes: ({ context }) => context.successes + 1 }),
    countFailure: assign({ successes: ({ context }) => context.successes - 1 }),
    // Late again: the slow line itself is to blame, and is learned anew.
    noteLate: assign(({ context: { late, slowAfterMs, settings } }) => ({
      late: late + 1,
      slowAfterMs: late + 1 >= acceptedAfter ? ownLine(settings) : slowAfterMs,
    })),
    forgetLate: assign({ late: 0 }),
    noteClosed: assign({ closedAt: ({ context }) => context.at }),
    blame: assign({ blame: ({ event }) => shareOf(event) }),
    pay: assign({ spent: ({ context }) => context.spent + priceOf(context) }),
    // A ramp that fails is a trip in the row: it remembers as a closed circuit would.
    countHung: assign({ hung: ({ context }) => context.hung + 1 }),
    noteLine: assign({ slowAfterMs: ({ context, event }) => learntLine(context, event) }),
    beginRamp: assign(({ event }) => ({
      hung: 0,
      step: ramp.first,
      stride: ramp.stride,
      blame: 0,
      closedAt: event.at,
    })),
    stepUp: assign(({ context: { step, stride } }) => ({
      step: Math.min(ramp.highest, step + stride),
      stride: stride * 2,
    })),
    stepBack: assign(({ context, event }) => ({
      step: Math.max(ramp.lowest, context.step - backOf(event)),
      stride: ramp.stride,
      blame: Math.max(context.blame, shareOf(event)),
    })),
  },
}).createMachine({
  id: "gradual",
  context: ({ input: { settings, seed, at } }) => ({
    settings,
    seed,
    ...freshTrip(at),
    step: ramp.first,
    stride: ramp.stride,
    blame: 0,
    late: 0,
    slowAfterMs: ownLine(settings),
    hung: 0,
    spent: 0,
  }),
  initial: "closed",
  on: {
    "operator.forcedOpen": { target: ".open.held", actions: "noteOperator" },
    "operator.released": { target: ".halfOpen", actions: "noteOperator" },
    "settings.changed": { actions: "learn" },
    "breaker.restored": [
      { guard: "savedOpen", target: ".open.waiting", actions: "noteRestored" },
      { guard: "savedProbing", target: ".halfOpen", actions: "noteRestored" },
      { guard: "savedDegraded", target: ".degraded.named", actions: "noteRestored" },
      { guard: "savedClosed", actions: "noteRestored" },
    ],
  },
  states: {
    closed: {
      entry: "enter",
      meta: {
        circuit: "closed",
        lines: (context) => ({
          ...watch(context, usualLine(context.settings)),
          sliceMs: learns(context.settings) ? 1000 : undefined,
        }),
      },
      on: {
        "slice.closed": { guard: "newLine", actions: "noteLine" },
        "alarm.rang": [
          { guard: "gone", target: "open.waiting", actions: ["noteAlarm", "tripAgain"] },
          { guard: "partial", target: "degraded.judging", actions: "noteAlarm" },
        ],
      },
    },
    degraded: {
      meta: { circuit: "degraded" },
      initial: "judging",
      on: {
        "alarm.rang": [
          { guard: "gone", target: "open.waiting", actions: ["noteAlarm", "tripAgain"] },
          { guard: "over", target: "closed", actions: "noteAlarm" },
        ],
      },
      states: {
        judging: {
          entry: "enter",
          meta: { lines: (context) => watch(context, confirmingLine(context.settings)) },
          on: {
            "alarm.rang": [
              { guard: "gone", target: "#gradual.open.waiting", actions: ["noteAlarm", "tripAgain"] },
              { guard: "mayTry", target: "trying", actions: ["noteAlarm", "blame", "pay"] },
              { guard: "judged", target: "named", actions: "noteAlarm" },
              { guard: "over", target: "#gradual.closed", actions: "noteAlarm" },
            ],
          },
        },
        trying: {
          entry: "enter",
          meta: {
            demand: ({ settings }) => ({ share: settings.trial?.share ?? 1 }),
            lines: (context) => watch(context, trialLine(context.settings)),
          },
          after: { untilStale: "named" },
          on: {
            "alarm.rang": [
              { guard: "gone", target: "#gradual.open.waiting", actions: ["noteAlarm", "tripAgain"] },
              { guard: "helped", target: "#gradual.ramping", actions: ["noteAlarm", "beginRamp", "blame"] },
              { guard: "judged", target: "named", actions: "noteAlarm" },
              { guard: "over", target: "#gradual.closed", actions: "noteAlarm" },
            ],
          },
        },
        named: {
          entry: "enter",
          meta: { lines: (context) => watch(context, acceptedLine(context.settings)) },
        },
      },
    },
    open: {
      entry: "enter",
      meta: { circuit: "open" },
      initial: "waiting",
      states: {
        waiting: {
          meta: { demand: ({ retryAt }) => ({ share: 0, retryAt }) },
          after: { untilRetry: { target: "#gradual.halfOpen", actions: "noteWaited" } },
        },
        held: { meta: { demand: () => ({ share: 0 }) } },
      },
    },
    halfOpen: {
      entry: "enter",
      meta: {
        circuit: "halfOpen",
        demand: ({ settings }) => ({ probes: settings.probes.atOnce }),
        lines: (context) => ({ leaseMs: context.settings.probes.lease, patienceMs: patienceOf(context) }),
      },
      on: {
        "probe.succeeded": [
          { guard: "enoughProbes", target: "ramping", actions: ["noteProbe", "beginRamp"] },
          { actions: "countSuccess" },
        ],
        "probe.failed": [
          { guard: "tooManyFailed", target: "open.waiting", actions: ["noteProbe", "trip"] },
          { actions: "countFailure" },
        ],
        "probe.expired": { target: "open.waiting", actions: ["noteProbe", "countHung", "trip"] },
      },
    },
    ramping: {
      entry: "enter",
      meta: {
        circuit: "ramping",
        demand: ({ step }) => ({ share: shareAt(step), limit: limitAt(step) }),
        lines: (context) => watch(context, stepLine(context.settings, context.step)),
      },
      after: { untilStale: { target: "ramping", reenter: true } },
      on: {
        "alarm.rang": [
          { guard: "overloaded", target: "ramping", reenter: true, actions: ["noteAlarm", "stepBack"] },
          { guard: "lateAtLowest", target: "open.waiting", actions: ["noteAlarm", "noteLate", "tripAgain"] },
          { guard: "gone", target: "open.waiting", actions: ["noteAlarm", "tripAgain"] },
          { guard: "blameless", target: "degraded.named", actions: ["noteAlarm", "noteClosed"] },
          { guard: "stepBad", target: "ramping", reenter: true, actions: ["noteAlarm", "stepBack"] },
          { guard: "atTop", target: "closed", actions: ["noteAlarm", "noteClosed", "forgetLate"] },
          { guard: "judged", target: "ramping", reenter: true, actions: ["noteAlarm", "stepUp"] },
        ],
      },
    },
  },
})

const contextOf = (snapshot: Snapshot<unknown>) => (snapshot as SnapshotFrom<typeof machine>).context

export const gradual = strategy({
  key: "gradual",
  layer: "circuit",
  options: gradualOptions,
  chart: machine,
  hears: [
    "alarm.rang",
    "slice.closed",
    "probe.succeeded",
    "probe.failed",
    "probe.expired",
    "operator.forcedOpen",
    "operator.released",
    "breaker.restored",
    "settings.changed",
  ],
  finding: (snapshot) => findingOf(contextOf(snapshot), circuitOf(snapshot)),
  save: (snapshot, at) => saveTrip(contextOf(snapshot), circuitOf(snapshot), at),
})
