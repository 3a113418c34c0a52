/**
 * `gradual`: a breaker that decides on evidence and comes back step by step. Closed, it learns what is usual and rings when a stream of
 * outcomes departs from it; a service that is gone opens it, one that fails in part only degrades it, at full share. After a wait it
 * probes, and then ramps: each step lets more in, and is judged on its own calls in the order of their admission.
 *
 * Owns:    how often it tripped, how long it waits, which step of the ramp it stands on, and what a trial has shown.
 * Hears:   alarm.rang, slice.closed, probe.succeeded, probe.failed, probe.expired, probe.answered, operator.forcedOpen,
 *          operator.released, breaker.restored, settings.changed.
 * Demands: open: share 0 until retryAt · halfOpen: a capped number of leased probes · ramping: the share and limit of the step ·
 *          degraded: while it tries, the share of the trial · in all three, that nothing is repeated · closed: nothing.
 * Laws:
 *   1. It opens only on an alarm whose counts say that the service is gone or asks to be left alone, on failed probes, or by order.
 *   2. An alarm that says less than gone degrades it: calls keep their full share, save for one small trial.
 *   3. From halfOpen it never closes at once: every recovery passes through the ramp, and no step lets in less while all goes well.
 *   4. A step that goes badly is taken back; if less load does not help, load is not to blame, and it degrades at full share.
 *   5. A wait never exceeds `max`, or `longestAsked` where the service asks for more, and is remembered for `memory` after a close.
 *   6. Forced open, it stays open until released, and is then half-open: never straight to closed.
 *   7. Restored, it waits for what remained of its wait, with the slow line that it had learned; a ramp begins anew with probes.
 *   8. New settings keep circuit, wait and evidence.
 *   9. Trials never refuse more than their budget: eight calls, and one in 20 000 of those that were judged.
 *   10. Rare callers come back, too: a step that is not judged in time begins anew, and it and those after it have twice the time then.
 *   11. One part that is gone, as keys tell, is not the service: it degrades; what sits in parts is not tried by shedding.
 *   12. Probes that succeed when nobody waits for them close nothing. Two that took as long tell what is slow from then on.
 */
import { assign, type Snapshot, type SnapshotFrom, setup } from "xstate"
import { isGone, isPartial, isTrouble, ramp } from "../judging.ts"
import { type PlugInput, type StateMeta, strategy } from "../plug.ts"
import {
  begun,
  canPay,
  changed,
  enough,
  freshGradual,
  type GradualContext,
  type GradualSettings,
  gradualOptions,
  hasHelped,
  isBlameless,
  isLate,
  isRule,
  lateAgain,
  lines,
  paid,
  rampingPart,
  resumed,
  rung,
  rungAs,
  savedOf,
  shareOf,
  stepping,
} from "../ramping.ts"
import { answered, learntLine } from "../slowness.ts"
import { closedBy, entered, operated, tripped, waited } from "../tripping.ts"
import { unrepeated } from "../vocabulary/gate.ts"
import type { Signal } from "../vocabulary/signal.ts"

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
    untilStepStale: ({ context }) => stepping.leaseMs(context),
  },
  guards: {
    gone: ({ context, event }) => event.type === "alarm.rang" && isGone(event, context.settings),
    partial: ({ event }) => event.type === "alarm.rang" && isPartial(event),
    newLine: ({ context, event }) => learntLine(context, event) !== context.slowAfterMs,
    over: ({ event }) => isRule(event, "relief"),
    judged: ({ event }) => isRule(event, "cohort"),
    mayTry: ({ context, event }) => event.type === "alarm.rang" && canPay(context, event),
    helped: ({ context, event }) => hasHelped(context, event),
    enoughProbes: ({ context }) => context.successes + 1 >= enough(context),
    tooManyFailed: ({ context }) => context.successes - 1 <= -enough(context),
    overloaded: ({ context, event }) => isLate(event) && context.step > ramp.lowest,
    lateAtLowest: ({ event }) => event.type === "alarm.rang" && isLate(event) && isTrouble(event.statistics),
    stepBad: ({ event }) => event.type === "alarm.rang" && isRule(event, "cohort") && isTrouble(event.statistics),
    blameless: ({ context, event }) => isBlameless(context, event),
    atTop: ({ context, event }) => isRule(event, "cohort") && context.step >= ramp.highest,
    savedOpen: ({ event }) => savedOf(event)?.circuit === "open",
    savedProbing: ({ event }) => ["halfOpen", "ramping"].includes(savedOf(event)?.circuit ?? ""),
    savedDegraded: ({ event }) => savedOf(event)?.circuit === "degraded",
    savedClosed: ({ event }) => savedOf(event)?.circuit === "closed",
  },
  actions: {
    learn: assign(({ context, event }) => changed(context, event)),
    noteAnswered: assign(({ context, event }) => answered(context, event)),
    enter: assign(({ context }) => entered(context)),
    noteAlarm: assign(({ event }) => rung(event)),
    noteStep: assign(({ event }) => rungAs.step(event)),
    noteBlameless: assign(({ context, event }) => rungAs.blameless(event, context)),
    noteHelped: assign(({ context, event }) => rungAs.helped(event, context)),
    noteProbe: assign(({ context, event }) => rungAs.probe(event, context)),
    noteWaited: assign(({ context }) => waited(context)),
    noteOperator: assign(({ event }) => operated(event)),
    noteRestored: assign(({ context, event }) => resumed(context, event)),
    trip: assign(({ context, event }) => tripped(context, event)),
    // An outage that comes back is waited for half as long as it was last.
    tripAgain: assign(({ context, event }) => tripped(context, event, 1 + Math.floor(context.trips / 2))),
    countSuccess: assign({ successes: ({ context }) => context.successes + 1 }),
    countFailure: assign(({ context }) => ({ successes: context.successes - 1, failed: context.failed + 1 })),
    noteLate: assign(({ context }) => lateAgain(context)),
    forgetLate: assign({ late: 0, hung: 0, answeredMs: 0 }),
    noteClosed: assign(({ context }) => closedBy(context)),
    blame: assign({ blame: ({ event }) => shareOf(event) }),
    pay: assign(({ context }) => paid(context)),
    countHung: assign({ hung: ({ context }) => context.hung + 1 }),
    noteLine: assign({ slowAfterMs: ({ context, event }) => learntLine(context, event) }),
    noteStale: assign({ stale: ({ context }) => context.stale + 1 }),
    beginRamp: assign(begun),
    stepUp: assign(({ context }) => stepping.up(context)),
    stepBack: assign(({ context, event }) => stepping.back(context, event)),
  },
}).createMachine({
  id: "gradual",
  context: ({ input }) => freshGradual(input),
  initial: "closed",
  on: {
    "operator.forcedOpen": { target: ".open.held", actions: "noteOperator" },
    "operator.released": { target: ".halfOpen", actions: "noteOperator" },
    "settings.changed": { actions: "learn" },
    "probe.answered": { actions: "noteAnswered" },
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
      meta: { circuit: "closed", lines: lines.closed },
      on: {
        "slice.closed": { guard: "newLine", actions: "noteLine" },
        "alarm.rang": [
          { guard: "gone", target: "open.waiting", actions: ["noteAlarm", "tripAgain"] },
          { guard: "partial", target: "degraded.judging", actions: "noteAlarm" },
        ],
      },
    },
    degraded: {
      meta: { circuit: "degraded", demand: () => unrepeated },
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
          meta: { lines: lines.judging },
          on: {
            "alarm.rang": [
              { guard: "mayTry", target: "trying", actions: ["noteAlarm", "blame", "pay"] },
              { guard: "judged", target: "named", actions: "noteAlarm" },
            ],
          },
        },
        trying: {
          entry: "enter",
          meta: { demand: ({ settings }) => ({ cohortShare: settings.trial?.share ?? 1 }), lines: lines.trying },
          after: { untilStale: "named" },
          on: {
            "alarm.rang": [
              { guard: "helped", target: "#gradual.ramping", actions: ["noteHelped", "beginRamp", "blame"] },
              { guard: "judged", target: "named", actions: "noteAlarm" },
            ],
          },
        },
        named: { entry: "enter", meta: { lines: lines.named } },
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
        demand: ({ settings }) => ({ probes: settings.probes.atOnce, ...unrepeated }),
        lines: lines.probe,
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
      meta: { circuit: "ramping", demand: stepping.demand, lines: lines.step },
      after: { untilStepStale: { target: "ramping", reenter: true, actions: "noteStale" } },
      on: {
        "alarm.rang": [
          { guard: "overloaded", target: "ramping", reenter: true, actions: ["noteStep", "stepBack"] },
          { guard: "lateAtLowest", target: "open.waiting", actions: ["noteStep", "noteLate", "tripAgain"] },
          { guard: "gone", target: "open.waiting", actions: ["noteStep", "tripAgain"] },
          { guard: "blameless", target: "degraded.named", actions: ["noteBlameless", "noteClosed"] },
          { guard: "stepBad", target: "ramping", reenter: true, actions: ["noteStep", "stepBack"] },
          { guard: "atTop", target: "closed", actions: ["noteStep", "noteClosed", "forgetLate"] },
          { guard: "judged", target: "ramping", reenter: true, actions: ["noteStep", "stepUp"] },
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
    "probe.answered",
    "operator.forcedOpen",
    "operator.released",
    "breaker.restored",
    "settings.changed",
  ],
  ...rampingPart(contextOf),
})
