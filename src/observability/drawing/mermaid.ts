import { type Arrow, type Chart, type ChartState, isInner, statesIn, wordsOf } from "./chart.ts"

/** A colon ends a label, and a hash or semicolon begins an entity. */
const labelOf = (text: string): string => text.replace(/[:;#]/g, " ")

/** Names of states in a diagram of one chart, or of several. */
class Names {
  readonly #prefix: string
  constructor(prefix: string) {
    this.#prefix = prefix
  }
  /** Mermaid takes letters, digits and underscores. */
  of(id: string): string {
    return `${this.#prefix}${id}`.replace(/\W/g, "_")
  }
  /** Where arrows leave that any state of a group may take: Mermaid has none from a group to what is inside. */
  anyIn(group: string): string {
    return this.of(group === "" ? "any" : `${group}_any`)
  }
}

const tailOf = (arrow: Arrow, names: Names): string => (isInner(arrow) ? names.anyIn(arrow.from) : names.of(arrow.from))

function block(chart: Chart, state: ChartState, names: Names, indent: string): readonly string[] {
  const name = names.of(state.id)
  if (state.children.length > 0) {
    return [`${indent}state "${state.name}" as ${name} {`, ...inside(chart, state, names, `${indent}  `), `${indent}}`]
  }
  const label = name === state.name ? [] : [`${indent}state "${state.name}" as ${name}`]
  return state.kind === "final" ? [...label, `${indent}${name} --> [*]`] : label
}

function inside(chart: Chart, state: ChartState, names: Names, indent: string): readonly string[] {
  const { id, kind, initial, children } = state
  const begin = initial === undefined ? [] : [`${indent}[*] --> ${names.of(initial)}`]
  const hasAny = chart.arrows.some((arrow) => arrow.from === id && isInner(arrow))
  const any = hasAny ? [`${indent}state "in any state" as ${names.anyIn(id)}`] : []
  const blocks = children.map((child) => block(chart, child, names, indent))
  const apart = (lines: readonly string[], index: number) =>
    index > 0 && kind === "parallel" ? [`${indent}--`, ...lines] : lines
  return [...begin, ...any, ...blocks.flatMap(apart)]
}

function arrowsIn({ arrows }: Chart, names: Names): readonly string[] {
  const lines = new Map<string, Set<string>>()
  for (const arrow of arrows) {
    const line = `  ${tailOf(arrow, names)} --> ${names.of(arrow.to)}`
    lines.set(line, new Set([...(lines.get(line) ?? []), labelOf(wordsOf(arrow))]))
  }
  return [...lines].map(([line, labels]) => {
    const label = [...labels].filter((text) => text !== "").join("<br/>")
    return label === "" ? line : `${line}: ${label}`
  })
}

const notesOn = ({ root }: Chart, names: Names): readonly string[] =>
  statesIn(root)
    .filter(({ id, reactions }) => id !== "" && reactions.length > 0)
    .map(({ id, reactions }) => `  ${names.of(id)}: hears ${labelOf(reactions.join(", "))}`)

function whole(chart: Chart): readonly string[] {
  const names = new Names("")
  return [...inside(chart, chart.root, names, "  "), ...arrowsIn(chart, names), ...notesOn(chart, names)]
}

function part(chart: Chart): readonly string[] {
  const names = new Names(`${chart.key}_`)
  const { key, root } = chart
  return [
    `  state "${key}" as ${key} {`,
    ...inside(chart, root, names, "    "),
    "  }",
    ...arrowsIn(chart, names),
    ...notesOn(chart, names),
  ]
}

/** Charts as one Mermaid state diagram. */
export function mermaid(...charts: readonly Chart[]): string {
  const lines = charts.length === 1 ? charts.flatMap(whole) : charts.flatMap(part)
  return ["stateDiagram-v2", ...lines, ""].join("\n")
}
