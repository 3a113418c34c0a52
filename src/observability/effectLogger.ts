import * as Effect from "effect/Effect"
import type { LogEntry } from "./logging.ts"

const writers = { INFO: Effect.logInfo, WARN: Effect.logWarning, ERROR: Effect.logError } as const

/** A log entry for whatever Logger the program has, its facts as annotations. */
export const logEffect = ({ level, message, facts }: LogEntry): Effect.Effect<void> =>
  Effect.annotateLogs(writers[level](message), facts)
