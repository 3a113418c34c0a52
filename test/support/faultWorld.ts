/** A fault proxy before a service on real sockets, and clients that note what they hear; delays are of a virtual clock. */
import { once } from "node:events"
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net"
import { createVirtualClock, type Faults, startFaultProxy } from "recloser/testing"
import { expect } from "vitest"

const ends: (() => Promise<unknown>)[] = []

/** Ends what a test has begun, the last first. */
export async function endAll(): Promise<void> {
  for (const end of ends.splice(0).reverse()) await end()
}

/** A service that answers each connection as it is told. */
async function service(serve: (socket: Socket) => void): Promise<Server> {
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket)
    socket.on("error", () => {})
    socket.on("close", () => sockets.delete(socket))
    serve(socket)
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  ends.push(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  return server
}

const echo = (socket: Socket) => socket.pipe(socket)

export async function world(faults: Faults = {}, serve: (socket: Socket) => void = echo) {
  const clock = createVirtualClock()
  const server = await service(serve)
  const proxy = await startFaultProxy({ to: (server.address() as AddressInfo).port, clock })
  // Some have failed on purpose.
  ends.push(() => proxy.close().catch(() => {}))
  await proxy.set(faults)
  return { clock, proxy, server }
}

/** A client that notes what it hears. */
export async function client(port: number) {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true })
  const heard = { text: "", ended: false, error: undefined as string | undefined }
  socket.on("data", (data) => {
    heard.text += data
  })
  socket.on("end", () => {
    heard.ended = true
  })
  socket.on("error", (error: NodeJS.ErrnoException) => {
    heard.error = error.code
  })
  ends.push(async () => socket.destroy())
  await once(socket, "connect").catch(() => {})
  return { socket, heard }
}

/** Waits for what the sockets themselves do, however many turns of the event loop it takes. */
export async function until(holds: () => boolean): Promise<void> {
  for (let turn = 0; turn < 100_000 && !holds(); turn++) await new Promise((resolve) => setImmediate(resolve))
  expect(holds()).toBe(true)
}

/** Time stands still while the sockets do what they can: as long as a fresh round trip through a service takes. */
export async function quiet(): Promise<void> {
  const server = await service(echo)
  for (let trip = 0; trip < 3; trip++) {
    const { socket, heard } = await client((server.address() as AddressInfo).port)
    socket.write("?")
    await until(() => heard.text === "?")
  }
}
