/** Readings to Markdown: first what was promised and whether it was kept, then every number. */
import type { CostCase, Goal, Table } from "./case.ts"
import { at } from "./case.ts"
import { median, type Readings } from "./measure.ts"

/** Table id → its readings, all processes together. */
export type Results = Readonly<Record<string, Readings>>

export interface Verdict {
  readonly caseId: string
  readonly goal: Goal
  readonly measured: number
  readonly spread: readonly number[]
  readonly where: string
  readonly met: boolean
  readonly unit: Table["unit"]
}

export const verdicts = (cases: readonly CostCase[], results: Results): readonly Verdict[] =>
  cases.flatMap((one) =>
    one.tables.flatMap((table) => table.goals.map((goal) => judge(one.id, table, goal, results[table.id] ?? {}))),
  )

/** The worst pair decides. */
const judge = (caseId: string, table: Table, goal: Goal, readings: Readings): Verdict => {
  const judged = goal.pairs.map(([subject, against]) => {
    const spread = compare(goal.compare, readings[subject], readings[against])
    const pair = against === "" ? subject : `${subject} beside ${against}`
    const where = goal.pairs.length === 1 ? "" : pair.replaceAll("@", " at ")
    return { spread, where, measured: median(spread) }
  })
  const worst = judged.reduce((a, b) => (b.measured > a.measured || Number.isNaN(b.measured) ? b : a))
  // Not a number, because a reading is missing, is not met.
  return { caseId, goal, unit: table.unit, ...worst, met: worst.measured <= goal.max }
}

const compare = (how: Goal["compare"], ours: readonly number[] = [], theirs: readonly number[] = []): number[] => {
  if (how === "value") return [...ours]
  return ours.map((value, round) => {
    const other = theirs[round] ?? Number.NaN
    return how === "ratio" ? value / other : value - other
  })
}

export const report = (cases: readonly CostCase[], results: Results, environment: readonly string[]): string =>
  [
    "# What protection costs",
    introduction,
    "## Environment",
    environment.map((fact) => `- ${fact}`).join("\n"),
    "## Goals",
    goalTable(verdicts(cases, results)),
    ...missed(verdicts(cases, results)),
    ...cases.flatMap((one) => [
      `## ${one.id} – ${one.title}`,
      ...one.tables.flatMap((table) => [
        `**${capital(table.title)}** (${table.unit})`,
        body(table, results[table.id] ?? {}),
      ]),
    ]),
    "## What this does not measure",
    limits,
    "",
  ].join("\n\n")

export const goalTable = (all: readonly Verdict[]): string =>
  grid(
    ["case", "goal", "measured", "min–max of rounds", "result"],
    all.map((verdict) => [
      verdict.caseId,
      verdict.goal.text,
      `${goalNumber(verdict, verdict.measured)}${verdict.where === "" ? "" : ` (worst: ${verdict.where})`}`,
      `${goalNumber(verdict, Math.min(...verdict.spread))} to ${goalNumber(verdict, Math.max(...verdict.spread))}`,
      verdict.met ? "met" : `**missed** by ${missedBy(verdict)}`,
    ]),
  )

/** Beside every goal that was missed, why. */
const missed = (all: readonly Verdict[]): readonly string[] => {
  const lines = all
    .filter(({ met }) => !met)
    .map(({ caseId, goal }) => `- **${caseId}: ${goal.text}.** ${goal.cause ?? unexplained}`)
  return lines.length === 0 ? [] : ["### Why goals were missed, and what was tried", lines.join("\n")]
}

const unexplained = "The cause is not known yet."

const goalNumber = ({ goal, unit }: Verdict, value: number): string =>
  goal.compare === "ratio" ? `${significant(value)} ×` : `${shown(unit, value)} ${unitOf(unit, value)}`

const unitOf = (unit: Table["unit"], value: number): string => (unit === "timers" && value === 1 ? "timer" : unit)

const missedBy = ({ goal, measured }: Verdict): string =>
  goal.max === 0 ? significant(measured) : `${Math.round((measured / goal.max - 1) * 100)} %`

const body = (table: Table, readings: Readings): string =>
  table.columns === undefined ? byRow(table, readings) : byColumn(table, table.columns, readings)

const byRow = (table: Table, readings: Readings): string => {
  const ours = table.goals[0]?.pairs[0]?.[0] ?? Object.keys(table.rows).find((row) => row.startsWith("recloser")) ?? ""
  const beside = table.unit === "timers" || table.unit === "keys" ? [] : [`× ${ours}`]
  return grid(
    ["", "median", "min–max", ...beside, "set up as"],
    Object.entries(table.rows).map(([row, setup]) => {
      const values = readings[row] ?? []
      const ratio = significant(median(compare("ratio", values, readings[ours])))
      return [row, shown(table.unit, median(values)), range(table.unit, values), ...beside.map(() => ratio), setup]
    }),
  )
}

const byColumn = (table: Table, columns: readonly string[], readings: Readings): string => {
  const cells = (row: string) => columns.map((column) => shown(table.unit, median(readings[at(row, column)] ?? [])))
  return grid(
    ["outcomes in the window", ...columns, "set up as"],
    Object.entries(table.rows).map(([row, setup]) => [row, ...cells(row), setup]),
  )
}

const grid = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n")

const range = (unit: Table["unit"], values: readonly number[]): string =>
  values.length < 2 ? "one reading" : `${shown(unit, Math.min(...values))}–${shown(unit, Math.max(...values))}`

const shown = (unit: Table["unit"], value: number): string => {
  if (Number.isNaN(value) || !Number.isFinite(value)) return "not run"
  if (unit !== "ns" && unit !== "timers" && unit !== "keys") return value.toFixed(2)
  return value < 100 && unit === "ns" ? value.toFixed(1) : spaced(Math.round(value))
}

const spaced = (value: number): string => value.toLocaleString("en").replaceAll(",", " ")

const significant = (value: number): string =>
  Number.isFinite(value) ? String(Number(value.toPrecision(3))) : "not run"

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

const introduction = `Written by \`npm run bench:cost\`. Every library is the real package and every subject runs in the same run: each
case in fresh processes (three, with the order of the subjects rotated), and inside a process in rounds, A B C A B C …, with a
fixed number of calls after warm-up. A ratio is taken within one round, so that a busy moment of the machine falls on both
sides; the figure is the median of those ratios. Times are total time per call, the caller's own \`await\` included, and every
call's result is checked. "×" columns say how many times the figure of recloser a row is.`

const limits = `- **A real service.** The protected function returns at once. Beside a network call of a millisecond all of C1–C3 vanish; what
  remains in practice is C5 under failure, C7 and C8.
- **Timers that fire.** A loop of resolved promises never lets the event loop turn. opossum's statistics interval, which sorts
  every latency of its window once a second, runs between the timed rounds and is free here; C8 shows it.
- **Between one call and a hundred in flight.** With one in flight, Node makes and drops a timer list for every \`setTimeout\` of
  a peer; with more the list stays. The two tables of C2 are the two ends; the goals are about the first, as they were set.
- **Deep stacks.** Refusals happen near the top of the stack. Where a library makes an \`Error\` with a stack, deeper
  callers pay more.
- **One shape of call.** Each loop calls one function with one result, so V8 inlines it well. An application with many
  shapes pays more with every library. That is why C2's row with all components has a process of its own: where it ran beside
  the defaults, those took 376 ns a call, and 1 029 with 100 in flight.
- **What the peers do more or less.** mollitia and opossum emit events for every call; Effect's breaker keeps keys and fences
  generations; recloser's default adapts its timeout. Equal rows are equal in purpose, not in features.
- **Collections at their worst.** Garbage is charged to whoever is running when it is collected; long pauses of a large heap do
  not show in medians.
- **Other machines.** Absolute numbers belong to the machine above. Ratios travel better, and are what the goals are about.
- **Many cells of one breaker, Redis stores, streams**: not built or not comparable yet. (Breakers by key are C10.)`
