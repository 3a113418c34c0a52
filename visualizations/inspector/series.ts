/** Time series, small and side by side: throughput by outcome, latency, and the share of calls that may enter. */
import type { Point } from "../../src/observability/inspector/protocol.ts"
import { el, svgEl } from "./dom.ts"
import { millis, percent, rate, time } from "./format.ts"

const [width, height, most] = [300, 110, 120] as const
const outcomes = ["success", "failure", "timedOut", "refused"] as const
const names = { success: "succeeded", failure: "failed", timedOut: "timed out", refused: "refused" } as const

const x = (index: number, count: number): number => (count <= 1 ? 0 : (index * width) / Math.max(count, 30))

const perSecond = (point: Point, outcome: (typeof outcomes)[number]): number =>
  (1000 * point[outcome]) / Math.max(1, point.spanMs)

function throughput(points: readonly Point[]): { readonly bars: readonly SVGElement[]; readonly most: number } {
  const sums = points.map((point) => outcomes.reduce((sum, outcome) => sum + perSecond(point, outcome), 0))
  const top = Math.max(1, ...sums)
  const step = width / Math.max(points.length, 30)
  const bars = points.flatMap((point, index) => {
    let y = height
    return outcomes.flatMap((outcome) => {
      const high = (perSecond(point, outcome) / top) * (height - 14)
      if (high <= 0) return []
      y -= high
      return [
        svgEl("rect", {
          class: outcome,
          x: x(index, points.length),
          y,
          width: Math.max(0.6, step * 0.92),
          height: high,
        }),
      ]
    })
  })
  return { bars, most: top }
}

/** A line through what is known; a gap where nothing is. */
function line(points: readonly Point[], read: (point: Point) => number, top: number, kind: string): SVGElement {
  let d = ""
  let isOn = false
  points.forEach((point, index) => {
    const value = read(point)
    const isKnown = Number.isFinite(value) && value !== null
    const y = height - 3 - (value / top) * (height - 17)
    if (isKnown) d += `${isOn ? "L" : "M"}${x(index, points.length).toFixed(1)} ${y.toFixed(1)}`
    isOn = isKnown
  })
  return svgEl("path", { class: kind, d })
}

function figure(
  caption: readonly (string | HTMLElement)[],
  marks: readonly SVGElement[],
  top: string,
  label: string,
): HTMLElement {
  const picture = svgEl(
    "svg",
    { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", role: "img", "aria-label": label },
    ...marks,
  )
  return el("figure", {}, el("figcaption", {}, ...caption, el("span", {}, top)), picture)
}

const key = (kind: string, text: string): HTMLElement => el("span", { class: `key ${kind}` }, text)

export function series(all: readonly Point[]): HTMLElement {
  const points = all.slice(-most)
  const last = points.at(-1)
  const { bars, most: top } = throughput(points)
  const slowest = Math.max(1, ...points.map(({ p99 }) => p99))
  const shares = points.map(({ share }) => share)
  const from = points[0] === undefined ? "" : `, from ${time(points[0].at)}`
  return el(
    "div",
    { class: "series" },
    figure(
      [el("b", {}, "Calls"), ...outcomes.map((outcome) => key(outcome, names[outcome]))],
      bars,
      `up to ${rate(top)}/s`,
      `calls a second by outcome${from}`,
    ),
    figure(
      [
        el("b", {}, "Latency of successes"),
        key("p50", `p50 ${millis(last?.p50 ?? 0)}`),
        key("p99", `p99 ${millis(last?.p99 ?? 0)}`),
      ],
      [line(points, ({ p99 }) => p99, slowest, "p99"), line(points, ({ p50 }) => p50, slowest, "p50")],
      `up to ${millis(slowest)}`,
      `latency${from}`,
    ),
    figure(
      [el("b", {}, "May enter"), key("share", percent(shares.at(-1) ?? 1))],
      [line(points, ({ share }) => share, 1, "share")],
      "up to 100 %",
      `share of the calls that may enter${from}`,
    ),
  )
}
