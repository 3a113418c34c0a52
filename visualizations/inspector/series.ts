/** Time series of the last minute, small and side by side: throughput by outcome, latency, and who may enter. */
import type { Point, Row } from "../../src/observability/inspector/protocol.ts"
import { el, svgEl } from "./dom.ts"
import { millis, now, percent, rate } from "./format.ts"
import { isProbed } from "./parts.ts"

const [width, height, shownMs] = [300, 110, 60_000] as const
const outcomes = ["success", "failure", "timedOut", "refused"] as const
const names = { success: "succeeded", failure: "failed", timedOut: "timed out", refused: "refused" } as const

/** What is laid over a colour, so that none is told by it alone: the legend shows the same. */
const weaves: { readonly [outcome: string]: string | undefined } = { failure: "M0 4L4 0", timedOut: "M0 2H4" }

const weaving = (): SVGElement =>
  svgEl(
    "defs",
    {},
    ...Object.entries(weaves).map(([outcome, d]) =>
      svgEl(
        "pattern",
        { id: `weave-${outcome}`, width: 4, height: 4, patternUnits: "userSpaceOnUse" },
        svgEl("path", { class: "weave", d }),
      ),
    ),
  )

/** The right end is now: what is missing in between is seen to be missing. */
const x = (at: number): number => width * (1 - (now() - at) / shownMs)

const perSecond = (point: Point, outcome: (typeof outcomes)[number]): number =>
  (1000 * point[outcome]) / Math.max(1, point.spanMs)

function throughput(points: readonly Point[]): { readonly bars: readonly SVGElement[]; readonly most: number } {
  const sums = points.map((point) => outcomes.reduce((sum, outcome) => sum + perSecond(point, outcome), 0))
  const top = Math.max(1, ...sums)
  const bars = points.flatMap((point) => {
    const wide = (width * point.spanMs) / shownMs
    let y = height
    return outcomes.flatMap((outcome) => {
      const high = (perSecond(point, outcome) / top) * (height - 14)
      if (high <= 0) return []
      y -= high
      const place = { x: x(point.at) - wide, y, width: Math.max(0.6, wide * 0.92), height: high }
      const over = weaves[outcome] === undefined ? [] : [svgEl("rect", { ...place, fill: `url(#weave-${outcome})` })]
      return [svgEl("rect", { class: outcome, ...place }), ...over]
    })
  })
  return { bars: [weaving(), ...bars], most: top }
}

/** A line through what is known; a gap where nothing is. */
function line(points: readonly Point[], read: (point: Point) => number, top: number, kind: string): SVGElement {
  let d = ""
  let before = Number.NEGATIVE_INFINITY
  for (const point of points) {
    const value = read(point)
    if (!Number.isFinite(value)) continue
    const y = height - 3 - (value / top) * (height - 17)
    const goesOn = point.at - before < 3000
    d += `${goesOn ? "L" : "M"}${x(point.at).toFixed(1)} ${y.toFixed(1)}`
    before = point.at
  }
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
    {
      viewBox: `0 0 ${width} ${height}`,
      preserveAspectRatio: "none",
      role: "img",
      "aria-label": `${label}, last minute`,
    },
    ...marks,
  )
  return el("figure", {}, el("figcaption", {}, ...caption, el("span", {}, top)), picture)
}

const key = (kind: string, text: string): HTMLElement => el("span", { class: `key ${kind}` }, text)

/** `entry` is how many may enter now. */
export function series(all: readonly Point[], entry: Pick<Row, "share" | "probes">): HTMLElement {
  const points = all.filter(({ at }) => now() - at < shownMs)
  const last = points.at(-1)
  const { bars, most: top } = throughput(points)
  const slowest = Math.max(1, ...points.map(({ p99 }) => p99))
  const p50 = key("p50", `p50 ${millis(last?.p50 ?? 0)}`)
  const p99 = key("p99", `p99 ${millis(last?.p99 ?? 0)}`)
  const latencies = [
    line(points, (point) => point.p99, slowest, "p99"),
    line(points, (point) => point.p50, slowest, "p50"),
  ]
  const flying = Math.max(1, ...points.map(({ inFlight, limit }) => Math.max(inFlight ?? 0, limit ?? 0)))
  const inFlight = [
    line(points, (point) => point.limit ?? Number.NaN, flying, "limit"),
    line(points, (point) => point.inFlight ?? Number.NaN, flying, "flying"),
  ]
  const limitNow = last?.limit == null ? "no limit" : `limit ${Math.round(last.limit)}`
  const isForeseen = points.some(({ danger }) => danger !== null)
  const foreseen = [line(points, (point) => point.danger ?? Number.NaN, 1, "danger")]
  const entering = [line(points, (point) => point.share, 1, "share")]
  const keys = outcomes.map((outcome) => key(outcome, names[outcome]))
  return el(
    "div",
    { class: "series" },
    figure([el("b", {}, "Calls"), ...keys], bars, `up to ${rate(top)}/s`, "calls a second by outcome"),
    figure([el("b", {}, "Latency of successes"), p50, p99], latencies, `up to ${millis(slowest)}`, "latency"),
    figure(
      [el("b", {}, "May enter"), key("share", isProbed(entry) ? "only probes" : percent(entry.share))],
      entering,
      "up to 100 %",
      "share of the calls that may enter",
    ),
    figure(
      [el("b", {}, "In flight"), key("flying", String(last?.inFlight ?? 0)), key("limit", limitNow)],
      inFlight,
      `up to ${rate(flying)}`,
      "calls in flight, and how many may be",
    ),
    isForeseen &&
      figure(
        [el("b", {}, "Prediction"), key("danger", `failure likely to ${percent(last?.danger ?? 0)}`)],
        foreseen,
        "up to 100 %",
        "probability of failure within the horizon",
      ),
  )
}
