import type { Clock } from "../Clock.ts"
import type { Faults } from "./proxy/faults.ts"

export interface FaultProxyOptions {
  /** Where the service listens: a port of this machine, or an address such as `"http://service.example:8080"`. */
  readonly to: number | string
  /** The port to listen on, on loopback only. Default: any free one. */
  readonly port?: number | undefined
  /** The clock of delays. Default: the process's own; a virtual one makes them happen when the test says so. */
  readonly clock?: Clock | undefined
  /** Of jitter, and of which connections are faulty. Default 1. */
  readonly seed?: number | undefined
}

/** A proxy for TCP connections that does to them what networks and services do on bad days. */
export interface FaultProxy extends AsyncDisposable {
  readonly port: number
  /** `http://127.0.0.1:` and the port. */
  readonly url: string
  /** Connections made so far, and those that stand now. */
  readonly connections: { readonly made: number; readonly open: number }
  /**
   * These faults and no others hold from now on, for connections that stand as for new ones; `{}` is good weather. Resolves when
   * it is so. What is on its way then is as late as it would be had they always held. Throws `InvalidConfig` and changes nothing
   * if they make no sense; rejects when it is closed, or something else listens at its port by now.
   */
  set(faults: Faults): Promise<void>
  /** Resets what stands, and listens no more. Idempotent. */
  close(): Promise<void>
}

/**
 * Starts a proxy in front of a service, for tests over real sockets. Its delays keep to a virtual clock, if it is given one.
 *
 * @example
 * import { createServer } from "node:http"
 * import { createBreaker } from "recloser"
 * import { startFaultProxy } from "recloser/testing"
 * import assert from "node:assert/strict"
 *
 * const service = createServer((_, response) => response.end("well"))
 * await new Promise<void>((resolve) => service.listen(0, "127.0.0.1", resolve))
 * const address = service.address()
 * await using proxy = await startFaultProxy({ to: typeof address === "object" && address ? address.port : 0 })
 *
 * const breaker = createBreaker("service", { strategy: "basic" })
 * assert.equal(await (await breaker.execute(() => fetch(proxy.url))).text(), "well")
 * await proxy.set({ down: true })
 * for (let call = 0; call < 30; call++) await breaker.tryExecute(() => fetch(proxy.url))
 * assert.equal(breaker.circuit, "open")
 * await breaker.stop()
 * service.close()
 */
export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  // Loaded when it is used, so that the testing door stays small, and works where there are no sockets.
  const { openProxy } = await import("./proxy/tcpProxy.ts")
  return openProxy(options)
}
