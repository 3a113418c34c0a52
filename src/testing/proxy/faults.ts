/** What a proxy does to connections: the words a test writes, read into plain numbers. */
import { type DurationInput, InvalidConfig, type Problem, show, toMs } from "../../../machines/options.ts"

/** What may go wrong between a client and a service. Whatever is left out goes well. */
export interface Faults {
  /** Each piece of an answer comes so much later. */
  readonly latency?: DurationInput | undefined
  /** Up to so much sooner or later than `latency` says, drawn for each piece; at most `latency`. */
  readonly jitter?: DurationInput | undefined
  /** Bytes of answers a second, for each connection. */
  readonly bandwidth?: number | undefined
  /** Connections stand, and nothing passes in either direction. */
  readonly hang?: boolean | undefined
  /** Nobody listens: connections are refused, and those that stood are reset. */
  readonly down?: boolean | undefined
  /** A connection is reset when it is so old. `true`: as soon as it is made. */
  readonly reset?: boolean | DurationInput | undefined
  /** After so many bytes of answers a connection ends, in the middle of whatever it said. */
  readonly limitData?: number | undefined
  /** When the service ends a connection, its client learns of it so much later. */
  readonly slowClose?: DurationInput | undefined
  /** Which part of the connections is faulty, 0 to 1, drawn when a connection is made. `down` is always for all. Default 1. */
  readonly part?: number | undefined
}

/** The same in milliseconds and bytes. */
export interface FaultSettings {
  readonly latencyMs: number
  readonly jitterMs: number
  readonly bytesPerMs: number
  readonly hangs: boolean
  readonly isDown: boolean
  /** Age at which a connection is reset. */
  readonly resetMs: number
  readonly mostBytes: number
  readonly closesLaterMs: number
  readonly part: number
}

const never = Number.POSITIVE_INFINITY

export const well: FaultSettings = {
  latencyMs: 0,
  jitterMs: 0,
  bytesPerMs: never,
  hangs: false,
  isDown: false,
  resetMs: never,
  mostBytes: never,
  closesLaterMs: 0,
  part: 1,
}

const names = ["latency", "jitter", "bandwidth", "hang", "down", "reset", "limitData", "slowClose", "part"]

/** Reads one fault after the other, and notes what is wrong. */
class FaultReader {
  readonly problems: Problem[] = []
  readonly #given: { readonly [fault: string]: unknown }

  constructor(given: unknown) {
    const isObject = typeof given === "object" && given !== null
    if (!isObject) this.#note("faults", given, "must be an object of faults")
    this.#given = isObject ? (given as { readonly [fault: string]: unknown }) : {}
    for (const name of Object.keys(this.#given)) {
      if (!names.includes(name))
        this.#note(`faults.${name}`, this.#given[name], `is no fault; known: ${names.join(", ")}`)
    }
  }

  ms(name: string, standard: number): number {
    const value = this.#given[name]
    const ms = value === undefined ? standard : toMs(value)
    if (ms !== undefined && ms >= 0) return ms
    this.#note(`faults.${name}`, value, 'must be a duration such as "100 millis"')
    return standard
  }

  number(name: string, standard: number, fits: (value: number) => boolean, rule: string): number {
    const value = this.#given[name] ?? standard
    if (typeof value === "number" && fits(value)) return value
    this.#note(`faults.${name}`, value, rule)
    return standard
  }

  flag(name: string): boolean {
    const value = this.#given[name] ?? false
    if (typeof value !== "boolean") this.#note(`faults.${name}`, value, "must be true or false")
    return value === true
  }

  /** When connections are reset: `true` is at once. */
  reset(): number {
    const value = this.#given["reset"]
    if (typeof value === "boolean") return value ? 0 : never
    return this.ms("reset", never)
  }

  jitter(latencyMs: number): number {
    const ms = this.ms("jitter", 0)
    if (ms > latencyMs) this.#note("faults.jitter", this.#given["jitter"], "must not be more than latency")
    return ms
  }

  #note(path: string, value: unknown, rule: string): void {
    this.problems.push({ path, value: show(value), rule })
  }
}

const isSpeed = (value: number) => value > 0
const isCount = (value: number) => Number.isInteger(value) && value >= 0
const isPart = (value: number) => value >= 0 && value <= 1

/** Throws `InvalidConfig` with every problem. */
export function readFaults(given: Faults): FaultSettings {
  const read = new FaultReader(given)
  const latencyMs = read.ms("latency", 0)
  const settings: FaultSettings = {
    latencyMs,
    jitterMs: read.jitter(latencyMs),
    bytesPerMs: read.number("bandwidth", never, isSpeed, "must be more than 0 bytes a second") / 1000,
    hangs: read.flag("hang"),
    isDown: read.flag("down"),
    resetMs: read.reset(),
    mostBytes: read.number(
      "limitData",
      never,
      (value) => value === never || isCount(value),
      "must be a whole number of bytes",
    ),
    closesLaterMs: read.ms("slowClose", 0),
    part: read.number("part", 1, isPart, "must be a number from 0 to 1"),
  }
  if (read.problems.length > 0) throw new InvalidConfig(read.problems)
  return settings
}
