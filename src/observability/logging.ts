/** Structured logs: start and stop, every transition and operator act once; refusals and troubles sampled. */
import { describeError } from "../../machines/options.ts"
import type { Circuit, Statistics } from "../../machines/vocabulary/circuit.ts"
import { inWords } from "../../machines/vocabulary/circuit.ts"
import type { Mode } from "../../machines/vocabulary/gate.ts"
import type { Rejection } from "../../machines/vocabulary/rejection.ts"
import type { EventName, Listener } from "../events.ts"
import { groundOf, moveWords } from "./decisionWords.ts"
import { withoutSecrets } from "./redaction/secrets.ts"

/** One thing worth a line. */
export interface LogEntry {
  readonly level: "INFO" | "WARN" | "ERROR"
  readonly message: string
  /** Flat and of stable names: what a search or an alert is written against. */
  readonly facts: { readonly [key: string]: unknown }
}

/** What can be listened to. */
export interface Logged {
  readonly name: string
  readonly circuit: Circuit
  readonly mode: Mode
  on<Name extends EventName>(name: Name, listener: Listener<Name>): () => void
}

/** One line a refusal event would be one a second; an outage deserves fewer. */
const refusalsEveryMs = 10_000

/** A move from one to another: in words for people, by name for searches. */
const moveOf = (from: string, to: string) => `${inWords(from)} → ${inWords(to)}`

/** Counts, and the figure that decided beside its line. */
function flat(statistics: Statistics | undefined): LogEntry["facts"] {
  const { bound, ...counts } = statistics ?? {}
  return bound === undefined ? counts : { ...counts, bound: bound.value, line: bound.line }
}

type Write = (entry: LogEntry) => void

/** Names and messages are others' words, and may hold the address of something: not what opens it. */
const discreetly =
  (write: Write): Write =>
  ({ level, message, facts }) => {
    const told = Object.entries(facts).map(([name, fact]) => [
      name,
      typeof fact === "string" ? withoutSecrets(fact) : fact,
    ])
    write({ level, message: withoutSecrets(message), facts: Object.fromEntries(told) })
  }

/** What every event goes through before words are made of it. */
export type Shown = <Event>(event: Event) => Event

/** The same to listen to, but what is told has its names hidden. */
const shownOf = ({ on }: Pick<Logged, "on">, shown: Shown | undefined): Pick<Logged, "on"> =>
  shown === undefined ? { on } : { on: (name, listener) => on(name, (event) => listener(shown(event))) }

/** Tells `write` of moves, acts and troubles; `first` is done before a move is told. Answers how to stop. */
function logActs({ on }: Pick<Logged, "on">, write: Write, first: () => void): () => void {
  const stops = [
    on("transition", (move) => {
      first()
      const { breaker: name, from, to, rule, statistics, epoch, retryInMs } = move
      const wait = retryInMs === undefined ? {} : { retryInMs: Math.round(retryInMs) }
      const facts = { breaker: name, from, to, rule, epoch, ...flat(statistics), ...wait }
      const message = `${name}: ${moveOf(from, to)}: ${moveWords(move)}`
      write({ level: to === "open" ? "WARN" : "INFO", message, facts })
    }),
    on("mode", ({ breaker: name, from, to, why }) => {
      const facts = { breaker: name, from, to, why }
      write({ level: "WARN", message: `${name}: operator: ${moveOf(from, to)}: ${why}`, facts })
    }),
    on("candidate", (move) => {
      const { breaker: name, from, to, rule, statistics } = move
      const facts = { breaker: name, candidate: true, from, to, rule, ...flat(statistics) }
      write({ level: "INFO", message: `${name}: the candidate would be ${inWords(to)}: ${groundOf(move)}`, facts })
    }),
    on("config", ({ breaker: name, changed }) => {
      const what = changed.length === 0 ? "nothing" : changed.join(", ")
      write({ level: "WARN", message: `${name}: operator: reconfigured ${what}`, facts: { breaker: name, changed } })
    }),
    on("dependency", ({ breaker: name, to, reason, via, cause }) => {
      const why = reason === "" ? "" : `: ${reason}`
      const facts = { breaker: name, dependencies: to, via, cause }
      write({ level: to === "blocked" ? "WARN" : "INFO", message: `${name}: dependencies: ${to}${why}`, facts })
    }),
    on("finding", ({ breaker: name, finding }) => {
      // In an outage the circuit has a line of its own.
      if (!("features" in finding) || finding.state === "outage") return
      const are = (state: string) => Object.keys(finding.features).filter((one) => finding.features[one] === state)
      const [blocked, testing] = [are("blocked").join(", "), are("testing").join(", ")]
      const held = [blocked && `${blocked} blocked`, testing && `${testing} tested`].filter((part) => part !== "")
      const message = `${name}: features: ${held.join("; ") || "all are back"}`
      const facts = { breaker: name, features: finding.state, blocked, testing }
      write({ level: blocked === "" ? "INFO" : "WARN", message, facts })
    }),
    on("cell", ({ breaker: name, to, key, count, condemned, statistics }) => {
      const what = count === 1 ? JSON.stringify(key) : `${count} keys, the last ${JSON.stringify(key)},`
      const message = `${name}: ${what} ${to === "condemned" ? "held back" : "free again"}; ${condemned} held back now`
      const facts = { breaker: name, cell: to, key, count, condemned, ...flat(statistics) }
      write({ level: to === "condemned" ? "WARN" : "INFO", message, facts })
    }),
    on("trouble", ({ breaker: name, part, error, gaveUp, count }) => {
      const end = gaveUp ? "was left out" : count === 1 ? "threw" : `threw ${count} times, the last time`
      const facts = { breaker: name, part, gaveUp, count }
      write({ level: "ERROR", message: `${name}: ${part} ${end}: ${describeError(error)}`, facts })
    }),
  ]
  return () => {
    for (const stop of stops) stop()
  }
}

/** Many breakers, without their refusals: those of a thousand open ones would drown the rest. Answers how to stop. */
export const logMany = (breakers: Pick<Logged, "on">, write: Write, shown?: Shown): (() => void) =>
  logActs(shownOf({ on: (name, listener) => breakers.on(name, listener) }, shown), discreetly(write), () => {})

/** Tells `write` that a breaker has started, and of what happens to it; answers what to call when it has stopped. */
export function logEvents(breaker: Logged, writeAll: Write, shown?: Shown): () => void {
  const { name } = breaker
  const { on } = shownOf({ on: (event, listener) => breaker.on(event, listener) }, shown)
  const write = discreetly(writeAll)
  let refused = 0
  let refusal: Rejection | undefined
  let nextAt = Number.NEGATIVE_INFINITY
  /** Writes what was refused and not yet told, for the reason that it was refused for. */
  const tellRefusals = () => {
    if (refusal === undefined || refused === 0) return
    const { layer, reason } = refusal
    const calls = refused === 1 ? "1 call" : `${refused} calls`
    write({ level: "INFO", message: `${name}: refused ${calls}: ${reason}`, facts: { breaker: name, layer, refused } })
    refused = 0
  }
  const stopActs = logActs({ on }, write, tellRefusals)
  const stopRefusals = on("refusal", ({ at, count, rejection }) => {
    const isNews = refusal?.reason !== rejection.reason
    if (isNews) tellRefusals()
    refusal = rejection
    refused += count
    if (!isNews && at < nextAt) return
    tellRefusals()
    nextAt = at + refusalsEveryMs
  })
  const live = (what: string) => {
    const { circuit, mode } = breaker
    write({ level: "INFO", message: `${name}: ${what}`, facts: { breaker: name, lifecycle: what, circuit, mode } })
  }
  live("started")
  return () => {
    stopActs()
    stopRefusals()
    tellRefusals()
    live("stopped")
  }
}

/** What an error or an operator says must not forge a line of its own, or move the terminal's cursor. */
export const onOneLine = (text: string): string =>
  text.replace(/[\p{Cc}\u2028\u2029]/gu, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, "0")}`)

/** `human`: a line for a terminal. `json`: one object a line. */
export type LogStyle = "human" | "json"

/** A log of which names are hidden: `redactedLog` of `recloser/inspect` makes one. */
export interface RedactedLog {
  readonly style: LogStyle
  /** What the events of a breaker go through that has begun; or those of many. */
  readonly shown: (begun?: object) => Shown
}

/** One entry as a line: `2026-11-25T09:00:00.000Z WARN  payments: closed → open: 62 % of 40 calls failed` */
export function lineOf({ level, message, facts }: LogEntry, style: LogStyle, epochMs: number): string {
  const timestamp = new Date(epochMs).toISOString()
  if (style === "human") return `${timestamp} ${level.padEnd(5)} ${onOneLine(message)}`
  return JSON.stringify({ timestamp, level, message, ...facts })
}
