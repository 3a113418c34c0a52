import { inWords } from "../../../machines/vocabulary/circuit.ts"
import { millis, percent, rate, seconds } from "./figures.ts"
import { reportText } from "./report.ts"
import { type GatewayState, type LiveState, type Opening, RECENT_MS, type ServiceRow, type View } from "./view.ts"

/** Plain log lines for pipes and files: no colour, no cursor movement. Of calm seconds in a row the first alone is told. */
export function createLines(write: (text: string) => void): View {
  let hasFallback = true
  let wasCalm = false
  const line = (at: number, text: string) => write(`${seconds(at).padStart(7)}  ${text}\n`)
  return {
    everyMs: RECENT_MS,
    open(opening) {
      hasFallback = opening.hasFallback ?? opening.to === undefined
      write(`${openingLines(opening, hasFallback).join("\n")}\n`)
    },
    phase({ at, name }) {
      wasCalm = false
      line(at, `PHASE     ${name}`)
    },
    transition: ({ at, breaker, from, to, reason }) =>
      line(at, `CIRCUIT   ${breaker} ${inWords(from)} → ${inWords(to)}: ${reason}`),
    told: ({ at, breaker, kind, words }) => line(at, `${TAGS[kind].padEnd(10)}${breaker}: ${words}`),
    refresh(state) {
      const isCalm = state.gateways.every(isCalmAt)
      if (!isCalm || !wasCalm) for (const text of sampleLines(state, hasFallback)) line(state.at, text)
      wasCalm = isCalm
    },
    close: () => {},
    summary: (summary) => write(reportText(summary, [])),
  }
}

/** What a line that tells of something begins with. */
const TAGS = { finding: "FINDING", dependency: "CAUSE", refusal: "REFUSED", probes: "PROBES" } as const

/** Every request was answered in full, no breaker holds calls back, and nothing is known to be ill. */
const isCalmAt = ({ rows, parts = [] }: GatewayState): boolean =>
  parts.every(({ isCalm }) => isCalm) &&
  rows.every(
    ({ circuit = "closed", fault = "none", recent }) =>
      circuit === "closed" && fault === "none" && recent.full === recent.requests,
  )

function openingLines(opening: Opening, hasFallback: boolean): readonly string[] {
  const { gateway, twin, inspector, to, perSecond, seed, rules } = opening
  const both = twin === undefined ? "the gateway" : "each gateway"
  const load = perSecond > 0 ? [`load: ${perSecond} requests/s to ${both}, seed ${seed}`] : []
  const places = [
    `gateway with ${to === undefined ? "breakers" : "a breaker"}: ${gateway}`,
    ...(twin === undefined ? [] : [`twin without breakers: ${twin}`]),
    ...(to === undefined ? [] : [`forwards to: ${to}`]),
  ]
  const page = inspector === undefined ? [] : [`inspector: ${inspector}`]
  return ["recloser demo", ...page, ...places, ...load, ...rules, ...legend(hasFallback), ""]
}

/** What the figures of a line are. */
const legend = (hasFallback: boolean): readonly string[] => [
  "Below, each second, for each service: its circuit, requests/s, the part of them",
  `answered in full, ${hasFallback ? "by a fallback, " : ""}or rejected by the breaker, and their latency.`,
  "Seconds in which all are answered are told once, until something happens.",
]

function sampleLines({ gateways }: LiveState, hasFallback: boolean): readonly string[] {
  const [guarded, twin] = gateways
  const longest = Math.max(...(guarded?.rows ?? []).map(({ service }) => service.length))
  const parts = (guarded?.parts ?? []).map(({ name, words }) => `${name.padEnd(Math.max(10, longest + 2))}${words}`)
  const rows = (guarded?.rows ?? []).map((row, index) => {
    const bare = twin?.rows[index]
    const beside = bare
      ? ` | twin: full ${percent(bare.recent.full, bare.recent.requests)} p99 ${millis(bare.recent.p99Ms)}`
      : ""
    return sampleOf(row, longest, hasFallback) + beside
  })
  return [...rows, ...parts]
}

function sampleOf({ service, circuit, recent }: ServiceRow, longest: number, hasFallback: boolean): string {
  const part = (count: number) => percent(count, recent.requests).padStart(4)
  const times = `p50 ${millis(recent.p50Ms).padStart(7)} p99 ${millis(recent.p99Ms).padStart(7)}`
  const fallback = hasFallback ? ` fallback ${part(recent.fallback)}` : ""
  const shares = `full ${part(recent.full)}${fallback} rejected ${part(recent.rejected)}`
  return `${service.padEnd(Math.max(10, longest + 2))}${inWords(circuit ?? "").padEnd(10)} ${rate(recent.perSecond).padStart(5)} ${shares} ${times}`
}
