/** Checks over real sockets: servers that are well, ill, slow and hostile. No test here depends on how long anything takes. */
import { once } from "node:events"
import { createServer, type RequestListener } from "node:http"
import { type AddressInfo, connect, createServer as createTcpServer, type Server } from "node:net"
import { Worker } from "node:worker_threads"
import { Server as GrpcServer, ServerCredentials, type sendUnaryData } from "@grpc/grpc-js"
import { grpcCheck } from "recloser/grpc"
import { type HealthCheck, httpCheck, tcpCheck } from "recloser/health"
import { afterEach, describe, expect, test, vi } from "vitest"
import { objectionTo } from "../../src/reachable.ts"
import { deferred, world } from "../support/breakers.ts"
import { endpoint } from "../support/endpointPlane.ts"

const open: { close(): void }[] = []
afterEach(() => {
  for (const each of open.splice(0)) each.close()
})

async function listen(server: Server): Promise<string> {
  server.listen(0, "127.0.0.1")
  open.push({
    close: () => {
      server.close()
      ;(server as Partial<{ closeAllConnections(): void }>).closeAllConnections?.()
    },
  })
  await once(server, "listening")
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

const http = (answer: RequestListener) => listen(createServer(answer))

/** How a check ends: `undefined` when it passes. */
async function endOf(check: HealthCheck, address?: string, timeoutMs = 20_000): Promise<string | undefined> {
  const context = {
    endpoint: address === undefined ? undefined : endpoint("a", { address }),
    signal: new AbortController().signal,
    timeoutMs,
  }
  try {
    const answer = (await check(context)) as { readonly reason: string } | undefined
    return answer?.reason
  } catch (error) {
    return (error as Error).message
  }
}

describe("httpCheck", () => {
  test.each([
    [200, undefined],
    [204, undefined],
    [404, "status 404"],
    [503, "status 503"],
    [302, "status 302: redirects are not followed"],
  ])("of a server that answers %i", async (status, end) => {
    let asked = 0
    const address = await http((_, response) => {
      asked++
      response.writeHead(status, { location: "/elsewhere" }).end()
    })
    expect(await endOf(httpCheck({ url: `http://${address}/healthz`, loopback: true }))).toBe(end)
    expect(asked).toBe(1)
  })

  test("asks for the address of the endpoint, with the headers it is given", async () => {
    let seen = ""
    const address = await http((request, response) => {
      seen = `${request.method} ${request.url} ${request.headers["x-probe"]}`
      response.end("ok")
    })
    const check = httpCheck({
      url: ({ endpoint }) => `http://${endpoint?.address}/ready`,
      headers: { "x-probe": "1" },
      loopback: true,
    })
    expect(await endOf(check, address)).toBe(undefined)
    expect(seen).toBe("GET /ready 1")
  })

  test("may look at the body, up to its bound", async () => {
    const address = await http(
      (request, response) => void response.end(request.url === "/long" ? "x".repeat(100_000) : '{"status":"UP"}'),
    )
    const of = (path: string) =>
      httpCheck({ url: `http://${address}${path}`, loopback: true, body: (text) => text.includes("UP") })
    expect(await endOf(of("/"))).toBe(undefined)
    expect(await endOf(of("/long"))).toBe("the body is longer than 65536 bytes")
    const wants = httpCheck({ url: `http://${address}/`, loopback: true, body: () => false })
    expect(await endOf(wants)).toMatch(/^the body does not pass/)
  })

  test("reads nothing of ten gigabytes", async () => {
    let written = 0
    const closed = deferred<void>()
    const address = await http((_, response) => {
      response.writeHead(200)
      const chunk = Buffer.alloc(65_536)
      const pour = () => {
        while (written < 10e9 && response.write(chunk)) written += chunk.length
      }
      response.on("drain", pour)
      response.on("close", () => closed.resolve())
      pour()
    })
    expect(await endOf(httpCheck({ url: `http://${address}`, loopback: true }))).toBe(undefined)
    await closed.promise
    expect(written).toBeLessThan(50e6)
  })

  test("of a server that hangs is cut by the signal, and the connection with it", async () => {
    const closed = deferred<void>()
    const asked = deferred<void>()
    const address = await http((request) => {
      request.socket.on("close", () => closed.resolve())
      asked.resolve()
    })
    const controller = new AbortController()
    const check = httpCheck({ url: `http://${address}`, loopback: true })
    const end = Promise.resolve(check({ endpoint: undefined, signal: controller.signal, timeoutMs: 20_000 })).catch(
      (error: Error) => error.message,
    )
    await asked.promise
    controller.abort()
    expect(await end).toMatch(/abort/)
    await closed.promise
  })

  test.each([
    ["an answer that is no HTTP", "nonsense\r\n\r\n"],
    ["headers without end", `HTTP/1.1 200 OK\r\n${"x: y\r\n".repeat(10_000)}`],
    ["nothing", ""],
  ])("of a server that answers %s fails", async (_what, bytes) => {
    const address = await listen(createTcpServer((socket) => socket.on("error", () => {}).end(bytes)))
    expect(await endOf(httpCheck({ url: `http://${address}`, loopback: true }))).not.toBe(undefined)
  })

  test.each([
    ["169.254.169.254", {}],
    ["[fe80::1]", { loopback: true }],
    ["[::ffff:169.254.169.254]", { loopback: true }],
    ["[64:ff9b::a9fe:a9fe]", { loopback: true }],
    ["0.0.0.0:80", { loopback: true }],
    ["2852039166", { loopback: true }],
    ["0xa9.0xfe.0xa9.0xfe", { loopback: true }],
    ["127.0.0.1:1", {}],
    ["127.1:1", {}],
    ["[::1]:1", {}],
    ["[::ffff:127.0.0.1]:1", {}],
    ["localhost:1", {}],
  ])("never reaches %s, given %j", async (host, options) => {
    expect(await endOf(httpCheck({ url: `http://${host}/latest`, ...options }))).toMatch(
      /is not an address that a check may reach|is this host itself/,
    )
  })

  test.each([
    [{ url: "ftp://a/" }],
    [{ url: "nowhere" }],
    [{ url: "http://a.test/", maxBody: -1 }],
    [{ url: "http://a.test/", surprise: 1 }],
  ])("is refused with %j", (options) => {
    expect(() => httpCheck(options as never)).toThrow(/options\./)
  })
})

test.each([
  ["10.0.0.7", undefined],
  ["192.168.1.1", undefined],
  ["2001:db8::1", undefined],
  ["fd12:3456::1", undefined],
  ["::ffff:10.0.0.7", undefined],
  ["169.254.0.1", "never"],
  ["100.100.100.200", "never"],
  ["224.0.0.1", "never"],
  ["255.255.255.255", "never"],
  ["fe80::1%eth0", "never"],
  ["ff02::1", "never"],
  ["fd00:ec2::254", "never"],
  ["2002:a9fe:a9fe::1", "never"],
  ["::127.0.0.1", "own"],
  ["127.255.0.1", "own"],
  ["::1", "own"],
  ["surprise", "none"],
])("the address %s may be reached: %s", (address, why) => {
  const objection = objectionTo(address, { loopback: false })
  const words = { never: /may reach/, own: /this host itself/, none: /is no address/ } as const
  if (why === undefined) expect(objection).toBe(undefined)
  else expect(objection).toMatch(words[why as keyof typeof words])
})

describe("tcpCheck", () => {
  test("passes where a connection can be made, and closes it", async () => {
    const closed = deferred<void>()
    const address = await listen(createTcpServer((socket) => socket.on("close", () => closed.resolve()).resume()))
    expect(await endOf(tcpCheck({ loopback: true }), address)).toBe(undefined)
    await closed.promise
  })

  test("fails where nobody listens, where it may not go, and for what is no place", async () => {
    const server = createTcpServer()
    const address = await listen(server)
    server.close()
    await once(server, "close")
    expect(await endOf(tcpCheck({ loopback: true }), address)).toContain("ECONNREFUSED")
    expect(await endOf(tcpCheck(), address)).toContain("this host itself")
    expect(await endOf(tcpCheck(), "169.254.169.254:80")).toContain("may reach")
    expect(await endOf(tcpCheck(), "http://a.test")).toContain("must be a host and a port")
    expect(() => tcpCheck({ address: "10.0.0.7" })).toThrow(/must be a host and a port/)
  })
})

describe("tcpCheck of a host that accepts nothing and says nothing", () => {
  /** A place whose queue of connections is full: the host drops who comes then, and says nothing. */
  async function silentHost(): Promise<string> {
    const listens = new Worker(
      `const { createServer } = require("node:net")
       const { parentPort } = require("node:worker_threads")
       const server = createServer().listen(0, "127.0.0.1", 1, () => {
         parentPort.postMessage(server.address().port)
         Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
       })`,
      { eval: true },
    )
    const [port] = (await once(listens, "message")) as [number]
    // A queue for one holds two; whoever comes then is not answered.
    const queued = [connect(port, "127.0.0.1"), connect(port, "127.0.0.1")]
    open.push({ close: () => [...queued.map((socket) => socket.on("error", () => {}).destroy()), listens.terminate()] })
    await Promise.all(queued.map((socket) => once(socket, "connect")))
    return `127.0.0.1:${port}`
  }
  const sockets = () => process.getActiveResourcesInfo().filter((one) => /^TCP(?:Socket|Connect)Wrap$/.test(one)).length

  test("is given up after its timeout, says so, and leaves no socket", async () => {
    const address = await silentHost()
    const before = sockets()
    expect(await endOf(tcpCheck({ loopback: true }), address, 60)).toBe("no connection within 60 ms")
    await vi.waitFor(() => expect(sockets()).toBe(before))
  })

  test("is cut by the timeout of the breaker that asks, which goes on asking", async () => {
    const address = await silentHost()
    const before = sockets()
    const it = world({ health: { check: tcpCheck({ address, loopback: true }), timeout: "2 seconds", fall: 2 } })
    await it.clock.advance("3 seconds")
    await vi.waitFor(() => expect(sockets()).toBe(before))
    await it.clock.advance("30 seconds")
    expect(it.breaker.metrics().components.health).toMatchObject({
      state: "bad",
      reasons: ["check: no answer within 2000 ms"],
    })
    await it.breaker.stop()
    await vi.waitFor(() => expect(sockets()).toBe(before))
    expect(it.clock.pending).toBe(0)
  })
})

describe("grpcCheck", () => {
  const serve = async (statusOf: (service: string) => number): Promise<string> => {
    const server = new GrpcServer()
    const bytes = {
      requestSerialize: (one: Buffer) => one,
      requestDeserialize: (one: Buffer) => one,
      responseSerialize: (one: Buffer) => one,
      responseDeserialize: (one: Buffer) => one,
    }
    server.addService(
      { check: { path: "/grpc.health.v1.Health/Check", requestStream: false, responseStream: false, ...bytes } },
      {
        check: ({ request }: { request: Buffer }, answer: sendUnaryData<Buffer>) => {
          const status = statusOf(request.subarray(2).toString())
          if (status < 0) answer({ code: 5, details: "unknown service" })
          else answer(null, status === 0 ? Buffer.alloc(0) : Buffer.from([0x08, status]))
        },
      },
    )
    const port = await new Promise<number>((resolve, reject) =>
      server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      ),
    )
    open.push({ close: () => server.forceShutdown() })
    return `127.0.0.1:${port}`
  }

  test("passes while the service says SERVING, and tells what it says instead", async () => {
    const address = await serve((service) => (service === "well" ? 1 : service === "ill" ? 2 : service === "" ? 0 : -1))
    const of = (service?: string) => endOf(grpcCheck({ loopback: true, service }), address)
    expect(await of("well")).toBe(undefined)
    expect(await of("ill")).toBe("NOT_SERVING")
    expect(await of()).toBe("UNKNOWN")
    expect(await of("stranger")).toContain("unknown service")
  })

  test("goes only where a check may go", async () => {
    expect(await endOf(grpcCheck(), "127.0.0.1:50051")).toContain("this host itself")
    expect(await endOf(grpcCheck({ loopback: true }), "169.254.169.254:80")).toContain("may reach")
  })

  test("of a server that hangs is cut by the signal", async () => {
    const address = await listen(createTcpServer((socket) => socket.on("error", () => {}).resume()))
    const controller = new AbortController()
    const end = Promise.resolve(
      grpcCheck({ loopback: true })({
        endpoint: endpoint("a", { address }),
        signal: controller.signal,
        timeoutMs: 1000,
      }),
    ).catch((error: Error) => error.message)
    setImmediate(() => controller.abort())
    expect(await end).toMatch(/cancel/i)
  })
})
