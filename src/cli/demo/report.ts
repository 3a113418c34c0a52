import { inWords } from "../../../machines/vocabulary/circuit.ts"
import { wrap } from "../wrap.ts"
import { millis, NOTHING, percent, seconds } from "./figures.ts"
import type { SideSummary, Summary } from "./summary.ts"
import type { Entry } from "./view.ts"

const LABEL = 40
const COLUMN = 16

/** The summary as people read it, preceded by the run's last transitions if they were shown on a screen now gone. */
export function reportText(summary: Summary, moves: readonly Entry[]): string {
  const history = moves.length > 0 ? ["What was decided", ...moves.map(moveLine), ""] : []
  const lines = [
    ...history,
    ...heading(summary),
    ...table(summary),
    ...phases(summary),
    "",
    ...wrap(summary.statement, 78),
  ]
  return `\n${lines.join("\n")}\n`
}

function heading({ seconds: ran, seed, interrupted }: Summary): readonly string[] {
  const early = interrupted ? ", stopped early" : ""
  return [`Summary of ${ran.toFixed(1)} s${early} (seed ${seed})`]
}

function table({ protected: guarded, unprotected: bare, counted }: Summary): readonly string[] {
  const row = (label: string, tell: (side: SideSummary) => string) =>
    `  ${label.padEnd(LABEL)}${tell(guarded).padStart(COLUMN)}${bare ? tell(bare).padStart(COLUMN) : ""}`
  const count = (value: number | null) => (value === null ? NOTHING : String(value))
  const known = guarded.callsToFailing !== null
  return [
    `  ${"".padEnd(LABEL)}${(bare ? "with breakers" : "with a breaker").padStart(COLUMN)}${bare ? "without".padStart(COLUMN) : ""}`,
    row("requests", (side) => count(side.requests)),
    row("  answered in full", (side) => count(side.succeeded)),
    ...classRows(guarded, bare),
    ...(guarded.fallback + (bare?.fallback ?? 0) > 0
      ? [row("  answered by a fallback", (side) => count(side.fallback))]
      : []),
    row("  failed", (side) => count(side.failed)),
    row("latency p50", (side) => millis(side.p50Ms)),
    row("latency p99", (side) => millis(side.p99Ms)),
    row(counted === undefined ? "calls sent" : `calls sent to the ${counted}`, (side) => count(side.calls)),
    ...(known
      ? [
          row(counted === undefined ? "  to a failing service" : "  to a failing endpoint", (side) =>
            count(side.callsToFailing),
          ),
        ]
      : []),
    row("  that failed", (side) => count(side.failedCalls)),
    row("time spent on calls that failed", (side) => `${side.wastedSeconds.toFixed(1)} s`),
    row("calls rejected by a breaker", (side) => count(side.rejected)),
    ...(known ? [row("  while the service was well", (side) => count(side.rejectedWhileWell))] : []),
    ...notSent(guarded, bare),
  ]
}

/** The part that was answered in full while each phase lasted. */
function phases({ phases: all = [] }: Summary): readonly string[] {
  if (all.length === 0) return []
  const rows = all.map(({ name, protected: guarded, unprotected: bare }) => {
    const cells = [guarded, bare].map(({ answered, requests }) => percent(answered, requests).padStart(COLUMN))
    return `  ${`  ${name}`.padEnd(LABEL)}${cells.join("")}`
  })
  return ["  answered in full, while", ...rows]
}

/** The part of each class that was answered in full. */
function classRows(guarded: SideSummary, bare: SideSummary | null): readonly string[] {
  return guarded.classes.map(({ service, priority }, index) => {
    const cells = [guarded, ...(bare ? [bare] : [])].map(({ classes }) => {
      const { succeeded = 0, requests = 0 } = classes[index] ?? {}
      return percent(succeeded, requests).padStart(COLUMN)
    })
    return `  ${`    of ${service}${priority === undefined ? "" : ` (${priority})`}`.padEnd(LABEL)}${cells.join("")}`
  })
}

function notSent(guarded: SideSummary, bare: SideSummary | null): readonly string[] {
  if (guarded.notSent + (bare?.notSent ?? 0) === 0) return []
  const values = [guarded, ...(bare ? [bare] : [])].map((side) => String(side.notSent).padStart(COLUMN))
  return [`  ${"not sent: the load's own bound".padEnd(LABEL)}${values.join("")}`]
}

function moveLine(entry: Entry): string {
  const { at, breaker } = entry
  const words = "words" in entry ? entry.words : `${inWords(entry.from)} → ${inWords(entry.to)}: ${entry.reason}`
  return `${seconds(at).padStart(8)}  ${breaker.padEnd(9)} ${words}`
}
