import { Agent, get } from "node:http"
import { nextGapMs, type Random, seededRandom } from "./random.ts"

/** What is asked for, and how often beside the others. */
export interface Path {
  readonly path: string
  readonly share: number
}

export interface LoadOptions {
  readonly seed: number
  /** Requests a second, `atMs` after the beginning. */
  readonly perSecondAt: (atMs: number) => number
  /** Each arrival becomes the same request to every one of these loopback gateways. */
  readonly gateways: readonly string[]
  readonly paths: readonly Path[]
  /** A client gives up after this long. */
  readonly patienceMs: number
}

export interface Load {
  /** Arrivals so far: requests sent to each gateway, `skipped` ones aside. */
  readonly arrivals: number
  /** Requests not sent, per gateway, because too many were waiting for it already. */
  readonly skipped: readonly number[]
  /** Sends no more and waits for the answers still due, at most the clients' patience. */
  stop(): Promise<void>
}

/** Bounds the open loop: a gateway that answers nobody must not make the load grow without end. */
const MOST_IN_FLIGHT = 1024
const MOST_AT_ONCE = 32

/** An open-loop load: arrivals follow the seed, not the answers. */
export function startLoad(options: LoadOptions): Load {
  const clients = options.gateways.map((url) => createClient(url, options.patienceMs))
  const arrivals = arrivalsOf(seededRandom(options.seed), options.perSecondAt, options.paths)
  const startedAt = performance.now()
  let next = arrivals.next()
  let count = 0

  const tick = () => {
    for (let burst = 0; burst < MOST_AT_ONCE && next.atMs <= performance.now() - startedAt; burst++) {
      count += 1
      for (const client of clients) client.send(next.path)
      next = arrivals.next()
    }
    timer = setTimeout(tick, Math.max(0, next.atMs - (performance.now() - startedAt)))
  }
  let timer = setTimeout(tick, next.atMs)
  return {
    get arrivals() {
      return count
    },
    get skipped() {
      return clients.map((client) => client.skipped)
    },
    async stop() {
      clearTimeout(timer)
      await Promise.all(clients.map((client) => client.stop()))
    },
  }
}

/** When each request arrives and what it asks for: a pure function of the seed. */
export function arrivalsOf(random: Random, perSecondAt: (atMs: number) => number, paths: readonly Path[]) {
  const whole = paths.reduce((sum, { share }) => sum + share, 0)
  let atMs = 0
  const pick = () => {
    let rest = random() * whole
    return paths.find(({ share }) => (rest -= share) < 0)?.path ?? "/"
  }
  return {
    next(): { readonly atMs: number; readonly path: string } {
      atMs += nextGapMs(random, perSecondAt(atMs))
      return { atMs, path: pick() }
    },
  }
}

function createClient(url: string, patienceMs: number) {
  const agent = new Agent({ keepAlive: true, maxSockets: MOST_IN_FLIGHT })
  let inFlight = 0
  let skipped = 0
  let idle = () => {}

  function send(path: string): void {
    if (inFlight >= MOST_IN_FLIGHT) {
      skipped += 1
      return
    }
    inFlight += 1
    const request = get(url + path, { agent }, (response) => response.resume())
    const patience = setTimeout(() => request.destroy(), patienceMs)
    request.on("error", () => {}) // the gateway's tally has it: a request without an answer is a failed one
    request.once("close", () => {
      clearTimeout(patience)
      inFlight -= 1
      if (inFlight === 0) idle()
    })
  }

  return {
    send,
    get skipped() {
      return skipped
    },
    async stop() {
      if (inFlight > 0) await new Promise<void>((resolve) => (idle = resolve))
      agent.destroy()
    },
  }
}
