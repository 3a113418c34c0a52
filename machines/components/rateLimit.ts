/**
 * `rateLimit`: how many calls may enter in a time. The limits that a user sets are held to the data plane's buckets; this actor adds what
 * the service says itself. Where it refuses calls as too many it learns a rate from what it did answer, and finds its way back up;
 * where it asks for a wait it is left alone.
 *
 * Owns:    the rate that was learned, until when it holds, and until when the service wants to be left alone.
 * Hears:   throttle.told, slice.closed, breaker.restored, settings.changed.
 * Demands: throttled: rate, burst · held: share 0, retryAt, and what was learned.
 * Laws:
 *   1. What is learned only tightens: the limits that were set hold whatever the service says.
 *   2. A rate is learned on evidence: so many refusals as `evidence` says, one in a hundred of the answers, and never from calls that
 *      were under way at the last cut.
 *   3. It is never below `floor`, comes back by a twentieth in each second that goes well and uses it, and is forgotten after ten
 *      minutes without another cut.
 *   4. No wait is longer than `longestAsked`, and each ends by itself; what was learned holds on after it.
 *   5. What the service still grants is spread until there is more, down to `floor`, for `longestAsked` at most.
 *   6. With `adaptive: false` nothing that the service says moves it.
 */
import { assign, type Snapshot, type SnapshotFrom, setup } from "xstate"
import { component, only, type PlugInput, type StateMeta } from "../plug.ts"
import { type Adaptive, type RateSettings, rateOptions } from "../rateOptions.ts"
import {
  cutBack,
  demandOf,
  freshThrottling,
  grown,
  held,
  isExcess,
  isGone,
  nextEnd,
  noted,
  paced,
  passed,
  readThrottling,
  resumed,
  type SavedThrottling,
  saved,
  type Throttling,
} from "../throttling.ts"
import type { Lines } from "../vocabulary/gate.ts"
import type { Signal, ThrottleTold } from "../vocabulary/signal.ts"

interface RateContext extends Throttling {
  readonly settings: RateSettings
}
type Heard = { readonly context: RateContext; readonly event: Signal }

const toldMs = 1000
const sliceMs = 1000
/** Who learns nothing is `fixed`, and hears nothing of this. */
const adaptiveOf = ({ settings }: RateContext): Adaptive => settings.adaptive as Adaptive

/** The context with the answers that it was told of. */
const withAnswers = ({ context, event }: Heard): Throttling => noted(context, toldIn(event))

const toldIn = (event: Signal): ThrottleTold => only(event, "throttle.told")

const restoredOf = ({ context, event }: Heard): Throttling | undefined => {
  const { parts, at, elapsedMs } = only(event, "breaker.restored")
  const kept = readThrottling(parts["rateLimit"])
  return kept && resumed(kept, adaptiveOf(context), at, elapsedMs)
}

/** When something that was learned ends, or has ended while the service was left alone: time does not go back to then. */
const endOf = (context: RateContext): number => Math.max(context.at, nextEnd(context))

const waitIn = (event: Signal): number => toldIn(event).waitMs ?? 0

const heldNow = (heard: Heard): Throttling => held(withAnswers(heard), waitIn(heard.event), adaptiveOf(heard.context))

const pacedNow = (heard: Heard): Throttling => paced(withAnswers(heard), toldIn(heard.event), adaptiveOf(heard.context))

const afterSlice = ({ context, event }: Heard): Throttling =>
  grown(context, only(event, "slice.closed").slice, event.at)

const settingsIn = (event: Signal): RateSettings => only(event, "settings.changed").settings as RateSettings

const rates = ({ settings: { lines } }: RateContext): Lines => (lines.length > 0 ? { rates: lines } : {})

const machine = setup({
  types: {
    context: {} as RateContext,
    events: {} as Signal,
    input: {} as PlugInput<RateSettings>,
    meta: {} as StateMeta<RateContext>,
  },
  delays: {
    waitPasses: ({ context: { heldUntil, at } }) => Math.max(0, heldUntil - at),
    learnedEnds: ({ context }) => endOf(context) - context.at,
  },
  guards: {
    isFixed: ({ context }) => context.settings.adaptive === undefined,
    asksToWait: ({ event }) => waitIn(event) > 0,
    asksForMore: (heard) => heldNow(heard).heldUntil > heard.context.heldUntil,
    isTooMuch: (heard) => isExcess(withAnswers(heard), adaptiveOf(heard.context)),
    isShort: (heard) => pacedNow(heard).pace !== heard.context.pace,
    isUnbound: (heard) => isGone(afterSlice(heard)),
    isLearned: ({ context }) => context.cut !== undefined || context.pace !== undefined,
    isHeld: ({ context }) => context.heldUntil > context.at,
    isKnown: (heard) => restoredOf(heard) !== undefined,
  },
  actions: {
    note: assign((heard) => withAnswers(heard)),
    cut: assign((heard) => cutBack(withAnswers(heard), adaptiveOf(heard.context))),
    hold: assign((heard) => heldNow(heard)),
    pace: assign((heard) => pacedNow(heard)),
    grow: assign((heard) => afterSlice(heard)),
    forget: assign(({ context }) => ({ ...freshThrottling(context.at), cut: undefined, pace: undefined })),
    // What the service still grants is not outgrown with it.
    outgrow: assign(({ event }) => ({ ...freshThrottling(event.at), cut: undefined })),
    pass: assign(({ context }) => {
      const { cut, pace, at } = passed(context, endOf(context))
      return { cut, pace, at }
    }),
    endWait: assign(({ context }) => ({ at: context.heldUntil })),
    adopt: assign(({ event }) => ({ settings: settingsIn(event), at: event.at })),
    restore: assign((heard) => restoredOf(heard) as Throttling),
  },
}).createMachine({
  id: "rateLimit",
  context: ({ input: { settings, at } }) => ({ settings, ...freshThrottling(at) }),
  initial: "steady",
  on: {
    "throttle.told": [
      { guard: "asksToWait", target: ".held", actions: "hold" },
      { guard: "isTooMuch", target: ".throttled", actions: "cut" },
      { guard: "isShort", target: ".throttled", actions: "pace" },
      { actions: "note" },
    ],
    "breaker.restored": { guard: "isKnown", target: ".steady", actions: "restore" },
    "settings.changed": { target: ".steady", actions: "adopt" },
  },
  states: {
    fixed: {
      meta: { lines: rates },
      on: { "throttle.told": {}, "breaker.restored": {} },
    },
    steady: {
      meta: { lines: (context) => ({ ...rates(context), toldMs }) },
      always: [
        { guard: "isFixed", target: "fixed", actions: "forget" },
        { guard: "isHeld", target: "held" },
        { guard: "isLearned", target: "throttled" },
      ],
    },
    throttled: {
      meta: { demand: demandOf, lines: (context) => ({ ...rates(context), toldMs, sliceMs }) },
      on: {
        "slice.closed": [{ guard: "isUnbound", target: "steady", actions: "outgrow" }, { actions: "grow" }],
      },
      after: { learnedEnds: { target: "steady", actions: "pass" } },
    },
    held: {
      meta: {
        demand: (context) => ({ share: 0, retryAt: context.heldUntil, ...demandOf(context) }),
        lines: (context) => ({ ...rates(context), toldMs }),
      },
      on: {
        "throttle.told": [
          { guard: "asksForMore", target: "held", reenter: true, actions: "hold" },
          { guard: "isTooMuch", actions: "cut" },
          { actions: "note" },
        ],
      },
      after: {
        waitPasses: [
          { guard: "isLearned", target: "throttled", actions: "endWait" },
          { target: "steady", actions: "endWait" },
        ],
      },
    },
  },
})

const snapshotOf = (snapshot: Snapshot<unknown>) => snapshot as SnapshotFrom<typeof machine>

const whole = (rate: number): string => String(Number(rate.toPrecision(3)))

export const rateLimit = component({
  key: "rateLimit",
  layer: "rateLimit",
  standard: false,
  options: rateOptions,
  chart: machine,
  hears: ["throttle.told", "slice.closed", "breaker.restored", "settings.changed"],
  reason: (snapshot) => {
    const { value, context } = snapshotOf(snapshot)
    if (value === "held") return "the service asks to be left alone"
    const { rate = 0 } = demandOf(context)
    const isPaced = rate === context.pace?.rate
    return isPaced
      ? `what the service still grants lasts at ${whole(rate)} calls a second`
      : `the service takes ${whole(rate)} calls a second`
  },
  canRestore: (kept) => readThrottling(kept) !== undefined,
  save: (snapshot, at): SavedThrottling | undefined => saved(snapshotOf(snapshot).context, at),
  report: (snapshot) => {
    const { value, context } = snapshotOf(snapshot)
    const { rate } = demandOf(context)
    return { state: String(value), ...(rate === undefined ? {} : { rate }) }
  },
})
