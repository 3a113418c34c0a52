/** What `gradual` remembers beyond a trip, its options, and what it makes of an alarm: pure functions over its context. */
import type { Snapshot } from "xstate"
import { type CellingFields, celling, cellLine } from "./cells.ts"
import {
  acceptedLine,
  badShare,
  confirmingLine,
  describeEvidence,
  heldAgainst,
  type JudgingFields,
  judging,
  limitAt,
  probesBound,
  probesFor,
  ramp,
  shareAt,
  stepLine,
  trialLine,
  troubleAt,
  usualLine,
} from "./judging.ts"
import { type Named, number, type OutOf, struct } from "./options.ts"
import { only, type PlugInput } from "./plug.ts"
import { learns, ownLine, patienceOf, type Slowness, savedLine } from "./slowness.ts"
import {
  freshTrip,
  type ProbingFields,
  probed,
  probing,
  restored,
  type SavedTrip,
  savedTrip,
  type TripContext,
  trippingPart,
} from "./tripping.ts"
import { type Demand, type Lines, type SequentialLine, unrepeated } from "./vocabulary/gate.ts"
import type { AlarmRang, Signal } from "./vocabulary/signal.ts"
import { type WaitingFields, waiting } from "./waiting.ts"

const dayMs = 86_400_000

const probeErrors = {
  /** The chance that its probes decide wrongly, of a service that answers 19 calls in 20 or 1 in 20. Default: 0.05, one probe. */
  wrong: number({ default: 0.05, min: 0.000_001, max: 0.4 }),
}
export interface GradualProbeFields extends ProbingFields, Named<typeof probeErrors> {}

const own = {
  /** The calls that a half-open circuit lets through, to see whether the service is well. */
  probes: struct<GradualProbeFields>({ ...probing, ...probeErrors }),
}
export interface GradualFields extends JudgingFields, WaitingFields, CellingFields, Named<typeof own> {}
export const gradualOptions = struct<GradualFields>({
  ...judging,
  ...waiting({ base: "410 millis", step: "30 millis", factor: 1, max: "3700 millis" }),
  ...celling,
  ...own,
})

export type GradualSettings = OutOf<typeof gradualOptions>

export interface GradualContext extends TripContext, Slowness {
  readonly settings: GradualSettings
  /** Where on the ramp, and how far the next step goes. */
  readonly step: number
  readonly stride: number
  /** How often in a row the lowest step was late. */
  readonly late: number
  /** The share of bad outcomes that the last step was taken back for, or that the trial is to better. */
  readonly blame: number
  /** Probes that hung since it closed last: each gives the next more time. */
  readonly hung: number
  /** How often a step of this ramp was not judged in time: where calls are rare they stay so. */
  readonly stale: number
  /** What trials have spent of their budget, in calls. */
  readonly spent: number
}

const watch = ({ settings, slowAfterMs }: GradualContext, circuit: SequentialLine) => ({
  circuit,
  slowAfterMs,
  cells: cellLine(settings),
})

/** Bad outcomes that are mostly slow ones speak of load. */
const isOverload = ({ statistics }: AlarmRang): boolean => statistics.slow > statistics.failures
export const isLate = (event: Signal): boolean =>
  (isRule(event, "cohort") || isRule(event, "dead")) && isOverload(only(event, "alarm.rang"))
/** A late call is taken for a little too much load, failures for far too much. */
const backOf = (event: Signal): number => (isLate(event) ? 1 : 2)
/** A service that is late so often on the lowest step is slower than it was, and not overloaded. */
const acceptedAfter = 3

/** New settings; a slow line that the user has set stands at once, a learned one goes on. */
export function changed(context: GradualContext, event: Signal): Partial<GradualContext> {
  const settings = only(event, "settings.changed").settings as GradualSettings
  const keeps = learns(settings) && learns(context.settings)
  return { settings, slowAfterMs: keeps ? context.slowAfterMs : ownLine(settings) }
}

export const savedOf = (event: Signal) => savedTrip("gradual", event)

/** The circuit, and the slow line that it had learned. */
export function resumed(context: GradualContext, event: Signal): Partial<GradualContext> {
  const { parts } = only(event, "breaker.restored")
  const line = learns(context.settings) ? savedLine(parts["gradual"]) : undefined
  return { ...restored(context, event, savedOf(event) as SavedTrip), slowAfterMs: line ?? context.slowAfterMs }
}

/** What it says of itself, keeps, and takes up again: what every strategy that trips does, and what it has learned. */
export function rampingPart(contextOf: (snapshot: Snapshot<unknown>) => GradualContext) {
  const part = trippingPart(contextOf)
  return {
    ...part,
    canRestore: (saved: unknown) => part.canRestore(saved) && !Number.isNaN(savedLine(saved)),
    save: (snapshot: Snapshot<unknown>, at: number) => {
      const { settings, slowAfterMs } = contextOf(snapshot)
      const learnt = learns(settings) && slowAfterMs !== undefined ? { slowAfterMs } : {}
      return { ...part.save(snapshot, at), ...learnt }
    },
  }
}

export const shareOf = (event: Signal): number => badShare(only(event, "alarm.rang").statistics)
export const isRule = (event: Signal, rule: AlarmRang["rule"]): boolean => only(event, "alarm.rang").rule === rule
const budget = { calls: 8, perCall: 1 / 20_000 } as const
/** What a trial may cost, in calls; one that is not allowed nobody can pay. */
const priceOf = ({ settings: { trial } }: GradualContext): number =>
  trial ? Math.ceil((trial.calls * (1 - trial.share)) / trial.share) + 1 : Number.POSITIVE_INFINITY
export const enough = ({ settings }: GradualContext): number => probesFor(settings.probes.wrong)

/** What its probes said, weighed against each other where one does not decide. */
function weighed(event: Signal, context: GradualContext): Partial<GradualContext> {
  if (event.type === "probe.expired") return probed(event, 1, context)
  const [most, isGood] = [enough(context), event.type === "probe.succeeded"]
  const lead = isGood ? context.successes + 1 : 1 - context.successes
  const noted = probed(event, 1, context, probesBound(context.settings.probes.wrong, lead))
  if (most === 1) return noted
  const [more, than] = isGood ? ["succeeded", "failed"] : ["failed", "succeeded"]
  return { ...noted, reason: `${most} more probes ${more} than ${than}, as many as it takes` }
}

/** Where a ramp begins. The circuit has not closed by that: a ramp that fails is a trip in the row. */
export const begun: Partial<GradualContext> = { step: ramp.first, stride: ramp.stride, stale: 0, blame: 0 }

/** Late on the lowest step. Late again: the slow line itself is to blame, and is learned anew. */
export const lateAgain = ({ late, slowAfterMs, settings }: GradualContext): Partial<GradualContext> => ({
  late: late + 1,
  slowAfterMs: late + 1 >= acceptedAfter ? ownLine(settings) : slowAfterMs,
})

/** Whether a trial is worth while, and can be paid: from what was granted, and from the calls that were judged since. */
export const canPay = (context: GradualContext, event: AlarmRang): boolean =>
  event.rule === "cohort" &&
  // Failures that keys explain do not depend on load.
  event.within === undefined &&
  shareOf(event) >= 0.25 &&
  budget.calls + (event.seen ?? 0) * budget.perCall - context.spent >= priceOf(context)

export const paid = (context: GradualContext): Partial<GradualContext> => ({ spent: context.spent + priceOf(context) })

/** Failures that were as many under less load: load is not to blame. */
const blamelessAt = ({ blame }: GradualContext): number => Math.max(0.3, 0.6 * blame)
export const isBlameless = (context: GradualContext, event: Signal): boolean =>
  isRule(event, "cohort") && context.step <= ramp.lowest && shareOf(event) >= blamelessAt(context)

/** So many failures are few enough to say that the trial, which shed some calls, has helped the others. */
const helpedBelow = ({ blame }: GradualContext): number => blame / 2 - 0.05
export const hasHelped = (context: GradualContext, event: Signal): boolean =>
  isRule(event, "cohort") && shareOf(event) < helpedBelow(context)

export function rung(event: Signal, line?: number): Partial<GradualContext> {
  const alarm = only(event, "alarm.rang")
  const statistics = line === undefined ? alarm.statistics : heldAgainst(line, alarm)
  return { at: alarm.at, reason: describeEvidence(alarm), rule: alarm.rule, statistics }
}

/** A step of the ramp, the lack of blame and the trial are judged on the same calls, each by a line of its own. */
export const rungAs = {
  probe: weighed,
  step: (event: Signal) => rung(event, troubleAt),
  blameless: (event: Signal, context: GradualContext) => rung(event, blamelessAt(context)),
  helped: (event: Signal, context: GradualContext) => rung(event, helpedBelow(context)),
}

export const freshGradual = ({ settings, seed, at }: PlugInput<GradualSettings>): GradualContext => ({
  settings,
  seed,
  ...freshTrip(at),
  step: ramp.first,
  stride: ramp.stride,
  blame: 0,
  late: 0,
  slowAfterMs: ownLine(settings),
  hung: 0,
  answeredMs: 0,
  stale: 0,
  spent: 0,
})

/** What is watched in each state. */
export const lines = {
  closed: (context) => ({
    ...watch(context, usualLine(context.settings)),
    sliceMs: learns(context.settings) ? 1000 : undefined,
  }),
  judging: (context) => watch(context, confirmingLine(context.settings)),
  trying: (context) => watch(context, trialLine(context.settings, helpedBelow(context))),
  named: (context) => watch(context, acceptedLine(context.settings)),
  probe: (context) => ({ leaseMs: context.settings.probes.lease, patienceMs: patienceOf(context) }),
  step: (context) => watch(context, stepLine(context.settings, context.step)),
} satisfies { readonly [state: string]: (context: GradualContext) => Lines }

/** The steps of the ramp: what a call meets there, and where it goes on from there. */
export const stepping = {
  demand: ({ step }: GradualContext): Demand => ({ share: shareAt(step), limit: limitAt(step), ...unrepeated }),
  /**
   * Calls that hang would hold their places on the ramp for ever, so a step has a lease as a probe has. Where calls are merely rare,
   * a longer one is needed.
   */
  leaseMs: ({ settings, stale }: GradualContext): number => Math.min(dayMs, settings.probes.lease * 2 ** stale),
  up: ({ step, stride }: GradualContext): Partial<GradualContext> => ({
    step: Math.min(ramp.highest, step + stride),
    stride: stride * 2,
  }),
  back: (context: GradualContext, event: Signal): Partial<GradualContext> => ({
    step: Math.max(ramp.lowest, context.step - backOf(event)),
    stride: ramp.stride,
    blame: Math.max(context.blame, shareOf(event)),
  }),
}
