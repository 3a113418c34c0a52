/** The root's beginnings, and what it makes of the events that it is sent. */
import type { AnyActorLogic, Snapshot } from "xstate"
import type { BreakerEvent, BreakerInput } from "./breakerEvents.ts"
import { freshBook } from "./featureBook.ts"
import type { BreakerContext } from "./fold.ts"
import type { AnyPlug } from "./plug.ts"
import { type ChosenPart, chooseParts, registry } from "./registry.ts"
import { type Gate, idleGate, type Mode } from "./vocabulary/gate.ts"
import { isBad } from "./vocabulary/outcome.ts"
import type {
  BreakerRestored,
  CircuitMoved,
  OperatorActed,
  OutcomeSettled,
  ProbeAnswered,
  ProbeSettled,
} from "./vocabulary/signal.ts"

/** The context that a breaker begins with. */
export const freshContext = (input: BreakerInput): BreakerContext => ({
  name: input.name,
  seed: input.seed ?? 0,
  parts: input.parts ?? chooseParts(configOf(input)),
  report: input.report,
  metered: input.metered ?? false,
  at: input.at ?? 0,
  phase: "idle",
  mode: "auto",
  operator: { why: "", since: 0 },
  ready: [],
  voices: {},
  finding: { circuit: "closed", entries: 0, at: input.at ?? 0, reason: "", rule: "", statistics: undefined },
  epoch: 0,
  crashes: {},
  resuming: undefined,
  failure: undefined,
  reportsHeard: 0,
  loops: [],
  book: freshBook(),
  gate: idleGate,
})

function configOf({
  name: _name,
  seed: _seed,
  at: _at,
  report: _report,
  parts: _parts,
  metered: _metered,
  ...config
}: BreakerInput) {
  return config
}

/** The charts of the registry by key: a snapshot names its children's logic by these, so that it can become JSON. */
export const charts: { readonly [key: string]: AnyActorLogic } = Object.fromEntries(
  [registry.strategies, registry.companions, registry.components]
    .flatMap((plugs): readonly AnyPlug[] => Object.values(plugs))
    .map(({ key, chart }) => [key, chart]),
)

/** A part's logic: by name if the registry knows it, else as it is. */
export const sourceOf = ({ plug: { key, chart } }: ChosenPart): string | AnyActorLogic =>
  charts[key] === chart ? key : chart

/** How a part is started: its settings, its chance, and the root watching its snapshots. */
export const spawnOptions = ({ seed, at, finding: { circuit } }: BreakerContext, { plug, settings }: ChosenPart) => ({
  id: plug.key,
  input: { settings, seed, at, circuit },
  syncSnapshot: true,
})

/** A strategy that crashed away from closed is sent back to probing: it lost its evidence. */
export const resumption = ({ at }: BreakerContext, key: string): BreakerRestored => ({
  type: "breaker.restored",
  at,
  elapsedMs: 0,
  parts: { [key]: { circuit: "halfOpen" } },
})

/** The child that one of XState's own events is about. */
export const childKey = (event: { readonly type: string }, prefix: string) => event.type.slice(prefix.length)

/** Children live, and what they say counts: also while calls in flight come to their end. */
export const isLive = ({ phase }: BreakerContext) => phase === "active" || phase === "draining"

/** `snapshot` and `error` travel on XState's own events, which `events` cannot name: their types end in a child's id. */
export const carried = (event: object) => event as { readonly snapshot: Snapshot<unknown>; readonly error: unknown }

/** Time as the root knows it: the latest stamp. */
export const timeOf = (context: BreakerContext, event: object) =>
  "at" in event && typeof event.at === "number" ? Math.max(context.at, event.at) : context.at

/** What an operator's act changes, and who is told; `undefined` when it changes nothing. The same mode for a new reason is no new epoch. */
export function actOf(context: BreakerContext, event: object, mode: Mode) {
  if (!("why" in event && "at" in event)) return undefined
  const { at, why } = event as { at: number; why: string }
  const { mode: from, operator, name: breaker } = context
  const isNew = mode !== from
  if (!isNew && (mode === "auto" || why === operator.why)) return undefined
  const next = {
    mode,
    operator: { why, since: isNew ? at : operator.since },
    at: timeOf(context, event),
    epoch: isNew ? context.epoch + 1 : context.epoch,
  }
  const forced: OperatorActed | undefined = mode === "forcedOpen" ? { type: "operator.forcedOpen", at, why } : undefined
  const released: OperatorActed | undefined = from === "forcedOpen" ? { type: "operator.released", at, why } : undefined
  return {
    next,
    changed: { type: "mode.changed", at, breaker, from, to: mode, why } as const,
    told: isNew ? (forced ?? released) : undefined,
  }
}

/** Alone, an outcome of a probe is told to the strategy. */
function probeOf(gate: Gate, { kind, durationMs, at, retryAfterMs }: OutcomeSettled): ProbeSettled | undefined {
  if (kind === "ignored") return undefined
  const slow = durationMs >= (gate.lines.slowAfterMs ?? Number.POSITIVE_INFINITY)
  return { type: isBad({ kind, slow }) ? "probe.failed" : "probe.succeeded", at, epoch: gate.epoch, retryAfterMs }
}

/** Alone, a probe of an earlier round that has succeeded after all is a fact, and no verdict. */
const answeredLate = (event: BreakerEvent): ProbeAnswered | undefined =>
  event.type === "outcome.settled" && event.probe && event.kind === "success"
    ? { type: "probe.answered", at: event.at, tookMs: event.durationMs }
    : undefined

/**
 * What an event is to a breaker that runs alone: the verdict of a probe, something for its meter, or nothing. Where no call may enter,
 * one that is not known to have entered before is one that the operator let through: it is no evidence.
 */
export function heardAlone(
  { metered, gate, epoch }: BreakerContext,
  event: BreakerEvent,
): ProbeSettled | ProbeAnswered | "meter" | undefined {
  const { enforcement, restriction } = gate
  if (metered) return undefined
  if ("epoch" in event && (event.epoch ?? epoch) !== epoch) return answeredLate(event)
  const isKnown = "epoch" in event && event.epoch !== undefined
  if (enforcement === "off" || (restriction.share === 0 && !isKnown)) return undefined
  const isProbing = Number.isFinite(restriction.probes)
  // What a service says of its own limits is no verdict on a probe.
  if ("quota" in event && event.quota?.exceeded && gate.lines.toldMs !== undefined) return "meter"
  if (event.type !== "outcome.settled") return isKnown || !isProbing ? "meter" : undefined
  return (event.probe ?? isProbing) ? probeOf(gate, event) : "meter"
}

/** Actions that other actions enqueue: while `setup` reads them it cannot know their names. */
export const publish = { type: "publish" } as never
export const tellMove = (moved: CircuitMoved) => ({ type: "tellMove", params: moved }) as never

const present = { guard: "isPresent", actions: "pass" } as const

/** What reaches whoever hears it: verdicts of the present epoch, and facts of any. */
export const passedOn = {
  "alarm.rang": present,
  "probe.succeeded": present,
  "probe.failed": present,
  "probe.expired": present,
  "probe.answered": { actions: "pass" },
  "breaker.restored": { actions: "pass" },
  "slice.closed": { actions: "pass" },
  "throttle.told": { actions: "pass" },
  "budget.*": { actions: "pass" },
  "limit.moved": { actions: "pass" },
  "pressure.changed": { actions: "pass" },
  "feature.*": { actions: "pass" },
  "features.changed": { actions: "pass" },
  "forecast.changed": { actions: "pass" },
  "provider.*": { actions: "pass" },
  "endpoints.shifted": { actions: "pass" },
  "health.found": { actions: "pass" },
  "check.settled": { actions: "pass" },
  "checks.changed": { actions: "pass" },
  "dependency.*": { actions: "pass" },
} as const

/** What the operator may do while it is active. */
export const operated = {
  "operator.forceOpen": { guard: "isActive", target: ".forcedOpen" },
  "operator.bypass": { guard: "isActive", target: ".bypassed" },
  "operator.shadow": { guard: "isActive", target: ".shadow" },
  "operator.release": { guard: "isActive", target: ".auto" },
} as const

/** What is told to a breaker that runs alone. */
export const judgedAlone = {
  "outcome.settled": { actions: "judgeAlone" },
  "call.entered": { actions: "judgeAlone" },
  "call.overdue": { actions: "judgeAlone" },
} as const

/** The child that has failed, and of what. */
export const failureIn = (event: { readonly type: string }) => ({
  part: childKey(event, "xstate.error.actor."),
  error: carried(event).error,
})
