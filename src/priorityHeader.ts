/** Priorities between services: how much a call matters, in the words of whoever it is made for. */
import type { Priority } from "../machines/vocabulary/priority.ts"
import { isPriority } from "./callFacts.ts"
import { type IncomingRequest, incomingHeader } from "./incoming.ts"

export interface ReadPriorityOptions<R extends IncomingRequest> {
  /** Whether this caller may say how much its calls matter: by its address, its certificate, its token. It has no default. */
  readonly trust: (request: R) => boolean
  /** Default: `x-request-priority`. */
  readonly header?: string | undefined
}

/**
 * How much a trusted caller's request matters: `critical`, `high`, `normal`, `low` or `bulk`, for the option `priority` of a call that is
 * made on its behalf. `undefined` for callers that are not trusted, or that say none of these; then the class is yours to give.
 *
 * @example
 * import { createBreaker } from "recloser"
 * import { readPriority } from "recloser/fetch"
 * import assert from "node:assert/strict"
 *
 * const ledger = createBreaker("ledger")
 * const trust = ({ url }: Request) => new URL(url).hostname === "shop.example"
 * const [ours, theirs] = ["http://shop.example/", "http://other.example/"].map((url) =>
 *   readPriority(new Request(url, { headers: { "x-request-priority": "critical" } }), { trust }),
 * )
 * assert.deepEqual([ours, theirs], ["critical", undefined])
 * await ledger.execute(async ({ signal }) => fetch("data:,paid", { signal }), { priority: ours })
 * await ledger.stop()
 */
export function readPriority<R extends IncomingRequest>(
  request: R,
  options: ReadPriorityOptions<R>,
): Priority | undefined {
  const value = incomingHeader(options, "x-request-priority").valueOf(request)?.toLowerCase()
  return isPriority(value) ? value : undefined
}
