/** Servers that speak what registries of endpoints speak, on loopback: a name server, Consul's API, and that of Kubernetes. */
import { createSocket, type Socket } from "node:dgram"
import { once } from "node:events"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import { createServer as createSecureServer } from "node:https"
import type { AddressInfo } from "node:net"
import { createServer as createTcpServer, type Server as TcpServer } from "node:net"
import packet, { type Answer } from "dns-packet"

export interface NameServer {
  readonly address: string
  /** Questions so far. */
  readonly asked: number
  /** What it answers: records, or that there is no such name, or nothing at all. */
  answer: readonly Answer[] | "NXDOMAIN" | "SERVFAIL" | "silence"
  close(): Promise<void>
}

const responseCodes = { NXDOMAIN: 3, SERVFAIL: 2, silence: 0 } as const

/** Most bytes of a message, and as many records as surely fit: a server that has more sends what fits (RFC 1035). */
const [longest, mostRecords] = [65_535, 2400] as const

/** One port for both: that of UDP which the host gives may be somebody else's over TCP, and then another will do. */
async function openBoth(tcp: TcpServer, tries = 20): Promise<Socket> {
  const udp = createSocket("udp4").bind(0, "127.0.0.1")
  await once(udp, "listening")
  tcp.listen(udp.address().port, "127.0.0.1")
  try {
    await once(tcp, "listening")
    return udp
  } catch (error) {
    udp.close()
    if (tries === 0) throw error
    return openBoth(tcp, tries - 1)
  }
}

/** A name server over UDP and TCP: long answers are cut over UDP, and asked for again over TCP (RFC 1035, RFC 7766). */
export async function startNameServer(): Promise<NameServer> {
  let asked = 0
  const respond = (query: Buffer, isUdp: boolean): Buffer => {
    asked++
    const { id, questions } = packet.decode(query)
    const answers = typeof server.answer === "string" ? [] : server.answer
    const flags = typeof server.answer === "string" ? responseCodes[server.answer] : 0
    const fits = answers.length <= mostRecords
    const whole = packet.encode({
      type: "response",
      id,
      flags: packet.AUTHORITATIVE_ANSWER | flags | (fits ? 0 : packet.TRUNCATED_RESPONSE),
      questions,
      answers: answers.slice(0, mostRecords),
    })
    if (whole.length > longest) throw new RangeError(`an answer of ${whole.length} bytes is none`)
    if (!isUdp || whole.length <= 512) return whole
    return packet.encode({
      type: "response",
      id,
      flags: packet.AUTHORITATIVE_ANSWER | packet.TRUNCATED_RESPONSE,
      questions,
      answers: [],
    })
  }
  const tcp = createTcpServer((socket) => {
    let got = Buffer.alloc(0)
    socket.on("error", () => {})
    socket.on("data", (chunk) => {
      got = Buffer.concat([got, chunk])
      while (got.length >= 2 && got.length >= 2 + got.readUInt16BE(0)) {
        const length = got.readUInt16BE(0)
        const answer = respond(got.subarray(2, 2 + length), false)
        got = got.subarray(2 + length)
        const prefix = Buffer.alloc(2)
        prefix.writeUInt16BE(answer.length)
        socket.write(Buffer.concat([prefix, answer]))
      }
    })
  })
  const udp = await openBoth(tcp)
  const { port } = udp.address()
  udp.on("message", (query, { port, address }) => {
    const answer = respond(query, true)
    if (server.answer !== "silence") udp.send(answer, port, address)
  })
  const server: NameServer = {
    address: `127.0.0.1:${port}`,
    get asked() {
      return asked
    },
    answer: [],
    close: async () => {
      udp.close()
      tcp.close()
      await once(tcp, "close")
    },
  }
  return server
}

/** A certificate and its key, in PEM. */
export interface Secure {
  readonly cert: string
  readonly key: string
}

export interface HttpPlace {
  readonly url: string
  close(): void
}

/** With `secure` by TLS. */
export async function serve(
  answer: (request: IncomingMessage, response: ServerResponse, url: URL) => void,
  secure?: Secure,
): Promise<HttpPlace> {
  const listener = (request: IncomingMessage, response: ServerResponse) =>
    answer(request, response, new URL(request.url ?? "/", "http://here.test"))
  const server = secure === undefined ? createServer(listener) : createSecureServer(secure, listener)
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  return {
    url: `${secure === undefined ? "http" : "https"}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

export interface Consul extends HttpPlace {
  /** What was asked, as paths with their queries. */
  readonly asked: readonly string[]
  /** The token of each, if it had one. */
  readonly tokens: readonly unknown[]
  /** Queries that wait for a change. */
  readonly waiting: number
  /** Another state: queries that wait for it are answered. */
  set(index: number, entries: unknown): void
  /** Answers those that wait although nothing has changed, as Consul does when their time is over. */
  expire(): void
  fail(status: number): void
}

/** Consul's `/v1/health/service/:name`, with blocking queries: one that knows the present index waits for another. */
export async function startConsul(secure?: Secure): Promise<Consul> {
  let [index, entries, status]: [number, unknown, number] = [1, [], 200]
  const asked: string[] = []
  const tokens: unknown[] = []
  const waiting = new Set<() => void>()
  const answer = (response: ServerResponse) => {
    response.writeHead(status, { "content-type": "application/json", "x-consul-index": String(index) })
    response.end(JSON.stringify(entries))
  }
  const wakeAll = () => {
    for (const wake of waiting) wake()
    waiting.clear()
  }
  const place = await serve((request, response, url) => {
    asked.push(request.url ?? "")
    tokens.push(request.headers["x-consul-token"])
    const known = Number(url.searchParams.get("index") ?? 0)
    if (status !== 200 || known === 0 || known !== index) return answer(response)
    const wake = () => answer(response)
    waiting.add(wake)
    response.on("close", () => waiting.delete(wake))
  }, secure)
  return {
    ...place,
    asked,
    tokens,
    get waiting() {
      return waiting.size
    },
    set: (nextIndex, next) => {
      ;[index, entries, status] = [nextIndex, next, 200]
      wakeAll()
    },
    expire: wakeAll,
    fail: (code) => {
      status = code
      wakeAll()
    },
  }
}

export const consulEntry = (id: string, address: string, port: number, more: object = {}) => ({
  Node: { Node: "node-1", Address: "10.1.1.1", Datacenter: "dc1" },
  Service: {
    ID: id,
    Service: "search",
    Address: address,
    Port: port,
    Weights: { Passing: 1, Warning: 1 },
    Meta: {},
    ...more,
  },
  Checks: [],
})

export interface Kubernetes extends HttpPlace {
  readonly asked: readonly URL[]
  readonly watching: number
  /** Slices that a list shows, and the version of the list. */
  put(version: string, slices: readonly object[]): void
  /** Tells those who watch. */
  tell(event: object): void
  endWatches(): void
  /** The next watch is answered with this status. */
  refuseNext(status: number): void
}

/** The API of EndpointSlices: lists in pages of two, and watches that are streams of JSON lines. */
export async function startKubernetes(secure?: Secure, token = () => "secret"): Promise<Kubernetes> {
  let [version, slices, refusal]: [string, readonly object[], number] = ["1", [], 0]
  const asked: URL[] = []
  const watches = new Set<ServerResponse>()
  const place = await serve((request, response, url) => {
    asked.push(url)
    if (request.headers.authorization !== `Bearer ${token()}`) return void response.writeHead(401).end()
    if (url.searchParams.get("watch") === "1") {
      if (refusal !== 0) {
        const status = refusal
        refusal = 0
        return void response.writeHead(status).end("{}")
      }
      response.writeHead(200, { "content-type": "application/json" })
      response.flushHeaders()
      watches.add(response)
      response.on("close", () => watches.delete(response))
      return
    }
    const from = Number(url.searchParams.get("continue") ?? 0)
    const items = slices.slice(from, from + 2)
    const next = from + 2 < slices.length ? String(from + 2) : ""
    response.end(
      JSON.stringify({ kind: "EndpointSliceList", metadata: { resourceVersion: version, continue: next }, items }),
    )
  }, secure)
  return {
    ...place,
    asked,
    get watching() {
      return watches.size
    },
    put: (nextVersion, next) => {
      ;[version, slices] = [nextVersion, next]
    },
    tell: (event) => {
      for (const watch of watches) watch.write(`${JSON.stringify(event)}\n`)
    },
    endWatches: () => {
      for (const watch of watches) watch.end()
    },
    refuseNext: (status) => {
      refusal = status
    },
  }
}

export const sliceOf = (
  name: string,
  version: string,
  endpoints: readonly object[],
  ports: readonly object[] = [{ name: "http", port: 8080 }],
) => ({
  metadata: { name, resourceVersion: version, labels: { "kubernetes.io/service-name": "search" } },
  addressType: "IPv4",
  endpoints,
  ports,
})
