/**
 * Deadlines between services: how much time is left, as a header. A time that is left needs no clocks that agree, where a point in time
 * would. Outbound by choice, since a service learns from it how patient its caller is; inbound only from callers that are trusted, since
 * who may shorten the time of a call may also make it fail.
 */
import { type DurationInput, readDuration } from "../machines/options.ts"
import { type IncomingRequest, incomingHeader } from "./incoming.ts"

/** Whole milliseconds, or, by the name `grpc-timeout`, a number of at most eight digits and a unit. */
export const standardHeader = "x-request-timeout-ms"
const grpcHeader = "grpc-timeout"
const grpcUnits: { readonly [unit: string]: number } = {
  H: 3_600_000,
  M: 60_000,
  S: 1000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
}
const grpcMost = 99_999_999
const longest = 20

/** What is said of the time that is left: never more than there is. */
export function written(header: string, remainingMs: number): string {
  const ms = Math.max(0, Math.floor(remainingMs))
  if (header !== grpcHeader) return String(ms)
  return ms <= grpcMost ? `${ms}m` : `${Math.min(grpcMost, Math.floor(ms / 1000))}S`
}

/** Milliseconds that a header says are left; `undefined` for what says nothing. */
function read(header: string, value: string): number | undefined {
  if (value.length > longest) return undefined
  if (header !== grpcHeader) return /^\d+$/.test(value) ? Number(value) : undefined
  const [, amount, unit = ""] = /^(\d{1,8})([HMSmun])$/.exec(value) ?? []
  return amount === undefined ? undefined : Number(amount) * (grpcUnits[unit] as number)
}

export interface ReadDeadlineOptions<R extends IncomingRequest> {
  /** Whether this caller may say how much time there is: by its address, its certificate, its token. It has no default. */
  readonly trust: (request: R) => boolean
  /** Default: `x-request-timeout-ms`. `grpc-timeout` is read in its own notation. */
  readonly header?: string | undefined
  /** The longest that is believed. Default: `"5 minutes"`. */
  readonly max?: DurationInput | undefined
}

/**
 * How much time a trusted caller still has, in milliseconds: for the option `deadline` of a call that is made on its behalf. `undefined`
 * for callers that are not trusted, or that say nothing that can be used; then there is no deadline but your own.
 *
 * @example
 * import { createBreaker } from "recloser"
 * import { readDeadline } from "recloser/fetch"
 * import assert from "node:assert/strict"
 *
 * const ledger = createBreaker("ledger")
 * const request = new Request("http://shop.example/", { headers: { "x-request-timeout-ms": "800" } })
 * const trust = ({ url }: Request) => new URL(url).hostname.endsWith(".example")
 * const deadline = readDeadline(request, { trust })
 * assert.equal(deadline, 800)
 * await ledger.execute(async ({ signal }) => fetch("data:,paid", { signal }), { deadline })
 * await ledger.stop()
 */
export function readDeadline<R extends IncomingRequest>(
  request: R,
  options: ReadDeadlineOptions<R>,
): number | undefined {
  const said = incomingHeader(options, standardHeader, ["max"])
  const maxMs = options.max === undefined ? 300_000 : readDuration(options.max, "options.max")
  const value = said.valueOf(request)
  const ms = value === undefined ? undefined : read(said.name, value)
  return ms === undefined ? undefined : Math.min(maxMs, ms)
}
