import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import type { LogStyle } from "./logging.ts"

const loggers = { human: Logger.consolePretty(), json: Logger.consoleJson } as const

/** Runs log effects with one of Effect's console loggers. */
export function consoleWriter(style: LogStyle): (effect: Effect.Effect<void>) => void {
  const layer = Logger.layer([loggers[style]])
  return (effect) => Effect.runSync(Effect.provide(effect, layer))
}
