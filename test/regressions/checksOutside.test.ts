/** Checks and providers that brought down, or deceived, the process that they were to serve. */
import { execFileSync } from "node:child_process"
import { once } from "node:events"
import { closeSync, constants, mkdtempSync, openSync, rmSync } from "node:fs"
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http"
import { type AddressInfo, createServer as createTcpServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Readable } from "node:stream"
import type { EndpointProvider, EndpointSet, ProviderContext } from "recloser"
import { fromConsul, fromFile, fromKubernetes } from "recloser/discovery"
import { grpcCheck } from "recloser/grpc"
import { type HealthCheck, httpCheck } from "recloser/health"
import { afterEach, describe, expect, test, vi } from "vitest"
import { objectionTo } from "../../src/reachable.ts"
import { jsonLinesIn } from "../../src/registryHttp.ts"
import { world } from "../support/breakers.ts"

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function http(answer: RequestListener): Promise<string> {
  const server = createServer(answer)
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  closing.push(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const checked = async (check: HealthCheck, signal = new AbortController().signal) => {
  try {
    return await check({ endpoint: undefined, signal, timeoutMs: 5000 })
  } catch (error) {
    return (error as Error).message
  }
}

describe("a check over HTTP", () => {
  test.each([
    ["body", { body: (text: string) => JSON.parse(text).status === "UP" }],
    [
      "status",
      {
        status: () => {
          throw new SyntaxError("no status of mine")
        },
      },
    ],
  ])("whose own %s throws has failed, and takes nobody with it", async (_what, options) => {
    const url = await http((_, response) => void response.end("<html>"))
    expect(await checked(httpCheck({ url, loopback: true, ...options }))).toMatch(/is not valid JSON|no status of mine/)
  })
})

test("a check over gRPC that was given up before it began ends", async () => {
  const given = AbortSignal.abort(new Error("given up"))
  const silent = createTcpServer()
  silent.listen(0, "127.0.0.1")
  await once(silent, "listening")
  closing.push(() => silent.close())
  const address = `127.0.0.1:${(silent.address() as AddressInfo).port}`
  expect(await checked(grpcCheck({ address, loopback: true }), given)).toBe("given up")
})

test.each([
  "::ffff:169.254.169.254",
  "::ffff:a9fe:a9fe",
  "::ffff:0:169.254.169.254",
  "::ffff:0:a9fe:a9fe",
  "64:ff9b::a9fe:a9fe",
  "64:ff9b:1::a9fe:a9fe",
  "2002:a9fe:a9fe::",
  "fe80::5efe:169.254.169.254",
  "::169.254.169.254",
  "0:0:0:0:0:ffff:a9fe:a9fe%eth0",
])("%s is the address of a metadata service", (address) => {
  expect(objectionTo(address, { loopback: true })).toContain("not an address that a check may reach")
})

describe("a provider", () => {
  test("that fails again and again is told each time that what it has begun is over: watchers would add up", async () => {
    const signals: AbortSignal[] = []
    const provider = async function* ({ signal }: { readonly signal: AbortSignal }): AsyncGenerator<string[]> {
      signals.push(signal)
      if (signals.length % 2 === 0) throw new Error("no such file")
      yield []
    }
    const it = world({ discovery: { provider } })
    await it.clock.advance("1 minute")
    expect(signals.length).toBeGreaterThan(3)
    expect(signals.filter(({ aborted }) => !aborted)).toHaveLength(0)
    await it.breaker.stop()
  })

  test("that never waits is given up, and holds up nobody", async () => {
    const provider = async function* (): AsyncGenerator<string[]> {
      for (let turn = 0; ; turn++) yield [`e${turn}`]
    }
    const it = world({ discovery: { provider } })
    await it.clock.advance("10 seconds")
    expect(it.breaker.metrics().components.discovery?.reason).toContain("it told of 1000 lists within 100 ms")
    expect(await it.breaker.execute(async ({ endpoint }) => endpoint?.id)).toMatch(/^e\d+$/)
    await it.breaker.stop()
    expect(it.clock.pending).toBe(0)
  })

  test.each([
    ["a promise of a list", async () => ["a"]],
    ["a list", () => ["a"]],
  ])("that answers %s is told what would be right", async (_what, provider) => {
    const it = world({ discovery: { provider: provider as never } })
    await it.clock.advance(0)
    expect(it.breaker.metrics().components.discovery?.reason).toContain("it must answer an async iterable (got ")
    await it.breaker.stop()
  })

  test("whose line of JSON comes byte by byte is read in time, and in whole characters", async () => {
    const object = { metadata: { name: "s", resourceVersion: "2" }, text: "é".repeat(200_000) }
    const bytes = Buffer.from(`${JSON.stringify({ type: "ADDED", object })}\n\n{"type":"BOOKMARK"}`)
    const pieces = Array.from({ length: Math.ceil(bytes.length / 3) }, (_, at) => bytes.subarray(3 * at, 3 * at + 3))
    const lines: unknown[] = []
    for await (const line of jsonLinesIn(Readable.from(pieces, { objectMode: false }) as IncomingMessage))
      lines.push(line)
    expect(lines).toEqual([{ type: "ADDED", object }, { type: "BOOKMARK" }])
  })

  test.each([
    ["Consul", (url: string) => fromConsul({ service: "search", url })],
    ["Kubernetes", (url: string) => fromKubernetes({ service: "search", namespace: "shop", url, token: "t" })],
  ])("%s that falls silent for good is asked anew", async (_who, provider) => {
    let asked = 0
    const url = await http(() => void asked++)
    const it = world({ discovery: { endpoints: ["a"], provider: provider(url) } })
    await vi.waitFor(() => expect(asked).toBe(1))
    await it.clock.advance("10 minutes")
    await vi.waitFor(() => expect(it.breaker.metrics().components.discovery?.state).toBe("stale"))
    await it.clock.advance("1 minute")
    await vi.waitFor(() => expect(asked).toBeGreaterThan(1))
    expect(it.breaker.metrics().components.discovery?.reason).toMatch(/has not ended its answer within \d+ seconds/)
    await it.breaker.stop()
  })

  test("waited in the pool of threads for whoever writes to a pipe that stands where its file was", async () => {
    const folder = mkdtempSync(join(tmpdir(), "recloser-"))
    const path = join(folder, "endpoints.json")
    execFileSync("mkfifo", [path])
    closing.push(() => {
      // Whoever still waits to open it does so now.
      closeSync(openSync(path, constants.O_RDWR | constants.O_NONBLOCK))
      rmSync(folder, { recursive: true })
    })
    const it = world({ discovery: { endpoints: ["a"], provider: fromFile({ path }) } })
    await vi.waitFor(() => expect(it.breaker.metrics().components.discovery?.state).toBe("stale"))
    expect(it.breaker.metrics().components.discovery?.reason).toContain("is no file")
    await it.breaker.stop()
  })

  const reasonOf = (it: ReturnType<typeof world>) => it.breaker.metrics().components.discovery?.reason

  test.each([
    ["are gone for ever", (response: ServerResponse) => response.writeHead(410).end("{}"), "status 410"],
    [
      "have always one more page",
      (response: ServerResponse) => response.end('{"metadata":{"continue":"more"},"items":[]}'),
      "no end after 100 pages",
    ],
  ])("Kubernetes, whose lists %s, was asked without end, and never said to be lost", async (_what, answer, reason) => {
    const url = await http((_, response) => void answer(response))
    const provider = fromKubernetes({ service: "search", namespace: "shop", url, token: "t" })
    const it = world({ discovery: { endpoints: ["a"], provider } })
    await vi.waitFor(() => expect(reasonOf(it)).toContain(reason), { timeout: 30_000 })
    await it.breaker.stop()
  })

  /** What a provider does when the breaker's time passes as it likes; it ends after so many waits. */
  async function waitsOf(provider: EndpointProvider, enough: number): Promise<readonly number[]> {
    const waits: number[] = []
    const over = new AbortController()
    const sleep = (ms: number, until?: AbortSignal) => {
      // How long an answer takes at most is no wait.
      if (until !== undefined) return new Promise<void>(() => {})
      if (waits.push(ms) === enough) over.abort()
      return Promise.resolve()
    }
    const begin = provider as (context: ProviderContext) => AsyncIterable<EndpointSet>
    for await (const _list of begin({ signal: over.signal, sleep }));
    return waits
  }

  test("Kubernetes, whose watches are gone as soon as they begin, was asked for the whole list each second", async () => {
    const url = await http((request, response) => {
      if (request.url?.includes("watch=1")) response.writeHead(410)
      response.end('{"metadata":{"resourceVersion":"7"},"items":[]}')
    })
    const provider = fromKubernetes({ service: "search", namespace: "shop", url, token: "t" })
    expect(await waitsOf(provider, 9)).toEqual([1, 2, 4, 8, 16, 32, 64, 64, 64].map((seconds) => 1000 * seconds))
  })

  test("Consul behind somebody who leaves its index out was asked five times a second", async () => {
    const url = await http((_, response) => void response.end("[]"))
    expect(await waitsOf(fromConsul({ service: "search", url }), 3)).toEqual([5000, 5000, 5000])
  })

  test("that fails whenever it has told its list was asked each second for ever", async () => {
    let asked = 0
    const provider = async function* (): AsyncGenerator<string[]> {
      asked++
      yield ["a"]
      throw new Error("watching is forbidden")
    }
    const it = world({ discovery: { provider } })
    await it.clock.advance("5 minutes")
    expect(asked).toBeLessThan(15)
    await it.breaker.stop()
  })

  test("that fails now and then, and is well for longer than it was let alone, is asked again soon", async () => {
    let asked = 0
    const provider = async function* ({ sleep }: ProviderContext): AsyncGenerator<string[]> {
      asked++
      yield ["a"]
      await sleep(30_000)
      throw new Error("no route")
    }
    const it = world({ discovery: { provider } })
    await it.clock.advance("5 minutes")
    expect(asked).toBeGreaterThan(8)
    await it.breaker.stop()
  })
})
