import { whyNot } from "../whyNot.ts"

const NAMES = ["SIGINT", "SIGTERM"] as const
/** A terminal's Ctrl-C reaches the whole group and npm passes its own on: two within this time are one. */
const SAME_PRESS_MS = 300

const FORCED = 130

export const endAtOnce = (): never => process.exit(FORCED)

const FAILED = 1

/** `recloser demo | head`: nobody reads on. Any other error, as of a full disk, ends the process: what was asked for is nowhere. */
export function stopWhenUnread(stop: () => void): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") return stop()
    process.stderr.write(`recloser: standard output cannot be written: ${whyNot(error)}\n`)
    process.exit(FAILED)
  })
}

/** The first signal asks for a clean stop, a later one ends the process at once. */
export function createStopSignals(force: () => void) {
  const stop = new AbortController()
  let firstAt: number | undefined
  const heard = () => {
    const now = performance.now()
    if (firstAt === undefined) {
      firstAt = now
      stop.abort()
    } else if (now - firstAt > SAME_PRESS_MS) force()
  }
  for (const name of NAMES) process.on(name, heard)
  return {
    signal: stop.signal,
    stop: () => stop.abort(),
    forget: () => {
      for (const name of NAMES) process.off(name, heard)
    },
  }
}
