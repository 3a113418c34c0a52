/** Returning: how features stand, who is held back with whom, and who comes next. Pure functions over standings. */
import type { Feature, RecoverySettings } from "./featuring.ts"
import {
  type FeatureBound,
  type FeatureBounds,
  type FeatureLines,
  type FeatureState,
  type FeaturesFinding,
  unbounded,
} from "./vocabulary/feature.ts"
import type { SequentialLine } from "./vocabulary/lines.ts"

/** How one feature stands. */
export interface FeatureStanding {
  readonly state: FeatureState
  /** Since when, and why. */
  readonly since: number
  readonly reason: string
  /** When a test is decided, or a feature that was held back for its own failure is tested again. */
  readonly dueAt: number | undefined
  /** Failures in a row: each lengthens the wait. */
  readonly failures: number
  /** Of the present test: calls that entered, that ended, and that ended badly. */
  readonly entered: number
  readonly settled: number
  readonly bad: number
  /** Its time is over; what still runs is waited for as long again. */
  readonly isOvertime: boolean
  /** It is required, and what it needs has been tested again for it. */
  readonly isDoubted: boolean
}

export interface Standings {
  readonly [feature: string]: FeatureStanding
}

const untested = { dueAt: undefined, entered: 0, settled: 0, bad: 0, isOvertime: false } as const

export const full = (at: number): FeatureStanding => ({
  state: "full",
  since: at,
  reason: "",
  ...untested,
  failures: 0,
  isDoubted: false,
})

export const blocked = (before: FeatureStanding, at: number, reason: string): FeatureStanding => ({
  ...before,
  ...untested,
  state: "blocked",
  since: at,
  reason,
})

export const tested = (before: FeatureStanding, { testFor, testShare }: Feature, at: number): FeatureStanding => ({
  ...before,
  ...untested,
  state: "testing",
  since: at,
  dueAt: at + testFor,
  reason: `is tested: ${Number((100 * testShare).toFixed(1))} % of its calls enter`,
})

export const of = (standings: Standings, name: string): FeatureStanding => standings[name] as FeatureStanding
export const isFull = (standings: Standings, name: string): boolean => of(standings, name).state === "full"
export const missing = (standings: Standings, { needs }: Feature) => needs.find((need) => !isFull(standings, need))

const waitsFor = (need: string): string => `waits for ${JSON.stringify(need)}`

/** Who needs what is not there goes: each feature stands after what it needs, so one pass is enough. */
function withDependents(before: Standings, features: readonly Feature[], at: number): Standings {
  let standings = before
  for (const feature of features) {
    const standing = of(standings, feature.name)
    const need = missing(standings, feature)
    if (need === undefined || standing.state === "blocked") continue
    standings = { ...standings, [feature.name]: blocked(standing, at, waitsFor(need)) }
  }
  return standings
}

/** Tests who comes next, as long as there is room for one more. */
function withTests(before: Standings, { features, atOnce }: RecoverySettings, at: number): Standings {
  let standings = before
  let tests = features.filter(({ name }) => of(standings, name).state === "testing").length
  for (const feature of features) {
    if (tests >= atOnce) break
    const standing = of(standings, feature.name)
    const isNext = standing.state === "blocked" && (standing.dueAt ?? at) <= at && !missing(standings, feature)
    if (!isNext) continue
    standings = { ...standings, [feature.name]: tested(standing, feature, at) }
    tests++
  }
  return standings
}

/** Why it is held back now: what it needs may be another by now. */
function reasonOf(standings: Standings, feature: Feature): string {
  const { state, dueAt, reason } = of(standings, feature.name)
  const need = state === "blocked" && dueAt === undefined ? missing(standings, feature) : undefined
  return need === undefined ? reason : waitsFor(need)
}

function boundOf(standings: Standings, feature: Feature): FeatureBound {
  const { name, testShare } = feature
  const { state, dueAt } = of(standings, name)
  const reason = said(name, reasonOf(standings, feature))
  if (state === "testing") return { share: testShare, retryAt: Number.NEGATIVE_INFINITY, reason }
  return { share: 0, retryAt: dueAt ?? Number.NEGATIVE_INFINITY, reason }
}

const said = (name: string, what: string): string => `feature ${JSON.stringify(name)} ${what}`

const boundsOf = (standings: Standings, features: readonly Feature[]): FeatureBounds => {
  const held = features.filter(({ name }) => !isFull(standings, name))
  if (held.length === 0) return unbounded
  return Object.fromEntries(held.map((feature) => [feature.name, boundOf(standings, feature)]))
}

interface Standing {
  readonly settings: RecoverySettings
  readonly standings: Standings
}

export const areAllFull = ({ standings }: Pick<Standing, "standings">): boolean =>
  Object.values(standings).every(({ state }) => state === "full")

/** The same finding as before if it says the same: whoever watches compares by reference. */
export function findingOf(
  { features: all }: Pick<RecoverySettings, "features">,
  standings: Standings,
  state: FeaturesFinding["state"],
  before?: FeaturesFinding,
): FeaturesFinding {
  const features = Object.fromEntries(all.map(({ name }) => [name, of(standings, name).state]))
  const held = all.filter(({ name }) => features[name] === "blocked" && state === "partial")
  const reasons = held.map((feature) => `${feature.name} ${reasonOf(standings, feature)}`)
  const now = { state, features, reasons }
  return JSON.stringify(before) === JSON.stringify(now) && before ? before : now
}

/** What follows from a change: who goes with whom, and who is tested next. */
export function following(
  before: { readonly settings: RecoverySettings; readonly finding: FeaturesFinding },
  changed: Standings,
  at: number,
) {
  const { settings, finding } = before
  const standings = withTests(withDependents(changed, settings.features, at), settings, at)
  const state = areAllFull({ standings }) ? "full" : "partial"
  return {
    at,
    standings,
    bounds: boundsOf(standings, settings.features),
    finding: findingOf(settings, standings, state, finding),
  }
}

export const standingsOf = (features: readonly Feature[], standing: (feature: Feature) => FeatureStanding): Standings =>
  Object.fromEntries(features.map((feature) => [feature.name, standing(feature)]))

export const freshStandings = ({ features }: RecoverySettings, at: number): Standings =>
  standingsOf(features, () => full(at))

/** A service that is as usual is taken for broken once in e^20 calls, as everywhere. */
const threshold = 20

const watchOf = ({ failureRatio, minimumSamples }: Feature): SequentialLine => ({
  kind: "sequential",
  watch: "usual",
  threshold,
  rate: failureRatio,
  cohort: minimumSamples,
  tells: "never",
})

/** What is watched of each feature, full or tested. */
export const watched = ({ settings: { features }, standings }: Standing): FeatureLines =>
  Object.fromEntries(
    features.map((feature) => {
      const { state, since } = of(standings, feature.name)
      if (state === "testing") return [feature.name, { since, test: feature.minimumSamples }]
      return [feature.name, state === "full" ? { since, watch: watchOf(feature) } : { since }]
    }),
  )

/** What calls may name, while the circuit speaks for the whole service. */
export const named = ({ settings: { features }, standings }: Standing): FeatureLines =>
  Object.fromEntries(features.map(({ name }) => [name, { since: of(standings, name).since }]))
