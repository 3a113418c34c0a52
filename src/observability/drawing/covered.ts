/** Charts with what a walk has covered of them: what was taken is lit, what was not is dashed and says so, what is beyond it stands apart. */
import { pictureOf } from "./layouts.ts"
import type { Box, Line, Picture } from "./picture.ts"
import { svgOf } from "./svg.ts"

interface ChartCoverage {
  readonly chart: string
  readonly states: readonly { readonly id: string; readonly entered: number; readonly beyond?: string }[]
  readonly transitions: readonly {
    readonly from: string
    readonly to: string | undefined
    readonly words: string
    readonly taken: number
    /** Why no path takes it. */
    readonly beyond?: string
  }[]
}

const style = `svg.chart { --lit: #1c8a43; --unlit: #c9372c; }
@media (prefers-color-scheme: dark) { svg.chart { --lit: #3fbf6f; --unlit: #ff8a80; } }
svg.chart .lit .arrow { stroke: var(--lit); stroke-width: 2.2; } svg.chart .lit .head { fill: var(--lit); }
svg.chart .unlit .arrow { stroke: var(--unlit); stroke-dasharray: 5 4; } svg.chart .unlit .head { fill: var(--unlit); }
svg.chart rect.unlit { stroke: var(--unlit); stroke-dasharray: 5 4; }
`

/** Begins of charts, and the stand-ins for any state, are no states that could be entered. */
const isState = ({ kind }: Box): boolean => kind !== "begin" && kind !== "any"

/** An arrow may stand for several transitions: it is lit as soon as one was taken, and each that was not is marked. */
function lightOf({ transitions }: ChartCoverage) {
  const between = (line: Line) => transitions.filter(({ from, to }) => from === line.from && to === line.to)
  const isTaken = (line: Line, words: string) => between(line).some((one) => one.words === words && one.taken > 0)
  const isKnown = (line: Line, words: string) =>
    between(line).some((one) => one.words === words && one.beyond === undefined)
  return (line: Line): Line => {
    const known = between(line).filter(({ beyond }) => beyond === undefined)
    const light = known.length === 0 ? "apart" : known.some(({ taken }) => taken > 0) ? "lit" : "unlit"
    if (line.label === undefined) return { ...line, light }
    const marked = line.label.lines.map((words) =>
      isKnown(line, words) && !isTaken(line, words) ? `○ ${words}` : words,
    )
    return { ...line, light, label: { ...line.label, lines: marked } }
  }
}

function boxOf({ states }: ChartCoverage): (box: Box) => Box {
  const unlit = new Set(
    states.filter(({ entered, beyond }) => entered === 0 && beyond === undefined).map(({ id }) => id),
  )
  return (box) => (isState(box) && unlit.has(box.id) ? { ...box, circuit: undefined, kind: `${box.kind} unlit` } : box)
}

function lit(picture: Picture, chart: ChartCoverage): Picture {
  return { ...picture, boxes: picture.boxes.map(boxOf(chart)), lines: picture.lines.map(lightOf(chart)) }
}

/** The charts of the registry among these, one below the other. */
export function covered(charts: readonly ChartCoverage[]): string {
  const pictures = charts.flatMap((chart) => {
    const picture = pictureOf(chart.chart)
    return picture === undefined ? [] : [lit(picture, chart)]
  })
  return svgOf(pictures, `what is covered of ${charts.map(({ chart }) => chart).join(", ")}`, style)
}
