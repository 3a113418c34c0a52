import type { Server } from "node:http"

export const LOOPBACK = "127.0.0.1"

/** The port cannot be had: somebody else listens there, or the system does not allow it. */
export class PortUnavailable extends Error {
  readonly port: number

  constructor(port: number, code: string) {
    const why = code === "EACCES" ? "may not be opened by this user" : "is already in use"
    super(
      `port ${port} on ${LOOPBACK} ${why}. Stop what holds it, or choose another with --port <n> (0 = any free one).`,
    )
    this.name = "PortUnavailable"
    this.port = port
  }
}

/** Listens on loopback only and returns the port it got. */
export function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const refused = (error: NodeJS.ErrnoException) => {
      const known = error.code === "EADDRINUSE" || error.code === "EACCES"
      reject(known ? new PortUnavailable(port, error.code ?? "") : error)
    }
    server.once("error", refused)
    server.listen(port, LOOPBACK, () => {
      server.off("error", refused)
      const address = server.address()
      resolve(typeof address === "object" && address ? address.port : port)
    })
  })
}

/** Closes the listener and every connection, kept-alive ones too, so that nothing keeps the process running. */
export function shut(server: Server): Promise<void> {
  return new Promise((resolve) => {
    if (!server.listening) return resolve()
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
