/** What the paths of a model cover, as numbers, as a list of what they do not, and in words. */
import type { ChartItems, StateItem, TransitionItem } from "./items.ts"

export interface Covered {
  readonly covered: number
  readonly of: number
}

/** A state of a chart, by its path, and how often it was entered. */
export type StateCoverage = Readonly<StateItem>
/** A transition of a chart: how often it was taken, and how often its guard refused. */
export type TransitionCoverage = Readonly<TransitionItem>

export interface ChartCoverage {
  readonly chart: string
  readonly states: readonly StateCoverage[]
  readonly transitions: readonly TransitionCoverage[]
}

export interface ModelCoverage {
  readonly charts: readonly ChartCoverage[]
  readonly states: Covered
  readonly transitions: Covered
  /** Each guard has two: that it let pass, and that it refused. */
  readonly guardSides: Covered
  /** What no path covers, a line each. With this config some of it cannot happen. */
  readonly unlit: readonly string[]
  /** A table of all charts, and what is unlit. */
  toString(): string
}

const count = <T>(items: readonly T[], is: (item: T) => boolean): Covered => ({
  covered: items.filter(is).length,
  of: items.length,
})

const wordsOf = ({ from, to, words }: TransitionCoverage): string =>
  `${from === "" ? "any state" : from}${to === undefined ? "" : ` → ${to}`} on ${words === "" ? "arrival" : words}`

const sidesOf = ({ guard, taken, refused }: TransitionCoverage): readonly boolean[] =>
  guard === undefined ? [] : [taken > 0, refused > 0]

const unlitIn = ({ chart, states, transitions }: ChartCoverage): readonly string[] => [
  ...states.filter(({ entered }) => entered === 0).map(({ id }) => `${chart}: ${id} is never entered`),
  ...transitions.filter(({ taken }) => taken === 0).map((one) => `${chart}: ${wordsOf(one)} is never taken`),
  ...transitions
    .filter(({ guard, taken, refused }) => guard !== undefined && taken > 0 && refused === 0)
    .map((one) => `${chart}: ${wordsOf(one)} is never refused by its guard`),
]

const said = ({ covered, of }: Covered): string => `${covered}/${of}`.padStart(9)

interface Totals {
  readonly states: Covered
  readonly transitions: Covered
  readonly guardSides: Covered
}

function totalsOf(charts: readonly ChartCoverage[]): Totals {
  const transitions = charts.flatMap((chart) => chart.transitions)
  return {
    states: count(
      charts.flatMap(({ states }) => states),
      ({ entered }) => entered > 0,
    ),
    transitions: count(transitions, ({ taken }) => taken > 0),
    guardSides: count(transitions.flatMap(sidesOf), (isSeen) => isSeen),
  }
}

const row = (name: string, { states, transitions, guardSides }: Totals): string =>
  `${name.padEnd(14)}${said(states)}${said(transitions).padStart(13)}${said(guardSides).padStart(13)}`

function tableOf(charts: readonly ChartCoverage[], unlit: readonly string[]): string {
  const heading = `${"chart".padEnd(14)}${"states".padStart(9)}${"transitions".padStart(13)}${"guard sides".padStart(13)}`
  const rows = charts.map((chart) => row(chart.chart, totalsOf([chart])))
  const rest = unlit.length === 0 ? [] : ["", "unlit:", ...unlit.map((line) => `  ${line}`)]
  return [heading, ...rows, row("all", totalsOf(charts)), ...rest].join("\n")
}

/** The coverage of these charts as it is now. */
export function coverageOf(items: readonly ChartItems[]): ModelCoverage {
  const charts: readonly ChartCoverage[] = structuredClone(items)
  const unlit = charts.flatMap(unlitIn)
  return { charts, ...totalsOf(charts), unlit, toString: () => tableOf(charts, unlit) }
}
