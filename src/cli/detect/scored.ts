/** From lines of `timestamp,value` to lines of `timestamp,value,anomaly_score,label`. */
import { freshStream, isAnomaly, surprise } from "../../../machines/anomaly.ts"
import { CannotDetect } from "./files.ts"
import type { Line } from "./lines.ts"
import { type Columns, readHeader, readRow, type Sample, standardColumns } from "./rows.ts"
import type { Fault } from "./warnings.ts"

export const header = "timestamp,value,anomaly_score,label\n"

type Warn = (fault: Fault, line: number, problem: string) => void

interface Before {
  readonly at: number
  readonly line: number
}

function faultInTime({ at }: Sample, before: Before | undefined): [Fault, string] | undefined {
  if (before === undefined || at > before.at) return undefined
  if (at === before.at) return ["repeated", `the timestamp is that of line ${before.line}`]
  return ["backwards", `the timestamp lies before that of line ${before.line}`]
}

/** The columns by the first line, if it is a header. */
function columnsOf({ text, number }: Line, input: string): Columns | undefined {
  const found = readHeader(text)
  if (found === undefined || "timestamp" in found) return found
  throw new CannotDetect(
    `--input ${input}, line ${number}: the header names no ${found.missing}; it must be timestamp,value`,
  )
}

/**
 * Scores one row after the other: nothing of a later row can reach an earlier score. A row without a usable value teaches nothing and is
 * written with the score 0; rows that repeat a time or go back in it are samples like any other.
 */
export async function* scored(lines: AsyncIterable<Line>, input: string, warn: Warn): AsyncGenerator<string> {
  const stream = freshStream()
  let columns: Columns | undefined
  let before: Before | undefined
  let isFirst = true
  for await (const line of lines) {
    if (line.text.trim() === "") continue
    if (isFirst) {
      isFirst = false
      columns = columnsOf(line, input)
      if (columns !== undefined) continue
    }
    const row = readRow(line.text, columns ?? standardColumns)
    if (row.kind === "unusable") {
      warn("time", line.number, row.problem)
      continue
    }
    const { sample, problem } = row
    if (problem !== undefined) warn("value", line.number, problem)
    const fault = faultInTime(sample, before)
    if (fault !== undefined) warn(fault[0], line.number, fault[1])
    yield written(sample, surprise(stream, sample.at, sample.measured))
    before = { at: sample.at, line: line.number }
  }
}

const written = ({ timestamp, value }: Sample, score: number): string =>
  `${timestamp},${value},${Number(score.toFixed(6))},${isAnomaly(score) ? 1 : 0}\n`
