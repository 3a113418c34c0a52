import { inWords } from "../../../machines/vocabulary/circuit.ts"
import { millis, NOTHING, percent, rate, seconds } from "./figures.ts"
import { left, render, right, type Span, type Style, span } from "./paint.ts"
import type { Entry, GatewayState, LiveState, Opening, PhaseEntered, ServiceRow } from "./view.ts"

/** Everything one picture of the run is made from. */
export interface FrameInput {
  readonly opening: Opening
  readonly phase: PhaseEntered | undefined
  readonly state: LiveState
  /** Newest first. */
  readonly moves: readonly Entry[]
  readonly columns: number
  readonly rows: number
  readonly color: boolean
}

type Line = readonly Span[]

const BLANK: Line = []
/** A row is 64 characters before its trail of 16, 80 together. */
const NAME = 9
/** Without a twin there is no fallback either: its column is left to the name, which is a host then. */
const HOST = 16
const CIRCUIT = 12
const FIGURES = [
  ["rate", 5],
  ["full", 5],
  ["fallb.", 7],
  ["reject", 7],
  ["p50", 8],
  ["p99", 8],
] as const

/** The run as lines that fit the terminal; a taller one shows more transitions. */
export function frame(input: FrameInput): readonly string[] {
  const head = [...title(input), BLANK, ...input.state.gateways.flatMap((gateway) => gatewayLines(gateway, input))]
  const body = [...head, BLANK, ...totals(input), BLANK]
  const rules = input.opening.rules.map((rule) => [span(` ${rule}`, "dim")])
  const left = input.rows - 2 - body.length
  // What was decided is news; the rules were read at the beginning.
  const shown = left - rules.length >= 2 ? rules : []
  const room = Math.max(1, left - shown.length)
  const lines = [...body, ...moves(input.moves, Math.min(room, 10)), ...shown]
  return lines.slice(0, input.rows - 1).map((line) => render(line, input.columns, input.color))
}

function title({ opening, phase, state }: FrameInput): readonly Line[] {
  const ends = opening.durationMs === undefined ? "" : ` of ${seconds(opening.durationMs)}`
  const load = opening.perSecond > 0 ? `   ${opening.perSecond} requests/s, seed ${opening.seed}` : ""
  const stop = "   Ctrl-C stops"
  const facts = `   ${seconds(Math.min(state.at, opening.durationMs ?? state.at))}${ends}${load}${stop}`
  const done = opening.durationMs === undefined ? undefined : Math.min(1, state.at / opening.durationMs)
  return [
    [span(" recloser demo", "bold"), span(facts)],
    ...(opening.inspector === undefined ? [] : [[span(" inspector: ", "bold"), span(opening.inspector, "cyan")]]),
    [...bar(done), span(" NOW ", "bold"), span(phase?.name ?? "", isCalm(phase) ? "green" : "yellow")],
  ]
}

function isCalm(phase: PhaseEntered | undefined): boolean {
  return Object.values(phase?.faults ?? {}).every((fault) => fault === "none")
}

const BAR = 20

function bar(done: number | undefined): readonly Span[] {
  if (done === undefined) return []
  const filled = Math.round(done * BAR)
  return [span(` ${"█".repeat(filled)}`, "cyan"), span("░".repeat(BAR - filled), "dim")]
}

function gatewayLines(gateway: GatewayState, { opening }: FrameInput): readonly Line[] {
  const rows = gateway.rows.map((one) => row(one, opening))
  if (!gateway.protected) return [[span(" TWIN WITHOUT BREAKERS ", "bold"), span(opening.twin ?? "", "dim")], ...rows]
  const title = opening.to === undefined ? " WITH BREAKERS " : " WITH A BREAKER "
  return [[span(title, "bold"), span(opening.gateway, "dim")], columnNames(opening), ...rows, ...partLines(gateway)]
}

const partLines = ({ parts = [] }: GatewayState): readonly Line[] =>
  parts.map(({ name, words }) => [span(` ${name.padEnd(NAME)}`), span(words, "dim")])

const nameWidth = ({ to }: Opening) => (to === undefined ? NAME : HOST)
const isShown = (figure: string, { to, hasFallback = to === undefined }: Opening) =>
  hasFallback || !/^fall/.test(figure)

function columnNames(opening: Opening): Line {
  const figures = FIGURES.filter(([name]) => isShown(name, opening))
    .map(([name, width]) => name.padStart(width))
    .join("")
  return [
    span(` ${"service".padEnd(nameWidth(opening))}${"circuit".padEnd(CIRCUIT)}${figures}  full, over time`, "dim"),
  ]
}

function row({ service, circuit, recent, trail }: ServiceRow, opening: Opening): Line {
  const part = (count: number) => percent(count, recent.requests)
  const figures = [
    rate(recent.perSecond),
    part(recent.full),
    part(recent.fallback),
    circuit === undefined ? "" : part(recent.rejected),
    millis(recent.p50Ms),
    millis(recent.p99Ms),
  ]
  const fullStyle = recent.requests === 0 ? "dim" : styleOfShare(recent.full / recent.requests)
  const cells = FIGURES.flatMap(([name, width], index) =>
    isShown(name, opening) ? right(figures[index] ?? "", width, name === "full" ? fullStyle : "plain") : [],
  )
  return [span(" "), left(service, nameWidth(opening)), circuitCell(circuit), ...cells, span("  "), ...trail.map(spark)]
}

const CIRCUITS: Readonly<Record<string, readonly [mark: string, style: Style]>> = {
  closed: ["●", "green"],
  open: ["■", "red"],
}

function circuitCell(circuit: string | undefined): Span {
  if (circuit === undefined) return left("no breaker", CIRCUIT, "dim")
  const [mark, style] = CIRCUITS[circuit] ?? ["◐", "yellow"]
  const name = inWords(circuit)
  return left(`${mark} ${circuit === "open" ? name.toUpperCase() : name}`, CIRCUIT, style)
}

function styleOfShare(full: number): Style {
  if (full >= 0.95) return "green"
  return full >= 0.5 ? "yellow" : "red"
}

const SPARKS = "▁▂▃▄▅▆▇█"

function spark(full: number | undefined): Span {
  if (full === undefined) return span(" ")
  return span(SPARKS[Math.round(full * (SPARKS.length - 1))] ?? " ", styleOfShare(full))
}

const LABEL = 14
const SUMS = [
  ["full", 6],
  ["fallback", 10],
  ["failed", 8],
  ["rejected", 10],
  ["calls to failing", 18],
  ["time wasted", 13],
] as const

function totals({ state: { gateways }, opening }: FrameInput): readonly Line[] {
  const names = SUMS.map(([name, width]) => (isShown(name, opening) ? name.padStart(width) : "")).join("")
  const rows = gateways.map((gateway) => sums(gateway, opening))
  return [[span(" SO FAR".padEnd(LABEL), "bold"), span(names, "dim")], ...rows]
}

function sums({ protected: guarded, totals: sum, sentToFailing, wastedMs }: GatewayState, opening: Opening): Line {
  const counts = [sum.full, sum.fallback, sum.failed, guarded ? sum.rejected : NOTHING, sentToFailing ?? NOTHING]
  const cells = [...counts.map(String), seconds(wastedMs)].map((text, index) => {
    const [name, width] = SUMS[index] as (typeof SUMS)[number]
    return isShown(name, opening) ? text.padStart(width) : ""
  })
  return [span((guarded ? " with breakers" : " twin").padEnd(LABEL)), span(cells.join(""))]
}

/** A move and what came of it, or a sentence. */
function entryLine(entry: Entry): Line {
  const { at, breaker } = entry
  const head = [span(seconds(at).padStart(8), "dim"), span(`  ${breaker.padEnd(9)} `)]
  if ("words" in entry)
    return [...head, span(entry.words, ["finding", "probes"].includes(entry.kind) ? "plain" : "yellow")]
  const move = span(`${inWords(entry.from)} → ${inWords(entry.to)}`.padEnd(23), CIRCUITS[entry.to]?.[1] ?? "yellow")
  return [...head, move, span(entry.reason, "dim")]
}

function moves(recent: readonly Entry[], room: number): readonly Line[] {
  const lines: Line[] = recent.slice(0, room).map(entryLine)
  const empty: Line[] = Array.from({ length: room - lines.length }, () => BLANK)
  return [[span(" LAST DECISIONS", "bold")], ...lines, ...empty]
}
