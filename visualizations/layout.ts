/** Lays charts out with elkjs: only when the atlas is generated. What comes of it is shipped; the layouter is not. */
import elk from "elkjs/lib/elk.bundled.js"
import type { ELK, ElkExtendedEdge, ElkNode } from "elkjs/lib/elk-api.js"
import { type Chart, type ChartState, isInner, statesIn, wordsOf } from "../src/observability/drawing/chart.ts"
import { anyOf, type Box, beginOf, type Line, type Picture, sizes } from "../src/observability/drawing/picture.ts"

/** The compiler takes this CommonJS module for an object; it is the class. */
const Elk = elk as unknown as new () => ELK

/** Headings are bold, and so a tenth wider. */
const widthOf = (text: string, size: number): number =>
  Math.ceil(text.length * size * sizes.width * (size === sizes.title ? 1.12 : 1))

const options = {
  "elk.algorithm": "layered",
  "elk.direction": "DOWN",
  "elk.hierarchyHandling": "INCLUDE_CHILDREN",
  "elk.edgeRouting": "ORTHOGONAL",
  "elk.randomSeed": "1",
  "elk.spacing.nodeNode": "28",
  "elk.spacing.edgeNode": "16",
  "elk.spacing.edgeEdge": "12",
  "elk.spacing.edgeLabel": "4",
  "elk.layered.spacing.nodeNodeBetweenLayers": "34",
  "elk.layered.spacing.edgeNodeBetweenLayers": "16",
  "elk.layered.nodePlacement.strategy": "NETWORK_SIMPLEX",
  "elk.edgeLabels.placement": "CENTER",
  // Beside where an arrow begins: words in the middle of long ones make a chart a third wider.
  "elk.layered.edgeLabels.centerLabelPlacementStrategy": "TAIL_LAYER",
}

const padding = { "elk.padding": `[top=${sizes.heading + sizes.padding},left=18,bottom=16,right=18]` }

interface Edge {
  readonly from: string
  readonly to: string
  /** Whether it leads on in the order in which the states are written: such arrows point down, if they can. */
  readonly isForward: boolean
  readonly lines: readonly string[]
}

/** All arrows between the same two states are one, with a line for each. */
function edgesOf({ arrows, root }: Chart): readonly Edge[] {
  const byEnds = new Map<string, Edge>()
  const order = statesIn(root).map(({ id }) => id)
  for (const arrow of arrows) {
    const from = isInner(arrow) ? anyOf(arrow.from) : arrow.from
    const known = byEnds.get(`${from} ${arrow.to}`)
    const lines = new Set([...(known?.lines ?? []), wordsOf(arrow)].filter((words) => words !== ""))
    const isForward = order.indexOf(arrow.from) < order.indexOf(arrow.to)
    byEnds.set(`${from} ${arrow.to}`, { from, to: arrow.to, isForward, lines: [...lines] })
  }
  const begins = statesIn(root).flatMap(({ id, initial }) =>
    initial === undefined ? [] : [{ from: beginOf(id), to: initial, isForward: true, lines: [] }],
  )
  return [...begins, ...byEnds.values()]
}

function leaf({ id, name, reactions }: ChartState): ElkNode {
  const texts = [widthOf(name, sizes.title), ...reactions.map((line) => widthOf(line, sizes.small))]
  const height = sizes.heading + (reactions.length === 0 ? 6 : 8 + reactions.length * sizes.lineHeight)
  return { id, width: Math.max(76, Math.max(...texts) + 2 * sizes.padding), height }
}

function nodeOf(state: ChartState, tails: ReadonlySet<string>): ElkNode {
  if (state.children.length === 0) return leaf(state)
  const begin = state.initial === undefined ? [] : [{ id: beginOf(state.id), width: sizes.dot, height: sizes.dot }]
  const any = tails.has(anyOf(state.id))
    ? [{ id: anyOf(state.id), width: widthOf("in any state", sizes.small) + 26, height: 22 }]
    : []
  // Groups take over nothing of what holds them: without this theirs are the wider spaces of elk.
  const layoutOptions = { ...options, ...padding }
  const width = widthOf(state.name, sizes.title) + 2 * sizes.padding
  const least = { "elk.nodeSize.constraints": "MINIMUM_SIZE", "elk.nodeSize.minimum": `(${width},40)` }
  const children = [...begin, ...any, ...state.children.map((child) => nodeOf(child, tails))]
  return { id: state.id === "" ? "(chart)" : state.id, layoutOptions: { ...layoutOptions, ...least }, children }
}

const elkEdge = ({ from, to, isForward, lines }: Edge, index: number): ElkExtendedEdge => ({
  id: `edge${index}`,
  layoutOptions: { "elk.layered.priority.direction": isForward ? "10" : "0" },
  sources: [from === "" ? "(chart)" : from],
  targets: [to],
  ...(lines.length === 0
    ? {}
    : {
        labels: [
          {
            text: lines.join("\n"),
            width: Math.max(...lines.map((line) => widthOf(line, sizes.small))),
            height: lines.length * sizes.lineHeight,
          },
        ],
      }),
})

const tenth = (value: number): number => Math.round(value * 10) / 10

function boxesIn(node: ElkNode, states: ReadonlyMap<string, ChartState>, x: number, y: number): readonly Box[] {
  const id = node.id === "(chart)" ? "" : node.id
  const [left, top] = [x + (node.x ?? 0), y + (node.y ?? 0)]
  const state = states.get(id)
  const place = { x: tenth(left), y: tenth(top), w: tenth(node.width ?? 0), h: tenth(node.height ?? 0) }
  const inner = (node.children ?? []).flatMap((child) => boxesIn(child, states, left, top))
  if (state === undefined) {
    const isAny = id.endsWith("(any)")
    return [
      { id, name: isAny ? "in any state" : "", kind: isAny ? "any" : "begin", ...place, lines: [], isGroup: false },
    ]
  }
  const { name, kind, circuit, reactions, children } = state
  const isGroup = children.length > 0
  const lines = isGroup ? [] : reactions
  return [{ id, name, kind, ...(circuit === undefined ? {} : { circuit }), ...place, lines, isGroup }, ...inner]
}

function lineOf(edge: ElkExtendedEdge, { from, to, lines }: Edge, origin: readonly [number, number]): Line {
  const [x, y] = origin
  const sections = edge.sections ?? []
  const points = sections.flatMap(({ startPoint, bendPoints = [], endPoint }) =>
    [startPoint, ...bendPoints, endPoint].flatMap((point) => [tenth(point.x + x), tenth(point.y + y)]),
  )
  const [label] = edge.labels ?? []
  const own = from.endsWith("(begin)") ? {} : { from: from.replace(/\.?\(any\)$/, "") }
  if (label === undefined) return { ...own, to, points }
  return { ...own, to, points, label: { x: tenth((label.x ?? 0) + x), y: tenth((label.y ?? 0) + y), lines } }
}

/** Where each node lies in the whole picture: elk states the points of an edge within the group that holds it. */
function originsIn(node: ElkNode, x: number, y: number): readonly (readonly [string, readonly [number, number]])[] {
  const [left, top] = [x + (node.x ?? 0), y + (node.y ?? 0)]
  return [[node.id, [left, top]], ...(node.children ?? []).flatMap((child) => originsIn(child, left, top))]
}

/** Where everything in a chart lies. The same chart is always laid out alike. */
export async function layOut(chart: Chart): Promise<Picture> {
  const edges = edgesOf(chart)
  const tails = new Set(edges.map(({ from }) => from))
  const root: ElkNode = {
    id: "(all)",
    layoutOptions: { ...options, "elk.padding": "[top=2,left=2,bottom=2,right=2]" },
    children: [nodeOf(chart.root, tails)],
    edges: edges.map(elkEdge),
  }
  const laid = await new Elk().layout(root)
  const states = new Map(statesIn(chart.root).map((state) => [state.id, state]))
  const boxes = (laid.children ?? []).flatMap((child) => boxesIn(child, states, 0, 0))
  const origins = new Map(originsIn(laid, 0, 0))
  const lines = (laid.edges ?? []).flatMap((edge, index) => {
    const container = (edge as { readonly container?: string }).container ?? "(all)"
    const known = edges[index]
    return known === undefined ? [] : [lineOf(edge, known, origins.get(container) ?? [0, 0])]
  })
  return { key: chart.key, width: Math.ceil(laid.width ?? 0), height: Math.ceil(laid.height ?? 0), boxes, lines }
}
