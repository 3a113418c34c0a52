import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import { CallRejected, CallTimedOut } from "../../index.ts"
import type { CallBook } from "./calls.ts"
import { LOOPBACK, listen, shut } from "./listen.ts"
import { REFUSED_BY } from "./relay.ts"
import { createSlots, type Place } from "./slots.ts"
import type { Answer, Tally } from "./tally.ts"

/** One service behind the gateway, reachable as `/<service>`. */
export interface Route {
  readonly service: string
  /** Makes the call, through a breaker or not: the only difference between the twins. */
  readonly call: () => Promise<Response>
  readonly isFailing: () => boolean
  /** What to answer instead, given the last good answer; undefined = this service has no sensible fallback. */
  readonly fallback?: ((lastGood: string | undefined) => string | undefined) | undefined
  readonly tally: Tally
  readonly book: CallBook
}

export interface GatewayOptions {
  readonly port: number
  readonly workers: number
  readonly line: number
  readonly routes: readonly Route[]
  /** Every request, of whatever service. */
  readonly total: Tally
  readonly nowMs: () => number
}

export interface Gateway {
  readonly url: string
  close(): Promise<void>
}

interface Reply {
  readonly status: number
  readonly body: string
  readonly answer: Answer
  readonly rejected: boolean
  readonly headers?: Record<string, string>
}

/** A real HTTP server with a fixed number of workers, each busy for as long as its call takes. */
export async function openGateway(options: GatewayOptions): Promise<Gateway> {
  const slots = createSlots(options.workers, options.line)
  const desks = new Map(options.routes.map((route) => [`/${route.service}`, createDesk(route)]))
  const server = createServer((request, response) => {
    const desk = desks.get(pathOf(request))
    if (!desk) return send(response, notFound([...desks.keys()]))
    const record = recorder(options, desk.route, response)
    const place = slots.enter((mine) => void serve(desk, mine, response, record))
    if (!place) return finish(response, record, BUSY)
    response.once("close", () => response.writableEnded || record.abandoned(place))
  })
  const port = await listen(server, options.port)
  return { url: `http://${LOOPBACK}:${port}`, close: () => shut(server) }
}

const BUSY: Reply = failed(503, "all workers of the gateway are busy")

type Desk = ReturnType<typeof createDesk>
type Recorder = ReturnType<typeof recorder>

async function serve(desk: Desk, place: Place, response: ServerResponse, record: Recorder): Promise<void> {
  record.begun = true
  try {
    finish(response, record, await desk.reply())
  } finally {
    place.leave()
  }
}

/** Records each request once: when answered, or when its client has gone. */
function recorder(options: GatewayOptions, route: Route, response: ServerResponse) {
  const startedAt = options.nowMs()
  let done = false
  const record = (answer: Answer, rejected: boolean) => {
    if (done) return
    done = true
    const at = options.nowMs()
    const answered = { answer, rejected, ms: at - startedAt }
    route.tally.record(at, answered)
    options.total.record(at, answered)
  }
  return {
    begun: false,
    answered: (reply: Reply) => record(response.destroyed ? "failed" : reply.answer, reply.rejected),
    abandoned(place: Place) {
      record("failed", false)
      // A worker that has begun stays busy with its call; a place in the line is given back.
      if (!this.begun) place.leave()
    },
  }
}

function createDesk(route: Route) {
  let lastGood: string | undefined
  const instead = (reply: Reply): Reply => {
    const body = route.fallback?.(lastGood)
    return body === undefined ? reply : { status: 200, body, answer: "fallback", rejected: reply.rejected }
  }
  return {
    route,
    async reply(): Promise<Reply> {
      try {
        const response = await route.call()
        const body = await response.text()
        if (!response.ok) return instead(failedAs(response, body, route))
        lastGood = body
        return { status: 200, body, answer: "full", rejected: false }
      } catch (error) {
        return instead(replyTo(error, route))
      }
    },
  }
}

/** An answer that is none; a breaker further in may have refused the call. */
function failedAs(response: Response, body: string, route: Route): Reply {
  const isRefusal = response.headers.has(REFUSED_BY)
  if (!isRefusal) return failed(502, `${route.service} answered ${response.status}`)
  countRefusal(route)
  return { status: 503, body, answer: "failed", rejected: true }
}

function countRefusal({ book, isFailing }: Route): void {
  book.rejected += 1
  if (!isFailing()) book.rejectedWhileWell += 1
}

function replyTo(error: unknown, route: Route): Reply {
  if (error instanceof CallRejected) {
    countRefusal(route)
    return { ...failed(503, error.message), rejected: true, headers: retryAfter(error) }
  }
  const timedOut = error instanceof CallTimedOut || (error instanceof Error && error.name === "TimeoutError")
  return timedOut ? failed(504, `${route.service} timed out`) : failed(502, `${route.service} cannot be reached`)
}

/** When to come back, in the whole seconds of HTTP; nothing while nobody can know. */
export function retryAfter({ retryAfterMs }: CallRejected): Record<string, string> {
  return retryAfterMs === undefined ? {} : { "retry-after": String(Math.ceil(retryAfterMs / 1000)) }
}

function failed(status: number, error: string): Reply {
  return { status, body: JSON.stringify({ error }), answer: "failed", rejected: false }
}

function notFound(paths: readonly string[]): Reply {
  return failed(404, `no such path; try ${paths.join(", ")}`)
}

function finish(response: ServerResponse, record: Recorder, reply: Reply): void {
  record.answered(reply)
  send(response, reply)
}

function send(response: ServerResponse, reply: Reply): void {
  if (response.destroyed) return
  const headers = { "content-type": "application/json", "x-demo-answer": reply.answer, ...reply.headers }
  response.writeHead(reply.status, headers).end(reply.body)
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? "/").split("?", 1)[0] ?? "/"
}
