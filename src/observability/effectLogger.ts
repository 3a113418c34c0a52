import * as Effect from "effect/Effect"
import type { LogEntry } from "./logging.ts"

const writers = { INFO: Effect.logInfo, WARN: Effect.logWarning, ERROR: Effect.logError } as const

/** Tells the Logger of the present fiber, whatever that is, of log entries, their facts as annotations. */
export const writerToLogger = Effect.map(Effect.context(), (context) => {
  const run = Effect.runForkWith(context)
  return ({ level, message, facts }: LogEntry) => void run(Effect.annotateLogs(writers[level](message), facts))
})
