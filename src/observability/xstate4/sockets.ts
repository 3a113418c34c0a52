/** Where tools connect: a WebSocket server on loopback, for those who have the token. */
import { createServer, type IncomingMessage } from "node:http"
import type { AddressInfo } from "node:net"
import type { Duplex } from "node:stream"
import type { WebSocket } from "ws"
import { isToken, type Refusal, refusalOf } from "../inspector/guard.ts"
import { Tool, type ToolOptions } from "./tool.ts"

export interface SocketsOptions extends Pick<ToolOptions, "control" | "follow"> {
  readonly port: number
  readonly token: string
  readonly origins: readonly string[]
}

export interface Sockets {
  readonly port: number
  stop(): Promise<void>
}

const host = "127.0.0.1"
const mostTools = 16
const mostBytes = 64 * 1024
/** Of the close codes of WebSocket (RFC 6455, section 7.4.1): this end goes away; the other one breaks a rule of the house. */
const goesAway = 1001
const brokeRule = 1008

/** Why a tool may not connect. */
function refusalOfTool(
  request: IncomingMessage,
  port: number,
  { token, origins }: SocketsOptions,
): Refusal | undefined {
  const { origin, ...headers } = request.headers
  const isKnown = origin === undefined || origins.includes(origin)
  const seen = isKnown ? { ...headers, "sec-fetch-site": undefined } : request.headers
  const refusal = refusalOf({ method: request.method, headers: seen } as IncomingMessage, port)
  if (refusal !== undefined) return refusal
  const given = new URL(request.url ?? "/", `http://${host}`).searchParams.get("token") ?? ""
  return isToken(given, token) ? undefined : { status: 401, why: "the token is missing or wrong" }
}

function turnAway(socket: Duplex, { status, why }: Refusal): void {
  // Nor is it waited for until the other end hangs up, too.
  socket.once("finish", () => socket.destroy())
  socket.end(`HTTP/1.1 ${status} Refused\r\nconnection: close\r\ncontent-type: text/plain\r\n\r\n${why}\n`)
}

/** Loaded when it is used: it is a package of the user's, and optional. */
async function loadWs() {
  try {
    return await import("ws")
  } catch (error) {
    throw new Error('startXState4Bridge speaks over WebSocket and needs the package "ws": npm install ws', {
      cause: error,
    })
  }
}

function attend(socket: WebSocket, { control, follow }: SocketsOptions): void {
  const line = {
    get unread() {
      return socket.bufferedAmount
    },
    send: (text: string) => socket.send(text),
    close: (why: string) => socket.close(brokeRule, why),
  }
  const tool = new Tool({ control, follow, line })
  socket.on("message", (data, isBinary) => {
    if (!isBinary) tool.hear(String(data))
  })
  socket.on("close", () => tool.leave())
  // A line that breaks is closed next.
  socket.on("error", () => {})
}

export async function openSockets(options: SocketsOptions): Promise<Sockets> {
  const { WebSocketServer } = await loadWs()
  const sockets = new WebSocketServer({ noServer: true, maxPayload: mostBytes })
  const http = createServer((_request, response) => {
    response.writeHead(426, { connection: "close" }).end("a WebSocket is spoken here\n")
  })
  const portOf = () => (http.address() as AddressInfo).port
  http.on("upgrade", (request, socket: Duplex, head) => {
    socket.on("error", () => {})
    const isFull = sockets.clients.size >= mostTools
    const refusal = isFull ? { status: 503, why: "too many tools" } : refusalOfTool(request, portOf(), options)
    if (refusal !== undefined) return turnAway(socket, refusal)
    sockets.handleUpgrade(request, socket, head, (accepted) => attend(accepted, options))
  })
  await new Promise<void>((resolve, reject) => {
    http.once("error", reject)
    http.listen(options.port, host, resolve)
  })
  // Looking on keeps no process alive.
  http.on("connection", (socket) => socket.unref())
  http.unref()
  const stop = async () => {
    for (const client of sockets.clients) {
      client.send(JSON.stringify({ type: "xstate.disconnect" }))
      client.close(goesAway)
      client.terminate()
    }
    await new Promise<void>((resolve) => {
      http.close(() => resolve())
      http.closeAllConnections()
    })
  }
  return { port: portOf(), stop }
}
