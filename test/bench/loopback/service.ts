/** The service of a world as an HTTP server, in a process of its own: `service.ts SCENARIO VARIANT SEED`. */
import { createServer, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { Call, type Stage } from "../../../src/testing/simulation/world.ts"
import { RealTime } from "./realTime.ts"
import { variantOf } from "./variants.ts"

/** What the client's process says. */
export type Order = { readonly begin: number } | "end"
/** What this one answers: its port, and how long it worked for callers who had gone. */
export type Report = { readonly port: number } | { readonly wastedMs: number }

const [, , scenario = "", variant = "", seed = "1"] = process.argv
const world = variantOf(scenario, variant).world(Number(seed), false)
const tell = (report: Report) => process.send?.(report)

let time = new RealTime(Date.now())
let wastedMs = 0

class Asked extends Call {
  readonly response: ServerResponse
  constructor(stage: Stage, luck: number, client: number, key: number, response: ServerResponse) {
    super(stage, luck, client, key)
    this.response = response
  }
}

function reply(call: Call, good: boolean, workMs: number): void {
  if (!(call instanceof Asked)) return
  const { response } = call
  if (response.destroyed || !good) wastedMs += workMs
  if (!response.destroyed) response.writeHead(good ? 200 : 503).end()
}

const stage: Stage = {
  get now() {
    return time.now
  },
  plan: (happening, at) => time.plan(happening, at),
  cancel: (happening) => time.cancel(happening),
  offer: () => {},
  over: (call) => reply(call, call.good, call.workMs),
  answer: reply,
}

const server = createServer((request, response) => {
  const { searchParams } = new URL(request.url ?? "/", "http://service.example")
  const number = (name: string) => Number(searchParams.get(name))
  const call = new Asked(stage, number("luck"), number("client"), number("key"), response)
  call.startedAt = time.real
  world.server.take(call, time.real, stage)
  if (Number.isFinite(call.answersAt)) time.plan(call, call.answersAt)
})
server.keepAliveTimeout = 60_000

process.on("message", (order: Order) => {
  if (order !== "end") {
    time = new RealTime(order.begin)
    return
  }
  tell({ wastedMs })
  time.stop()
  server.close()
  server.closeAllConnections()
  process.disconnect()
})
server.listen(0, "127.0.0.1", () => tell({ port: (server.address() as AddressInfo).port }))
