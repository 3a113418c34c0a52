import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import { pipeline } from "node:stream/promises"
import { CallRejected, CallTimedOut } from "../../index.ts"
import type { CallBook } from "./calls.ts"
import { retryAfter } from "./gateway.ts"
import { LOOPBACK, listen, shut } from "./listen.ts"
import type { Tally } from "./tally.ts"

export interface ForwarderOptions {
  readonly port: number
  readonly to: URL
  /** `fetch` with the breaker in front. */
  readonly send: typeof fetch
  readonly tally: Tally
  readonly book: CallBook
  readonly nowMs: () => number
}

const MOST_BODY_BYTES = 8 * 1024 * 1024
const NO_BODY = new Set(["GET", "HEAD"])
/** About one connection, or set anew by `fetch`: never passed on. */
const OF_THE_CONNECTION = new Set([
  ...["connection", "keep-alive", "proxy-connection", "proxy-authorization", "te", "trailer", "transfer-encoding"],
  ...["upgrade", "expect", "host", "content-length", "accept-encoding"],
])

/** A gateway on loopback that forwards to one service, and to nothing else, through one breaker. */
export async function openForwarder(options: ForwarderOptions) {
  const server = createServer((request, response) => {
    forward(options, request, response).catch((error: unknown) => refuse(response, 502, String(error)))
  })
  const port = await listen(server, options.port)
  return { url: `http://${LOOPBACK}:${port}`, close: () => shut(server) }
}

async function forward(options: ForwarderOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const target = targetOf(options.to, request.url ?? "/")
  if (!target) return refuse(response, 400, `only paths below ${options.to} are forwarded`)
  if (request.method === "TRACE") return refuse(response, 405, "TRACE is not forwarded")
  const body = await bodyOf(request)
  if (body === "too long") return refuse(response, 413, `bodies above ${MOST_BODY_BYTES} bytes are not forwarded`)
  const startedAt = options.nowMs()
  const outcome = await send(options, target, request, response, body)
  if (outcome === undefined) return // the client has gone
  const ms = options.nowMs() - startedAt
  options.tally.record(options.nowMs(), { answer: outcome.full ? "full" : "failed", rejected: outcome.rejected, ms })
}

async function send(
  options: ForwarderOptions,
  target: URL,
  request: IncomingMessage,
  response: ServerResponse,
  body: Uint8Array<ArrayBuffer> | undefined,
): Promise<{ readonly full: boolean; readonly rejected: boolean } | undefined> {
  const gone = new AbortController()
  response.once("close", () => gone.abort())
  try {
    const answer = await options.send(target, {
      method: request.method ?? "GET",
      headers: headersOf(request),
      body: body ?? null,
      redirect: "manual", // a redirect could lead anywhere: the client decides
      signal: gone.signal,
    })
    await passOn(answer, response)
    return { full: answer.status < 500 && answer.status !== 429, rejected: false }
  } catch (error) {
    if (gone.signal.aborted) return undefined
    return { full: false, rejected: explain(error, options, response) }
  }
}

/** The address below the base, or undefined for anything that would leave it. */
export function targetOf(base: URL, path: string): URL | undefined {
  if (!path.startsWith("/")) return undefined
  const prefix = base.pathname.replace(/\/$/, "")
  const text = `${base.origin}${prefix}${path}`
  const target = URL.canParse(text) ? new URL(text) : undefined
  const below = target?.pathname === prefix || target?.pathname.startsWith(`${prefix}/`)
  return target?.origin === base.origin && below ? target : undefined
}

function headersOf(request: IncomingMessage): Headers {
  const headers = new Headers({ "accept-encoding": "identity" })
  for (const [name, value] of Object.entries(request.headers)) {
    if (value === undefined || OF_THE_CONNECTION.has(name)) continue
    headers.set(name, Array.isArray(value) ? value.join(", ") : value)
  }
  return headers
}

async function bodyOf(request: IncomingMessage): Promise<Uint8Array<ArrayBuffer> | undefined | "too long"> {
  if (NO_BODY.has(request.method ?? "GET")) return undefined
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of request as AsyncIterable<Uint8Array>) {
    bytes += part.byteLength
    if (bytes > MOST_BODY_BYTES) return "too long"
    parts.push(part)
  }
  return new Uint8Array(Buffer.concat(parts))
}

async function passOn(answer: Response, response: ServerResponse): Promise<void> {
  const decoded = answer.headers.has("content-encoding") // fetch has undone it, so its length is wrong too
  for (const [name, value] of answer.headers) {
    if (OF_THE_CONNECTION.has(name) && name !== "content-length") continue
    if (decoded && (name === "content-encoding" || name === "content-length")) continue
    if (name !== "set-cookie") response.setHeader(name, value)
  }
  const cookies = answer.headers.getSetCookie()
  if (cookies.length > 0) response.setHeader("set-cookie", cookies)
  response.writeHead(answer.status)
  if (answer.body) await pipeline(answer.body, response)
  else response.end()
}

/** Answers for a call that brought no response; true when the breaker rejected it. */
function explain(error: unknown, { book, to }: ForwarderOptions, response: ServerResponse): boolean {
  if (error instanceof CallRejected) {
    book.rejected += 1
    refuse(response, 503, error.message, retryAfter(error))
    return true
  }
  if (error instanceof CallTimedOut) refuse(response, 504, `${to.host} timed out`)
  else refuse(response, 502, `${to.host} cannot be reached`)
  return false
}

function refuse(response: ServerResponse, status: number, error: string, headers: Record<string, string> = {}): void {
  if (response.headersSent) response.destroy()
  else response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify({ error }))
}
