/** Recovering: what each fact makes of how features stand. Pure steps over the context of `recovery`. */
import { chance } from "./chance.ts"
import type { Feature, RecoverySettings } from "./featuring.ts"
import {
  blocked,
  type FeatureStanding,
  findingOf,
  following,
  full,
  isFull,
  missing,
  of,
  type Standings,
  standingsOf,
} from "./returning.ts"
import {
  type FeatureBounds,
  type FeatureFailed,
  type FeatureSettled,
  type FeaturesFinding,
  unbounded,
} from "./vocabulary/feature.ts"
import { waitAfter } from "./waiting.ts"

export interface RecoveryContext {
  readonly settings: RecoverySettings
  readonly seed: number
  readonly at: number
  readonly standings: Standings
  /** The serial under which chance is drawn. */
  readonly draws: number
  /** What is held back, made anew only when it is another: whoever watches compares by reference. */
  readonly bounds: FeatureBounds
  readonly finding: FeaturesFinding
}

type Step = Partial<RecoveryContext>

/** The service is out: whatever was known of its features is no longer. */
export function lost({ settings, finding }: RecoveryContext, at: number): Step {
  const standings = standingsOf(settings.features, () => blocked(full(at), at, "has not come back yet"))
  return { at, standings, bounds: unbounded, finding: findingOf(settings, standings, "outage", finding) }
}

/** The service comes back: its features follow, one by one. */
export const begun = (context: RecoveryContext, at: number): Step =>
  following(
    context,
    standingsOf(context.settings.features, ({ name }) => ({ ...of(context.standings, name), since: at })),
    at,
  )

/** It has failed: it is held back, for longer with each time in a row; so is what needs it. */
function failed(context: RecoveryContext, feature: Feature, at: number, why: string): Step {
  const { settings, seed, draws } = context
  const before = of(context.standings, feature.name)
  const isForgotten = before.state === "full" && at - before.since > feature.retry.memory
  const failures = isForgotten ? 1 : before.failures + 1
  const dueAt = at + waitAfter(feature.retry, failures, chance(seed, draws))
  const doubts = feature.required && !before.isDoubted ? neededBy(feature, settings.features) : []
  const reason = `is needed by ${JSON.stringify(feature.name)}, which failed`
  const standings = {
    ...context.standings,
    ...Object.fromEntries(doubts.map((name) => [name, blocked(of(context.standings, name), at, reason)])),
    [feature.name]: {
      ...blocked(before, at, `is held back: ${why}`),
      failures,
      dueAt,
      isDoubted: before.isDoubted || doubts.length > 0,
    },
  }
  return { ...following(context, standings, at), draws: draws + 1 }
}

/** All that it needs, and what that needs. */
function neededBy({ needs }: Feature, features: readonly Feature[]): readonly string[] {
  const all = new Set(needs)
  for (const { name, needs: further } of [...features].reverse())
    if (all.has(name)) for (const need of further) all.add(need)
  return [...all]
}

const passed = (context: RecoveryContext, { name }: Feature, at: number): Step => {
  const { failures } = of(context.standings, name)
  return following(context, { ...context.standings, [name]: { ...full(at), failures } }, at)
}

const featureOf = ({ settings }: RecoveryContext, name: string) =>
  settings.features.find((feature) => feature.name === name)

/** Whether it is the present test of its feature that this tells of. */
const isOfTest = ({ standings }: RecoveryContext, { feature, since }: { feature: string; since: number }): boolean =>
  Object.hasOwn(standings, feature) &&
  of(standings, feature).state === "testing" &&
  of(standings, feature).since === since

export function entered(context: RecoveryContext, told: { readonly feature: string; readonly since: number }): Step {
  if (!isOfTest(context, told)) return {}
  const before = of(context.standings, told.feature)
  return { standings: { ...context.standings, [told.feature]: { ...before, entered: before.entered + 1 } } }
}

const counted = (before: FeatureStanding, { end }: FeatureSettled): FeatureStanding =>
  end === "ignored"
    ? { ...before, entered: Math.max(0, before.entered - 1) }
    : { ...before, settled: before.settled + 1, bad: before.bad + (end === "bad" ? 1 : 0) }

/** What so many calls decide, of as many as are asked for: whatever the others were. */
function verdictOf({ settled, bad }: FeatureStanding, { minimumSamples, failureRatio }: Feature) {
  if (bad >= failureRatio * minimumSamples) return "failed"
  return minimumSamples - (settled - bad) < failureRatio * minimumSamples ? "passed" : undefined
}

const whyOf = (bad: number, settled: number): string => `${bad} of ${settled} calls failed`

/** A call of a test has ended. */
export function settled(context: RecoveryContext, told: FeatureSettled): Step {
  const feature = featureOf(context, told.feature)
  if (feature === undefined || !isOfTest(context, told)) return {}
  const after = counted(of(context.standings, told.feature), told)
  const next = { ...context, standings: { ...context.standings, [told.feature]: after } }
  const verdict = verdictOf(after, feature)
  if (verdict === "failed") return { ...failed(next, feature, told.at, whyOf(after.bad, after.settled)) }
  if (verdict === "passed") return passed(next, feature, told.at)
  return { standings: next.standings }
}

/** Whether it decides a test. */
export const decides = (context: RecoveryContext, told: FeatureSettled): boolean => "at" in settled(context, told)

/** A feature that was full has failed; `undefined` when it is none, or was not full. */
export function fallen(context: RecoveryContext, { feature: name, at, statistics }: FeatureFailed): Step | undefined {
  const feature = featureOf(context, name)
  const { failures, slow, calls } = statistics
  return feature && isFull(context.standings, name)
    ? failed(context, feature, at, whyOf(failures + slow, calls))
    : undefined
}

/** The time of a test is over: it is decided on what there is. Calls that still run are waited for, once. */
function timedOut(context: RecoveryContext, feature: Feature, at: number): Step {
  const standing = of(context.standings, feature.name)
  const running = standing.entered - standing.settled
  if (running > 0 && !standing.isOvertime) {
    const longer = { ...standing, isOvertime: true, dueAt: at + feature.testFor }
    return { at, standings: { ...context.standings, [feature.name]: longer } }
  }
  const bad = standing.bad + running
  const isBad = standing.entered > 0 && bad >= feature.failureRatio * standing.entered
  return isBad ? failed(context, feature, at, whyOf(bad, standing.entered)) : passed(context, feature, at)
}

/** When something is to be decided without any traffic; there is always something while not all are full. */
export const nextDue = ({ settings: { features }, standings, at }: RecoveryContext): number =>
  Math.min(
    ...features.map((feature) => {
      const { state, dueAt = Number.POSITIVE_INFINITY } = of(standings, feature.name)
      if (state === "testing") return dueAt
      // Whose wait is over waits for room: somebody else is tested.
      return state === "full" || dueAt <= at || missing(standings, feature) ? Number.POSITIVE_INFINITY : dueAt
    }),
  )

/** Decides what was due by then. */
export function due(context: RecoveryContext): Step {
  const at = Math.max(context.at, nextDue(context))
  let next: RecoveryContext = { ...context, ...following(context, context.standings, at) }
  for (const feature of next.settings.features) {
    const { state, dueAt = Number.POSITIVE_INFINITY } = of(next.standings, feature.name)
    if (state === "testing" && dueAt <= at) next = { ...next, ...timedOut(next, feature, at) }
  }
  return next
}

/** Other features, or the same with other options. What is known of those that stay, stays; while the service is out nothing is. */
export function adopted(context: RecoveryContext, settings: RecoverySettings, at: number): Step {
  if (context.finding.state === "outage") return { settings, ...lost({ ...context, settings }, at) }
  const { standings: before } = context
  const standings = standingsOf(settings.features, ({ name }) =>
    Object.hasOwn(before, name) ? of(before, name) : full(at),
  )
  return { settings, ...following({ ...context, settings }, standings, at) }
}
