/**
 * The features of a service as their gate bounds and watches them: whose calls may enter, how tests go, and which has failed. Exists only
 * while features are named, and costs a call that names none one look when it ends.
 */
import { creditOf, creditPerCall } from "../../machines/vocabulary/admission.ts"
import {
  boundOf,
  type FeatureBound,
  type FeatureLine,
  type FeatureRecord,
  type FeatureSignal,
  type FeatureTurn,
  freshRecord,
  freshTurn,
  lineOfFeature,
  mayEnter,
  noSuccesses,
  unbounded,
  weighFeature,
  wentWell,
} from "../../machines/vocabulary/feature.ts"
import { type Gate, idleGate } from "../../machines/vocabulary/gate.ts"
import { isBad, isFailure, type Judged, kindOf, type OutcomeKind } from "../../machines/vocabulary/outcome.ts"
import { statisticsOf } from "../../machines/vocabulary/verdict.ts"
import type { Meter } from "./meter.ts"
import type { Receipt } from "./receipt.ts"

/** Bounded by somebody who watches nothing. */
const unwatched: FeatureLine = Object.freeze({ since: 0 })

export class Features {
  #gate: Gate = idleGate
  readonly #turns = new Map<string, FeatureTurn>()
  readonly #records = new Map<string, FeatureRecord>()
  readonly #successes = noSuccesses()

  adopt(gate: Gate): void {
    this.#gate = gate
    for (const books of [this.#turns, this.#records])
      for (const feature of books.keys()) if (this.#lineOf(feature) === unwatched) books.delete(feature)
  }

  #lineOf(feature: string): FeatureLine {
    return lineOfFeature(this.#gate.lines.features, feature) ?? unwatched
  }

  /** What holds the next call of the feature back. */
  look(feature: string): FeatureBound | undefined {
    const bound = boundOf(this.#gate.restriction.features, feature)
    if (bound === undefined) return undefined
    if (bound.share === 0) return bound
    const line = this.#lineOf(feature)
    return mayEnter(this.#turnOf(feature, line), line, creditOf(bound.share), creditPerCall) ? undefined : bound
  }

  /** A call was refused for its feature: where a part of them enters, it has earned its credit. */
  refuse(feature: string): void {
    const bound = boundOf(this.#gate.restriction.features, feature)
    if (bound === undefined || bound.share === 0) return
    const turn = this.#turnOf(feature, this.#lineOf(feature))
    turn.credit = Math.min(creditPerCall, turn.credit + creditOf(bound.share))
  }

  /** A call has entered. While the circuit probes nothing is held back here; what probes for others is a call of its feature like any. */
  enter(receipt: Receipt, feature: string): void {
    const line = this.#lineOf(feature)
    const bound = boundOf(this.#gate.restriction.features, feature)
    if (bound !== undefined) {
      const turn = this.#turnOf(feature, line)
      turn.credit += creditOf(bound.share) - creditPerCall
      turn.entered++
    }
    if (line === unwatched) return
    receipt.feature = feature
    receipt.tests = line.test !== undefined
  }

  /** What is told of a call that has entered to test its feature. */
  entry(receipt: Receipt, now: number): FeatureSignal {
    const feature = receipt.feature as string
    return { type: "feature.entered", at: now, feature, since: this.#lineOf(feature).since }
  }

  /** A call has ended; what is told of it. */
  settle(receipt: Receipt, judged: Judged, meter: Meter, now: number): FeatureSignal | undefined {
    const kind = kindOf(judged)
    const { feature, startedAt, counted } = receipt
    if (kind === "success" && counted) wentWell(this.#successes, feature, startedAt)
    if (feature === undefined) return undefined
    const line = this.#lineOf(feature)
    if (startedAt < line.since) return undefined
    const slow = meter.lateness.isSlow(startedAt, now)
    if (receipt.tests) return line.test === undefined ? undefined : this.#settleTest(feature, line, kind, slow, now)
    if (line.watch === undefined || kind === "ignored") return undefined
    const failed = isFailure(kind)
    const record = this.#recordOf(feature, line)
    const outcome = { bad: failed || slow, slow: slow && !failed, startedAt }
    const rule = weighFeature(record, line.watch, feature, outcome, this.#successes, now)
    return (
      rule && { type: "feature.failed", at: now, feature, statistics: statisticsOf(record.evidence, rule, line.watch) }
    )
  }

  #settleTest(feature: string, line: FeatureLine, kind: OutcomeKind, slow: boolean, now: number): FeatureSignal {
    if (kind === "ignored") this.#turnOf(feature, line).entered--
    const end = kind === "ignored" ? "ignored" : isBad({ kind, slow }) ? "bad" : "good"
    return { type: "feature.settled", at: now, feature, since: line.since, end }
  }

  #turnOf(feature: string, line: FeatureLine): FeatureTurn {
    const known = this.#turns.get(feature)
    if (known?.since === line.since) return known
    const turn = freshTurn(line, creditPerCall)
    this.#turns.set(feature, turn)
    return turn
  }

  /** What was learned of a feature outlives the state that it is in. */
  #recordOf(feature: string, line: FeatureLine): FeatureRecord {
    const known = this.#records.get(feature)
    if (known?.since === line.since) return known
    const record = freshRecord(line, known)
    this.#records.set(feature, record)
    return record
  }
}

/** The features that this gate names or bounds: those that were there before, if there were. */
export function featuresUnder(gate: Gate, before: Features | undefined): Features | undefined {
  const isNeeded = gate.lines.features !== undefined || gate.restriction.features !== unbounded
  const features = before ?? (isNeeded ? new Features() : undefined)
  features?.adopt(gate)
  return features
}
