/** The first half of PREDICTION.md: the detector by the scoring rules of the Numenta Anomaly Benchmark. */
import { anomalyThreshold, freshStream, surprise } from "../../../machines/anomaly.ts"
import { bestBlind, blind, nothing, random, records } from "./controls.ts"
import { copyOf } from "./copies.ts"
import {
  bestThreshold,
  normalised,
  probationOf,
  type Rewards,
  rawScore,
  rewardsOf,
  type Scored,
  scoreAt,
} from "./scoring.ts"
import { givenProfiles, givenSeries, type Profile, type Series } from "./series.ts"
import { familyNames, syntheticSeries } from "./synthetic.ts"

type Rewarded = Series & { readonly rewards: Rewards }

const rewarded = (series: Series): Rewarded => ({ ...series, rewards: rewardsOf(series) })

const detected = ({ times, values }: Series): Float64Array => {
  const stream = freshStream()
  return values.map((value, row) => surprise(stream, times[row] as number, value))
}

const scoredBy = (all: readonly Rewarded[], detect: (series: Series) => Float64Array): readonly Scored[] =>
  all.map((series) => ({ rewards: series.rewards, scores: detect(series) }))

const round = (score: number): string => score.toFixed(1)

/** Each category is scored at the threshold that suits the other categories best. */
function leaveOneOut(all: readonly Rewarded[], scored: readonly Scored[], profile: Profile): number {
  const categories = [...new Set(all.map(({ category }) => category))]
  const of = (isMember: (category: string) => boolean) => scored.filter((_, at) => isMember(all[at]?.category ?? ""))
  const raw = categories.reduce((sum, left) => {
    const { threshold } = bestThreshold(
      of((category) => category !== left),
      profile,
    )
    return sum + of((category) => category === left).reduce((own, one) => own + rawScore(one, threshold, profile), 0)
  }, 0)
  return normalised(
    raw,
    scored.reduce((sum, { rewards }) => sum + rewards.windows, 0),
    profile,
  )
}

export interface Row {
  readonly name: string
  readonly profile: string
  readonly optimised: number
  readonly fixed: number
  readonly leftOut: number
  readonly around: number
}

function row(
  name: string,
  all: readonly Rewarded[],
  scored: readonly Scored[],
  threshold: number,
  profile: Profile,
): Row {
  const at = (factor: number) => scoreAt(scored, factor * threshold, profile)
  return {
    name,
    profile: profile.name,
    optimised: bestThreshold(scored, profile).score,
    fixed: at(1),
    leftOut: leaveOneOut(all, scored, profile),
    around: (at(0.5) + at(1) + at(2)) / 3,
  }
}

const line = ({ name, profile, optimised, fixed, leftOut, around }: Row): string =>
  `| ${name} | ${profile} | ${[optimised, fixed, leftOut, around].map(round).join(" | ")} |`

function controls(all: readonly Rewarded[], profile: Profile): readonly Row[] {
  const { every, phase } = bestBlind(all, profile)
  const periodic = ({ values }: Series) => blind(values.length, every, probationOf(values.length) + phase)
  return [
    row(`blind, every ${every} rows at the best phase`, all, scoredBy(all, periodic), 1, profile),
    row("random", all, scoredBy(all, random), 0.998, profile),
    row("raw records", all, scoredBy(all, records), anomalyThreshold, profile),
    row("null", all, scoredBy(all, nothing), 1, profile),
  ]
}

const fixedOn = (series: readonly Series[], profile: Profile): string =>
  round(scoreAt(scoredBy(series.map(rewarded), detected), anomalyThreshold, profile))

/** Nanoseconds of processor time a sample, the least of five rounds, and bytes of state. */
function cost(all: readonly Series[]): { readonly nanoseconds: number; readonly bytes: number } {
  const samples = all.reduce((sum, { values }) => sum + values.length, 0)
  const times = Array.from({ length: 5 }, () => {
    const before = process.cpuUsage()
    all.forEach(detected)
    const { user, system } = process.cpuUsage(before)
    return ((user + system) * 1000) / samples
  })
  return { nanoseconds: Math.min(...times), bytes: 8 * freshStream().length }
}

const seedsFrom = (first: number, count: number): readonly number[] =>
  Array.from({ length: count }, (_, at) => first + at)

const range = (seeds: readonly number[]): string => `${seeds[0]} to ${seeds.at(-1)}`

function guards(all: readonly Series[], profile: Profile): readonly string[] {
  const [some, others] = [seedsFrom(51, 3), seedsFrom(101, 3)]
  const copies = (seeds: readonly number[]) => seeds.flatMap((seed) => all.map((series) => copyOf(series, seed)))
  const made = (seeds: readonly number[], families = familyNames) =>
    families.flatMap((family) => seeds.map((seed) => syntheticSeries(family, seed)))
  const withWindows = familyNames.filter((family) => made(some, [family]).some(({ windows }) => windows.length > 0))
  return [
    `| streams | seeds ${range(some)} | seeds ${range(others)} |`,
    "| --- | --- | --- |",
    `| transformed copies of the 28 files | ${fixedOn(copies(some), profile)} | ${fixedOn(copies(others), profile)} |`,
    `| synthetic, all families | ${fixedOn(made(some), profile)} | ${fixedOn(made(others), profile)} |`,
    ...withWindows.map(
      (family) =>
        `| · ${family} | ${fixedOn(made(some, [family]), profile)} | ${fixedOn(made(others, [family]), profile)} |`,
    ),
  ]
}

export interface AnomalyReport {
  readonly lines: readonly string[]
  readonly rows: readonly Row[]
  readonly nanoseconds: number
  readonly bytes: number
}

export function anomalyReport(): AnomalyReport {
  const all = givenSeries().map(rewarded)
  const profiles = givenProfiles()
  const scored = scoredBy(all, detected)
  const rows = profiles.map((profile) => row("**recloser detect**", all, scored, anomalyThreshold, profile))
  const [standard] = profiles as [Profile]
  const { nanoseconds, bytes } = cost(all)
  const lines = [
    "| detector | profile | (a) threshold optimised | (b) shipped threshold | (c) one category left out | (d) mean of θ/2, θ, 2θ |",
    "| --- | --- | --- | --- | --- | --- |",
    ...rows.map(line),
    ...profiles.flatMap((profile) => controls(all, profile)).map(line),
    "",
    "### What was not in front of the eyes",
    "",
    ...guards(all, standard),
  ]
  return { lines, rows, nanoseconds, bytes }
}
