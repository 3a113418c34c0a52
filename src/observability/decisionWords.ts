/** Moves of a circuit in words: what was seen, by which figure it was judged, and what comes next. The same on the page, in logs and in replays. */
import type { Circuit, Statistics } from "../../machines/vocabulary/circuit.ts"
import { waitOf } from "./findingWords.ts"

/** What is told of a move. */
export interface Move {
  readonly to: Circuit
  readonly reason: string
  readonly rule: string
  readonly statistics: Statistics | undefined
  /** Milliseconds until it lets probes through, when it opens and that is known. */
  readonly retryInMs?: number | undefined
}

const percent = (share: number): string => `${Math.round(100 * share)} %`

/** Few figures: who is told 20.7 where 20 is enough need not count digits. */
const figure = (value: number): string => String(Number(value.toFixed(Math.abs(value) < 10 ? 2 : 1)))

const inRow: readonly string[] = ["row", "run"]

/** How many were bad, and in what way. A slow failure is both, and counts once. */
function countedIn({ calls, failures, slow }: Statistics, rule: string): string {
  const bad = rule === "failureRatio" ? failures : rule === "slowRatio" ? slow : Math.min(calls, failures + slow)
  const isMixed = bad > Math.max(failures, slow)
  const how = isMixed ? `were bad (${failures} failed, ${slow} slow)` : bad === failures ? "failed" : "were slow"
  return inRow.includes(rule) ? `${calls} calls in a row ${how}` : `${bad} of ${calls} calls ${how}`
}

const meanings: { readonly [rule: string]: string | undefined } = {
  dead: " that it is gone",
  relief: " that it is better than before",
}

/** The figure beside its line. */
function judged({ bound }: Statistics, rule: string): string {
  if (bound === undefined) return ""
  if (rule === "relief" && bound.of === "share") return ", which is usual by now"
  const { of, value, line, usual } = bound
  const over = value < line ? "below" : value > line ? "over" : "at"
  if (of === "share") return `, ${percent(value)} ${over} the line of ${percent(line)}`
  if (of === "row") return `, ${over} the line of ${line}`
  if (of === "lowerBound") return `, lower bound ${figure(value)} ${over} ${figure(line)}`
  const beside = usual === undefined ? "" : ` where ${percent(usual)} is usual`
  return `${beside}, evidence ${figure(value)}${meanings[rule] ?? ""} where ${figure(line)} is enough`
}

/** What a cohort means beside its figure, by where the circuit went. */
const meant: { readonly [circuit: string]: string | undefined } = {
  degraded: ": less load did not help",
  ramping: ": less load helped",
}

/** What was seen, and by which figure it was judged: `41 of 60 calls failed, lower bound 0.55 over 0.5`. */
export function groundOf({ to, reason, rule, statistics }: Omit<Move, "retryInMs">): string {
  if (statistics === undefined || statistics.calls === 0 || rule === "asked") return reason
  // One probe that decides by itself says it all.
  if (rule.startsWith("probe.")) return statistics.calls === 1 ? reason : reason + judged(statistics, rule)
  const beside = rule === "cohort" ? (meant[to] ?? "") : ""
  return countedIn(statistics, rule) + judged(statistics, rule) + beside
}

/** The ground of a move, and what comes next: `5 calls in a row failed, at the line of 5; next probe in 3.2 s`. */
export const moveWords = (move: Move): string =>
  move.to === "open" && move.retryInMs !== undefined
    ? `${groundOf(move)}; next probe in ${waitOf(move.retryInMs)}`
    : groundOf(move)
