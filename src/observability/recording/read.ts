/** Reads a recording, and says of one that cannot be played what is wrong with it, and in which line. */
import { constants, isUtf8 } from "node:buffer"
import type { AnyPlug } from "../../../machines/plug.ts"
import { registry } from "../../../machines/registry.ts"
import { layers } from "../../../machines/vocabulary/rejection.ts"
import {
  type BreakerLine,
  type CallsLine,
  codes,
  formatVersion,
  type HeaderLine,
  lineIn,
  type RecordedLine,
  type RecordedMember,
  type RecordedPart,
  type RecordedRate,
  Seal,
} from "./format.ts"
import { type Entry, entriesIn } from "./reel.ts"

/** A recording that cannot be played. */
export class UnusableRecording extends Error {
  readonly _tag = "UnusableRecording"
  override readonly name = "UnusableRecording"
  /** Counts from 1. */
  readonly line: number
  constructor(file: string, line: number, what: string) {
    super(`${file}:${line}: ${what}`)
    this.line = line
  }
}

export interface Recording {
  readonly file: string
  readonly header: HeaderLine
  /** All lines but the header. */
  readonly lines: readonly RecordedLine[]
  /** Whether it was stopped; otherwise the process that recorded ended before it could say so. */
  readonly isWhole: boolean
}

export interface ReadOptions {
  /** Takes what is whole of a recording that was cut off. */
  readonly partial?: boolean | undefined
}

const plugs: readonly AnyPlug[] = [registry.strategies, registry.companions, registry.components].flatMap(
  (part): readonly AnyPlug[] => Object.values(part),
)

/** The strategy or component of this key. */
export const plugOf = (key: string): AnyPlug | undefined => plugs.find((plug) => plug.key === key)

/** Is read, too: what was recorded in it does not say which of its calls were lent, and means the same in all else. */
const formatBefore = 2

const known = new Set<string>([
  "recloser",
  "recipe",
  "breaker",
  "calls",
  "facts",
  "asked",
  "event",
  "moved",
  "gone",
  "end",
] satisfies RecordedLine["t"][])

const cut = "the recording is cut off here; --partial plays what is whole before it"

class Reader {
  readonly #file: string
  readonly #seal = new Seal()
  readonly #breakers = new Set<number>()
  readonly #recipes = new Map<number, readonly RecordedPart[]>()
  header: HeaderLine | undefined

  constructor(file: string) {
    this.#file = file
  }

  fail(line: number, what: string): never {
    throw new UnusableRecording(this.#file, line, what)
  }

  take(text: string, at: number): RecordedLine {
    const value = this.#parsed(text, at)
    if (at === 1) this.header = this.#headerIn(value)
    if (!this.#seal.fits(text))
      this.fail(at, "the checksum does not fit: this line, or one before it, was changed, left out or moved")
    const line = this.#withParts(value, at)
    this.#check(line, at)
    return line
  }

  #parsed(text: string, at: number): RecordedLine {
    let value: unknown
    try {
      value = lineIn(text)
    } catch (error) {
      const what = error instanceof RangeError ? `this line is ${error.message}` : "this line is no JSON"
      return this.fail(at, at === 1 ? "this is no recording of recloser" : what)
    }
    const { t } = (value ?? {}) as { readonly t?: unknown }
    if (typeof t !== "string")
      this.fail(at, at === 1 ? "this is no recording of recloser" : "this line does not say what it is")
    if (!known.has(t)) this.fail(at, `"${t}" is no kind of line that this version knows`)
    return value as RecordedLine
  }

  #headerIn(value: RecordedLine): HeaderLine {
    if (value.t !== "recloser") return this.fail(1, "the first line must be the header of a recording")
    const { format, library, startedAt } = value
    if (format !== formatVersion && format !== formatBefore) {
      const other = typeof format === "number" && format > formatVersion ? "newer" : "other"
      this.fail(
        1,
        `format ${format}, written by recloser ${library}, is ${other} than what this version reads (${formatBefore} and ${formatVersion})`,
      )
    }
    if (typeof library !== "string" || !isDate(startedAt)) this.fail(1, "this is no recording of recloser")
    return value
  }

  #check(line: RecordedLine, at: number): void {
    if (at > 1 && line.t === "recloser") this.fail(at, "a second header: two recordings were put together")
    if (line.t === "breaker") this.#checkBreaker(line, at)
    else if (line.t === "calls") this.#checkCalls(line, at)
    else if ("b" in line && !this.#breakers.has(line.b)) this.fail(at, `breaker ${line.b} has not been introduced`)
  }

  /** What many are made of is written once. */
  #withParts(line: RecordedLine, at: number): RecordedLine {
    if (line.t === "recipe" && !Array.isArray(line.parts)) this.fail(at, "this is no recipe")
    if (line.t === "recipe") this.#recipes.set(line.r, line.parts)
    if (line.t !== "breaker" || line.recipe === undefined) return line
    return { ...line, parts: this.#recipes.get(line.recipe) ?? this.fail(at, `there is no recipe ${line.recipe}`) }
  }

  #checkBreaker({ b, name, parts, member, told = [], at: time, wall }: BreakerLine, at: number): void {
    const isBreaker = Number.isInteger(b) && typeof name === "string" && Array.isArray(parts) && Array.isArray(told)
    if (!isBreaker || !Number.isFinite(time) || !isDate(wall)) this.fail(at, "this is no breaker")
    for (const part of parts as readonly unknown[]) {
      const { key } = (part ?? {}) as { readonly key?: unknown }
      if (typeof key !== "string" || plugOf(key) === undefined)
        this.fail(at, `breaker "${name}" runs "${key}", which this version does not have`)
    }
    if (member !== undefined && !isMember(member))
      this.fail(at, `breaker "${name}" remembers what no breaker by key could`)
    this.#breakers.add(b)
  }

  #checkCalls({ from, serial, bytes }: CallsLine, at: number): void {
    const areCalls = typeof bytes === "string" && /^[\w+/]*={0,2}$/.test(bytes)
    if (!areCalls || ![from, serial].every(Number.isInteger)) return this.fail(at, "these are no calls")
    let count = 0
    let before: Entry | undefined
    for (const entry of entriesIn(Buffer.from(bytes, "base64"), from, serial)) {
      count++
      if (!isEntry(entry, before)) this.fail(at, `entry ${count} is none`)
      if (!this.#breakers.has(entry.who)) this.fail(at, `breaker ${entry.who} has not been introduced`)
      before = entry
    }
  }
}

/** No date lies further from 1970 than 8.64e15 milliseconds, and a recording goes on from here. */
const isDate = (ms: unknown): boolean => typeof ms === "number" && Math.abs(ms) < 8e15

/** Lent is a call that has just entered, for a time that a lease can have. */
const isLent = ({ at, number, who }: Entry, before: Entry | undefined): boolean =>
  number === 1 && at >= 0 && Number.isFinite(at) && before?.who === who && before.code <= codes.uncounted

function isEntry(entry: Entry, before: Entry | undefined): boolean {
  const { at, number, code } = entry
  if (Number.isNaN(at + number)) return false
  if (code === codes.until && number > 0) return isLent(entry, before)
  return code !== codes.refused || layers[number] !== undefined
}

const areNumbers = (value: unknown): boolean =>
  value === undefined || (Array.isArray(value) && value.every((one) => typeof one === "number"))

const isOwed = ({ ms, keys = [] }: RecordedRate): boolean =>
  typeof ms === "number" && keys.every(([key, owed]) => typeof key === "string" && typeof owed === "number")

function areRates(value: unknown): boolean {
  try {
    return (value as readonly RecordedRate[]).every(isOwed)
  } catch {
    return false
  }
}

function isMember(value: unknown): value is RecordedMember {
  const { idleMs, since, journal, past, budget = 0, rates = [] } = (value ?? {}) as Partial<RecordedMember>
  const isMemory = areNumbers(journal) && (journal?.length ?? 0) % 3 === 0 && areNumbers(past)
  return (
    typeof idleMs === "number" && typeof since === "number" && typeof budget === "number" && isMemory && areRates(rates)
  )
}

const newLine = "\n".charCodeAt(0)

/** Throws `UnusableRecording`. */
export function readRecording(file: string, content: Buffer, { partial = false }: ReadOptions = {}): Recording {
  const reader = new Reader(file)
  if (content.length === 0) reader.fail(1, "the file is empty")
  if (!partial && !isUtf8(content)) reader.fail(1, "this is no recording of recloser")
  const lines: RecordedLine[] = []
  let at = 0
  // Line by line: a file may be longer than any text.
  for (let end = content.indexOf(newLine); end >= 0; end = content.indexOf(newLine, at)) {
    const number = lines.length + 1
    if (end - at > constants.MAX_STRING_LENGTH) reader.fail(number, "this line is too long")
    lines.push(reader.take(content.toString("utf8", at, end), number))
    at = end + 1
  }
  const header = reader.header
  if (header === undefined) return reader.fail(1, "this is no recording of recloser")
  if (at < content.length && !partial) reader.fail(lines.length + 1, cut)
  lines.shift()
  const isWhole = lines.at(-1)?.t === "end"
  if (!isWhole && !partial) reader.fail(lines.length + 1, `${cut} (it was never stopped: did the process end?)`)
  return { file, header, lines, isWhole }
}
