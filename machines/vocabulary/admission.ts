/**
 * Admission as a total function: what a gate and the gauges it bounds say to one more call. The data plane
 * does the same with mutable gauges, faster; a law compares the two.
 */
import type { Gate } from "./gate.ts"

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
}

export type Verdict =
  | { readonly admitted: true; readonly probe: boolean; readonly shadowed: boolean; readonly state: AdmissionState }
  | { readonly admitted: false; readonly by: "share" | "probes" | "limit"; readonly state: AdmissionState }

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

/**
 * Decides about one call. Nothing is taken when the call is refused, save that it earned its credit.
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
export function decideAdmission(gate: Gate, before: AdmissionState): Verdict {
  const state = before.epoch === gate.epoch ? before : freshAdmission(gate.epoch)
  const { share, probes, limit } = gate.restriction
  const entered = state.entered + 1
  if (gate.enforcement === "off") return { admitted: true, probe: false, shadowed: false, state: { ...state, entered } }
  if (probes !== Number.POSITIVE_INFINITY && share > 0) {
    if (state.probesTaken < probes) {
      const probesTaken = state.probesTaken + 1
      return { admitted: true, probe: true, shadowed: false, state: { ...state, entered, probesTaken } }
    }
    return refused(gate, "probes", state)
  }
  if (share > 0 && state.running >= limit) return refused(gate, "limit", state)
  // A full share spends on each call what it earns: a share that comes and goes within an epoch keeps its account.
  const credit = state.credit + creditOf(shareAfter(state.entered, gate))
  if (credit < creditPerCall) return refused(gate, "share", { ...state, credit })
  return {
    admitted: true,
    probe: false,
    shadowed: false,
    state: { ...state, entered, running: state.running + 1, credit: credit - creditPerCall },
  }
}

function refused(gate: Gate, by: "share" | "probes" | "limit", state: AdmissionState): Verdict {
  if (gate.enforcement === "observe") {
    return { admitted: true, probe: false, shadowed: true, state: { ...state, entered: state.entered + 1 } }
  }
  return { admitted: false, by, state }
}
