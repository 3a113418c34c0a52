/** Structured logs by Effect's Logger: every transition and operator act once, refusals sampled, troubles as they come. */
import * as Effect from "effect/Effect"
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
      const calls = refused === 1 ? "1 call" : `${refused} calls`
      say(Effect.logInfo(`${name}: refused ${calls}: ${reason}`), { breaker: name, layer, refused })
      refused = 0
      nextAt = at + refusalsEveryMs
    }),
    breaker.on("trouble", ({ breaker: name, part, error, gaveUp }) => {
      const text = error instanceof Error ? error.message : String(error)
      const end = gaveUp ? "crashed too often and was left out" : "threw and was isolated"
      say(Effect.logError(`${name}: ${part} ${end}: ${text}`), { breaker: name, part, gaveUp })
    }),
  ]
  return () => {
    for (const stop of stops) stop()
  }
}

/**
 * Logs a breaker to the console. The logger is loaded when it is first wanted, because most who import this library bring
 * their own and should not pay for ours; what happens meanwhile is kept and written then.
 */
export function logToConsole(breaker: Logged, style: LogStyle): () => void {
  const waiting: Effect.Effect<void>[] = []
  let write = (effect: Effect.Effect<void>): void => {
    waiting.push(effect)
  }
  const loaded = import("./consoleLogger.ts").then(({ consoleWriter }) => {
    write = consoleWriter(style)
    for (const effect of waiting.splice(0)) write(effect)
  })
  loaded.catch((error: unknown) => {
    console.error("recloser: the logger could not be loaded", error)
    write = () => {}
    waiting.length = 0
  })
  return logEvents(breaker, (effect) => write(effect))
}
