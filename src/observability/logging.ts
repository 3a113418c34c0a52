/** Structured logs: every transition and operator act once, refusals sampled, troubles as they come. */
import type { Rejection } from "../../machines/vocabulary/rejection.ts"
import type { EventName, Listener } from "../events.ts"

/** One thing worth a line. */
export interface LogEntry {
  readonly level: "INFO" | "WARN" | "ERROR"
  readonly message: string
  /** Flat and of stable names: what a search or an alert is written against. */
  readonly facts: { readonly [key: string]: unknown }
}

/** What can be listened to. */
export interface Logged {
  on<Name extends EventName>(name: Name, listener: Listener<Name>): () => void
}

/** One line a refusal event would be one a second; an outage deserves fewer. */
const refusalsEveryMs = 10_000

/** Tells `write` of what happens to a breaker; answers how to stop. */
export function logEvents(breaker: Logged, write: (entry: LogEntry) => void): () => void {
  let refused = 0
  let refusal: Rejection | undefined
  let nextAt = Number.NEGATIVE_INFINITY
  /** Writes what was refused and not yet told, for the reason that it was refused for. */
  const tellRefusals = (name: string) => {
    if (refusal === undefined || refused === 0) return
    const { layer, reason } = refusal
    const calls = refused === 1 ? "1 call" : `${refused} calls`
    write({ level: "INFO", message: `${name}: refused ${calls}: ${reason}`, facts: { breaker: name, layer, refused } })
    refused = 0
  }
  const stops = [
    breaker.on("transition", ({ breaker: name, from, to, reason, rule, statistics, epoch }) => {
      tellRefusals(name)
      const facts = { breaker: name, from, to, rule, epoch, ...statistics }
      write({ level: to === "open" ? "WARN" : "INFO", message: `${name}: ${from} → ${to}: ${reason}`, facts })
    }),
    breaker.on("mode", ({ breaker: name, from, to, why }) => {
      const facts = { breaker: name, from, to, why }
      write({ level: "WARN", message: `${name}: operator: ${from} → ${to}: ${why}`, facts })
    }),
    breaker.on("refusal", ({ at, breaker: name, count, rejection }) => {
      const isNews = refusal?.reason !== rejection.reason
      if (isNews) tellRefusals(name)
      refusal = rejection
      refused += count
      if (!isNews && at < nextAt) return
      tellRefusals(name)
      nextAt = at + refusalsEveryMs
    }),
    breaker.on("trouble", ({ breaker: name, part, error, gaveUp }) => {
      const text = error instanceof Error ? error.message : String(error)
      const end = gaveUp ? "was left out" : "threw"
      write({ level: "ERROR", message: `${name}: ${part} ${end}: ${text}`, facts: { breaker: name, part, gaveUp } })
    }),
  ]
  return () => {
    for (const stop of stops) stop()
  }
}

/** `human`: a line for a terminal. `json`: one object a line. */
export type LogStyle = "human" | "json"

/** One entry as a line: `2026-11-25T09:00:00.000Z WARN  payments: closed → open: 62 % of 40 calls failed` */
export function lineOf({ level, message, facts }: LogEntry, style: LogStyle, epochMs: number): string {
  const timestamp = new Date(epochMs).toISOString()
  if (style === "human") return `${timestamp} ${level.padEnd(5)} ${message}`
  return JSON.stringify({ timestamp, level, message, ...facts })
}
