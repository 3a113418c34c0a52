/** `protectFetch` on real sockets of the loopback. Nothing here waits for time: only for what client and server tell. */
import { once } from "node:events"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { type Breaker, CallRejected, CallTimedOut, createBreaker, createBreakers } from "recloser"
import { classifyResponse, type FetchFacts, protectFetch } from "recloser/fetch"
import { createVirtualClock } from "recloser/testing"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { deferred } from "../support/breakers.ts"

type Handler = (request: IncomingMessage, response: ServerResponse) => void

let server: Server
let url: string
let handle: Handler
let breaker: Breaker
const clock = createVirtualClock()

beforeEach(async () => {
  handle = (_request, response) => response.end("up")
  server = createServer((request, response) => handle(request, response))
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const strategy = { type: "basic", window: { type: "consecutive", failures: 3 } } as const
  breaker = createBreaker("service", { strategy, timeout: "2 seconds" }, { clock })
})

afterEach(async () => {
  const stopping = breaker.stop({ grace: 1 })
  await clock.advance(1)
  await stopping
  server.closeAllConnections()
  server.close()
  await once(server, "close")
})

const answering =
  (status: number, body = ""): Handler =>
  (_request, response) => {
    response.statusCode = status
    response.end(body)
  }

/** A handler that keeps the request open: tells when it has come, and when its socket was closed. */
function hanging() {
  const [arrived, closed] = [deferred<void>(), deferred<void>()]
  handle = (_request, response) => {
    response.on("close", () => closed.resolve())
    arrived.resolve()
  }
  return { arrived: arrived.promise, closed: closed.promise }
}

describe("protectFetch", () => {
  test.each([500, 502, 503, 504, 429])("counts a %i as a failure and hands it over untouched", async (status) => {
    handle = (_request, response) => {
      response.writeHead(status, { "retry-after": "7" })
      response.end("busy")
    }
    const response = await protectFetch(breaker)(url)
    expect(response.status).toBe(status)
    expect(response.headers.get("retry-after")).toBe("7")
    expect(response.bodyUsed).toBe(false)
    expect(await response.text()).toBe("busy")
    expect(breaker.metrics().calls).toMatchObject({ failure: 1, success: 0 })
  })

  test.each([200, 204, 304, 400, 401, 404, 422, 499])("counts a %i as a success", async (status) => {
    handle = answering(status)
    expect((await protectFetch(breaker)(url)).status).toBe(status)
    expect(breaker.metrics().calls).toMatchObject({ failure: 0, success: 1 })
  })

  test("opens on failing answers, and then asks the service no more", async () => {
    let asked = 0
    handle = (_request, response) => {
      asked++
      answering(503)(_request, response)
    }
    const fetch = protectFetch(breaker)
    for (let call = 0; call < 3; call++) await (await fetch(url)).body?.cancel()
    await expect(fetch(url)).rejects.toBeInstanceOf(CallRejected)
    expect(asked).toBe(3)
    expect(breaker.circuit).toBe("open")
  })

  test("counts a refused connection as a failure, and passes its error on", async () => {
    const closed = createServer()
    closed.listen(0, "127.0.0.1")
    await once(closed, "listening")
    const nowhere = `http://127.0.0.1:${(closed.address() as AddressInfo).port}/`
    closed.close()
    await once(closed, "close")
    const error = await protectFetch(breaker)(nowhere).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(TypeError)
    expect(error).toMatchObject({ cause: { code: "ECONNREFUSED" } })
    expect(breaker.metrics().calls).toMatchObject({ failure: 1 })
  })

  test("passes method, headers and body on, from init and from a Request", async () => {
    const seen: unknown[] = []
    handle = (request, response) => {
      let body = ""
      request.on("data", (data) => {
        body += String(data)
      })
      request.on("end", () => {
        seen.push([request.method, request.headers["x-test"], body])
        response.end()
      })
    }
    const fetch = protectFetch(breaker)
    const init = { method: "POST", headers: { "x-test": "yes" }, body: "a charge" }
    await fetch(url, init)
    await fetch(new Request(url, init))
    await fetch(new URL(url), init)
    expect(seen).toEqual(Array.from({ length: 3 }, () => ["POST", "yes", "a charge"]))
  })

  test.each(["init", "Request"] as const)(
    "is aborted by the caller's signal in %s, down to the socket, and counts nothing",
    async (where) => {
      const { arrived, closed } = hanging()
      const caller = new AbortController()
      const fetch = protectFetch(breaker)
      const { signal } = caller
      const call = where === "init" ? fetch(url, { signal }) : fetch(new Request(url, { signal }))
      const outcome = call.catch((error: unknown) => error)
      await arrived
      const reason = new Error("gave up")
      caller.abort(reason)
      await closed
      expect(await outcome).toBe(reason)
      expect(breaker.metrics().calls).toMatchObject({ ignored: 1, failure: 0, inFlight: 0 })
    },
  )

  test("does not ask at all when the caller has given up before", async () => {
    let asked = 0
    handle = () => asked++
    await expect(protectFetch(breaker)(url, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: "AbortError",
    })
    expect(asked).toBe(0)
  })

  test("times out, and closes the socket", async () => {
    const { arrived, closed } = hanging()
    const outcome = protectFetch(breaker)(url).catch((error: unknown) => error)
    await arrived
    await clock.advance("2 seconds")
    await closed
    expect(await outcome).toBeInstanceOf(CallTimedOut)
    expect(breaker.metrics().calls).toMatchObject({ timedOut: 1, failure: 0, inFlight: 0 })
  })

  test("bounds the time until the headers, not the reading of the body", async () => {
    const rest = deferred<() => void>()
    handle = (_request, response) => {
      response.write("first ")
      rest.resolve(() => response.end("second"))
    }
    const response = await protectFetch(breaker)(url)
    expect(breaker.metrics().calls).toMatchObject({ success: 1, inFlight: 0 })
    await clock.advance("1 hour")
    const finish = await rest.promise
    finish()
    expect(await response.text()).toBe("first second")
  })

  test.each(["init", "Request"] as const)(
    "still lets the caller abort the reading of the body, by the signal in %s",
    async (where) => {
      const closed = deferred<void>()
      handle = (_request, response) => {
        response.on("close", () => closed.resolve())
        response.write("first")
      }
      const caller = new AbortController()
      const { signal } = caller
      const fetch = protectFetch(breaker)
      const response = await (where === "init" ? fetch(url, { signal }) : fetch(new Request(url, { signal })))
      const reading = response.text().catch((error: unknown) => error)
      caller.abort(new Error("gave up"))
      await closed.promise
      expect(await reading).toMatchObject({ message: "gave up" })
      expect(breaker.metrics().calls).toMatchObject({ success: 1 })
    },
    3_000,
  )

  test("takes another fetch, another classifier and a fallback", async () => {
    const fetch = protectFetch(breaker, {
      fetch: async (input) => new Response(String(input), { status: 404 }),
      classify: (exit) => (exit.ok && exit.value.status === 404 ? "failure" : "success"),
      fallback: () => new Response("cached"),
    })
    expect(await (await fetch("http://service.example/a")).text()).toBe("http://service.example/a")
    expect(breaker.metrics().calls.failure).toBe(1)
    breaker.forceOpen("maintenance")
    expect(await (await fetch("http://service.example/b")).text()).toBe("cached")
  })
})

describe("what a response means", () => {
  const gone = async () => new Response(null, { status: 410 })
  const down = async () => new Response(null, { status: 503 })
  const own = createBreaker("own", { classify: ({ ok }) => (ok ? "ignored" : "failure") }, { clock })

  test("is the breaker's own classifier to say, if it has one", async () => {
    await protectFetch(own, { fetch: down })("http://service.test/")
    expect(own.metrics().calls).toMatchObject({ ignored: 1, failure: 0 })
  })

  test("also when that comes, or goes, with a change of the running breaker", async () => {
    const changing = createBreaker("changing", {}, { clock })
    const fetch = protectFetch(changing, { fetch: down })
    await fetch("http://service.test/")
    changing.reconfigure({ classify: () => "ignored" })
    await fetch("http://service.test/")
    changing.reconfigure({})
    await fetch("http://service.test/")
    expect(changing.metrics().calls).toMatchObject({ failure: 2, ignored: 1 })
    await changing.stop()
  })

  test("unless this fetch was given another", async () => {
    await protectFetch(own, { fetch: gone, classify: () => "failure" })("http://service.test/")
    expect(own.metrics().calls).toMatchObject({ ignored: 1, failure: 1 })
  })

  test("and is the status's where neither has one", async () => {
    await protectFetch(breaker, { fetch: down })("http://service.test/")
    await protectFetch(breaker, { fetch: gone, classify: undefined })("http://service.test/")
    expect(breaker.metrics().calls).toMatchObject({ failure: 1, success: 1 })
  })
})

test("heeds the classifier of a key's own config", async () => {
  handle = answering(503)
  const config = (key: string) => (key === "own" ? { classify: () => "ignored" as const } : {})
  const breakers = createBreakers({ config }, { clock })
  for (const key of ["own", "none"]) await protectFetch(breakers.get(key))(url)
  expect(["own", "none"].map((key) => breakers.get(key).metrics().calls)).toMatchObject([
    { ignored: 1 },
    { failure: 1 },
  ])
  await breakers.stop()
})

test("classifyResponse knows errors from answers", () => {
  const verdicts = [200, 404, 429, 499, 500, 599].map((status) =>
    classifyResponse({ ok: true, value: { status } as Response }),
  )
  expect(verdicts).toEqual(["success", "success", "failure", "success", "failure", "failure"])
  expect(classifyResponse({ ok: false, error: new TypeError("fetch failed") })).toBe("failure")
})

describe("a service that asks to be left alone", () => {
  const asking =
    (status: number, retryAfter: string, more: { readonly [name: string]: string } = {}): Handler =>
    (_request, response) => {
      response.writeHead(status, { "retry-after": retryAfter, ...more })
      response.end()
    }

  test.each([
    ["seconds", 429, "20", {}, 20_000],
    ["seconds, up to five minutes", 503, "86400", {}, 300_000],
    ["a date", 503, "Wed, 21 Oct 2026 07:28:30 GMT", { date: "Wed, 21 Oct 2026 07:28:00 GMT" }, 30_000],
  ])("is, at once, for the time that it states in %s", async (_what, status, retryAfter, more, waitMs) => {
    handle = asking(status, retryAfter, more)
    const response = await protectFetch(breaker)(url)
    expect(response.status).toBe(status)
    expect(breaker.circuit).toBe("open")
    expect(breaker.wouldReject()).toMatchObject({ retryAfterMs: waitMs, rule: "asked" })
  })

  test.each([
    ["another status", 500, "20"],
    ["an answer that works", 200, "20"],
    ["a time that nobody can read", 503, "soon"],
  ])("is not heeded with %s", async (_what, status, retryAfter) => {
    handle = asking(status, retryAfter)
    await protectFetch(breaker)(url)
    expect(breaker.circuit).toBe("closed")
  })
})

describe("protectFetch with retry", () => {
  const calm = { type: "basic", window: { type: "count", calls: 1000, minimumCalls: 1000 } } as const

  function service(...statuses: readonly (number | Error)[]) {
    const clock = createVirtualClock()
    const breaker = createBreaker("service", { strategy: calm, retry: { attempts: 3 } }, { clock })
    const dropped: number[] = []
    let made = 0
    const fetch = protectFetch(breaker, {
      fetch: async () => {
        const next = statuses[made++] ?? statuses.at(-1)
        if (typeof next !== "number") throw next
        const cancel = () => void dropped.push(next)
        return new Response(new ReadableStream({ cancel }), { status: next })
      },
    })
    const ask = async (...args: Parameters<typeof fetch>) => {
      const answer = fetch(...args).catch((error: unknown) => error)
      await clock.advance("1 minute")
      return await answer
    }
    return { breaker, ask, dropped, made: () => made }
  }
  const url = "http://service.example/"

  test.each(["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "get"])(
    "repeats a %s, and lets go of answers that nobody reads",
    async (method) => {
      const { ask, made, dropped } = service(500, 502, 200)
      const answer = await ask(url, { method })
      expect(answer).toMatchObject({ status: 200 })
      expect(made()).toBe(3)
      expect(dropped).toEqual([500, 502])
    },
  )

  test.each(["POST", "PATCH"])("makes a %s once", async (method) => {
    const { ask, made, dropped } = service(500, 200)
    expect(await ask(url, { method, body: "x" })).toMatchObject({ status: 500 })
    expect(await service(500, 200).ask(new Request(url, { method, body: "x" }))).toMatchObject({ status: 500 })
    expect(made()).toBe(1)
    expect(dropped).toEqual([])
  })

  test("repeats a POST that provably was not sent", async () => {
    const refused = new TypeError("fetch failed", { cause: Object.assign(new Error("no"), { code: "ECONNREFUSED" }) })
    const { ask, made } = service(refused, 200)
    expect(await ask(url, { method: "POST", body: "x" })).toMatchObject({ status: 200 })
    expect(made()).toBe(2)
  })

  test("makes once what has a stream for a body, whatever its method and its error", async () => {
    const refused = new TypeError("fetch failed", { cause: Object.assign(new Error("no"), { code: "ECONNREFUSED" }) })
    const stream = () => new ReadableStream({ start: (controller) => controller.close() })
    for (const init of [
      { body: stream(), duplex: "half" } as RequestInit,
      { body: (async function* () {})() as never },
    ]) {
      const { ask, made } = service(refused, 200)
      expect(await ask(url, { method: "PUT", ...init })).toBe(refused)
      expect(made()).toBe(1)
    }
    const { ask, made } = service(refused, 200)
    expect(await ask(new Request(url, { method: "PUT", body: "x" }))).toBe(refused)
    expect(made()).toBe(1)
  })

  test("answers with the last response when all have failed", async () => {
    const { ask, made, dropped } = service(500, 502, 503)
    expect(await ask(url)).toMatchObject({ status: 503 })
    expect(made()).toBe(3)
    expect(dropped).toEqual([500, 502])
  })

  test("lets go of the answer of an attempt that came too late, and not of the caller's", async () => {
    const clock = createVirtualClock()
    const retry = { attempts: 2, hedge: { after: 50 } }
    const breaker = createBreaker("service", { strategy: calm, retry, timeout: false }, { clock })
    const dropped: string[] = []
    const answerOf = (name: string) => new Response(new ReadableStream({ cancel: () => void dropped.push(name) }))
    const answers: ((response: Response) => void)[] = []
    const fetch = protectFetch(breaker, { fetch: () => new Promise((resolve) => answers.push(resolve)) })
    const asked = fetch(url)
    await clock.advance(60)
    expect(answers).toHaveLength(2)
    answers[1]?.(answerOf("second"))
    const answer = await asked
    answers[0]?.(answerOf("first"))
    await clock.advance(1)
    expect(dropped).toEqual(["first"])
    expect(answer.bodyUsed).toBe(false)
  })

  test("does not repeat a 404", async () => {
    const { ask, made } = service(404)
    expect(await ask(url)).toMatchObject({ status: 404 })
    expect(made()).toBe(1)
  })

  test("leaves alone a service that asks for it: a 503 with Retry-After opens the circuit, and nothing follows", async () => {
    const clock = createVirtualClock()
    const breaker = createBreaker("service", { retry: true }, { clock })
    let made = 0
    const fetch = protectFetch(breaker, {
      fetch: async () => {
        made++
        return new Response("busy", { status: 503, headers: { "retry-after": "2" } })
      },
    })
    expect((await fetch(url)).status).toBe(503)
    expect(breaker.circuit).toBe("open")
    expect(made).toBe(1)
    await breaker.stop()
  })
})

describe("what a request says of itself", () => {
  const inOrder = async (...calls: FetchFacts[]) => {
    const breaker = createBreaker("service", { priority: { limit: 1 } }, { clock: createVirtualClock() })
    const order: (string | undefined)[] = []
    const fetch = protectFetch(breaker, {
      fetch: async (_input, init) => {
        order.push(new Headers(init?.headers).get("x-name") ?? undefined)
        return new Response()
      },
    })
    const ask = (call: FetchFacts, index: number) => fetch(url, { headers: { "x-name": `${index}` }, call })
    const ends = await Promise.allSettled(calls.map(ask))
    await breaker.stop()
    return { order, ends }
  }

  test("reaches the breaker: those that matter more go first", async () => {
    const { order } = await inOrder({}, { priority: "bulk" }, { priority: "critical", tenant: "acme" })
    expect(order).toEqual(["0", "2", "1"])
  })

  test("that makes no sense is refused before anything is sent", async () => {
    const { order, ends } = await inOrder({ priority: "urgent" as never })
    expect(order).toEqual([])
    expect(ends).toMatchObject([{ status: "rejected", reason: { _tag: "InvalidConfig" } }])
  })
})
