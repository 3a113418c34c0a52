/** Goodput and state over time, one seed of each world, as a plain SVG. */
import type { Circuit } from "../../../src/testing/simulation/policy.ts"
import type { Recording } from "../../../src/testing/simulation/record.ts"
import type { Variant } from "../../../src/testing/simulation/scenario.ts"

export interface Drawn {
  readonly id: string
  readonly recording: Recording
  /** Whether it has states to show. */
  readonly hasStates: boolean
}

export interface Panel {
  readonly variant: Variant
  readonly seed: number
  /** Ours first. */
  readonly runs: readonly Drawn[]
  readonly unprotected: Recording
}

const left = 190
const width = 760
const right = 20
const lineHeight = 70
const stripHeight = 11
const gap = 34

const colours: { readonly [C in Circuit]: string } = {
  closed: "#cfe8cf",
  degraded: "#e59866",
  open: "#c0392b",
  halfOpen: "#f4d03f",
  ramping: "#5dade2",
}

const number = (value: number): string => String(Math.round(value * 10) / 10)

const escaped = (what: string): string => what.replace(/&/g, "&amp;").replace(/</g, "&lt;")

const text = (x: number, y: number, what: string, more = ""): string =>
  `<text x="${number(x)}" y="${number(y)}"${more}>${escaped(what)}</text>`

const box = (x: number, y: number, w: number, h: number, fill: string): string =>
  `<rect x="${number(x)}" y="${number(y)}" width="${number(w)}" height="${number(h)}" fill="${fill}"/>`

class Axis {
  readonly from: number
  readonly to: number
  constructor({ shown }: Variant, { horizonMs }: Recording) {
    this.from = Math.max(0, shown[0])
    this.to = Math.min(Math.floor(horizonMs / 1000), Math.ceil(shown[1]))
  }
  /** Where this second lies, held within the panel. */
  at(second: number): number {
    const within = Math.min(this.to, Math.max(this.from, second))
    return left + (width * (within - this.from)) / (this.to - this.from)
  }
}

/** Successes of the calls offered in each shown second. */
const perSecond = (run: Recording, { from, to }: Axis): readonly number[] =>
  Array.from({ length: to - from }, (_, index) => run.sum("success", (from + index) * 1000, (from + index + 1) * 1000))

function line(values: readonly number[], axis: Axis, top: number, most: number, style: string): string {
  const points = values.map((value, index) => {
    const y = top + lineHeight * (1 - Math.min(1, value / most))
    return `${number(axis.at(axis.from + index + 0.5))},${number(y)}`
  })
  return `<polyline points="${points.join(" ")}" fill="none" ${style}/>`
}

function strip({ id, recording, hasStates }: Drawn, axis: Axis, y: number): string {
  const label = text(left - 8, y + 8, id, ' text-anchor="end"')
  if (!hasStates) return `${label}${box(left, y, width, stripHeight - 2, "#eeeeee")}`
  const states = [{ at: 0, circuit: "closed" as Circuit }, ...recording.moves]
  const parts = states.flatMap(({ at, circuit }, index) => {
    const [start, end] = [axis.at(at / 1000), axis.at((states[index + 1]?.at ?? recording.horizonMs) / 1000)]
    return end > start ? [box(start, y, end - start, stripHeight - 2, colours[circuit])] : []
  })
  return label + parts.join("")
}

const panelHeight = ({ runs }: Panel): number => 20 + lineHeight + runs.length * stripHeight + gap

function panel({ variant, seed, runs, unprotected }: Panel, top: number): string {
  const axis = new Axis(variant, unprotected)
  const [ours] = runs
  const free = perSecond(unprotected, axis)
  const most = Math.max(1, ...free) * 1.05
  const chart = top + 20
  const strips = chart + lineHeight + 6
  const bottom = strips + runs.length * stripHeight
  const faults = unprotected.faults.map(({ from, to }) => {
    const [start, end] = [axis.at(from / 1000), axis.at(to / 1000)]
    return box(start, chart, end - start, bottom - chart, "#f3e3e3")
  })
  return [
    text(left, top + 12, `${variant.id}, seed ${seed}`, ' font-weight="bold"'),
    ...faults,
    text(left - 8, chart + 8, `${Math.round(most)}`, ' text-anchor="end"'),
    text(left - 8, chart + lineHeight, "successes / s", ' text-anchor="end"'),
    line(free, axis, chart, most, 'stroke="#999999"'),
    ours === undefined
      ? ""
      : line(perSecond(ours.recording, axis), axis, chart, most, 'stroke="#1f4e9c" stroke-width="1.5"'),
    ...runs.map((run, index) => strip(run, axis, strips + index * stripHeight)),
    text(left, bottom + 12, `${axis.from} s`),
    text(left + width, bottom + 12, `${axis.to} s`, ' text-anchor="end"'),
  ].join("\n")
}

function legend(y: number): string {
  const entries = [...Object.entries(colours), ["has no states", "#eeeeee"] as const]
  const states = entries.map(([name, colour], index) => {
    const x = left + index * 96
    return box(x, y - 8, 10, 9, colour) + text(x + 14, y, name)
  })
  const lines = text(left, y + 16, "blue: successes with our breaker; grey: without any; reddish ground: the fault")
  return states.join("") + lines
}

/** A chart of all panels, one below the other. */
export function chart(title: string, panels: readonly Panel[]): string {
  let top = 70
  const drawn = panels.map((one) => {
    const picture = panel(one, top)
    top += panelHeight(one)
    return picture
  })
  const total = left + width + right
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${total}" height="${top}" viewBox="0 0 ${total} ${top}" font-family="sans-serif" font-size="10">`,
    `<title>${escaped(title)}: goodput and state over time</title>`,
    box(0, 0, total, top, "#ffffff"),
    text(left, 20, title, ' font-size="14" font-weight="bold"'),
    legend(40),
    ...drawn,
    "</svg>",
    "",
  ].join("\n")
}

/** The worlds that are drawn in a chart, and their seeds. */
export const drawnIn = (svg: string): readonly { readonly world: string; readonly seed: number }[] =>
  [...svg.matchAll(/font-weight="bold">([^<]*), seed (\d+)</g)].map(([, world = "", seed]) => ({
    world: world.replaceAll("&lt;", "<").replaceAll("&amp;", "&"),
    seed: Number(seed),
  }))
