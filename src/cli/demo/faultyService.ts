import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import { LOOPBACK, listen, PortUnavailable, shut } from "./listen.ts"
import { nextGapMs, type Random, seededRandom } from "./random.ts"
import { createSlots, type Place, type Slots } from "./slots.ts"

export type Fault =
  | { readonly kind: "none" }
  | { readonly kind: "errors" }
  | { readonly kind: "latency"; readonly ms: number }
  | { readonly kind: "hang" }
  | { readonly kind: "refused" }

export const WELL: Fault = { kind: "none" }

export interface ServiceOptions {
  readonly name: string
  readonly seed: number
  /** Requests worked on at once; the next ones wait in a bounded line. */
  readonly workers: number
  readonly line: number
  /** How long it works on each request while it is well; undefined = a few milliseconds, drawn for each. */
  readonly workMs?: number | undefined
}

export interface FaultyService {
  readonly name: string
  readonly url: string
  readonly fault: Fault
  /** Requests that reached the service, whatever became of them. */
  readonly received: number
  switchTo(fault: Fault): Promise<void>
  close(): Promise<void>
}

/** A real HTTP server on loopback whose health can be switched while it runs. */
export async function openService(options: ServiceOptions): Promise<FaultyService> {
  const desk = createDesk(options)
  const server = createServer(desk.accept)
  let port = await listen(server, 0)
  return {
    name: options.name,
    get url() {
      return `http://${LOOPBACK}:${port}`
    },
    get fault() {
      return desk.fault
    },
    get received() {
      return desk.received
    },
    async switchTo(fault) {
      // First the connections, so that a crash does not still answer what it was working on.
      if (fault.kind === "refused") await shut(server)
      desk.switchTo(fault)
      if (fault.kind === "refused") return
      if (!server.listening) port = await listenAgain(server, port)
    },
    async close() {
      desk.finishAll()
      await shut(server)
    },
  }
}

/** The old port if it is still free: some client's socket may have been given it meanwhile. */
function listenAgain(server: ReturnType<typeof createServer>, port: number): Promise<number> {
  return listen(server, port).catch((error: unknown) => {
    if (error instanceof PortUnavailable) return listen(server, 0)
    throw error
  })
}

/** The part behind the socket: workers, faults and answers. */
function createDesk({ name, seed, workers, line, workMs }: ServiceOptions) {
  const random = seededRandom(seed)
  const slots: Slots = createSlots(workers, line)
  const ongoing = new Map<() => void, Fault["kind"]>()
  let fault: Fault = WELL
  let received = 0

  function accept(request: IncomingMessage, response: ServerResponse): void {
    received += 1
    let begun = false
    const place = slots.enter((mine) => {
      begun = true
      work(mine, request, response)
    })
    if (!place) reply(response, 503, { error: `${name} is full` })
    // A caller that gives up while waiting leaves the line; work that has begun runs to its end.
    else response.once("close", () => begun || place.leave())
  }

  function work(place: Place, request: IncomingMessage, response: ServerResponse): void {
    const started = fault
    let timer: NodeJS.Timeout | undefined
    const finish = () => {
      if (!ongoing.delete(finish)) return
      clearTimeout(timer)
      place.leave()
      answer(request, response)
    }
    ongoing.set(finish, started.kind)
    if (started.kind === "hang") response.once("close", finish)
    else timer = setTimeout(finish, serviceMs(started, random, workMs))
  }

  function answer(request: IncomingMessage, response: ServerResponse): void {
    if (fault.kind === "errors") reply(response, 503, { error: `${name} is failing` })
    else reply(response, 200, { service: name, path: request.url })
  }

  function switchTo(next: Fault): void {
    fault = next
    for (const [finish, begunAs] of ongoing) if (begunAs === "hang" && next.kind !== "hang") finish()
  }

  return {
    accept,
    switchTo,
    finishAll: () => {
      for (const [finish] of ongoing) finish()
    },
    get fault() {
      return fault
    },
    get received() {
      return received
    },
  }
}

function serviceMs(fault: Fault, random: Random, workMs: number | undefined): number {
  if (fault.kind === "latency") return fault.ms * (0.8 + 0.4 * random())
  if (workMs !== undefined) return workMs
  return 4 + Math.min(40, nextGapMs(random, 160))
}

function reply(response: ServerResponse, status: number, body: object): void {
  if (response.destroyed) return
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body))
}
