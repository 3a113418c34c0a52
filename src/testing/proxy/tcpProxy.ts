/** The proxy itself: a server on loopback, and a link for each connection. */
import { connect, createServer, type Server, type Socket } from "node:net"
import { type Clock, systemClock } from "../../Clock.ts"
import { invalid, refuseNoClock, refuseStrangers } from "../../knownOptions.ts"
import type { FaultProxy, FaultProxyOptions } from "../faultProxy.ts"
import { stream } from "../simulation/random.ts"
import { type Faults, readFaults, well } from "./faults.ts"
import { Link } from "./link.ts"

const loopback = "127.0.0.1"

/** Where an address names no port. */
const usualPorts: { readonly [protocol: string]: number } = { "http:": 80, "https:": 443 }

function targetOf(to: unknown): { readonly host: string; readonly port: number } {
  const rule = 'must be a port, or an address such as "http://127.0.0.1:8080"'
  const refused = invalid("options.to", to, rule)
  if (typeof to === "number" && Number.isInteger(to) && to > 0 && to < 65_536) return { host: loopback, port: to }
  if (typeof to !== "string" || !URL.canParse(to)) throw refused
  const { hostname, port, protocol } = new URL(to)
  const number = Number(port || usualPorts[protocol])
  if (hostname === "" || !(number > 0)) throw refused
  return { host: hostname.replace(/^\[|\]$/g, ""), port: number }
}

class TcpProxy implements FaultProxy {
  readonly #server: Server
  readonly #links = new Set<Link>()
  #faults = well
  #made = 0
  #port = 0
  #isClosed = false
  #change: Promise<void> = Promise.resolve()

  constructor(server: Server) {
    this.#server = server
  }

  get port(): number {
    return this.#port
  }
  get url(): string {
    return `http://${loopback}:${this.#port}`
  }
  get connections() {
    return { made: this.#made, open: this.#links.size }
  }

  /** Connects a client to the service. */
  link(client: Socket, service: Socket, clock: Clock, random: () => number): void {
    this.#made++
    const closed = (link: Link) => this.#links.delete(link)
    this.#links.add(new Link(client, service, { clock, random, closed, faults: () => this.#faults }))
  }

  set(faults: Faults): Promise<void> {
    const settings = readFaults(faults)
    return this.#then(async () => {
      if (this.#isClosed) throw new Error("the fault proxy is closed: no faults can be set any more")
      this.#faults = settings
      if (settings.down) await this.#shut()
      else if (!this.#server.listening) await this.listen(this.#port)
      for (const link of this.#links) link.changed()
    })
  }

  /** One change after the other: a port is not free before it is closed. What failed does not stand in the way of the next. */
  #then(change: () => Promise<void>): Promise<void> {
    const changed = this.#change.then(change)
    this.#change = changed.catch(() => {})
    return changed
  }

  listen(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject)
      this.#server.listen(port, loopback, () => {
        this.#server.off("error", reject)
        const address = this.#server.address()
        if (typeof address === "object" && address !== null) this.#port = address.port
        resolve()
      })
    })
  }

  close(): Promise<void> {
    return this.#then(() => {
      this.#isClosed = true
      return this.#shut()
    })
  }
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #shut(): Promise<void> {
    for (const link of this.#links) link.reset()
    if (!this.#server.listening) return Promise.resolve()
    return new Promise((resolve) => this.#server.close(() => resolve()))
  }
}

export async function openProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  refuseStrangers(options, ["to", "port", "clock", "seed"])
  const target = targetOf(options.to)
  const { port = 0, clock = systemClock, seed = 1 } = options
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw invalid("options.port", port, "must be a port")
  if (!Number.isSafeInteger(seed)) throw invalid("options.seed", seed, "must be a whole number")
  refuseNoClock(clock)
  const draws = stream(seed, "fault proxy")
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const service = connect({ ...target, allowHalfOpen: true, noDelay: true })
    proxy.link(client, service, clock, () => draws.unit())
  })
  const proxy = new TcpProxy(server)
  await proxy.listen(port)
  return proxy
}
