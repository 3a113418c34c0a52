/** What the paths of a model cover, as numbers, as a list of what they do not, and in words. */
import type { Reason } from "./beyond.ts"
import type { ChartItems, StateItem, TransitionItem } from "./items.ts"

export interface Covered {
  readonly covered: number
  /** Not covered, for a reason that is told. */
  readonly beyond: number
  /** All that there is. */
  readonly of: number
}

interface Explained {
  /** Why it is covered by no path, where that is known. */
  readonly beyond?: string
}

/** A state of a chart, by its path, and how often it was entered. */
export interface StateCoverage extends Readonly<StateItem>, Explained {}
/** A transition of a chart: how often it was taken, and how often its guard refused. */
export interface TransitionCoverage extends Readonly<TransitionItem>, Explained {}

export interface ChartCoverage {
  readonly chart: string
  readonly states: readonly StateCoverage[]
  readonly transitions: readonly TransitionCoverage[]
}

/** What no path covers: `basic: open is never entered`, and why, where that is known. */
export interface Uncovered {
  readonly what: string
  readonly why: string
}

export interface ModelCoverage {
  readonly charts: readonly ChartCoverage[]
  readonly states: Covered
  readonly transitions: Covered
  /** Each guard has two: that it let pass, and that it refused. */
  readonly guardSides: Covered
  /** What no path covers and nothing explains, a line each. */
  readonly unlit: readonly string[]
  /** What no path covers with this config, each with its reason. It counts in the sums. */
  readonly beyond: readonly Uncovered[]
  /** A table of all charts, what is unlit, and what is beyond reach. */
  toString(): string
}

const wordsOf = ({ from, to, words }: TransitionItem): string =>
  `${from === "" ? "any state" : from}${to === undefined ? "" : ` → ${to}`} on ${words === "" ? "arrival" : words}`

const neverEntered = ({ id }: StateItem): string => `${id} is never entered`
const neverTaken = (transition: TransitionItem): string => `${wordsOf(transition)} is never taken`

/** One thing that can be covered, and what is said of it when it is not. */
interface Goal {
  readonly kind: keyof Totals
  readonly chart: string
  readonly isCovered: boolean
  readonly line: string
  /** It goes without saying: what is never taken was not let pass either. */
  readonly isImplied?: boolean
}

/** All that there is to cover of a chart. */
export function goalsOf({ chart, states, transitions }: ChartItems): readonly Goal[] {
  return [
    ...states.map((one) => ({ kind: "states", chart, isCovered: one.entered > 0, line: neverEntered(one) }) as const),
    ...transitions.flatMap((one): readonly Goal[] => {
      const isCovered = one.taken > 0
      const taken = { kind: "transitions", chart, isCovered, line: neverTaken(one) } as const
      if (one.guard === undefined) return [taken]
      const refused = `${wordsOf(one)} is never refused by its guard`
      return [
        taken,
        { ...taken, kind: "guardSides", isImplied: true },
        {
          kind: "guardSides",
          chart,
          isCovered: one.refused > 0,
          line: refused,
          isImplied: !isCovered && one.refused === 0,
        },
      ]
    }),
  ]
}

interface Totals {
  readonly states: Covered
  readonly transitions: Covered
  readonly guardSides: Covered
}

type Judged = Goal & { readonly why: string | undefined }

/** A guard that was never asked has refused nothing, for the reason that its transition was not taken. */
function judge(goals: readonly Goal[], reason: Reason): readonly Judged[] {
  let before: string | undefined
  return goals.map((goal) => {
    const own = goal.isCovered ? undefined : reason(goal.chart, goal.line)
    const why = goal.isCovered ? undefined : (own ?? (goal.isImplied ? before : undefined))
    if (goal.kind === "transitions") before = why
    return { ...goal, why }
  })
}

function count(goals: readonly Judged[], kind: keyof Totals): Covered {
  const all = goals.filter((goal) => goal.kind === kind)
  return {
    covered: all.filter(({ isCovered }) => isCovered).length,
    beyond: all.filter(({ why }) => why !== undefined).length,
    of: all.length,
  }
}

const totalsOf = (goals: readonly Judged[]): Totals => ({
  states: count(goals, "states"),
  transitions: count(goals, "transitions"),
  guardSides: count(goals, "guardSides"),
})

const said = ({ covered, of }: Covered): string => `${covered}/${of}`.padStart(9)

const row = (name: string, { states, transitions, guardSides }: Totals): string => {
  const beyond = String(states.beyond + transitions.beyond + guardSides.beyond).padStart(11)
  return `${name.padEnd(14)}${said(states)}${said(transitions).padStart(13)}${said(guardSides).padStart(13)}${beyond}`
}

const listed = (heading: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : ["", heading, ...lines.map((line) => `  ${line}`)]

function tableOf(
  charts: readonly ChartItems[],
  goals: readonly Judged[],
  unlit: readonly string[],
  beyond: readonly Uncovered[],
): string {
  const heading = `${"chart".padEnd(14)}${"states".padStart(9)}${"transitions".padStart(13)}${"guard sides".padStart(13)}${"beyond".padStart(11)}`
  const rows = charts.map(({ chart }) => row(chart, totalsOf(goals.filter((goal) => goal.chart === chart))))
  const why = beyond.map(({ what, why }) => `${what}: ${why}`)
  return [
    heading,
    ...rows,
    row("all", totalsOf(goals)),
    ...listed("unlit:", unlit),
    ...listed("beyond reach:", why),
  ].join("\n")
}

/** The items of a chart, those that are beyond reach with the reason. */
function explained({ chart, states, transitions }: ChartItems, beyond: readonly Uncovered[]): ChartCoverage {
  const whys = new Map(beyond.map(({ what, why }) => [what, why]))
  const told = <Item extends object>(item: Item, line: string): Item & Explained => {
    const why = whys.get(`${chart}: ${line}`)
    return why === undefined ? { ...item } : { ...item, beyond: why }
  }
  return {
    chart,
    states: states.map((state) => told(state, neverEntered(state))),
    transitions: transitions.map((transition) => told(transition, neverTaken(transition))),
  }
}

const unknown: Reason = () => undefined

/** The coverage of these charts as it is now. */
export function coverageOf(items: readonly ChartItems[], reason = unknown): ModelCoverage {
  const goals = judge(items.flatMap(goalsOf), reason)
  const missed = goals.filter(({ isCovered, isImplied }) => !isCovered && !isImplied)
  const unlit = missed.filter(({ why }) => why === undefined).map(({ chart, line }) => `${chart}: ${line}`)
  const beyond = missed.flatMap(({ chart, line, why }) =>
    why === undefined ? [] : [{ what: `${chart}: ${line}`, why }],
  )
  const charts = items.map((item) => explained(item, beyond))
  return { charts, ...totalsOf(goals), unlit, beyond, toString: () => tableOf(charts, goals, unlit, beyond) }
}

/** Whether there is nothing left to be found. */
export const isComplete = (items: readonly ChartItems[], reason = unknown): boolean =>
  judge(items.flatMap(goalsOf), reason).every(({ isCovered, why }) => isCovered || why !== undefined)
