import type { SimulatedFigure, SimulatedMeasure, SimulatedPolicy, SimulatedWorld } from "../../testing/simulate.ts"
import { heading, show } from "../../testing/simulation/numbers.ts"
import { left, right, type Span, type Style } from "../demo/paint.ts"

/** How much of each figure there is room for. */
interface Detail {
  readonly brackets: boolean
  readonly goals: boolean
}

/** From the most to the least; the last is taken whether it fits or not. */
const details: readonly Detail[] = [
  { brackets: true, goals: true },
  { brackets: true, goals: false },
  { brackets: false, goals: true },
  { brackets: false, goals: false },
]

const GAP = 2
const BLANK: SimulatedFigure = { median: Number.NaN, bad: Number.NaN, values: [] }

function cell({ median, bad }: SimulatedFigure, { brackets }: Detail): string {
  const [middle, worse] = [show(median), show(bad)]
  return brackets && middle !== worse ? `${middle} [${worse}]` : middle
}

const figureOf = ({ figures }: SimulatedPolicy, { id }: SimulatedMeasure): SimulatedFigure => figures[id] ?? BLANK

const goalOf = ({ policies }: SimulatedWorld, { id }: SimulatedMeasure): string =>
  (policies.at(-1)?.goals ?? [])
    .filter(({ measure }) => measure === id)
    .map(({ rule }) => rule.replace("median ", ""))
    .join(", ")

/** A user's config beside the default one. */
function styleOf({ policies }: SimulatedWorld, policy: SimulatedPolicy, measure: SimulatedMeasure): Style {
  const standard = policies[1]
  if (!policy.name.startsWith("yours") || standard === undefined) return "plain"
  const [mine, other] = [figureOf(policy, measure).median, figureOf(standard, measure).median]
  if (mine === other || Number.isNaN(mine) || Number.isNaN(other)) return "plain"
  return mine < other === (measure.better === "less") ? "green" : "red"
}

interface Column {
  readonly head: readonly string[]
  readonly cells: readonly { readonly text: string; readonly style: Style }[]
}

function columnsOf(world: SimulatedWorld, detail: Detail): readonly Column[] {
  const { measures, policies } = world
  const plain = (texts: readonly string[]) => texts.map((text) => ({ text, style: "plain" as const }))
  const figures = policies.map((policy) => ({
    head: policy.name.split(", "),
    cells: measures.map((measure) => ({
      text: cell(figureOf(policy, measure), detail),
      style: styleOf(world, policy, measure),
    })),
  }))
  const goals = { head: ["goal"], cells: plain(measures.map((measure) => goalOf(world, measure))) }
  return [
    { head: [""], cells: plain(measures.map(heading)) },
    ...figures,
    ...(detail.goals && goals.cells.some(({ text }) => text !== "") ? [goals] : []),
  ]
}

const widthOf = ({ head, cells }: Column): number =>
  Math.max(...[...head, ...cells.map(({ text }) => text)].map(({ length }) => length))
const totalOf = (columns: readonly Column[]): number =>
  columns.reduce((sum, column) => sum + widthOf(column), GAP * columns.length)

/** One row a measure, one column a policy, with as much detail as the width has room for. */
export function table(world: SimulatedWorld, width: number): readonly (readonly Span[])[] {
  const layouts = details.map((detail) => columnsOf(world, detail))
  const columns = layouts.find((one) => totalOf(one) <= width) ?? layouts.at(-1) ?? []
  const line = (texts: (column: Column) => { readonly text: string; readonly style: Style }): readonly Span[] =>
    columns.map((column, index) => {
      const { text, style } = texts(column)
      return index === 0 ? left(text, widthOf(column) + GAP, style) : right(text, widthOf(column) + GAP, style)
    })
  const headLines = Math.max(...columns.map(({ head }) => head.length))
  return [
    ...Array.from({ length: headLines }, (_, row) => line(({ head }) => ({ text: head[row] ?? "", style: "bold" }))),
    ...world.measures.map((_, row) => line(({ cells }) => cells[row] ?? { text: "", style: "plain" })),
  ]
}
