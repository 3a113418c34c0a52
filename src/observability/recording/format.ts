/** What a recording says: one JSON object a line, each sealed with a checksum that goes on from the line before. */
import { crc32 } from "node:zlib"
import { parseBounded } from "../../../machines/boundedJson.ts"
import type { Facts } from "../../../machines/vocabulary/facts.ts"
import type { OutcomeKind } from "../../../machines/vocabulary/outcome.ts"
import type { Quota } from "../../../machines/vocabulary/quota.ts"
import type { CircuitMoved } from "../../../machines/vocabulary/signal.ts"

/** Rises when a line comes to mean something else: 3 since calls tell for how long they are lent, which 2 would take for what bounds a wait. */
export const formatVersion = 3

export interface RecordedPart {
  readonly key: string
  readonly settings: unknown
}

export interface HeaderLine {
  readonly t: "recloser"
  readonly format: number
  /** The version of the library that recorded. */
  readonly library: string
  /** Wall-clock milliseconds since 1970. */
  readonly startedAt: number
  /** The part of a longer recording that this file is, from 1. */
  readonly part: number
}

/** What many breakers are made of. */
export interface RecipeLine {
  readonly t: "recipe"
  readonly r: number
  readonly parts: readonly RecordedPart[]
}

/** A breaker that is recorded from now on. */
export interface BreakerLine {
  readonly t: "breaker"
  readonly b: number
  /** Of a breaker by key, what stands for the key. */
  readonly name: string
  /** Milliseconds on its own clock, and on the wall. */
  readonly at: number
  readonly wall: number
  readonly seed: number
  /** In a file, those of a breaker by key are the number of a recipe. */
  readonly parts: readonly RecordedPart[]
  readonly recipe?: number | undefined
  /** What it knew when the recording joined it; absent when it is recorded from its beginning. */
  readonly saved?: unknown
  /** What it had been told of its dependencies by then: that is nothing that it saves. */
  readonly told?: readonly EventLine["event"][] | undefined
  /** One of many: it rests while it is quiet. */
  readonly member?: RecordedMember | undefined
}

/** What a limit is owed, in milliseconds until it is paid off, and what each key is, with the bucket in which the key falls. */
export interface RecordedRate {
  readonly ms: number
  readonly keys?: readonly (readonly [key: string, ms: number, bucket?: number | undefined])[] | undefined
}

/** What a breaker by key remembers of its last calls: see `Memory`. */
export interface RecordedMember {
  /** For how long its group remembers, in milliseconds. */
  readonly idleMs: number
  /** When it was made. */
  readonly since: number
  readonly journal?: readonly number[] | undefined
  readonly past?: readonly number[] | undefined
  readonly budget?: number | undefined
  /** What its limits are owed: its last calls do not say for whom they were, nor what they cost. */
  readonly rates?: readonly RecordedRate[] | undefined
  /** It is recorded from the middle of something on, so that not all is known of it. */
  readonly isPartial?: true | undefined
}

/** Many calls, in the order in which things happened, as the bytes that `reel` describes. */
export interface CallsLine {
  readonly t: "calls"
  /** The time of the first in nanoseconds, and the number of the last call before it. */
  readonly from: number
  readonly serial: number
  /** In base64. */
  readonly bytes: string
}

/** What a caller says of calls. */
export interface FactsLine {
  readonly t: "facts"
  readonly id: number
  readonly facts: Facts
}

/** A call of whose end there is more to say than its kind: its service asked to be left alone, or spoke of its limits. */
export interface AskedLine {
  readonly t: "asked"
  readonly b: number
  readonly at: number
  readonly serial: number
  readonly trip: boolean
  readonly retryAfterMs?: number | undefined
  /** A failure, when left out. */
  readonly kind?: OutcomeKind | undefined
  readonly quota?: Quota | undefined
  readonly unsent?: boolean | undefined
}

/** The event by which a recording says what gauges showed when a slice closed: no machine hears it. */
export const gaugesShown = "gauges.shown"

/** Something that came from outside: the operator, a dependency, another config, what gauges showed. */
export interface EventLine {
  readonly t: "event"
  readonly b: number
  readonly at: number
  readonly event: { readonly type: string; readonly [key: string]: unknown }
}

export interface MovedLine extends Omit<CircuitMoved, "type" | "breaker"> {
  readonly t: "moved"
  readonly b: number
  readonly retryInMs?: number | undefined
}

export interface GoneLine {
  readonly t: "gone"
  readonly b: number
  readonly at: number
}

export interface EndLine {
  readonly t: "end"
  /** Wall-clock milliseconds since 1970. */
  readonly at: number
  /** `rotated`: the recording goes on in another file. */
  readonly why: "stopped" | "rotated"
  /** Breakers by key of which there was no room to tell. */
  readonly omitted?: number | undefined
}

export type RecordedLine =
  | HeaderLine
  | RecipeLine
  | BreakerLine
  | CallsLine
  | FactsLine
  | AskedLine
  | EventLine
  | MovedLine
  | GoneLine
  | EndLine

/** Codes of what happens to calls; the number above them is the call's, the layer's or that of its facts. */
export const codes = {
  entered: 0,
  probe: 1,
  uncounted: 2,
  refused: 3,
  success: 4,
  failure: 5,
  timedOut: 6,
  ignored: 7,
  /** The clock's timers that were due by then had been fired; with the number 1: that was when those were that the next entry tells of; one that is higher: the host had stood still until then, for so many milliseconds and one. */
  turned: 8,
  /** What is said of the call that comes next. */
  facts: 9,
  /** A call waits; the number is its own while it does. */
  waits: 10,
  /** Until when the call that comes next may wait for its caller's sake: that, not when it is said, is the time beside it; with the number 1: for how many milliseconds the call is lent that has just entered. */
  until: 11,
  /** What comes next became of the call that waits under this number. */
  waited: 12,
  /** The caller of the call that waits under this number has gone. */
  gaveUp: 13,
  /** A breaker among many lets go of what it has. What it remembers: 0, its last calls; 1, nothing: it is forgotten. */
  rests: 14,
  /** Whose the entries are that come next. This one has no time. */
  who: 15,
} as const

/** Calls are numbered up to here, and then from 0 again. */
export const numberMask = 0x7ffffff

/** Numbers that JSON does not have, and functions, which nothing can keep. */
function plain(_key: string, value: unknown): unknown {
  if (typeof value === "number" && !Number.isFinite(value)) return { $number: String(value) }
  return typeof value === "function" ? { $function: true } : value
}

/** What `plain` has written; a function comes back as nothing. */
function revived(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value
  if ("$number" in value) return Number(value.$number)
  if ("$function" in value) return undefined
  for (const [key, one] of Object.entries(value)) {
    const now = revived(one)
    if (now !== one) Object.defineProperty(value, key, { value: now, enumerable: true })
  }
  return value
}

/** A line as it was written. Hardly any holds what JSON has not, and a reviver would cost each of them a hundred times what reading it does. */
export function lineIn(text: string): unknown {
  const value = parseBounded(text)
  return text.includes('$number"') || text.includes('$function"') ? revived(value) : value
}

const hex = (checksum: number): string => checksum.toString(16).padStart(8, "0")

const brace = "}".charCodeAt(0)
const sealLength = 64
/** How long the seal is at the end of a line, its brace included. */
const sealAtEnd = ',"crc":"00000000"}'.length

/** Writes lines one after the other: each checksum covers all before it, so nothing can be left out or exchanged. */
export class Seal {
  #checksum = 0
  #room: Buffer = Buffer.alloc(0)

  line(value: RecordedLine): string {
    const text = JSON.stringify(value, plain)
    this.#checksum = crc32(text, this.#checksum)
    return `${text.slice(0, -1)},"crc":"${hex(this.#checksum)}"}\n`
  }

  /** Seals a line of plain letters that lacks only its last brace. What it answers is used before the next line is sealed. */
  bytes(...parts: readonly string[]): Buffer {
    let length = 0
    for (const part of parts) length += part.length
    if (this.#room.length < length + sealLength) this.#room = Buffer.allocUnsafe(2 * length + sealLength)
    const room = this.#room
    // Each part goes to its place by itself: one long text made of them would first be copied together, letter by letter.
    let end = 0
    for (const part of parts) end += room.write(part, end, "latin1")
    room[end] = brace
    this.#checksum = crc32(room.subarray(0, end + 1), this.#checksum)
    end += room.write(`,"crc":"${hex(this.#checksum)}"}\n`, end, "latin1")
    return room.subarray(0, end)
  }

  /** Whether the checksum of the next line is what it must be. */
  fits(line: string): boolean {
    const end = line.length - sealAtEnd
    const sum = /^,"crc":"([0-9a-f]{8})"\}$/.exec(line.slice(end))?.[1]
    if (sum === undefined) return false
    this.#checksum = crc32("}", crc32(line.slice(0, end), this.#checksum))
    return hex(this.#checksum) === sum
  }
}
