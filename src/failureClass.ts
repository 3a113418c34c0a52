/** Why an attempt failed, read from an error or an answer that may be of any library, or of none. */
import type { FailedExit, FailureClass } from "../machines/vocabulary/failure.ts"
import { CallRejected, CallTimedOut } from "./CallRejected.ts"

/** Codes of Node, undici and their like. */
const byCode: { readonly [code: string]: FailureClass } = {
  ECONNREFUSED: "unsent",
  ENOTFOUND: "unsent",
  EAI_AGAIN: "unsent",
  UND_ERR_CONNECT_TIMEOUT: "unsent",
  ECONNRESET: "connection",
  ECONNABORTED: "connection",
  EPIPE: "connection",
  EHOSTUNREACH: "connection",
  ENETUNREACH: "connection",
  ENETDOWN: "connection",
  UND_ERR_SOCKET: "connection",
  UND_ERR_CLOSED: "connection",
  ETIMEDOUT: "timeout",
  ESOCKETTIMEDOUT: "timeout",
  UND_ERR_HEADERS_TIMEOUT: "timeout",
  UND_ERR_BODY_TIMEOUT: "timeout",
  ABORT_ERR: "permanent",
}

/** System calls that come before anything is sent. */
const beforeSending: readonly unknown[] = ["connect", "getaddrinfo"]

const byName: { readonly [name: string]: FailureClass } = {
  TimeoutError: "timeout",
  AbortError: "permanent",
  ThrottlingException: "throttled",
  TooManyRequestsException: "throttled",
  TypeError: "permanent",
  RangeError: "permanent",
  SyntaxError: "permanent",
  ReferenceError: "permanent",
}

/** Statuses that say more than their hundred does. */
const byStatus: { readonly [status: number]: FailureClass } = {
  408: "timeout",
  425: "transient",
  429: "throttled",
  501: "permanent",
  503: "overload",
  504: "timeout",
  505: "permanent",
  529: "overload",
}

const known = <T>(table: { readonly [key: string]: T }, key: unknown): T | undefined =>
  (typeof key === "string" || typeof key === "number") && Object.hasOwn(table, key) ? table[key] : undefined

interface Telling {
  readonly code?: unknown
  readonly syscall?: unknown
  readonly status?: unknown
  readonly statusCode?: unknown
  readonly response?: { readonly status?: unknown } | null | undefined
  readonly name?: unknown
  readonly message?: unknown
  readonly cause?: unknown
}

/** What a failed response of HTTP says; `undefined` where there is no status. */
function classOfStatus({ status, statusCode, response }: Telling): FailureClass | undefined {
  const given = [status, statusCode, response?.status].find((one) => typeof one === "number" && one >= 100 && one < 600)
  if (given === undefined) return undefined
  return known(byStatus, given) ?? ((given as number) >= 500 ? "transient" : "permanent")
}

function ownClass(error: Telling): FailureClass | undefined {
  if (error instanceof CallRejected) return "permanent"
  if (error instanceof CallTimedOut) return "timeout"
  if (beforeSending.includes(error.syscall)) return "unsent"
  return known(byCode, error.code) ?? classOfStatus(error)
}

/** Wrappers deeper than this are not looked into: a cause may lead back to its own error. */
const deepest = 8

/** The error, and what it was caused by, outermost first. */
export function* causesOf(error: unknown): Generator<object> {
  let next = error
  for (let depth = 0; depth < deepest && typeof next === "object" && next !== null; depth++) {
    yield next
    next = (next as Telling).cause
  }
}

/** A browser's `fetch` says no more of a broken connection than this. */
const isFetchFailure = ({ name, message }: Telling): boolean =>
  name === "TypeError" && typeof message === "string" && /fetch|network|load failed/i.test(message)

function classOfError(error: unknown): FailureClass {
  for (const cause of causesOf(error)) {
    const found = ownClass(cause)
    if (found !== undefined) return found
  }
  if (typeof error !== "object" || error === null) return "transient"
  return isFetchFailure(error) ? "connection" : (known(byName, (error as Telling).name) ?? "transient")
}

/**
 * What a failed attempt was: by the code, the status or the type of an error or of what caused it, or by the status of an answer. A
 * rejection by another breaker is permanent: that one knows when it will let calls in. What cannot be read is transient.
 */
export function failureClassOf(exit: FailedExit): FailureClass {
  try {
    if (!exit.ok) return classOfError(exit.error)
    const { value } = exit
    return typeof value === "object" && value !== null ? (classOfStatus(value) ?? "transient") : "transient"
  } catch {
    return "transient"
  }
}
