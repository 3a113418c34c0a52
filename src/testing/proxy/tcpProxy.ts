/** The proxy itself: a server on loopback, and a link for each connection. */
import { connect, createServer, type Server, type Socket } from "node:net"
import { InvalidConfig, show } from "../../../machines/options.ts"
import { type Clock, systemClock } from "../../Clock.ts"
import type { FaultProxy, FaultProxyOptions } from "../faultProxy.ts"
import { stream } from "../simulation/random.ts"
import { type Faults, readFaults, well } from "./faults.ts"
import { Link } from "./link.ts"

const loopback = "127.0.0.1"

function targetOf(to: unknown): { readonly host: string; readonly port: number } {
  const rule = 'must be a port, or an address such as "http://127.0.0.1:8080"'
  const invalid = new InvalidConfig([{ path: "options.to", value: show(to), rule }])
  if (typeof to === "number" && Number.isInteger(to) && to > 0 && to < 65_536) return { host: loopback, port: to }
  if (typeof to !== "string" || !URL.canParse(to)) throw invalid
  const { hostname, port, protocol } = new URL(to)
  if (hostname === "") throw invalid
  return { host: hostname.replace(/^\[|\]$/g, ""), port: Number(port || (protocol === "https:" ? 443 : 80)) }
}

class TcpProxy implements FaultProxy {
  readonly #server: Server
  readonly #links = new Set<Link>()
  #faults = well
  #made = 0
  #port = 0
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
    // One change after the other: a port is not free before it is closed.
    this.#change = this.#change.then(async () => {
      this.#faults = settings
      if (settings.down) await this.#shut()
      else if (!this.#server.listening) await this.listen(this.#port)
      for (const link of this.#links) link.changed()
    })
    return this.#change
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
    this.#change = this.#change.then(() => this.#shut())
    return this.#change
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
  const target = targetOf(options?.to)
  const { port = 0, clock = systemClock, seed = 1 } = options
  const draws = stream(seed, "fault proxy")
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const service = connect({ ...target, allowHalfOpen: true, noDelay: true })
    proxy.link(client, service, clock, () => draws.unit())
  })
  const proxy = new TcpProxy(server)
  await proxy.listen(port)
  return proxy
}
