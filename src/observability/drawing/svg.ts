/** Draws laid out charts as SVG: as a file that stands alone, light and dark, or as a part of a page. */
import { type Box, type Line, type Picture, sizes } from "./picture.ts"

const escaped = (text: string): string =>
  text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;")

const number = (value: number): string => String(Math.round(value * 10) / 10)

const text = (x: number, y: number, what: string, kind: string): string =>
  `<text x="${number(x)}" y="${number(y)}" class="${kind}">${escaped(what)}</text>`

/** Colours of states say the circuit; shapes and words say it too. */
export const style = `
svg.chart { --ground: #ffffff; --ink: #1c2733; --soft: #4a5763; --line: #6b7a88; --box: #f3f6f9; --group: #fafbfc; --edge: #b9c3cc;
  --closed: #d7efdc; --degraded: #fde3c4; --open: #f9d3d0; --halfOpen: #fbf0b8; --ramping: #d3e6fa; }
@media (prefers-color-scheme: dark) { svg.chart { --ground: #12181f; --ink: #e6edf3; --soft: #9fb0bf; --line: #8496a5; --box: #1e2833;
  --group: #171f28; --edge: #3b4856; --closed: #173f26; --degraded: #4f3413; --open: #571f1c; --halfOpen: #4a400f; --ramping: #163a5c; } }
svg.chart .ground { fill: var(--ground); }
svg.chart .box { fill: var(--box); stroke: var(--edge); stroke-width: 1.2; }
svg.chart .group { fill: var(--group); stroke: var(--edge); stroke-width: 1.2; }
svg.chart .parallel { stroke-dasharray: 6 4; }
svg.chart .any { fill: none; stroke: var(--line); stroke-dasharray: 3 3; }
svg.chart .begin { fill: var(--ink); }
svg.chart .closed { fill: var(--closed); } svg.chart .degraded { fill: var(--degraded); } svg.chart .open { fill: var(--open); }
svg.chart .halfOpen { fill: var(--halfOpen); } svg.chart .ramping { fill: var(--ramping); }
svg.chart text { font-family: system-ui, "Segoe UI", "DejaVu Sans", sans-serif; fill: var(--ink); }
svg.chart .title { font-size: ${sizes.title}px; font-weight: 600; }
svg.chart .small { font-size: ${sizes.small}px; fill: var(--soft); }
svg.chart .label { font-size: ${sizes.small}px; }
svg.chart .label, svg.chart .over { paint-order: stroke; stroke: var(--ground); stroke-width: 4px; stroke-linejoin: round; }
svg.chart .arrow { fill: none; stroke: var(--line); stroke-width: 1.3; }
svg.chart .head { fill: var(--line); }
`

function box({ id, name, kind, circuit, x, y, w, h, lines, isGroup }: Box): string {
  if (kind === "begin")
    return `<circle cx="${number(x + w / 2)}" cy="${number(y + h / 2)}" r="${number(w / 2)}" class="begin"/>`
  const shape = [isGroup ? "group" : "box", kind, circuit].filter((part) => part !== undefined).join(" ")
  const corner = kind === "any" ? h / 2 : 8
  const rect = `<rect x="${number(x)}" y="${number(y)}" width="${number(w)}" height="${number(h)}" rx="${number(corner)}" class="${shape}"/>`
  if (isGroup) return `<g data-state="${escaped(id)}" class="state">${rect}</g>`
  const title =
    kind === "any"
      ? text(x + sizes.padding, y + h / 2 + 4, name, "small")
      : text(x + sizes.padding, y + 17, name, "title")
  const more = lines.map((line, index) =>
    text(x + sizes.padding, y + sizes.heading + 12 + index * sizes.lineHeight, line, "small"),
  )
  return `<g data-state="${escaped(id)}" class="state">${rect}${title}${more.join("")}</g>`
}

/** A path with rounded corners through these points. */
function pathOf(points: readonly number[]): string {
  const corners = Array.from(
    { length: points.length / 2 },
    (_, index) => [points[2 * index] ?? 0, points[2 * index + 1] ?? 0] as const,
  )
  return corners
    .map(([x, y], index) => {
      const before = corners[index - 1]
      const after = corners[index + 1]
      if (before === undefined) return `M${number(x)} ${number(y)}`
      if (after === undefined) return `L${number(x)} ${number(y)}`
      const [a, b] = [toward([x, y], before), toward([x, y], after)]
      return `L${a}Q${number(x)} ${number(y)} ${b}`
    })
    .join("")
}

type Point = readonly [number, number]

/** The point a few pixels from one towards the other, at most half way. */
function toward([x, y]: Point, [to, down]: Point): string {
  const length = Math.hypot(to - x, down - y) || 1
  const step = Math.min(6, length / 2) / length
  return `${number(x + (to - x) * step)} ${number(y + (down - y) * step)}`
}

/** The head of an arrow that ends here, coming from there. */
function head([x, y]: Point, [fromX, fromY]: Point): string {
  const length = Math.hypot(x - fromX, y - fromY) || 1
  const [dx, dy] = [(x - fromX) / length, (y - fromY) / length]
  const side = (turn: number) => `${number(x - 8 * dx + turn * 4 * dy)} ${number(y - 8 * dy - turn * 4 * dx)}`
  return `<path d="M${number(x)} ${number(y)}L${side(1)}L${side(-1)}Z" class="head"/>`
}

function line({ from, to, points, label, light }: Line): string {
  const [fromX = 0, fromY = 0, x = 0, y = 0] = points.slice(-4)
  const causes = escaped((label?.lines ?? []).join(" | "))
  const ends = `data-from="${escaped(from ?? "")}" data-to="${escaped(to)}" data-causes="${causes}"`
  return `<g ${ends} class="${light === undefined ? "move" : `move ${light}`}"><path d="${pathOf(points)}" class="arrow"/>${head([x, y], [fromX, fromY])}</g>`
}

const labels = ({ label }: Line): readonly string[] =>
  label === undefined
    ? []
    : label.lines.map((words, index) => text(label.x, label.y + 11 + index * sizes.lineHeight, words, "label"))

const groupTitle = ({ x, y, name }: Box): string => text(x + sizes.padding, y + 17, name, "title over")

/** What stands inside the `svg` element: groups, arrows, states, and the words on top. */
export function drawn({ boxes, lines }: Picture): string {
  const [groups, states] = [boxes.filter(({ isGroup }) => isGroup), boxes.filter(({ isGroup }) => !isGroup)]
  const words = [...groups.map(groupTitle), ...lines.flatMap(labels)]
  return [...groups.map(box), ...lines.map(line), ...states.map(box), ...words].join("\n")
}

const opening = (width: number, height: number, title: string): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" class="chart" width="${number(width)}" height="${number(height)}" viewBox="0 0 ${number(width)} ${number(height)}" role="img" aria-label="${escaped(title)}">`

/** One chart as a file of its own. */
export const svg = (picture: Picture): string => svgOf([picture], `statechart ${picture.key}`)

/** Several charts, one below the other; `more` is added to their style. */
export function svgOf(pictures: readonly Picture[], title: string, more = ""): string {
  const margin = 14
  let top = margin
  const parts = pictures.map((picture) => {
    const part = `<g data-chart="${escaped(picture.key)}" transform="translate(${margin} ${number(top)})">\n${drawn(picture)}\n</g>`
    top += picture.height + margin
    return part
  })
  const width = 2 * margin + Math.max(...pictures.map((picture) => picture.width))
  return [
    opening(width, top, title),
    `<title>${escaped(title)}</title>`,
    `<style>${style}${more}</style>`,
    `<rect width="100%" height="100%" class="ground"/>`,
    ...parts,
    "</svg>",
    "",
  ].join("\n")
}

/** One chart for a page that brings `style` itself. */
export const svgInPage = (picture: Picture): string =>
  [opening(picture.width, picture.height, `statechart ${picture.key}`), drawn(picture), "</svg>"].join("\n")
