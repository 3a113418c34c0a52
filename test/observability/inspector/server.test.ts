import { createServer, request } from "node:http"
import { connect } from "node:net"
import { type CheckContext, createBreaker, createBreakers, InvalidConfig } from "recloser"
import { type Inspector, type InspectorOptions, startInspector } from "recloser/inspect"
import { createVirtualClock, type VirtualClock } from "recloser/testing"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import type { BreakerMessage, OverviewMessage, Row } from "../../../src/observability/inspector/protocol.ts"
import { asking, isBreaker, isOverview, openPage, originOf, posting, tokenOf } from "../../support/listening.ts"

let clock: VirtualClock = createVirtualClock()
let inspector: Inspector
const stops: (() => unknown)[] = []

const start = async (options: InspectorOptions = {}): Promise<Inspector> => {
  const started = await startInspector({ clock, breakers: (name) => !name.startsWith("other"), ...options })
  stops.push(() => started.stop())
  return started
}
const breakerOf = (name: string, config = {}) => {
  const breaker = createBreaker(name, config, { clock })
  stops.push(() => breaker.stop({ grace: 0 }))
  return breaker
}

beforeEach(async () => {
  clock = createVirtualClock({ start: 5000, wall: Date.UTC(2026, 10, 28, 14, 0, 0) })
  inspector = await start()
})
afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()))
})

/** What a client gets that sends whatever headers it likes. */
const raw = (headers: Record<string, string>, path = "/api/about", method = "GET"): Promise<number> =>
  new Promise((resolve, reject) => {
    const call = request({ port: inspector.port, host: "127.0.0.1", path, method, headers }, (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    call.on("error", reject)
    call.end()
  })

const basicOpen = { strategy: { type: "basic", window: { type: "consecutive", failures: 3 }, openFor: "4 seconds" } }

const rowOf = ({ rows }: OverviewMessage, name: string): Row | undefined => rows.find((row) => row.name === name)

async function failThrice(breaker: ReturnType<typeof createBreaker>): Promise<void> {
  for (let call = 0; call < 3; call++) await breaker.tryExecute(async () => Promise.reject(new Error("503")))
}

describe("the inspector lets in", () => {
  test("its own page without a token, and data only with it", async () => {
    expect((await fetch(originOf(inspector))).status).toBe(200)
    expect((await fetch(`${originOf(inspector)}/api/about`)).status).toBe(401)
    expect((await asking(inspector, "/api/about")).status).toBe(200)
    expect((await fetch(`${originOf(inspector)}/api/events`)).status).toBe(401)
  })

  test.each([
    ["a wrong token", { authorization: "Bearer wrong" }, 401],
    ["a token that is too long", { authorization: `Bearer ${"x".repeat(5000)}` }, 401],
    ["another scheme", { authorization: "Basic eDp5" }, 401],
    ["a rebound name", { host: "evil.example:80" }, 421],
    ["a page of another origin", { origin: "http://evil.example" }, 403],
    ["a page of another port", { origin: "http://127.0.0.1:1" }, 403],
    ["a page in a sandbox", { origin: "null" }, 403],
    ["a request of another site", { "sec-fetch-site": "cross-site" }, 403],
    ["a cross-origin WebSocket", { origin: "http://evil.example", connection: "Upgrade", upgrade: "websocket" }, 403],
  ])("nobody else: %s", async (_who, headers, status) => {
    const own = { host: `127.0.0.1:${inspector.port}`, authorization: `Bearer ${tokenOf(inspector)}` }
    expect(await raw({ ...own, ...headers })).toBe(status)
  })

  test("no other method, and no path outside of what it serves", async () => {
    const own = { host: `127.0.0.1:${inspector.port}`, authorization: `Bearer ${tokenOf(inspector)}` }
    expect(await raw(own, "/api/about", "DELETE")).toBe(405)
    for (const path of [
      "/../../package.json",
      "/%2e%2e/package.json",
      "/api/charts/..%2f..%2fpackage",
      "/package.json",
      "/api/nothing",
    ]) {
      expect(await raw(own, path)).toBe(404)
    }
  })

  test("browsers only under a strict policy that loads nothing from elsewhere", async () => {
    for (const path of ["/", "/page.css", "/main.ts", "/api/about"]) {
      const { headers } = await asking(inspector, path)
      expect(headers.get("content-security-policy")).toMatch(/^default-src 'none'; script-src 'self'/)
      expect(headers.get("content-security-policy")).not.toMatch(/unsafe|http|\*/)
      expect(headers.get("x-content-type-options")).toBe("nosniff")
      expect(headers.get("access-control-allow-origin")).toBeNull()
    }
  })

  test("and is refused what cannot be a port, a token or a title before anything is served", async () => {
    for (const options of [
      { port: -1 },
      { port: 1.5 },
      { token: "short" },
      { token: "with space in it which is long" },
      { control: "yes" },
      { title: 3 },
      { host: "0.0.0.0" },
    ]) {
      await expect(startInspector(options as never)).rejects.toThrow(InvalidConfig)
    }
    await expect(startInspector({ token: "secret-but-short".slice(0, 15) })).rejects.not.toThrow("secret-but")
  })

  test("says that a port is in use, and leaves nothing behind", async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    const { port } = server.address() as { port: number }
    await expect(start({ port })).rejects.toThrow(`port ${port} on 127.0.0.1 is already in use`)
    await new Promise((resolve) => server.close(resolve))
    await start({ port })
  })
})

describe("the overview", () => {
  test("opened before any breaker exists is empty, and shows one as soon as it is made", async () => {
    const page = await openPage(inspector)
    expect(await page.until(isOverview)).toMatchObject({ whole: true, rows: [], totals: { breakers: 0 } })
    breakerOf("late")
    await clock.advance(1000)
    expect((await page.until(isOverview)).rows).toMatchObject([{ name: "late", circuit: "closed", share: 1 }])
    page.close()
  })

  test("says which service fails, why calls are refused, since when, and when the next probe comes", async () => {
    const payments = breakerOf("payments", basicOpen)
    const page = await openPage(inspector)
    await page.until(isOverview)
    await clock.advance(500)
    await failThrice(payments)
    await clock.advance(100)
    const message = await page.until((one): one is OverviewMessage => isOverview(one) && one.decisions.length > 0)
    const now = Date.UTC(2026, 10, 28, 14, 0, 0) + 500
    expect(rowOf(message, "payments")).toMatchObject({
      ...{ circuit: "open", share: 0, heldBy: ["basic"], since: now, failing: 1 },
      episode: { at: now, to: "open", reason: "3 calls in a row failed, at the line of 3", failedRounds: 0 },
    })
    const wait = (rowOf(message, "payments")?.retryAt ?? 0) - now
    expect(wait).toBeGreaterThanOrEqual(3600)
    expect(wait).toBeLessThanOrEqual(4400)
    expect(message.decisions).toMatchObject([
      { name: "payments", words: "opened: 3 calls in a row failed, at the line of 3; next probe in 4 s", at: now },
    ])
    page.close()
  })

  test("tells changes only, and everything again to a page that did not read", async () => {
    for (let index = 0; index < 50; index++) breakerOf(`b${index}`)
    const page = await openPage(inspector)
    expect((await page.until(isOverview)).rows).toHaveLength(50)
    await clock.advance(1000)
    expect((await page.until(isOverview)).rows).toHaveLength(0)
    page.close()
  })

  test("shows breakers by key without waking them", async () => {
    const perHost = createBreakers({ max: 2000 }, { clock })
    stops.push(() => perHost.stop({ grace: 0 }))
    for (let key = 0; key < 1000; key++) perHost.get(`host-${key}`)
    const page = await openPage(inspector)
    const { rows, totals } = await page.until(isOverview)
    expect([rows.length, totals.breakers, perHost.metrics().live]).toEqual([1000, 1000, 0])
    const resting = await openPage(inspector, rows[7]?.id ?? "")
    expect(await resting.until(isBreaker)).toMatchObject({ isResting: true, actors: [], row: { name: "host-7" } })
    for (const one of [page, resting]) one.close()
    expect(perHost.metrics().live).toBe(0)
  })

  test("shows who depends on whom, and where the trouble began", async () => {
    const db = breakerOf("payments-db", basicOpen)
    breakerOf("payments", { strategy: { type: "dependency", dependencies: { "payments-db": { type: "critical" } } } })
    await failThrice(db)
    const { rows, edges } = await (await openPage(inspector)).until(isOverview)
    expect(edges).toEqual([{ from: "payments", to: "payments-db", need: "critical", health: 0, circuit: "open" }])
    expect(rows.find(({ name }) => name === "payments")).toMatchObject({
      share: 0,
      cause: "payments-db",
      heldBy: ["dependency"],
    })
  })

  test.each(["<script>alert(1)</script>", "../../x", "a/b#c?d=é", "\u0000\n\u2028"])(
    "shows a breaker named %j, and opens it",
    async (name) => {
      breakerOf(name)
      const { rows } = await (await openPage(inspector)).until(isOverview)
      expect(rows[0]?.name).toBe(name)
      expect((await (await openPage(inspector, rows[0]?.id)).until(isBreaker)).row.name).toBe(name)
    },
  )

  test("costs nothing while nobody looks: no timer, and no mark on a call's way", async () => {
    const plain = breakerOf("plain", { timeout: false, metrics: false, strategy: "basic" })
    const before = clock.pending
    const page = await openPage(inspector)
    await page.until(isOverview)
    expect(clock.pending).toBe(before + 1)
    page.close()
    await expect.poll(() => clock.pending).toBe(before)
    expect(await plain.execute(async () => 1)).toBe(1)
  })
})

describe("one breaker", () => {
  test("shows its gate and who demands each field, its charts' states, and the events between its actors", async () => {
    const payments = breakerOf("payments", { ...basicOpen, timeout: "2 seconds", priority: false })
    const [row] = (await (await openPage(inspector)).until(isOverview)).rows
    const page = await openPage(inspector, row?.id)
    await page.until(isBreaker)
    await failThrice(payments)
    await clock.advance(100)
    const message = await page.until(isBreaker)
    expect(message.restriction).toMatchObject({ share: 0, probes: "free", timeoutMs: 2000 })
    expect(message.holders).toMatchObject([
      { by: "basic", layer: "circuit", demand: { share: 0 } },
      { by: "timeout", demand: { timeoutMs: 2000 } },
    ])
    expect(message.actors.map(({ key, states }) => [key, states.at(-1)])).toEqual([
      ["breaker", "mode.auto"],
      ["basic", "open.waiting"],
      ["metrics", "observing"],
      ["timeout", "fixed"],
    ])
    expect(message.messages.map(({ from, to, event }) => `${from} → ${to}: ${event}`)).toEqual(
      expect.arrayContaining([
        "data plane → breaker: alarm.rang",
        "breaker → basic: alarm.rang",
        "breaker → metrics: circuit.moved",
      ]),
    )
    expect(message.calls).toMatchObject({ admitted: 3, failure: 3 })
    // Where only probes enter, a line at 100 % would say that all do.
    await clock.advance(60_000)
    const probing = await page.until(
      (one): one is BreakerMessage => isBreaker(one) && one.row.circuit === "halfOpen" && one.points.length > 3,
    )
    expect([probing.row.share, probing.row.probes > 0, probing.points.at(-1)?.share]).toEqual([1, true, 0])
  })

  test("keeps what happened in sight of what comes every second", async () => {
    const payments = breakerOf("payments", basicOpen)
    const [row] = (await (await openPage(inspector)).until(isOverview)).rows
    const page = await openPage(inspector, row?.id)
    await page.until(isBreaker)
    payments.shadow("watching")
    for (let second = 0; second < 15; second++) {
      await payments.execute(async () => 1)
      await clock.advance(1000)
    }
    const late = await openPage(inspector, row?.id)
    const { messages } = await late.until(isBreaker)
    expect(Math.max(...messages.map(({ times }) => times))).toBeGreaterThan(5)
    expect(messages.map(({ event }) => event)).toContain("operator.shadow")
    const slices = messages.filter(({ event }) => event === "slice.closed")
    expect(new Set(slices.map(({ from, to }) => `${from} ${to}`)).size).toBe(slices.length)
    page.close()
    late.close()
  })

  test("says of endpoints, health and features how they stand, since when, and what comes next", async () => {
    let sick = ""
    const check = ({ endpoint }: CheckContext) => endpoint?.id !== sick || { healthy: false, reason: "answered 503" }
    const ledger = breakerOf("ledger", {
      discovery: { endpoints: ["a", "b", "c"] },
      recovery: { features: { book: {}, refund: ["book"] } },
      health: { check, interval: "1 second", jitter: 0, passive: false },
    })
    const list = await openPage(inspector)
    const [row] = (await list.until(isOverview)).rows
    const page = await openPage(inspector, row?.id)
    const run = (count: number, feature?: string) =>
      Promise.all(
        Array.from({ length: count }, () =>
          ledger.tryExecute(
            async ({ endpoint }) => {
              if (endpoint?.id === sick) throw new Error("503")
            },
            { feature },
          ),
        ),
      )
    for (let round = 0; round < 50; round++) await run(6)
    await clock.advance(1500)
    sick = "b"
    const at = Math.round(clock.wallNow())
    for (let round = 0; round < 20; round++) await run(6)
    await clock.advance(1000)
    const standing = async () => {
      const { actors } = await page.until(
        (one): one is BreakerMessage =>
          isBreaker(one) && one.actors.some(({ key, standing }) => key === "health" && standing.length > 0),
      )
      return new Map(actors.map((actor) => [actor.key, actor.standing]))
    }
    const now = await standing()
    expect(now.get("discovery")).toEqual([
      { words: "3 endpoints, 1 left out", since: 0, until: 0 },
      {
        words: expect.stringMatching(/^endpoint b is left out: its last \d calls failed/),
        since: at,
        until: expect.any(Number),
      },
    ])
    const until = (now.get("discovery")?.[1]?.until ?? 0) - at
    expect([until >= 900, until <= 1100]).toEqual([true, true])
    expect(now.get("health")).toContainEqual({ words: "b: answered 503", since: 0, until: 0 })
    expect(now.get("recovery")).toEqual([{ words: "all of book, refund are back", since: 0, until: 0 }])
    const told = await list.until(
      (one): one is OverviewMessage => isOverview(one) && one.decisions.some(({ words }) => words.includes("left out")),
    )
    expect(told.decisions.map(({ at, kind, name, words }) => ({ at, kind, name, words }))).toContainEqual({
      ...{ at, kind: "finding", name: "ledger" },
      words: expect.stringMatching(/^endpoint b is left out: its last \d calls failed; on trial in (0\.9|1|1\.1) s$/),
    })
    expect(told.decisions.filter(({ kind }) => kind === "cell")).toEqual([])
    page.close()
    list.close()
  })

  test("that is gone says so", async () => {
    const page = await openPage(inspector, "999")
    expect(await page.until((one): one is { type: "gone" } => one.type === "gone")).toEqual({ type: "gone" })
  })
})

describe("the operator", () => {
  test("can do nothing where control was not enabled", async () => {
    const payments = breakerOf("payments")
    const [row] = (await (await openPage(inspector)).until(isOverview)).rows
    const answer = await posting(inspector, "/api/act", { id: row?.id, act: "forceOpen", why: "because" })
    expect([answer.status, payments.mode]).toEqual([403, "auto"])
  })

  test("acts with a reason, which everybody hears", async () => {
    const open = await start({ control: true })
    const payments = breakerOf("payments")
    const heard: string[] = []
    payments.on("mode", ({ to, why }) => heard.push(`${to}: ${why}`))
    const [row] = (await (await openPage(open)).until(isOverview)).rows
    for (const act of ["forceOpen", "bypass", "shadow", "release"]) {
      expect((await posting(open, "/api/act", { id: row?.id, act, why: `to ${act}` })).status).toBe(200)
    }
    expect(heard).toEqual(["forcedOpen: to forceOpen", "bypassed: to bypass", "shadow: to shadow", "auto: to release"])
  })

  test.each([
    [{ act: "forceOpen", why: "" }, 400, "a reason"],
    [{ act: "forceOpen", why: "   " }, 400, "a reason"],
    [{ act: "forceOpen", why: "x".repeat(301) }, 400, "a reason"],
    [{ act: "explode", why: "x" }, 400, "act must be one of"],
    [{ act: "release", why: "x", id: "999" }, 404, "no such breaker"],
    [[1, 2], 400, "act must be"],
  ])("is refused %j", async (body, status, message) => {
    const open = await start({ control: true })
    const answer = await posting(open, "/api/act", Array.isArray(body) ? body : { id: "1", ...body })
    expect([answer.status, ((await answer.json()) as { error: string }).error]).toEqual([
      status,
      expect.stringContaining(message),
    ])
  })

  test("cannot be played by a form of another page, nor by a flood", async () => {
    const open = await start({ control: true })
    const form = { "content-type": "application/x-www-form-urlencoded" }
    expect((await posting(open, "/api/act", {}, form)).status).toBe(415)
    expect((await posting(open, "/api/act", {}, { origin: "http://evil.example" })).status).toBe(403)
    expect((await posting(open, "/api/act", { why: "x".repeat(100_000) })).status).toBe(413)
    expect(
      (await asking(open, "/api/act", { method: "POST", body: "{", headers: { "content-type": "application/json" } }))
        .status,
    ).toBe(400)
  })
})

describe("many pages", () => {
  test("a hundred are told the same, and the one too many is refused", async () => {
    breakerOf("payments")
    const pages = await Promise.all(Array.from({ length: 100 }, () => openPage(inspector)))
    const messages = await Promise.all(pages.map((page) => page.until(isOverview)))
    expect(new Set(messages.map(({ rows }) => rows.length))).toEqual(new Set([1]))
    const more = await Promise.all(Array.from({ length: 28 }, () => openPage(inspector)))
    expect((await asking(inspector, "/api/events")).status).toBe(503)
    for (const page of [...pages, ...more]) page.close()
  })

  test("one that never reads is let go in the end, and fails nobody", async () => {
    const config = { strategy: "basic", timeout: false, metrics: false } as const
    const perHost = createBreakers({ max: 5000, config: () => config }, { clock })
    stops.push(() => perHost.stop({ grace: 0 }))
    const keys = Array.from({ length: 5000 }, (_, key) => `${"long-name-".repeat(15)}${key}`)
    const socket = connect(inspector.port, "127.0.0.1")
    const closed = new Promise((resolve) => socket.once("close", resolve))
    socket.on("error", () => {})
    socket.pause()
    const { pending } = clock
    socket.write(
      `GET /api/events HTTP/1.1\r\nHost: 127.0.0.1:${inspector.port}\r\nAuthorization: Bearer ${tokenOf(inspector)}\r\n\r\n`,
    )
    await expect.poll(() => clock.pending).toBeGreaterThan(pending)
    for (let second = 0; second < 45; second++) {
      // Every row changes: some two megabytes a second, more than a system holds for a reader that sleeps.
      if (second < 12) await Promise.all(keys.map((key) => perHost.get(key).execute(async () => 1)))
      await clock.advance(1000)
    }
    socket.resume()
    await closed
    expect(await perHost.get(keys[0] ?? "").execute(async () => "well")).toBe("well")
  })
})
