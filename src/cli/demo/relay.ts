import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import { CallRejected, CallTimedOut } from "../../index.ts"
import { LOOPBACK, listen, shut } from "./listen.ts"
import { seededRandom } from "./random.ts"

/** Says which service could not do its part: whoever depends on it knows then whose failure it was. */
export const BECAUSE_OF = "x-because-of"
/** Says that a breaker further in refused the call: then nobody on the way has failed. */
export const REFUSED_BY = "x-refused-by"

export interface RelayOptions {
  readonly name: string
  readonly seed: number
  /** The service that it needs for every answer, and how it calls it. */
  readonly needs: string
  readonly ask: (path: string, signal: AbortSignal) => Promise<Response>
}

export interface Relay {
  readonly url: string
  close(): Promise<void>
}

const WORK_MS = 2

/** A real HTTP server that is well, and needs another service for each answer: what it cannot get it says so of. */
export async function openRelay({ name, seed, needs, ask }: RelayOptions): Promise<Relay> {
  const random = seededRandom(seed)
  const server = createServer((request, response) => {
    // Who has gone needs no answer: what is asked for their sake ends too.
    const gone = new AbortController()
    response.once("close", () => gone.abort())
    setTimeout(() => void answer(request, response, gone.signal), WORK_MS * (1 + random()))
  })

  async function answer(request: IncomingMessage, response: ServerResponse, signal: AbortSignal): Promise<void> {
    try {
      const asked = await ask(request.url ?? "/", signal)
      const body = await asked.text()
      if (asked.ok) return reply(response, 200, { service: name, path: request.url })
      const refusedBy = asked.headers.get(REFUSED_BY)
      if (refusedBy !== null) return refuse(response, refusedBy, body)
      reply(response, 502, { error: `${needs} answered ${asked.status}` }, { [BECAUSE_OF]: needs })
    } catch (error) {
      if (error instanceof CallRejected) refuse(response, error.breaker, JSON.stringify({ error: error.message }))
      else reply(response, isLate(error) ? 504 : 502, { error: wordsOf(needs, error) }, { [BECAUSE_OF]: needs })
    }
  }

  const port = await listen(server, 0)
  return { url: `http://${LOOPBACK}:${port}`, close: () => shut(server) }
}

const isLate = (error: unknown): boolean =>
  error instanceof CallTimedOut || (error instanceof Error && error.name === "TimeoutError")

const wordsOf = (needs: string, error: unknown): string =>
  `${needs} ${isLate(error) ? "timed out" : "cannot be reached"}`

const refuse = (response: ServerResponse, by: string, body: string): void =>
  send(response, 503, body, { [REFUSED_BY]: by })

const reply = (response: ServerResponse, status: number, body: object, headers: Record<string, string> = {}): void =>
  send(response, status, JSON.stringify(body), headers)

function send(response: ServerResponse, status: number, body: string, headers: Record<string, string>): void {
  if (response.destroyed) return
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(body)
}
