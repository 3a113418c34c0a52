/** One drawing of one or more machines, in one of four languages. */
import { chartOf } from "./chart.ts"
import { dot } from "./dot.ts"
import { pictureOf } from "./layouts.ts"
import { machines } from "./machines.ts"
import { mermaid } from "./mermaid.ts"
import { scxml } from "./scxml.ts"
import { svg, svgOf } from "./svg.ts"

export const formats = ["mermaid", "dot", "scxml", "svg"] as const

export type Format = (typeof formats)[number]

function picturesOf(keys: readonly string[]) {
  return keys.map((key) => {
    const picture = pictureOf(key)
    if (picture === undefined) throw new Error(`${key} has no layout: run npm run atlas`)
    return picture
  })
}

function drawnAsSvg(keys: readonly string[]): string {
  const [first, ...rest] = picturesOf(keys)
  if (first === undefined) return ""
  return rest.length === 0 ? svg(first) : svgOf([first, ...rest], `statecharts ${keys.join(", ")}`)
}

/** Draws these machines of the registry, by key. */
export function draw(keys: readonly string[], format: Format): string {
  if (format === "svg") return drawnAsSvg(keys)
  const charts = keys.flatMap((key) => {
    const logic = machines.get(key)
    return logic === undefined ? [] : [chartOf(key, logic)]
  })
  if (format === "mermaid") return mermaid(...charts)
  return format === "dot" ? charts.map(dot).join("\n") : scxml(...charts)
}
