/** How long a service asks to be left alone, read from whatever it answered. */
import type { FailedExit } from "../machines/vocabulary/failure.ts"

/** The headers of a `Response`, or a plain object of them. */
interface HeadersLike {
  get?(name: string): unknown
  readonly [name: string]: unknown
}

/** No time and no date is longer: to read a million digits, or a date that goes on for ever, takes tens of milliseconds. */
const longest = 200

function headerOf(headers: HeadersLike, name: string): string | undefined {
  const value = typeof headers.get === "function" ? headers.get(name) : headers[name]
  if (typeof value === "number") return String(value)
  return typeof value === "string" && value.length <= longest ? value.trim() : undefined
}

/** Dates as HTTP writes them, and wrote them once (RFC 9110, 5.6.7): `Date.parse` takes "wait 45" for a year. */
const httpDate = /^[A-Z][a-z]{2,8}, [\w -]{9,11} \d\d:\d\d:\d\d GMT$/
const asctime = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}$/

function instantOf(text: string): number {
  if (httpDate.test(text)) return Date.parse(text)
  // It names no zone, and means GMT.
  return asctime.test(text) ? Date.parse(`${text} GMT`) : Number.NaN
}

/** Milliseconds that a Retry-After asks for: seconds, or a date, told from the response's own; nothing for what lies in the past. */
export function retryAfterIn(headers: unknown): number | undefined {
  if (typeof headers !== "object" || headers === null) return undefined
  const asked = headerOf(headers as HeadersLike, "retry-after")
  if (asked === undefined) return undefined
  if (/^\d+$/.test(asked)) return 1000 * Number(asked)
  const ms = instantOf(asked) - instantOf(headerOf(headers as HeadersLike, "date") ?? "")
  return ms >= 0 ? ms : undefined
}

interface Asking {
  readonly retryAfterMs?: unknown
  readonly headers?: unknown
  readonly response?: { readonly headers?: unknown } | null | undefined
}

/** Milliseconds that a failed attempt asks for; `undefined` when it asks for none, or for what is no time. */
export function retryAfterOf(exit: FailedExit): number | undefined {
  const said = exit.ok ? exit.value : exit.error
  if (typeof said !== "object" || said === null) return undefined
  try {
    const { retryAfterMs, headers, response } = said as Asking
    if (typeof retryAfterMs === "number" && retryAfterMs >= 0) return retryAfterMs
    return retryAfterIn(headers) ?? retryAfterIn(response?.headers)
  } catch {
    return undefined
  }
}
