import type { BreakerEvents } from "../../events.ts"

/** What has become of a part of the service, or of several at once: they are known by the keys of calls. */
export function cellWords({ to, key, count, condemned, statistics }: BreakerEvents["cell"]): string {
  const which = count === 1 ? `part ${key} is` : `${count} parts are, the last of them ${key},`
  const now = condemned === 0 ? "no part is held back now" : `${condemned} held back now`
  if (to === "freed") return `${which} let in again; ${now}`
  const { calls, failures, slow } = statistics
  const why =
    calls === 0 ? "" : `: of its last ${calls} calls ${failures} failed${slow > 0 ? `, ${slow} were slow` : ""}`
  return `${which} held back by itself${why}; ${now}`
}
