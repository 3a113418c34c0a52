/** Structured logs by Effect's Logger: every transition and operator act once, refusals sampled, troubles as they come. */
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import type { EventName, Listener } from "../events.ts"

/** `human`: for a terminal. `json`: one object a line. */
export type LogStyle = "human" | "json"

/** What can be listened to. */
export interface Logged {
  on<Name extends EventName>(name: Name, listener: Listener<Name>): () => void
}

/** One line a refusal event would be one a second; an outage deserves fewer. */
const refusalsEveryMs = 10_000

/** Writes the events of a breaker with the given runner of effects; answers how to stop. */
export function logEvents(breaker: Logged, write: (effect: Effect.Effect<void>) => void): () => void {
  let refused = 0
  let nextAt = Number.NEGATIVE_INFINITY
  const say = (effect: Effect.Effect<void>, facts: Record<string, unknown>) => write(Effect.annotateLogs(effect, facts))
  const stops = [
    breaker.on("transition", ({ breaker: name, from, to, reason, rule, statistics, epoch }) => {
      const log = to === "open" ? Effect.logWarning : Effect.logInfo
      say(log(`${name}: ${from} → ${to}: ${reason}`), { breaker: name, from, to, rule, epoch, ...statistics })
    }),
    breaker.on("mode", ({ breaker: name, from, to, why }) => {
      say(Effect.logWarning(`${name}: operator: ${from} → ${to}: ${why}`), { breaker: name, from, to, why })
    }),
    breaker.on("refusal", ({ at, breaker: name, count, rejection: { layer, reason } }) => {
      refused += count
      if (at < nextAt) return
      say(Effect.logInfo(`${name}: refused ${refused} calls: ${reason}`), { breaker: name, layer, refused })
      refused = 0
      nextAt = at + refusalsEveryMs
    }),
    breaker.on("trouble", ({ breaker: name, part, error, gaveUp }) => {
      const text = error instanceof Error ? error.message : String(error)
      say(Effect.logError(`${name}: ${part} threw and was isolated: ${text}`), { breaker: name, part, gaveUp })
    }),
  ]
  return () => {
    for (const stop of stops) stop()
  }
}

const loggers = { human: Logger.consolePretty(), json: Logger.consoleJson } as const

/** Logs a breaker to the console. */
export function logBreaker(breaker: Logged, style: LogStyle): () => void {
  const layer = Logger.layer([loggers[style]])
  return logEvents(breaker, (effect) => Effect.runSync(Effect.provide(effect, layer)))
}
