/**
 * The language of scripted services: phrases with commas between them, `"down 30 s, slow 2 s, flaky 20 %"`.
 *
 *   script = phrase { "," phrase }
 *   phrase = "up" [ length ] | "down" [ length ] | "hang" [ length ]
 *          | "slow" time [ "for" length ] | "flaky" percent [ "for" length ] | "busy" [ time ] [ "for" length ]
 *
 * A phrase with a length is a time of its own, one after the other. One without holds from there on to the end, together with the
 * others: after 30 seconds of nothing, every answer takes two seconds and one in five is an error.
 */
import { InvalidConfig, show } from "../../machines/options.ts"

/** How a service answers at one time. */
export interface Weather {
  readonly mood: "up" | "down" | "hang" | "busy"
  /** How long an answer takes, in milliseconds. */
  readonly slowMs: number
  /** The share of answers that are errors, 0 to 1. */
  readonly flaky: number
  /** What it says of when to come back while it is busy, in milliseconds. */
  readonly retryAfterMs: number | undefined
}

/** From when on, in milliseconds since the script began. */
export interface Phase {
  readonly from: number
  readonly weather: Weather
}

const fair: Weather = { mood: "up", slowMs: 0, flaky: 0, retryAfterMs: undefined }

const unitMs: { readonly [unit: string]: number } = { ms: 1, s: 1000, min: 60_000, h: 3_600_000 }
const longUnits: { readonly [unit: string]: string } = {
  ...{ millis: "ms", milli: "ms", milliseconds: "ms", millisecond: "ms", second: "s", seconds: "s", sec: "s" },
  ...{ minute: "min", minutes: "min", m: "min", hour: "h", hours: "h" },
}

/** Nobody has written a longer one. */
const longest = 10_000

/** Nor a time that ends after some thirty thousand years. */
const mostMs = 1e15

const timeRule = "a time such as 30 s (ms, s, min, h)"
const moods = ["up", "down", "hang", "slow", "flaky", "busy"] as const
type Word = (typeof moods)[number]

interface Token {
  readonly text: string
  readonly at: number
}

/** Numbers, words, percent signs and commas; anything else is a word that nobody knows. */
function tokensIn(script: string): readonly Token[] {
  return [...script.matchAll(/\d+(?:\.\d+)?|[a-z]+|[^\s\da-z]/gi)].map(({ 0: text, index }) => ({ text, at: index }))
}

class Reader {
  readonly #script: string
  readonly #tokens: readonly Token[]
  #next = 0

  constructor(script: string) {
    this.#script = script
    this.#tokens = tokensIn(script)
  }

  get isOver(): boolean {
    return this.#next >= this.#tokens.length
  }

  peek(): string {
    return this.#tokens[this.#next]?.text.toLowerCase() ?? ""
  }

  takes(text: string): boolean {
    if (this.peek() !== text) return false
    this.#next++
    return true
  }

  word(): Word {
    const text = this.peek()
    const word = moods.find((one) => one === text)
    if (word === undefined) return this.refuse(`one of ${moods.join(", ")}`)
    this.#next++
    return word
  }

  get startsNumber(): boolean {
    return /^\d/.test(this.peek())
  }

  time(): number {
    const amount = this.#number(timeRule)
    const unit = this.peek()
    const ms = unitMs[longUnits[unit] ?? unit]
    if (ms === undefined) return this.refuse("a unit: ms, s, min or h")
    if (amount * ms > mostMs) {
      this.#next--
      return this.refuse(`a time of at most ${mostMs} ms`)
    }
    this.#next++
    return amount * ms
  }

  percent(): number {
    const rule = "a share such as 20 %, from 0 to 100"
    const amount = this.#number(rule)
    if (amount > 100) {
      this.#next--
      return this.refuse(rule)
    }
    if (!this.takes("%")) return this.refuse("a percent sign")
    return amount / 100
  }

  #number(rule: string): number {
    if (!this.startsNumber) return this.refuse(rule)
    return Number(this.#tokens[this.#next++]?.text)
  }

  refuse(wanted: string): never {
    const token = this.#tokens[this.#next]
    const place = token === undefined ? "at its end" : `at character ${token.at + 1}`
    const got = token === undefined ? this.#script : this.#script.slice(token.at)
    throw new InvalidConfig([{ path: "script", value: show(got), rule: `must have ${wanted} ${place}` }])
  }
}

interface Phrase {
  readonly change: Partial<Weather>
  readonly lengthMs: number | undefined
}

function phrase(reader: Reader): Phrase {
  const word = reader.word()
  const change = changeOf(word, reader)
  const isBare = word === "up" || word === "down" || word === "hang"
  const hasLength = reader.takes("for") || (isBare && reader.startsNumber)
  return { change, lengthMs: hasLength ? reader.time() : undefined }
}

function changeOf(word: Word, reader: Reader): Partial<Weather> {
  if (word === "slow") return { slowMs: reader.time() }
  if (word === "flaky") return { flaky: reader.percent() }
  if (word === "busy") return { mood: word, retryAfterMs: reader.startsNumber ? reader.time() : undefined }
  return { mood: word }
}

/** The phases of a script, in their order. Throws `InvalidConfig`, which says where it cannot be read and what would be right. */
export function readScript(script: string): readonly Phase[] {
  if (script.length > longest)
    throw new InvalidConfig([{ path: "script", value: show(script), rule: `must have at most ${longest} characters` }])
  const reader = new Reader(script)
  const phases: Phase[] = []
  let from = 0
  let lasting = fair
  do {
    const { change, lengthMs } = phrase(reader)
    if (lengthMs === undefined) lasting = { ...lasting, ...change }
    else {
      phases.push({ from, weather: { ...lasting, ...change } })
      from += lengthMs
    }
    if (!reader.isOver && reader.peek() !== ",") reader.refuse("a comma")
  } while (reader.takes(","))
  return [...phases, { from, weather: lasting }]
}
