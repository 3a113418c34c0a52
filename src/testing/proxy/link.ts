/** One proxied connection: two sockets, a pipe each way, and what may happen to both. */
import type { Socket } from "node:net"
import type { Clock } from "../../Clock.ts"
import type { HostTimer } from "../../data-plane/hostAlarm.ts"
import { type FaultSettings, well } from "./faults.ts"
import { ofRequests, Pipe } from "./pipe.ts"

export interface LinkOptions {
  readonly clock: Clock
  readonly faults: () => FaultSettings
  readonly random: () => number
  readonly closed: (link: Link) => void
}

export class Link {
  readonly #client: Socket
  readonly #service: Socket
  readonly #options: LinkOptions
  readonly #madeAt: number
  /** Drawn once: a connection is faulty or it is not, whatever faults come and go. */
  readonly #luck: number
  readonly #pipes: readonly Pipe[]
  #reset: HostTimer | undefined = undefined
  /** The service has reset it, or was not there. While nothing passes its client does not learn of it. */
  #isBroken = false

  constructor(client: Socket, service: Socket, options: LinkOptions) {
    this.#client = client
    this.#service = service
    this.#options = options
    const { clock, random } = options
    this.#madeAt = clock.now()
    this.#luck = random()
    const faults = () => this.#faults()
    const cut = () => this.#cut()
    this.#pipes = [
      new Pipe(client, service, { clock, random, cut, faults: () => ofRequests(faults()) }),
      new Pipe(service, client, { clock, random, cut, faults }),
    ]
    client.on("error", () => service.destroy())
    client.on("close", () => this.#close())
    service.on("error", () => {
      this.#isBroken = true
      if (!this.#faults().hang) this.reset()
    })
    this.changed()
  }

  /** Other faults hold now. */
  changed(): void {
    this.#reset?.disarm()
    this.#reset = undefined
    const { reset, hang } = this.#faults()
    if (this.#isBroken && !hang) return this.reset()
    const { clock } = this.#options
    if (reset !== undefined) {
      const delayMs = Math.max(0, this.#madeAt + reset - clock.now())
      this.#reset = clock.arm(delayMs, () => this.reset(), true)
    }
    for (const pipe of this.#pipes) pipe.changed()
  }

  /** As a machine that crashes: its client gets an RST. */
  reset(): void {
    this.#client.resetAndDestroy()
    this.#service.destroy()
  }

  #faults(): FaultSettings {
    const faults = this.#options.faults()
    return this.#luck < faults.part ? faults : well
  }

  /** The client gets what has been written, and then the end. */
  #cut(): void {
    for (const pipe of this.#pipes) pipe.stop()
    this.#client.end()
    this.#service.destroy()
  }

  #close(): void {
    this.#reset?.disarm()
    for (const pipe of this.#pipes) pipe.stop()
    this.#service.destroy()
    this.#options.closed(this)
  }
}
