import { once } from "node:events"
import { createServer, request as httpRequest, type IncomingMessage, type Server } from "node:http"
import { connect } from "node:net"
import { text } from "node:stream/consumers"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { createCallBook } from "../../src/cli/demo/calls.ts"
import { openForwarder, targetOf } from "../../src/cli/demo/forwarder.ts"
import { LOOPBACK, listen, shut } from "../../src/cli/demo/listen.ts"
import { createTally } from "../../src/cli/demo/tally.ts"
import { createBreaker } from "../../src/index.ts"
import { protectFetch } from "../../src/integrations/fetch.ts"

describe("where a request may be forwarded to", () => {
  const base = new URL("http://api.test/v1")

  it.each([
    ["/users?x=1", "http://api.test/v1/users?x=1"],
    ["/", "http://api.test/v1/"],
    ["//evil.test/x", "http://api.test/v1//evil.test/x"],
    ["/@evil.test", "http://api.test/v1/@evil.test"],
  ])("takes %j below the base", (path, target) => {
    expect(targetOf(base, path)?.href).toBe(target)
  })

  it.each(["http://evil.test/", "@evil.test", "", "*", "/../secret", "/%2e%2e/secret", "/..\\..\\secret"])(
    "refuses %j",
    (path) => {
      expect(targetOf(base, path)).toBeUndefined()
    },
  )
})

describe("the gateway in front of a real service", () => {
  const seen: { method: string; url: string; body: string; header: string }[] = []
  let service: Server
  let gateway: Awaited<ReturnType<typeof openForwarder>>
  const breaker = () => createBreaker("service", { timeout: "5 seconds" })
  let guard: ReturnType<typeof breaker>
  const tally = createTally({ bucketMs: 1000, buckets: 4 })

  beforeEach(async () => {
    seen.length = 0
    service = createServer(async (request, response) => {
      const header = String(request.headers["x-mine"] ?? "")
      seen.push({ method: request.method ?? "", url: request.url ?? "", body: await text(request), header })
      if (request.url === "/away") response.writeHead(302, { location: "http://127.0.0.1:1/" }).end()
      else response.writeHead(201, { "set-cookie": ["a=1", "b=2"], "x-theirs": "yes" }).end("made")
    })
    const to = new URL(`http://${LOOPBACK}:${await listen(service, 0)}/`)
    guard = breaker()
    gateway = await openForwarder({
      ...{ port: 0, to, send: protectFetch(guard), tally, book: createCallBook(), nowMs: () => 0 },
    })
  })
  afterEach(async () => {
    await gateway.close()
    await guard.stop()
    await shut(service)
  })

  it("passes method, path, headers and body on, and the answer back", async () => {
    const response = await fetch(`${gateway.url}/things?n=1`, {
      ...{ method: "POST", body: "hello", headers: { "x-mine": "kept" } },
    })
    expect(seen).toEqual([{ method: "POST", url: "/things?n=1", body: "hello", header: "kept" }])
    expect([response.status, response.headers.get("x-theirs"), await response.text()]).toEqual([201, "yes", "made"])
    expect(response.headers.getSetCookie()).toEqual(["a=1", "b=2"])
  })

  it("hands a redirect to the client and does not follow it", async () => {
    const response = await fetch(`${gateway.url}/away`, { redirect: "manual" })
    expect([response.status, response.headers.get("location")]).toEqual([302, "http://127.0.0.1:1/"])
  })

  it("refuses a whole address instead of a path, and calls nobody", async () => {
    const { port } = new URL(gateway.url)
    const asked = httpRequest({ host: LOOPBACK, port, path: "http://evil.test/" }).end()
    const [response] = (await once(asked, "response")) as [IncomingMessage]
    expect([response.statusCode, seen.length]).toEqual([400, 0])
    response.resume()
  })

  it("answers 503 with Retry-After while the breaker is open, and calls nobody", async () => {
    guard.forceOpen("test")
    const response = await fetch(`${gateway.url}/things`)
    expect([response.status, seen.length]).toEqual([503, 0])
    expect(Number(response.headers.get("retry-after"))).toBeGreaterThanOrEqual(0)
    expect(tally.totals().rejected).toBe(1)
  })

  it("answers 502 when the service cannot be reached", async () => {
    await shut(service)
    expect((await fetch(`${gateway.url}/things`)).status).toBe(502)
  })

  it("outlives a client that leaves in the middle of its request", async () => {
    const socket = connect(Number(new URL(gateway.url).port), LOOPBACK)
    socket.write("POST /things HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nhalf")
    socket.resume().end()
    await once(socket, "close")
    expect((await fetch(`${gateway.url}/things`)).status).toBe(201)
  })
})
