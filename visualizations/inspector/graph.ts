/** Who depends on whom: callers on the left, what they need to the right of them, and where the trouble began. */
import type { Edge, Row } from "../../src/observability/inspector/protocol.ts"
import { svgEl } from "./dom.ts"
import { inWords, shapeOf } from "./format.ts"
import { hrefOf, lookOf, stateOf } from "./parts.ts"

const most = 80
const [width, height, gapX, gapY] = [170, 40, 70, 16] as const

/** How far each is from those that nobody depends on; a cycle cannot be, and would end the search all the same. */
function depths(names: readonly string[], edges: readonly Edge[]): ReadonlyMap<string, number> {
  const depth = new Map(names.map((name) => [name, 0]))
  for (let round = 0; round < names.length; round++) {
    let moved = false
    for (const { from, to } of edges) {
      const next = (depth.get(from) ?? 0) + 1
      if (next > (depth.get(to) ?? 0) && next < names.length) {
        depth.set(to, next)
        moved = true
      }
    }
    if (!moved) break
  }
  return depth
}

interface Place {
  readonly x: number
  readonly y: number
}

function placesOf(names: readonly string[], edges: readonly Edge[]): ReadonlyMap<string, Place> {
  const depth = depths(names, edges)
  const filled = new Map<number, number>()
  return new Map(
    names.map((name) => {
      const column = depth.get(name) ?? 0
      const line = filled.get(column) ?? 0
      filled.set(column, line + 1)
      return [name, { x: 8 + column * (width + gapX), y: 8 + line * (height + gapY) }]
    }),
  )
}

const short = (text: string): string => (text.length > 21 ? `${text.slice(0, 20)}…` : text)

function node(name: string, { x, y }: Place, row: Row | undefined, isRoot: boolean): SVGElement {
  const state = row === undefined ? "unknown" : stateOf(row)
  const words = `${shapeOf(state)} ${inWords(state)}${isRoot ? " · root cause" : ""}`
  const box = svgEl(
    "g",
    { class: `node ${lookOf(state)}${isRoot ? " root" : ""}`, "data-key": name },
    svgEl("rect", { x, y, width, height, rx: 7 }),
    svgEl("text", { x: x + 10, y: y + 17, "font-weight": "600" }, short(name)),
    svgEl("text", { x: x + 10, y: y + 33 }, words),
  )
  return row === undefined
    ? box
    : svgEl("a", { href: hrefOf(row.id), "aria-label": `${name}: ${words}`, "data-key": name }, box)
}

function arrow(edge: Edge, from: Place, to: Place): SVGElement {
  const [x1, y1, x2, y2] = [from.x + width, from.y + height / 2, to.x, to.y + height / 2]
  const bend = Math.max(24, (x2 - x1) / 2)
  const d = `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`
  const title = `${edge.from} needs ${edge.to} (${edge.need}); it can serve ${Math.round(edge.health * 100)} % of its calls`
  const kind = edge.health < 1 ? "ill" : ""
  const head = svgEl("path", { d: `M${x2} ${y2}l-8 -4.5v9z`, class: `tip ${kind}` })
  return svgEl("g", {}, svgEl("path", { d, class: kind }), head, svgEl("title", {}, title))
}

/** The breakers in which trouble began that others feel. */
export const rootsOf = (rows: Iterable<Row>): ReadonlySet<string> => {
  const causes = new Set<string>()
  for (const { cause } of rows) if (cause !== "") causes.add(cause)
  return causes
}

/** So many as can be seen at once: where trouble began and who feels it, whatever else there is. */
function chosen(
  edges: readonly Edge[],
  roots: ReadonlySet<string>,
): { readonly names: readonly string[]; readonly of: number } {
  const all = [...new Set(edges.flatMap(({ from, to }) => [from, to]))]
  const ill = edges.filter(({ health }) => health < 1).flatMap(({ from, to }) => [from, to])
  const known = new Set(all)
  const inOrder = new Set([...[...roots].filter((name) => known.has(name)), ...ill, ...all])
  const first = new Set([...inOrder].slice(0, most))
  return { names: all.filter((name) => first.has(name)), of: all.length }
}

export function graph(
  edges: readonly Edge[],
  rows: Iterable<Row>,
): { readonly picture: SVGElement; readonly omitted: number } | undefined {
  if (edges.length === 0) return undefined
  const all = [...rows]
  const byName = new Map(all.map((row) => [row.name, row]))
  const roots = rootsOf(all)
  const { names, of } = chosen(edges, roots)
  const drawn = new Set(names)
  const shown = edges.filter(({ from, to }) => drawn.has(from) && drawn.has(to))
  const places = placesOf(names, shown)
  const wide = Math.max(...[...places.values()].map(({ x }) => x)) + width + 8
  const high = Math.max(...[...places.values()].map(({ y }) => y)) + height + 8
  const lines = shown.flatMap((edge) => {
    const [from, to] = [places.get(edge.from), places.get(edge.to)]
    return from === undefined || to === undefined ? [] : [arrow(edge, from, to)]
  })
  const nodes = [...places].map(([name, place]) => node(name, place, byName.get(name), roots.has(name)))
  const picture = svgEl(
    "svg",
    { viewBox: `0 0 ${wide} ${high}`, role: "group", "aria-label": "dependencies" },
    ...lines,
    ...nodes,
  )
  picture.style.maxWidth = `${wide * 1.15}px`
  return { picture, omitted: of - names.length }
}
