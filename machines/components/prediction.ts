/**
 * `prediction`: what the near future looks like. From each slice it takes how many calls failed, how long they took and how many are in
 * flight, and the gauges that were observed; a measure whose trend reaches the line at which it would be far from usual, or its limit,
 * within the horizon, is a warning. A warning eases the load before the service fails. It is a guess, so it only tightens, and it expires.
 *
 * Owns:    what is known of each measure, the present warning, and the account of warnings that came true or did not.
 * Hears:   slice.closed, circuit.moved, features.changed, breaker.restored.
 * Demands: warned: no retries, no hedges, and limit × (1 − p), of the most calls that were in flight, where less load may ease it ·
 *          with `trips`: share 0.
 * Laws:
 *   1. It only tightens, and only while it warns; it refuses every call only if it was told to, by `trips`.
 *   2. Every warning expires after its horizon, without any traffic too; another one needs a slice that foretells failure anew.
 *   3. It foretells nothing from fewer than 210 slices, nor from noise, nor from a jump, however large: only from a trend that lasts.
 *   4. An improvement is no danger.
 *   5. While the circuit is not closed, or features are held back, it learns nothing, and follows no trend of before when that is over;
 *      while the service fails already it warns of nothing.
 *   6. What it knows is bounded: three measures of its own and 16 gauges. What is no finite number teaches nothing.
 *   7. Its account is complete: each warning is confirmed by a failure within its horizon, or refuted, or the present one.
 *   8. Restored, it knows what is usual as it did, and follows no trend of before.
 *   9. A rising error rate alone bounds no calls in flight: fewer of them may fail alike, and then each that is refused is lost.
 */
import { assign, type Snapshot, type SnapshotFrom, setup } from "xstate"
import { knownSamples } from "../forecasting.ts"
import { duration, type Named, type OutOf, struct, yesOrNo } from "../options.ts"
import { component, only, type PlugInput, type StateMeta } from "../plug.ts"
import {
  expired,
  failed,
  freshLedger,
  freshOutlook,
  gauges,
  isFailing,
  isFailure,
  type Ledger,
  type Outlook,
  seen,
  warned,
} from "../predicting.ts"
import { readPrediction, restoredOutlook, resumedOutlook, savedPrediction } from "../predictionMemory.ts"
import type { ForecastFinding } from "../vocabulary/forecast.ts"
import { type Demand, unrepeated } from "../vocabulary/gate.ts"
import type { Signal } from "../vocabulary/signal.ts"

const predictionFields = {
  /** How far it looks ahead, and how long a warning holds. Default: 1 minute. */
  horizon: duration({ default: "1 minute", min: "10 seconds", max: "10 minutes" }),
  /** Whether a warning refuses all calls, until it expires. Default: false. */
  trips: yesOrNo,
  /** What is known of gauges that are observed, by name. */
  gauges,
}
export interface PredictionFields extends Named<typeof predictionFields> {}

export const predictionOptions = struct<PredictionFields>(predictionFields)

interface PredictionContext {
  readonly settings: OutOf<typeof predictionOptions>
  readonly outlook: Outlook
  readonly ledger: Ledger
  readonly finding: ForecastFinding
  /** How sure the warning is of what less load may ease. */
  readonly strain: number
  /** The circuit is not closed. */
  readonly isAway: boolean
  /** Features are held back. */
  readonly isPartial: boolean
}

/** No forecast is certain: some calls go through whatever it says. */
const mostCertain = 0.9

const calm = (horizonMs: number, state: ForecastFinding["state"]): ForecastFinding => ({
  state,
  probability: 0,
  horizonMs,
  reasons: [],
  unusual: [],
})

function easing({ settings, outlook, strain, ledger }: PredictionContext): Demand {
  if (settings.trips) return { share: 0, retryAt: (ledger.warnedAt as number) + settings.horizon }
  if (strain === 0 || outlook.mostRunning === 0) return unrepeated
  return { ...unrepeated, limit: Math.max(1, Math.floor(outlook.mostRunning * (1 - strain))) }
}

/** Measures that have just begun to look unusual are told once; that there are none any more is no news. */
function noticed(finding: ForecastFinding, { unusual }: Outlook): ForecastFinding {
  return unusual.length === 0 ? finding : { ...finding, unusual }
}

function learned(context: PredictionContext, event: Signal): Partial<PredictionContext> {
  const slice = only(event, "slice.closed")
  const { settings, ledger, finding } = context
  const horizonMs = settings.horizon
  const outlook = seen(context.outlook, slice, { ...settings, horizonMs })
  const next = isFailure(slice) ? failed(ledger, event.at, horizonMs) : ledger
  return { outlook, ledger: next, finding: noticed(finding, outlook) }
}

const certain = (probability: number): number => Math.min(mostCertain, probability)

const machine = setup({
  types: {
    context: {} as PredictionContext,
    events: {} as Signal,
    input: {} as PlugInput<OutOf<typeof predictionOptions>>,
    meta: {} as StateMeta<PredictionContext>,
  },
  delays: { horizon: ({ context }) => context.settings.horizon },
  guards: {
    startsAway: ({ context }) => context.isAway,
    isBack: ({ context }) => !context.isAway && !context.isPartial,
    isKnown: ({ context }) => context.outlook.samples >= knownSamples,
    isForetold: ({ context: { outlook, ledger, settings }, event }) =>
      event.type === "slice.closed" && outlook.probability > 0 && !isFailing(ledger, event.at, settings.horizon),
    // A forecast that grows surer tightens further; what it has tightened it does not loosen before it expires.
    isSurer: ({ context: { outlook, finding, strain } }) =>
      certain(outlook.probability) > finding.probability + 0.05 || certain(outlook.strain) > strain + 0.05,
    left: ({ event }) => only(event, "circuit.moved").to !== "closed",
    holdsBack: ({ event }) => only(event, "features.changed").state !== "full",
  },
  actions: {
    learn: assign(({ context, event }) => learned(context, event)),
    warn: assign(({ context: { ledger, outlook, settings }, event }) => ({
      ledger: warned(ledger, event.at),
      strain: certain(outlook.strain),
      finding: {
        state: "warned" as const,
        probability: certain(outlook.probability),
        horizonMs: settings.horizon,
        reasons: outlook.reasons,
        unusual: outlook.unusual,
      },
    })),
    grow: assign(({ context: { finding, outlook, strain } }) => ({
      strain: Math.max(strain, certain(outlook.strain)),
      finding: {
        ...finding,
        probability: Math.max(finding.probability, certain(outlook.probability)),
        reasons: outlook.reasons,
      },
    })),
    expire: assign(({ context: { ledger } }) => ({ ledger: expired(ledger) })),
    // Only what opens or degrades it is a failure: an operator may move it too.
    leave: assign(({ context: { ledger, settings }, event }) => {
      const { to } = only(event, "circuit.moved")
      const isHit = to === "open" || to === "degraded"
      return { ledger: isHit ? failed(ledger, event.at, settings.horizon) : expired(ledger) }
    }),
    // That a feature fails is a failure of the service in part: who has warned of it was right.
    fall: assign(({ context: { ledger, settings }, event }) => ({
      ledger: failed(ledger, event.at, settings.horizon),
    })),
    noteCircuit: assign(({ event }) => ({ isAway: only(event, "circuit.moved").to !== "closed" })),
    noteFeatures: assign(({ event }) => ({ isPartial: only(event, "features.changed").state !== "full" })),
    recall: assign(({ context: { outlook, settings }, event }) => ({
      outlook: restoredOutlook(outlook, { ...settings, horizonMs: settings.horizon }, only(event, "breaker.restored")),
    })),
    resume: assign(({ context: { outlook }, event }) => ({ outlook: resumedOutlook(outlook, event.at) })),
    tell: assign(({ context: { settings } }, { state }: { state: ForecastFinding["state"] }) => ({
      finding: calm(settings.horizon, state),
    })),
  },
}).createMachine({
  id: "prediction",
  context: ({ input: { settings, circuit } }) => ({
    settings,
    outlook: freshOutlook,
    ledger: freshLedger,
    finding: calm(settings.horizon, "cold"),
    strain: 0,
    isAway: circuit !== "closed",
    isPartial: false,
  }),
  initial: "cold",
  on: {
    "breaker.restored": { actions: "recall" },
    "circuit.moved": { guard: "left", target: ".frozen", actions: ["leave", "noteCircuit"] },
    "features.changed": { guard: "holdsBack", target: ".frozen", actions: ["fall", "noteFeatures"] },
  },
  states: {
    cold: {
      always: [
        { guard: "startsAway", target: "frozen" },
        { guard: "isKnown", target: "calm" },
      ],
      entry: { type: "tell", params: { state: "cold" } },
      meta: { lines: () => ({ sliceMs: 1000 }) },
      on: { "slice.closed": { actions: "learn" } },
    },
    calm: {
      entry: { type: "tell", params: { state: "calm" } },
      meta: { lines: () => ({ sliceMs: 1000 }) },
      always: { guard: "isForetold", target: "warned", actions: "warn" },
      on: { "slice.closed": { actions: "learn" } },
    },
    warned: {
      meta: { demand: easing, lines: () => ({ sliceMs: 1000 }) },
      after: { horizon: { target: "calm", actions: "expire" } },
      always: { guard: "isSurer", actions: "grow" },
      on: { "slice.closed": { actions: "learn" } },
    },
    // Whatever is measured now is measured of another load.
    frozen: {
      entry: { type: "tell", params: { state: "frozen" } },
      always: { guard: "isBack", target: "cold", actions: "resume" },
      on: { "circuit.moved": { actions: "noteCircuit" }, "features.changed": { actions: "noteFeatures" } },
    },
  },
})

const contextOf = (snapshot: Snapshot<unknown>) => (snapshot as SnapshotFrom<typeof machine>).context

/** `null` where nothing has been told, or nothing has happened, that it could be a part of. */
const share = (part: number, of: number): number | null => (of === 0 ? null : part / of)

export const prediction = component({
  key: "prediction",
  layer: "prediction",
  standard: false,
  options: predictionOptions,
  chart: machine,
  hears: ["slice.closed", "circuit.moved", "features.changed", "breaker.restored"],
  reason: (snapshot) => contextOf(snapshot).finding.reasons.join("; "),
  finding: (snapshot) => contextOf(snapshot).finding,
  tells: (snapshot, at) => [{ type: "forecast.changed", at, state: contextOf(snapshot).finding.state }],
  retracts: (at) => [{ type: "forecast.changed", at, state: "cold" }],
  save: (snapshot) => savedPrediction(contextOf(snapshot).outlook),
  canRestore: (saved) => readPrediction(saved) !== undefined,
  report: (snapshot) => {
    const { ledger, finding, outlook } = contextOf(snapshot)
    const { warnings, confirmed, refuted, failures, leadMs } = ledger
    const { state, probability, reasons } = finding
    return {
      ...{ state, probability, reasons, samples: outlook.samples },
      ...{ warnings, confirmed, refuted, failures },
      precision: share(confirmed, confirmed + refuted),
      recall: share(confirmed, failures),
      meanLeadMs: share(leadMs, confirmed),
    }
  },
})
