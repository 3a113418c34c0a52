import type { BreakerEvents } from "../../events.ts"

type CellEvent = BreakerEvents["cell"]

/** What has become of a part of the service, or of several at once. Their keys are those of calls, and may name somebody. */
export function cellWords({
  to,
  key,
  count,
  condemned,
  statistics,
}: Omit<CellEvent, "key"> & Partial<CellEvent>): string {
  const name = key === undefined ? "" : ` ${key}`
  const last = key === undefined ? "" : `, the last of them ${key},`
  const which = count === 1 ? `a part of the service${name} is` : `${count} parts of the service${last} are`
  const now = condemned === 0 ? "no part is held back now" : `${condemned} held back now`
  if (to === "freed") return `${which} let in again: ${now}`
  const { calls, failures, slow } = statistics
  const why =
    calls === 0 ? "" : `: of its last ${calls} calls ${failures} failed${slow > 0 ? `, ${slow} were slow` : ""}`
  return `${which} held back by itself${why}; ${now}`
}
