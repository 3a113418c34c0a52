/** The server of the inspector: on loopback only, read-only unless control is enabled, and never in the way of the program. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import { InvalidConfig } from "../../../machines/options.ts"
import { pictureOf } from "../drawing/layouts.ts"
import { svgInPage } from "../drawing/svg.ts"
import { withoutSecrets } from "../redaction/secrets.ts"
import { type Asset, assets } from "./assets.ts"
import { Broadcast, type Pace } from "./broadcast.ts"
import { Client } from "./client.ts"
import { type Refusal, refusalOf, refusalWithout, safeHeaders } from "./guard.ts"
import type { World } from "./inspected.ts"
import { type About, type ActRequest, acts } from "./protocol.ts"

export interface InspectorSettings {
  readonly port: number
  readonly token: string
  readonly about: About
  readonly world: World
  readonly pace: Pace
  /** Answers what a recording is asked, when one is looked at. */
  readonly recording: ((question: string, body: unknown) => unknown) | undefined
}

const host = "127.0.0.1"
const mostClients = 128
const mostBytes = 64 * 1024
const longestReason = 300

class Refused extends Error {
  readonly refusal: Refusal
  constructor(status: number, why: string) {
    super(why)
    this.refusal = { status, why }
  }
}

export class InspectorServer {
  readonly #settings: InspectorSettings
  readonly #server: Server
  readonly #broadcast: Broadcast
  /** Read when the first page is opened. */
  #assets: ReadonlyMap<string, Asset> | undefined
  port = 0

  constructor(settings: InspectorSettings) {
    this.#settings = settings
    this.#broadcast = new Broadcast(settings.world, settings.pace)
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => this.#fail(response, error))
    })
    // Looking on keeps no process alive.
    this.#server.on("connection", (socket) => socket.unref())
    this.#server.maxConnections = 2 * mostClients
    this.#server.requestTimeout = 10_000
  }

  /** Rejects when the port cannot be had. */
  listen(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject)
      this.#server.listen(this.#settings.port, host, () => {
        this.#server.off("error", reject)
        this.#server.unref()
        const address = this.#server.address()
        this.port = typeof address === "object" && address !== null ? address.port : this.#settings.port
        resolve(this.port)
      })
    })
  }

  stop(): Promise<void> {
    this.#broadcast.end()
    return new Promise((resolve) => {
      this.#server.close(() => resolve())
      this.#server.closeAllConnections()
    })
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refusal = refusalOf(request, this.port)
    if (refusal !== undefined) return refuse(response, refusal)
    const { pathname, searchParams } = new URL(request.url ?? "/", `http://${host}`)
    const asset = request.method === "GET" ? (this.#assets ??= assets()).get(pathname) : undefined
    if (asset !== undefined) return send(response, 200, asset.type, asset.body)
    if (!pathname.startsWith("/api/")) return refuse(response, { status: 404, why: "there is nothing here" })
    const unknown = refusalWithout(this.#settings.token, request)
    if (unknown !== undefined) return refuse(response, unknown)
    if (pathname === "/api/events" && request.method === "GET")
      return this.#listenTo(response, searchParams.get("breaker"))
    const chart = chartAt(pathname)
    if (chart !== undefined) return send(response, 200, "image/svg+xml; charset=utf-8", chart)
    const body = request.method === "POST" ? await bodyOf(request) : undefined
    sendJson(response, this.#told(pathname.slice("/api/".length), body))
  }

  #told(question: string, body: unknown): unknown {
    const { about, recording } = this.#settings
    if (body === undefined && question === "about") return about
    if (question === "act" && body !== undefined) return this.#act(body as Partial<ActRequest>)
    if (recording !== undefined) {
      const answer = recording(question, body)
      if (answer !== undefined) return answer
    }
    throw new Refused(404, "there is nothing here")
  }

  #act({ id, act, why }: Partial<ActRequest>): unknown {
    const { about, world } = this.#settings
    if (!about.control) throw new Refused(403, "control is not enabled: start the inspector with control: true")
    if (act === undefined || !acts.includes(act)) throw new Refused(400, `act must be one of ${acts.join(", ")}`)
    const reason = typeof why === "string" ? why.trim() : ""
    if (reason === "" || reason.length > longestReason)
      throw new Refused(400, `why must be a reason of 1 to ${longestReason} characters`)
    const breaker = typeof id === "string" ? world.find(id) : undefined
    if (breaker === undefined) throw new Refused(404, "there is no such breaker any more")
    breaker.act(act, reason)
    return { done: true }
  }

  #listenTo(response: ServerResponse, breaker: string | null): void {
    if (this.#broadcast.size >= mostClients) return refuse(response, { status: 503, why: "too many pages are open" })
    response.writeHead(200, {
      ...safeHeaders,
      "content-type": "text/event-stream; charset=utf-8",
      "x-accel-buffering": "no",
    })
    response.flushHeaders()
    const client: Client = new Client(response, breaker ?? undefined, () => this.#broadcast.leave(client))
    this.#broadcast.join(client)
  }

  #fail(response: ServerResponse, error: unknown): void {
    if (error instanceof Refused) return refuse(response, error.refusal)
    if (error instanceof InvalidConfig) return refuse(response, { status: 400, why: error.message })
    refuse(response, { status: 500, why: "the inspector failed to answer" })
  }
}

/** The chart of a machine of the atlas. */
function chartAt(path: string): string | undefined {
  const key = /^\/api\/charts\/(\w{1,60})$/.exec(path)?.[1]
  const picture = key === undefined ? undefined : pictureOf(key)
  return picture && svgInPage(picture)
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  if (response.headersSent) return void response.destroy()
  response.writeHead(status, { ...safeHeaders, "content-type": type, "content-length": Buffer.byteLength(body) })
  response.end(body)
}

const sendJson = (response: ServerResponse, value: unknown): void =>
  send(response, 200, "application/json; charset=utf-8", withoutSecrets(JSON.stringify(value)))

const refuse = (response: ServerResponse, { status, why }: Refusal): void =>
  send(response, status, "application/json; charset=utf-8", JSON.stringify({ error: why }))

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  // A form of another page cannot send this type without being asked about it first.
  if (!/^application\/json\b/.test(request.headers["content-type"] ?? "")) throw new Refused(415, "send JSON")
  const parts: Buffer[] = []
  let size = 0
  for await (const part of request) {
    parts.push(part as Buffer)
    size += (part as Buffer).length
    if (size > mostBytes) throw new Refused(413, "that is too long")
  }
  try {
    const value: unknown = JSON.parse(Buffer.concat(parts).toString())
    if (typeof value === "object" && value !== null) return value
  } catch {
    // Said below.
  }
  throw new Refused(400, "send one JSON object")
}
