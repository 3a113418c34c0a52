import type { SimulatedHistory, SimulatedPolicy, SimulatedWorld } from "../../testing/simulate.ts"
import { left, type Span, type Style, span } from "../demo/paint.ts"

const SPARKS = "▁▂▃▄▅▆▇█"
const MOST_CELLS = 100
/** What has no state is not closed either. */
const STATES: { readonly [circuit: string]: readonly [character: string, style: Style, words: string] } = {
  closed: ["─", "green", "closed"],
  degraded: ["▂", "yellow", "degraded"],
  ramping: ["▄", "cyan", "ramping"],
  halfOpen: ["▒", "yellow", "half-open"],
  open: ["█", "red", "open"],
}

export const stripLegend = `Good answers: ▁ none to █ the most there were. Circuit: ${Object.values(STATES)
  .map(([character, , words]) => `${character} ${words}`)
  .join(", ")}.`

interface Cell {
  readonly fromS: number
  readonly toS: number
}

function cellsOf({ fromS, toS }: SimulatedHistory, count: number): readonly Cell[] {
  const at = (index: number) => fromS + ((toS - fromS) * index) / count
  return Array.from({ length: count }, (_, index) => ({ fromS: at(index), toS: at(index + 1) }))
}

/** Successes a second in the seconds that a cell touches. */
function rateIn({ successesPerSecond }: SimulatedPolicy, { fromS }: SimulatedHistory, cell: Cell): number {
  const first = Math.floor(cell.fromS - fromS)
  const counts = successesPerSecond.slice(first, Math.max(first + 1, Math.ceil(cell.toS - fromS)))
  return counts.reduce((sum, count) => sum + count, 0) / Math.max(1, counts.length)
}

function spark(rate: number, most: number): string {
  const level = most === 0 ? 0 : Math.min(1, rate / most)
  return SPARKS[Math.round(level * (SPARKS.length - 1))] ?? " "
}

/** A passing state shows wherever it was met, however short; else the one that filled most of the cell. */
function stateIn({ moves }: SimulatedPolicy, { fromS, toS }: Cell): string {
  const times = new Map<string, number>()
  const all = [{ atS: Number.NEGATIVE_INFINITY, circuit: "closed" }, ...moves]
  all.forEach(({ atS, circuit }, index) => {
    const until = all[index + 1]?.atS ?? Number.POSITIVE_INFINITY
    const seconds = Math.min(until, toS) - Math.max(atS, fromS)
    if (seconds > 0) times.set(circuit, (times.get(circuit) ?? 0) + seconds)
  })
  const passing = [...times.keys()].filter((circuit) => circuit !== "closed" && circuit !== "open")
  const ranked = [...times].sort((a, b) => b[1] - a[1]).map(([circuit]) => circuit)
  return ranked.find((circuit) => passing.includes(circuit)) ?? ranked[0] ?? "closed"
}

function stateSpan(policy: SimulatedPolicy, cell: Cell): Span {
  const [character, style] = STATES[stateIn(policy, cell)] ?? ["?", "plain"]
  return span(character, style)
}

const rounded = (value: number): string => String(Number(value.toFixed(2)))

/** Good answers and circuit of every policy over time, one line each, in the run of one seed. */
export function strips({ history, policies }: SimulatedWorld, width: number): readonly (readonly Span[])[] {
  const label = Math.max(...policies.map(({ name }) => name.length), "circuit".length) + 2
  const cells = cellsOf(history, Math.max(10, Math.min(MOST_CELLS, width - label)))
  const rates = policies.map((policy) => cells.map((cell) => rateIn(policy, history, cell)))
  const most = Math.max(...(rates[0] ?? []))
  const isFaulty = (cell: Cell) => history.faults.some(({ fromS, toS }) => fromS < cell.toS && toS > cell.fromS)
  const eachS = rounded((history.toS - history.fromS) / cells.length)
  return [
    [span(`Seed ${history.seed}, ${history.fromS} s to ${history.toS} s; one character is ${eachS} s`, "dim")],
    ...(history.faults.length === 0
      ? []
      : [[left("fault", label), ...cells.map((cell) => span(isFaulty(cell) ? "░" : " ", "red"))]]),
    ...policies.flatMap((policy, index) => [
      [left(policy.name, label), ...(rates[index] ?? []).map((rate) => span(spark(rate, most), "cyan"))],
      ...(index === 0 ? [] : [[left("  circuit", label), ...cells.map((cell) => stateSpan(policy, cell))]]),
    ]),
  ]
}
