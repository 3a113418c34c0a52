import { inWords } from "../../../machines/vocabulary/circuit.ts"
import { millis, percent, rate, seconds } from "./figures.ts"
import { reportText } from "./report.ts"
import { type LiveState, type Opening, RECENT_MS, type ServiceRow, type View } from "./view.ts"

/** Plain log lines for pipes and files: no colour, no cursor movement. */
export function createLines(write: (text: string) => void): View {
  const line = (at: number, text: string) => write(`${seconds(at).padStart(7)}  ${text}\n`)
  return {
    everyMs: RECENT_MS,
    open: (opening) => write(`${openingLines(opening).join("\n")}\n`),
    phase: ({ at, name }) => line(at, `PHASE     ${name}`),
    transition: ({ at, breaker, from, to, reason }) =>
      line(at, `CIRCUIT   ${breaker} ${inWords(from)} → ${inWords(to)}: ${reason}`),
    told: ({ at, breaker, kind, words }) => line(at, `${TAGS[kind].padEnd(10)}${breaker}: ${words}`),
    refresh(state) {
      for (const text of sampleLines(state)) line(state.at, text)
    },
    close: () => {},
    summary: (summary) => write(reportText(summary, [])),
  }
}

/** What a line that tells of something begins with. */
const TAGS = { finding: "FINDING", dependency: "CAUSE", refusal: "REFUSED" } as const

function openingLines(opening: Opening): readonly string[] {
  const { gateway, twin, inspector, to, perSecond, seed, rules } = opening
  const both = twin === undefined ? "the gateway" : "each gateway"
  const load = perSecond > 0 ? [`load: ${perSecond} requests/s to ${both}, seed ${seed}`] : []
  const places = [
    `gateway with ${to === undefined ? "breakers" : "a breaker"}: ${gateway}`,
    ...(twin === undefined ? [] : [`twin without breakers: ${twin}`]),
    ...(to === undefined ? [] : [`forwards to: ${to}`]),
  ]
  const page = inspector === undefined ? [] : [`inspector: ${inspector}`]
  return ["recloser demo", ...page, ...places, ...load, ...rules, ...LEGEND, ""]
}

/** What the figures of a line are. */
const LEGEND = [
  "Below, each second, for each service: its circuit, requests/s, the part of them",
  "answered in full, by a fallback, or rejected by the breaker, and their latency.",
]

function sampleLines({ gateways }: LiveState): readonly string[] {
  const [guarded, twin] = gateways
  const longest = Math.max(...(guarded?.rows ?? []).map(({ service }) => service.length))
  const parts = (guarded?.parts ?? []).map(({ name, words }) => `${name.padEnd(Math.max(10, longest + 2))}${words}`)
  const rows = (guarded?.rows ?? []).map((row, index) => {
    const bare = twin?.rows[index]
    const beside = bare
      ? ` | twin: full ${percent(bare.recent.full, bare.recent.requests)} p99 ${millis(bare.recent.p99Ms)}`
      : ""
    return sampleOf(row, longest) + beside
  })
  return [...rows, ...parts]
}

function sampleOf({ service, circuit, recent }: ServiceRow, longest: number): string {
  const part = (count: number) => percent(count, recent.requests).padStart(4)
  const times = `p50 ${millis(recent.p50Ms).padStart(7)} p99 ${millis(recent.p99Ms).padStart(7)}`
  const shares = `full ${part(recent.full)} fallback ${part(recent.fallback)} rejected ${part(recent.rejected)}`
  return `${service.padEnd(Math.max(10, longest + 2))}${inWords(circuit ?? "").padEnd(10)} ${rate(recent.perSecond).padStart(5)} ${shares} ${times}`
}
