/** A health check by a TCP connection. */
import { connect } from "node:net"
import type { CheckContext, HealthCheck } from "../machines/healthOptions.ts"
import { words } from "./httpCheck.ts"
import { invalid, refuseStrangers } from "./knownOptions.ts"
import { lookupWithin, type Reach, refuseHost } from "./reachable.ts"

export interface TcpCheckOptions {
  /** Where to: `"10.0.0.7:5432"`, or what makes one of the endpoint that is checked. Default: the endpoint's address. */
  readonly address?: string | ((context: Pick<CheckContext, "endpoint">) => string) | undefined
  /** Whether this host itself may be checked. Default: `false`. */
  readonly loopback?: boolean | undefined
}

/** Host and port of `"host:port"` or `"[::1]:port"`. */
export function placeOf(address: unknown): { readonly host: string; readonly port: number } {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:/]+)):(\d{1,5})$/.exec(String(address)) ?? []
  const host = bracketed ?? plain
  if (host === undefined || Number(port) > 65_535 || Number(port) === 0)
    throw invalid("address", address, 'must be a host and a port, such as "10.0.0.7:5432"')
  return { host, port: Number(port) }
}

/**
 * Checks that a TCP connection can be made; it is closed at once. It reaches neither link-local addresses nor, unless it is told to, this
 * host itself.
 *
 * @example
 * import { tcpCheck } from "recloser/health"
 * import assert from "node:assert/strict"
 *
 * const check = tcpCheck({ address: "127.0.0.1:5432" })
 * const context = { endpoint: undefined, signal: new AbortController().signal, timeoutMs: 1000 }
 * await assert.rejects(async () => check(context), /this host itself/)
 */
export function tcpCheck(options: TcpCheckOptions = {}): HealthCheck {
  refuseStrangers(options, ["address", "loopback"])
  const { address, loopback = false } = options
  if (typeof address === "string") placeOf(address)
  const reach: Reach = { loopback }
  const lookup = lookupWithin(reach)
  return ({ endpoint, signal, timeoutMs }) => {
    const { host, port } = placeOf(
      typeof address === "function" ? address({ endpoint }) : (address ?? endpoint?.address),
    )
    refuseHost(host, reach)
    return new Promise<void>((resolve, reject) => {
      const socket = connect({ host, port, lookup, timeout: timeoutMs, signal })
      const fail = (error: Error) => {
        reject(new Error(words(error)))
        socket.destroy()
      }
      socket.on("connect", () => {
        resolve()
        socket.destroy()
      })
      socket.on("timeout", () => fail(new Error(`no connection within ${timeoutMs} ms`)))
      socket.on("error", fail)
    })
  }
}
