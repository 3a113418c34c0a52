import { type Chart, type ChartState, wordsOf } from "./chart.ts"

const quoted = (text: string): string => `"${text.replace(/["\\]/g, "\\$&").replace(/\n/g, "\\n")}"`

/** Graphviz draws arrows between nodes: one that begins or ends at a group is cut off at its border. */
const leafOf = (state: ChartState): string => {
  const [first] = state.children
  return first === undefined ? state.id : leafOf(state.children.find(({ id }) => id === state.initial) ?? first)
}

const groupOf = (state: ChartState): string => `cluster_${state.id === "" ? "all" : state.id}`

function node(state: ChartState, indent: string): readonly string[] {
  if (state.children.length === 0) {
    const label = [state.name, ...state.reactions].join("\n")
    const shape = state.kind === "final" ? ", peripheries=2" : ""
    return [`${indent}${quoted(state.id)} [label=${quoted(label)}${shape}]`]
  }
  return [
    `${indent}subgraph ${quoted(groupOf(state))} {`,
    `${indent}  label=${quoted(state.name)}; style=${quoted(state.kind === "parallel" ? "rounded,dashed" : "rounded")}`,
    ...begin(state, `${indent}  `),
    ...state.children.flatMap((child) => node(child, `${indent}  `)),
    `${indent}}`,
  ]
}

function begin(state: ChartState, indent: string): readonly string[] {
  const first = state.children.find(({ id }) => id === state.initial)
  if (first === undefined) return []
  const start = quoted(`${state.id}.(begin)`)
  return [`${indent}${start} [shape=point, label=""]`, `${indent}${start} -> ${quoted(leafOf(first))}`]
}

/** A chart in the language of Graphviz. */
export function dot({ key, root, arrows }: Chart): string {
  const states = new Map<string, ChartState>()
  const note = (state: ChartState): void => {
    states.set(state.id, state)
    for (const child of state.children) note(child)
  }
  note(root)
  const end = (id: string, side: "ltail" | "lhead") => {
    const state = states.get(id) ?? root
    const cut = state.children.length > 0 ? [`${side}=${quoted(groupOf(state))}`] : []
    return { node: quoted(leafOf(state)), cut }
  }
  const lines = arrows.map((arrow) => {
    const [from, to] = [end(arrow.from, "ltail"), end(arrow.to, "lhead")]
    return `  ${from.node} -> ${to.node} [${[`label=${quoted(wordsOf(arrow))}`, ...from.cut, ...to.cut].join(", ")}]`
  })
  const opening = [
    `digraph ${quoted(key)} {`,
    '  compound=true; node [shape=box, style="rounded"]; fontname="sans-serif"',
  ]
  return [...opening, ...node(root, "  "), ...lines, "}", ""].join("\n")
}
