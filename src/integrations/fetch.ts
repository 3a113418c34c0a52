/** `recloser/fetch`: a `fetch` that goes through a breaker and knows what an HTTP status means. */
import type { Facts } from "../../machines/vocabulary/facts.ts"
import type { Breaker, ExecuteOptions } from "../Breaker.ts"
import {
  type CallExit,
  classifierOf,
  classifyByDefault,
  type QuotaVerdict,
  type Verdict,
  type VerdictKind,
  wantsQuota,
} from "../classify.ts"
import { standardHeader, written } from "../deadlineHeader.ts"
import type { CallContext } from "../execution.ts"
import { readHeaderName } from "../incoming.ts"
import { refuseNoFunction, refuseStrangers } from "../knownOptions.ts"
import { quotaIn } from "../quotaHeaders.ts"
import { retryAfterIn } from "../retryAfter.ts"

/** What one request says of itself, beside what it asks for. */
export interface FetchFacts extends Facts {
  /** The whole call may take this long, all its attempts and waits together. */
  readonly deadline?: ExecuteOptions<never>["deadline"]
}

export interface FetchInit extends RequestInit {
  /** What the breaker is told of the call: its priority (that of `fetch` itself is another thing), key, tenant, cost, deadline. */
  readonly call?: FetchFacts | undefined
  /** The context of the call of another breaker that this request is part of: it has no more time than that one, and ends with it. */
  readonly within?: CallContext | undefined
}

/** `F` is what a fallback answers, if there is one. */
export type Fetch<F = Response> = (input: string | URL | Request, init?: FetchInit) => Promise<Response | F>

export interface ProtectFetchOptions<F = Response> {
  /** The `fetch` to protect. Default: the global one. */
  readonly fetch?: Fetch | undefined
  /**
   * Says what a response or an error means for the service. Default: the breaker's own `classify`, else `classifyResponse`, and a
   * 429 or 503 with Retry-After opens the circuit at once, for so long. With `rateLimit`, a 429 is its business instead.
   */
  readonly classify?: ((exit: CallExit<Response>) => Verdict) | undefined
  /** Answers instead of the service when the call is rejected or times out. */
  readonly fallback?: ExecuteOptions<Response, F>["fallback"]
  /**
   * Tells the service how many milliseconds there are left for its answer: `true` in the header `x-request-timeout-ms`, or in a header that
   * you name; `"grpc-timeout"` has its own notation. One that the request has already stays. Without a timeout nothing is said.
   * Default: `false`.
   */
  readonly propagateDeadline?: boolean | string | undefined
}

/**
 * What a response means for the service: status 500 and above and 429 (too many requests) are failures, as is an error
 * (but not the rejection of a breaker further in); any other status is an answer of a service that works.
 *
 * @example
 * import { classifyResponse } from "recloser/fetch"
 * import assert from "node:assert/strict"
 *
 * assert.equal(classifyResponse({ ok: true, value: new Response(null, { status: 503 }) }), "failure")
 * assert.equal(classifyResponse({ ok: true, value: new Response(null, { status: 404 }) }), "success")
 */
export const classifyResponse = (exit: CallExit<Response>): VerdictKind => {
  if (!exit.ok) return classifyByDefault(exit)
  return exit.value.status < 500 && exit.value.status !== 429 ? "success" : "failure"
}

/** What a response says of the service's limits, if it says anything. */
function saidOfLimits({ status, headers }: Response): QuotaVerdict | undefined {
  const left = quotaIn(headers)
  return status === 429 || left !== undefined ? { exceeded: status === 429, ...left } : undefined
}

/** `classifyResponse`, and what the service asks for itself. */
function heedResponse(exit: CallExit<Response>): Verdict {
  const verdict = classifyResponse(exit)
  const retryAfter = exit.ok && [429, 503].includes(exit.value.status) ? retryAfterIn(exit.value.headers) : undefined
  return retryAfter === undefined ? verdict : { kind: verdict, trip: true, retryAfter }
}

/** The same, and what the service says of its limits, for a breaker in which somebody wants to know. */
function heedLimits(exit: CallExit<Response>): Verdict {
  const verdict = heedResponse(exit)
  const quota = exit.ok ? saidOfLimits(exit.value) : undefined
  if (quota === undefined) return verdict
  return typeof verdict === "string" ? { kind: verdict, quota } : { ...verdict, quota }
}

const heed = (breaker: Breaker) => (wantsQuota(breaker) ? heedLimits : heedResponse)

/** The caller's own signal, wherever `fetch` was given one; `null` takes away that of a request. */
const signalOf = (input: string | URL | Request, init: RequestInit | undefined): AbortSignal | undefined => {
  if (init?.signal !== undefined) return init.signal ?? undefined
  return input instanceof Request ? input.signal : undefined
}

/** The header that a deadline travels in, if it travels. Throws `InvalidConfig`. */
function readPropagation(asked: unknown): string | undefined {
  if (asked === undefined || asked === false) return undefined
  return readHeaderName(asked === true ? undefined : asked, standardHeader, "options.propagateDeadline")
}

/** The request's headers with the time that is left for it, if there is an end to it and nobody has said it. */
function withTimeLeft(
  input: string | URL | Request,
  init: RequestInit | undefined,
  header: string,
  remainingMs: number,
): { readonly headers: Headers } | undefined {
  if (remainingMs === Number.POSITIVE_INFINITY) return undefined
  const headers = new Headers(init?.headers ?? (input instanceof Request ? input.headers : undefined))
  if (headers.has(header)) return undefined
  headers.set(header, written(header, remainingMs))
  return { headers }
}

/** Methods that do no harm when they are sent twice (RFC 9110, section 9.2.2). */
const idempotentMethods: readonly unknown[] = ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]

const isIdempotent = (input: string | URL | Request, init: RequestInit | undefined): boolean => {
  const method: unknown = init?.method ?? (input instanceof Request ? input.method : "GET")
  return typeof method === "string" && idempotentMethods.includes(method.toUpperCase())
}

/** A body that is read while it is sent is gone then: such a request can be made only once. */
const canBeSentAgain = (input: string | URL | Request, init: RequestInit | undefined): boolean => {
  const body: unknown = init?.body ?? (input instanceof Request ? input.body : null)
  return typeof body !== "object" || body === null || !(body instanceof ReadableStream || Symbol.asyncIterator in body)
}

/** An answer that another attempt replaces is not read by anybody, and would keep its connection. */
const drop = async (response: Response | undefined): Promise<void> => {
  try {
    await response?.body?.cancel()
  } catch {
    // It is being read, or is a stream of another library.
  }
}

/** Whichever aborts first. A signal of another library is followed by the breaker alone, until the headers are there. */
const eitherOf = (own: AbortSignal | undefined, signal: AbortSignal): AbortSignal => {
  try {
    return own === undefined ? signal : AbortSignal.any([own, signal])
  } catch {
    return signal
  }
}

/** Where a relative address belongs, in a page; elsewhere there is no such place. */
const base = (globalThis as { readonly location?: { readonly href: string } }).location?.href

/** An address that is none never reaches a service: it says nothing about one. */
const isAddress = (input: string | URL | Request): boolean => typeof input !== "string" || URL.canParse(input, base)

/** Nor does a request that cannot be made, for a header that holds what none may: it is asked when one has failed. */
const canBeMade = (input: string | URL | Request, { method, headers }: RequestInit): boolean => {
  const address = typeof input === "string" || input instanceof URL ? input : "http://localhost"
  try {
    return new Request(address, { ...(method && { method }), ...(headers && { headers }) }) !== undefined
  } catch {
    return false
  }
}

/**
 * A `fetch` with the same arguments and the same answer, protected by a breaker. Responses reach the caller untouched,
 * whatever their status; a refused call rejects with `CallRejected`, a slow one with `CallTimedOut`. A service that answers 429 or
 * 503 with Retry-After is left alone for so long, up to `openFor.longestAsked`. Only the time until the
 * response's headers is measured and bounded, not the reading of its body.
 *
 * Where the component `retry` is on, GET, HEAD, OPTIONS, PUT and DELETE are idempotent by their method; a request whose body is a
 * stream is made once. The last answer is the caller's, whatever its status.
 *
 * @example
 * import { createBreaker } from "recloser"
 * import { protectFetch } from "recloser/fetch"
 * import assert from "node:assert/strict"
 *
 * const search = createBreaker("search")
 * const fetch = protectFetch(search, { fetch: async () => new Response("busy", { status: 503 }) })
 * assert.equal((await fetch("http://search.example/?q=fuse")).status, 503)
 * assert.equal(search.metrics().calls.failure, 1)
 * await search.stop()
 */
export function protectFetch<F = Response>(breaker: Breaker, options: ProtectFetchOptions<F> = {}): Fetch<F> {
  refuseStrangers(options, ["fetch", "classify", "fallback", "propagateDeadline"])
  const { fetch = globalThis.fetch, fallback, propagateDeadline } = options
  for (const name of ["fetch", "classify", "fallback"] as const) refuseNoFunction(options[name], `options.${name}`)
  const header = readPropagation(propagateDeadline)
  return (input, { within, call: facts, ...init } = {}) => {
    if (!isAddress(input)) return fetch(input, init)
    const own = signalOf(input, init)
    let before: Response | undefined
    // The breaker follows the caller's signal until the headers are there; the body is still the caller's to abort.
    const run = async (call: CallContext) => {
      const { signal } = call
      void drop(before)
      const told = header === undefined ? undefined : withTimeLeft(input, init, header, call.remainingMs)
      const response = await fetch(input, { ...init, ...told, signal: eitherOf(own, signal) })
      // Nobody waits for an attempt any more that was told to stop; any other takes the place of the one before it.
      void drop(signal.aborted ? response : before)
      return signal.aborted ? response : (before = response)
    }
    const heeded = heed(breaker)
    const judge = (exit: CallExit<Response>) =>
      !exit.ok && exit.error instanceof TypeError && !canBeMade(input, init) ? "ignored" : heeded(exit)
    const classify = options.classify ?? (classifierOf(breaker) ? undefined : judge)
    const retry = canBeSentAgain(input, init) ? undefined : false
    const idempotent = isIdempotent(input, init)
    return breaker.execute(run, { ...facts, signal: own, classify, fallback, idempotent, retry, within })
  }
}

export { type ReadDeadlineOptions, readDeadline } from "../deadlineHeader.ts"
export type { IncomingRequest } from "../incoming.ts"
export { type ReadPriorityOptions, readPriority } from "../priorityHeader.ts"
export { type HeaderQuota, quotaIn } from "../quotaHeaders.ts"
