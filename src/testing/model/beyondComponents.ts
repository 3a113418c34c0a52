/** What is out of reach of the charts of components. */
import type { DiscoverySettings } from "../../../machines/endpointOptions.ts"
import type { RecoverySettings } from "../../../machines/featuring.ts"
import type { HealthSettings } from "../../../machines/healthOptions.ts"
import { areSeveral, type Facts, isChecked, isEjecting, isProvided, type Rule, type Rules } from "./facts.ts"

interface Bounds {
  readonly min: number
  readonly max: number
}

/** Bounds that are one leave nothing to learn. */
const isOne = ({ min, max }: Bounds): boolean => min === max
const isTimeoutSet = (facts: Facts): boolean => isOne(facts.of<Bounds>("timeout"))
const isLimitSet = (facts: Facts): boolean => isOne(facts.of<{ readonly limit: Bounds }>("priority").limit)

const comesBackToIt = "a circuit that comes back is met where it was left, and not here"

const timeout: readonly Rule[] = [
  {
    line: /^fixed |\[isFixed\] is never taken/,
    when: (facts) => !isTimeoutSet(facts),
    why: "this timeout is learned, between bounds that differ",
  },
  {
    line: /^(?!cold is |fixed is |cold → fixed .* taken)/,
    when: isTimeoutSet,
    why: "this timeout is set: nothing is learned",
  },
  {
    line: /→ frozen on circuit\.moved \[left\] is never refused/,
    when: (facts) => facts.has("basic"),
    why: comesBackToIt,
  },
]

const retry: readonly Rule[] = [
  { line: /→ barred on circuit\.moved \[left\] is never refused/, why: comesBackToIt },
  { line: /\[cameBack\] is never refused/, why: "what does not leave comes back: there is no third" },
]

const priority: readonly Rule[] = [
  {
    line: /^limit\.fixed |\[isFixed\] is never taken/,
    when: (facts) => !isLimitSet(facts),
    why: "this limit is learned, between bounds that differ",
  },
  {
    line: /limit\.(?:climbing|holding|capped|draining)|limit → |^limit on |\[isFixed\] is never refused/,
    when: isLimitSet,
    why: "this limit is set: nothing is learned",
  },
  { line: /\[follows\] is never refused/, why: "a limit stands at one of five, and the other four are asked before" },
]

const prediction: readonly Rule[] = [
  {
    line: /features\.changed/,
    when: (facts) => !facts.has("recovery"),
    why: "features are those of recovery, which this config has not",
  },
  { line: /→ frozen on circuit\.moved \[left\] is never refused/, why: comesBackToIt },
]

const recovery: readonly Rule[] = [
  { line: /\[isAway\] is never refused/, when: (facts) => facts.has("basic"), why: comesBackToIt },
  { line: /\[falls\] is never refused/, why: "only features that are whole are watched" },
  {
    line: /partial → partial on feature\.failed/,
    when: (facts) => facts.of<RecoverySettings>("recovery").features.length < 2,
    why: "it has one feature, and no second that could fail while the first is held back",
  },
]

const discoveryOf = (facts: Facts) => facts.of<DiscoverySettings>("discovery")
const healthOf = (facts: Facts) => facts.of<HealthSettings>("health")
/** Whether endpoints are checked one by one. */
const areChecked = (facts: Facts): boolean => isChecked(facts) && areSeveral(facts)
const heeds = (facts: Facts): boolean => healthOf(facts).passive !== undefined
const health: readonly Rule[] = [
  {
    line: /(?:unknown|healthy) → bad on \[isBad\] is never taken/,
    when: (facts) => healthOf(facts).fall > 1,
    why: "with a `fall` above 1 it is suspect first",
  },
  {
    line: /^suspect |→ suspect .*is never taken/,
    when: (facts) => healthOf(facts).fall === 1 && !areChecked(facts),
    why: "with a `fall` of 1 the first failure makes it bad",
  },
  { line: /on check/, when: (facts) => !isChecked(facts), why: "this config has no check" },
  {
    line: /unknown → suspect on \[isSuspect\] is never taken/,
    when: (facts) => healthOf(facts).fall === 1,
    why: "with a `fall` of 1 the first check makes it bad, or well",
  },
  {
    line: /(?:suspect|bad) → unknown on \[isUnknown\] is never taken/,
    when: (facts) => !isChecked(facts),
    why: "only what checks have said is forgotten at once, when they end",
  },
  { line: /on after expiry/, when: isChecked, why: "each check renews what is known" },
  {
    line: /bad → suspect .* is never taken/,
    when: (facts) => !areChecked(facts) && !(isChecked(facts) && heeds(facts)),
    why: "it hears of one source alone, which is bad until it is well",
  },
  {
    line: /\[isTelling\] is never taken/,
    when: (facts) => !heeds(facts),
    why: "with `passive: false` calls tell nothing",
  },
  {
    line: /^(?!unknown is |unknown .* refused|any state on (?:slice\.closed|circuit\.moved) )/,
    when: (facts) => !isChecked(facts) && !heeds(facts),
    why: "without a check and with `passive: false` nothing tells it anything",
  },
  {
    line: /bad → healthy .* is never taken/,
    when: (facts) =>
      areChecked(facts) && !isProvided(facts) && !heeds(facts) && discoveryOf(facts).endpoints.length > 1,
    why: "its endpoints get well one by one, and it is suspect until the last has",
  },
]

const begins = (facts: Facts): boolean => discoveryOf(facts).endpoints.length > 0

/** Whether so many endpoints may be away that all are tried. */
function mayPanic(facts: Facts): boolean {
  const { panic, ejection } = discoveryOf(facts)
  // The least part that ejection leaves: half of two, or what is not its share.
  const left = ejection === undefined ? 1 : Math.min(0.5, 1 - ejection.share)
  return panic > (isChecked(facts) ? 0 : left)
}

const discovery: readonly Rule[] = [
  {
    line: /on provider\.|^stale |→ stale .* is never taken|empty on settings|\[isRestorable\] is never taken|\[isCalmAndStale\] is never taken/,
    when: (facts) => !isProvided(facts),
    why: "no provider tells it of endpoints: it has those of its config",
  },
  {
    line: /^empty (?!is never entered|→ fresh on \[isKnown\] is never taken)/,
    when: begins,
    why: "its config names endpoints: it begins with those",
  },
  {
    line: /fresh → stale on breaker\.restored .* is never taken/,
    when: (facts) => !begins(facts),
    why: "its config names no endpoints: it is restored before it knows any",
  },
  {
    line: /panicking (?!on \[panics\] is never refused)|→ panicking on \[panics\] is never taken/,
    when: (facts) => !mayPanic(facts),
    why: "so many endpoints are never away together as it takes to panic",
  },
  {
    line: /on health\.found/,
    when: (facts) => !facts.has("health"),
    why: "health would find it, which this config has not",
  },
  {
    line: /on endpoints\.shifted/,
    when: (facts) => !isEjecting(facts),
    why: "with `ejection: false`, or one endpoint alone, nobody is left out",
  },
]

export const rulesOfComponents: Rules = { timeout, retry, priority, prediction, recovery, health, discovery }
