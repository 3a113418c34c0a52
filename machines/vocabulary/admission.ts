/**
 * Admission as a total function: what a gate and the gauges it bounds say to one more call. The data plane
 * does the same with mutable gauges, faster; a law compares the two.
 */
import { costOf, type Facts } from "./facts.ts"
import { boundOf, type FeatureTurn, freshTurn, lineOfFeature, mayEnter } from "./feature.ts"
import type { Gate } from "./gate.ts"
import { type Limit, neededFor, setLimits, tightenedLimit } from "./limits.ts"
import { rankOf } from "./priority.ts"
import { type Bucket, freshBucket, spend, tickOf, ticksUntil, unitsOf } from "./rate.ts"

/** What admission remembers between calls. Starts anew with each epoch. */
export interface AdmissionState {
  readonly epoch: number
  /** Places taken by probes now. */
  readonly probesTaken: number
  /** Ordinary calls of this epoch in flight that are not older than the slow line. */
  readonly running: number
  /** Calls that entered in this epoch, in whatever way. */
  readonly entered: number
  /** Integer credit towards the next ordinary call of a partial share, in `creditPerCall`ths. It begins with half a call's. */
  readonly credit: number
  /** Slots that calls hold now, whenever they entered. */
  readonly held: number
  /** What is spent of each limit, and of each key's where it is for each key by itself. Outlives epochs. */
  readonly buckets?: { readonly [limit: string]: Bucket } | undefined
  /** Of features that are held back in part. Outlives epochs. */
  readonly turns?: { readonly [feature: string]: FeatureTurn } | undefined
}

type Refused = "share" | "feature" | "floor" | "probes" | "limit" | "slots" | "rate"

export type Verdict =
  | {
      readonly admitted: true
      readonly probe: boolean
      readonly shadowed: boolean
      /** It entered to test its feature. */
      readonly tests: boolean
      readonly state: AdmissionState
    }
  | { readonly admitted: false; readonly by: Refused; readonly state: AdmissionState }

/** One call's worth of credit: shares are exact to one in 65 536, without randomness and without drift. */
export const creditPerCall = 65_536

/** The credit that one offered call earns at this share. */
export const creditOf = (share: number): number => Math.round(share * creditPerCall)

export const freshAdmission = (epoch: number): AdmissionState => ({
  epoch,
  probesTaken: 0,
  running: 0,
  entered: 0,
  credit: creditPerCall / 2,
  held: 0,
})

/** What outlives an epoch goes on in the next. */
const inEpoch = (epoch: number, { buckets, held, turns }: AdmissionState): AdmissionState => ({
  ...freshAdmission(epoch),
  buckets,
  held,
  turns,
})

/** The share that a gate lets in after so many calls of its epoch have entered. */
export const shareAfter = (entered: number, { restriction, lines: { circuit } }: Gate): number =>
  circuit?.kind === "sequential" && entered < circuit.cohort
    ? Math.min(restriction.share, restriction.cohortShare)
    : restriction.share

/**
 * How long a probe may hold its place, in milliseconds: the strategy's lease, but always longer than a call is given, so that a
 * merely slow probe ends by itself; unless the strategy has less patience.
 */
export const leaseOf = ({ lines, restriction: { timeoutMs } }: Gate): number =>
  Math.min(
    lines.patienceMs ?? Number.MAX_SAFE_INTEGER,
    Math.max(lines.leaseMs ?? Number.MAX_SAFE_INTEGER, Number.isFinite(timeoutMs) ? timeoutMs + 1 : 0),
  )

/** A call: what is said about it, and when it comes, in monotonic milliseconds. */
export interface OfferedCall extends Facts {
  readonly at?: number | undefined
}

interface Spending {
  readonly name: string
  readonly limit: Limit
  readonly bucket: Bucket
  readonly units: number
}

/** What the call would spend of each limit. */
function spendings(gate: Gate, { buckets = {} }: AdmissionState, call: OfferedCall): readonly Spending[] {
  const tightened = tightenedLimit(gate.restriction)
  return [...setLimits(gate.lines), ...(tightened ? [tightened] : [])].map((limit, index) => {
    const place = limit.tightened ? "tightened" : String(index)
    const name = limit.keys === undefined ? place : `${place} of ${call.key ?? ""}`
    const bucket = Object.hasOwn(buckets, name) ? (buckets[name] as Bucket) : freshBucket()
    return { name, limit, bucket: { ...bucket }, units: unitsOf(limit.rate, costOf(call)) }
  })
}

/** The state once the call has spent what it spends; `undefined` when one of the limits refuses it. */
function spent(state: AdmissionState, spending: readonly Spending[], at: number): AdmissionState | undefined {
  if (spending.length === 0) return state
  const tick = tickOf(at)
  const fits = ({ limit, bucket, units }: Spending) =>
    ticksUntil(limit.rate, bucket, neededFor(limit, units), tick) === 0
  if (!spending.every(fits)) return undefined
  for (const { limit, bucket, units } of spending) spend(limit.rate, bucket, units, tick)
  const after = Object.fromEntries(spending.map(({ name, bucket }) => [name, bucket]))
  return { ...state, buckets: { ...state.buckets, ...after } }
}

/** Whether a call finds a slot: the only call in flight always does. */
const hasSlot = ({ lines, restriction }: Gate, { held }: AdmissionState): boolean =>
  lines.slots === undefined || held === 0 || held < restriction.slots

/** Whether the feature of a call is held back, and its account when the call enters or is refused for it. */
function featureAt({ restriction, lines }: Gate, { turns = {} }: AdmissionState, feature: string | undefined) {
  if (feature === undefined) return undefined
  const line = lineOfFeature(lines.features, feature) ?? { since: 0 }
  const tests = line.test !== undefined
  const bound = boundOf(restriction.features, feature)
  if (bound === undefined) return { isHeld: false, tests, refused: turns, entered: turns }
  const known = Object.hasOwn(turns, feature) ? turns[feature] : undefined
  const turn = known?.since === line.since ? known : freshTurn(line, creditPerCall)
  const earned = creditOf(bound.share)
  const credit = Math.min(creditPerCall, turn.credit + earned)
  const after = { ...turn, entered: turn.entered + 1, credit: turn.credit + earned - creditPerCall }
  return {
    isHeld: bound.share === 0 || !mayEnter(turn, line, earned, creditPerCall),
    tests,
    refused: bound.share === 0 ? turns : { ...turns, [feature]: { ...turn, credit } },
    entered: { ...turns, [feature]: after },
  }
}

/**
 * Decides about one call. Nothing is taken when the call is refused, save that it earned its credit. A limit that is learned, reserved
 * shares, tenants and the queue are the data plane's: here a call finds one of `slots` or it does not.
 *
 * @example
 * import { decideAdmission, freshAdmission, idleGate } from "recloser/machines"
 * import assert from "node:assert/strict"
 *
 * const third = { ...idleGate, restriction: { ...idleGate.restriction, share: 1 / 3 } }
 * const first = decideAdmission(third, freshAdmission(0))
 * const second = decideAdmission(third, first.state)
 * assert.deepEqual([first.admitted, second.admitted], [false, true])
 */
export function decideAdmission(gate: Gate, before: AdmissionState, call: OfferedCall = {}): Verdict {
  const state = before.epoch === gate.epoch ? before : inEpoch(gate.epoch, before)
  const { share, probes, limit, floor } = gate.restriction
  if (gate.enforcement === "off") return entered(state, false)
  if (share === 0) return refused(gate, "share", state)
  const feature = featureAt(gate, state, call.feature)
  if (feature?.isHeld) return refused(gate, "feature", { ...state, turns: feature.refused })
  if (rankOf(call.priority) < floor) return refused(gate, "floor", state)
  const isProbe = probes !== Number.POSITIVE_INFINITY
  if (isProbe && state.probesTaken >= probes) return refused(gate, "probes", state)
  if (!isProbe && state.running >= limit) return refused(gate, "limit", state)
  if (!hasSlot(gate, state)) return refused(gate, "slots", state)
  const paid = spent(state, spendings(gate, state, call), call.at ?? 0)
  if (paid === undefined) return refused(gate, "rate", state)
  const held = gate.lines.slots === undefined ? state.held : state.held + 1
  const turns = feature?.entered ?? paid.turns
  if (isProbe) return entered({ ...paid, held, turns, probesTaken: paid.probesTaken + 1 }, true, false, feature?.tests)
  // A full share spends on each call what it earns: a share that comes and goes within an epoch keeps its account.
  const credit = state.credit + creditOf(shareAfter(state.entered, gate))
  if (credit < creditPerCall) return refused(gate, "share", { ...state, credit })
  const after = { ...paid, held, turns, running: paid.running + 1, credit: credit - creditPerCall }
  return entered(after, false, false, feature?.tests)
}

const entered = (state: AdmissionState, probe: boolean, shadowed = false, tests = false): Verdict => ({
  admitted: true,
  probe,
  shadowed,
  tests,
  state: { ...state, entered: state.entered + 1 },
})

function refused(gate: Gate, by: Refused, state: AdmissionState): Verdict {
  if (gate.enforcement === "observe") return entered(state, false, true)
  return { admitted: false, by, state }
}
