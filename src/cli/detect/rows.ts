/** What one line of the input says: a sample, or what is wrong with it. */

export interface Sample {
  /** As they were written: the output repeats them. */
  readonly timestamp: string
  readonly value: string
  /** Milliseconds since 1970. */
  readonly at: number
  /** `NaN` when the value is missing or no finite number. */
  readonly measured: number
}

export type Row =
  | { readonly kind: "sample"; readonly sample: Sample; readonly problem: string | undefined }
  | { readonly kind: "unusable"; readonly problem: string }

/** In which fields of a line the two are. */
export interface Columns {
  readonly timestamp: number
  readonly value: number
}

export const standardColumns: Columns = { timestamp: 0, value: 1 }

const unquoted = (field: string): string => field.trim().replace(/^"(.*)"$/s, "$1")

export const fieldsOf = (text: string): readonly string[] => text.split(",").map(unquoted)

const plainTime = /^(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?))?$/
const asNumber = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i
/** Seconds since 1970 beyond the year 5000 are taken for milliseconds. */
const mostSeconds = 1e11

/** What ends in a zone. */
const zoned = /(?:\d\s*Z|\b(?:UTC?|GMT|[ECMP][SD]T)|:\d{2}.*[+-]\d{2}:?\d{2})\s*(?:\([^)]*\))?$/i

/** As `Date.parse` reads it, but not in the zone of the host where none is given. */
function parsedDate(text: string): number {
  const inUtc = zoned.test(text) ? Number.NaN : Date.parse(`${text} UTC`)
  return Number.isNaN(inUtc) ? Date.parse(text) : inUtc
}

/** Milliseconds since 1970, or `undefined`. A date without a zone is in UTC; a number is in seconds or milliseconds since 1970. */
export function readTime(text: string): number | undefined {
  if (asNumber.test(text)) {
    const number = Number(text)
    return Math.abs(number) < mostSeconds ? number * 1000 : number
  }
  const [, date, time = "00:00"] = plainTime.exec(text) ?? []
  const ms = date === undefined ? parsedDate(text) : Date.parse(`${date}T${time.replace(/(\.\d{3})\d+$/, "$1")}Z`)
  return /\d/.test(text) && Number.isFinite(ms) ? ms : undefined
}

function readValue(text: string): { readonly measured: number; readonly problem: string | undefined } {
  if (text === "") return { measured: Number.NaN, problem: "the value is missing" }
  const measured = asNumber.test(text) ? Number(text) : Number.NaN
  if (Number.isFinite(measured)) return { measured, problem: undefined }
  return { measured: Number.NaN, problem: `the value ${shown(text)} is no finite number` }
}

/** Input is shown, not obeyed: no control characters of somebody else's on a terminal. */
const shown = (text: string): string => JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text)

/** Where a header says that timestamp and value are; `undefined` for a line that is no header. */
export function readHeader(text: string): Columns | { readonly missing: string } | undefined {
  const fields = fieldsOf(text).map((field) => field.toLowerCase())
  if (fields.some((field) => readTime(field) !== undefined)) return undefined
  const missing = ["timestamp", "value"].filter((name) => !fields.includes(name))
  if (missing.length > 0) return { missing: missing.join(" and ") }
  return { timestamp: fields.indexOf("timestamp"), value: fields.indexOf("value") }
}

export function readRow(text: string, columns: Columns): Row {
  const fields = fieldsOf(text)
  const [timestamp = "", value = ""] = [fields[columns.timestamp], fields[columns.value]]
  if (timestamp === "") return { kind: "unusable", problem: "the timestamp is missing" }
  const at = readTime(timestamp)
  if (at === undefined) return { kind: "unusable", problem: `the timestamp ${shown(timestamp)} is no time` }
  const { measured, problem } = readValue(value)
  return { kind: "sample", sample: { timestamp, value, at, measured }, problem }
}
