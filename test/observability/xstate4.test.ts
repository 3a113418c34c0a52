/** The protocol of `@xstate/inspect`, heard and spoken by the real package beside XState 4. */
import { request } from "node:http"
import { type Breaker, createBreaker, InvalidConfig } from "recloser"
import { startXState4Bridge, type XState4Bridge, type XState4BridgeOptions } from "recloser/inspect"
import { createVirtualClock } from "recloser/testing"
import { afterEach, describe, expect, test } from "vitest"
import { WebSocket } from "ws"
import type { AnyActorRef } from "xstate"
import { followActors } from "../../src/actors.ts"
import type { AssembledBreaker } from "../../src/assembledBreaker.ts"
import { Tool, type ToolOptions } from "../../src/observability/xstate4/tool.ts"
import { connect, type Understood, version } from "../support/xstate4/receiver.ts"

const ends: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

const tripping = { strategy: { type: "basic", window: { type: "consecutive", failures: 1 } }, timeout: false } as const
const fail = async () => Promise.reject(new Error("503"))

function breakerNamed(name: string): Breaker {
  const breaker = createBreaker(name, tripping, { clock: createVirtualClock() })
  ends.push(() => breaker.stop({ grace: 0 }))
  return breaker
}

async function bridge(options: XState4BridgeOptions = {}): Promise<XState4Bridge> {
  const opened = await startXState4Bridge(options)
  ends.push(() => opened.stop())
  return opened
}

/** The real receiver, and what it has understood so far. */
function tool({ server }: XState4Bridge) {
  const receiver = connect(server)
  const heard: Understood[] = []
  receiver.subscribe((event) => heard.push(event))
  const of = (type: string, sessionId?: string) =>
    heard.filter((event) => event.type === type && (sessionId === undefined || event.sessionId === sessionId))
  return { receiver, heard, of }
}

/** The root actor of a breaker, and its strategy. */
const rootIn = (heard: readonly Understood[], name: string) =>
  heard.find(({ type, id }) => type === "service.register" && id === name)?.sessionId
const strategyIn = (heard: readonly Understood[], name: string) =>
  heard.find(({ id, parent }) => id === "basic" && parent !== undefined && parent === rootIn(heard, name))

describe("the bridge to XState 4", () => {
  test("is tested with XState 4", () => {
    expect(version).toMatch(/^4\./)
  })

  test("introduces charts that XState 4 can make, with the states that they are in", async () => {
    const payments = breakerNamed("payments")
    payments.forceOpen("a test")
    const { heard } = tool(await bridge())
    await expect.poll(() => strategyIn(heard, "payments")).toBeDefined()
    const strategy = strategyIn(heard, "payments")
    expect(strategy?.state?.matches("open.held")).toBe(true)
    // XState 4 itself takes the step that the chart says.
    expect(strategy?.machine?.transition("open.held", "operator.released").value).toBe("halfOpen")
  })

  test("tells each event and the state after it, in order, and the end", async () => {
    const orders = breakerNamed("orders")
    const { heard, of } = tool(await bridge())
    await expect.poll(() => strategyIn(heard, "orders")).toBeDefined()
    const basic = strategyIn(heard, "orders")?.sessionId ?? ""
    heard.length = 0
    await orders.tryExecute(fail)
    await expect.poll(() => of("service.state", basic).length).toBeGreaterThanOrEqual(1)
    const told = heard.filter(({ sessionId }) => sessionId === basic)
    expect(told.map(({ type, event }) => event?.name ?? type)).toEqual(["alarm.rang", "service.state"])
    expect(told[1]?.state?.matches("open")).toBe(true)
    await orders.stop()
    await expect.poll(() => of("service.stop", basic).length).toBe(1)
  })

  test("hands an event of the tool to its actor once, if it may, whichever way it is addressed", async () => {
    const stock = breakerNamed("stock")
    const { receiver, heard } = tool(await bridge({ control: true }))
    await expect.poll(() => rootIn(heard, "stock")).toBeDefined()
    const session = rootIn(heard, "stock")
    const moves: string[] = []
    stock.on("mode", ({ to, why }) => moves.push(`${to}: ${why}`))
    const command = (type: string, why: string, origin?: string) =>
      JSON.stringify({ name: type, data: { type, why }, $$type: "scxml", type: "external", origin })
    receiver.send({ type: "xstate.event", event: command("operator.forceOpen", "by the tool"), service: session })
    await expect.poll(() => stock.mode).toBe("forcedOpen")
    receiver.send({ type: "xstate.event", event: command("operator.release", "by origin", session) })
    await expect.poll(() => stock.mode).toBe("auto")
    expect(moves).toEqual(["forcedOpen: by the tool", "auto: by origin"])
  })

  test("only tells, unless control is enabled; and what makes no sense is not heard", async () => {
    const quiet = breakerNamed("quiet")
    const { receiver, heard } = tool(await bridge())
    await expect.poll(() => rootIn(heard, "quiet")).toBeDefined()
    const session = rootIn(heard, "quiet")
    const event = JSON.stringify({ name: "operator.forceOpen", data: { type: "operator.forceOpen", why: "no" } })
    for (const message of [
      { type: "xstate.event", event, service: session },
      { type: "xstate.event", event: "{", service: session },
      { type: "xstate.event", event: "null", service: session },
      { type: "something" },
    ])
      receiver.send(message)
    // Messages are heard in order: the answer to this one comes after the others.
    heard.length = 0
    receiver.send({ type: "xstate.inspecting" })
    await expect.poll(() => rootIn(heard, "quiet")).toBeDefined()
    expect(quiet.mode).toBe("auto")
  })

  test("costs a breaker nothing before a tool asks and after it has gone", async () => {
    const opened = await bridge()
    const lone = breakerNamed("lone")
    const { system } = (lone as AssembledBreaker).assembly.conductor.root as unknown as AnyActorRef
    let watchers = 0
    const { inspect } = system
    system.inspect = (observer) => {
      watchers++
      const { unsubscribe } = inspect(observer)
      return {
        unsubscribe: () => {
          watchers--
          unsubscribe()
        },
      }
    }
    expect(watchers).toBe(0)
    const socket = new WebSocket(`ws://${opened.server}`)
    socket.on("open", () => socket.send(JSON.stringify({ type: "xstate.inspecting" })))
    await expect.poll(() => watchers).toBe(1)
    socket.close()
    await expect.poll(() => watchers).toBe(0)
  })
})

describe("who may connect", () => {
  const statusOf = (opened: XState4Bridge, path: string, headers: Record<string, string> = {}) =>
    new Promise<number | undefined>((resolve, reject) => {
      const upgrade = { connection: "upgrade", upgrade: "websocket", "sec-websocket-version": "13" }
      const asked = request({
        host: "127.0.0.1",
        port: opened.port,
        path,
        headers: { ...upgrade, "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==", ...headers },
      })
      asked.on("response", ({ statusCode }) => resolve(statusCode))
      asked.on("upgrade", (_response, socket) => {
        socket.destroy()
        resolve(101)
      })
      asked.on("error", reject)
      asked.end()
    })

  test.each([
    ["the token", (token: string) => `/?token=${token}`, {}, 101],
    ["another token", () => "/?token=0123456789abcdef", {}, 401],
    ["no token", () => "/", {}, 401],
    ["a page of somewhere", (token: string) => `/?token=${token}`, { origin: "https://evil.example" }, 403],
    [
      "a page that was named",
      (token: string) => `/?token=${token}`,
      { origin: "https://tool.example", "sec-fetch-site": "cross-site" },
      101,
    ],
    ["a rebound name", (token: string) => `/?token=${token}`, { host: "evil.example" }, 421],
  ])("%s: is answered as it should be", async (_what, path, headers, status) => {
    const opened = await bridge({ token: "a-token-for-a-test", origins: ["https://tool.example"] })
    expect(await statusOf(opened, path("a-token-for-a-test"), headers as Record<string, string>)).toBe(status)
  })

  test.each([
    [{ port: -1 }, "options.port"],
    [{ token: "short" }, "options.token"],
    [{ control: "yes" }, "options.control"],
    [{ origins: ["stately.ai"] }, "options.origins"],
    [{ origin: "https://stately.ai" }, "options.origin"],
  ])("refuses %j", async (options, path) => {
    const error = await startXState4Bridge(options as XState4BridgeOptions).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(InvalidConfig)
    expect(String(error)).toContain(path)
  })

  test("sixteen tools may look at once, and one that leaves makes room", async () => {
    const opened = await bridge({ token: "a-token-for-a-test" })
    const path = "/?token=a-token-for-a-test"
    const tools = Array.from({ length: 16 }, () => new WebSocket(`ws://${opened.server}`))
    await Promise.all(tools.map((socket) => new Promise((resolve) => socket.once("open", resolve))))
    expect(await statusOf(opened, path)).toBe(503)
    const left = new Promise((resolve) => tools[0]?.once("close", resolve))
    tools[0]?.close()
    await left
    await expect.poll(() => statusOf(opened, path)).toBe(101)
    for (const socket of tools) socket.terminate()
  })

  test("a tool that reads nothing is hung up on, and told no more", () => {
    const breaker = breakerNamed("unread")
    const sent: string[] = []
    const closed: string[] = []
    let unread = 0
    let silenced = 0
    const line = {
      get unread() {
        return unread
      },
      send: (text: string) => void sent.push(text),
      close: (why: string) => void closed.push(why),
    }
    const follow: ToolOptions["follow"] = (tell, meet) => {
      const silence = followActors(tell, meet)
      return () => {
        silenced++
        silence()
      }
    }
    const one = new Tool({ line, control: false, follow })
    one.hear(JSON.stringify({ type: "xstate.inspecting" }))
    expect(sent.length).toBeGreaterThan(0)
    unread = 5 * 1024 * 1024
    breaker.forceOpen("a test")
    expect([closed, silenced]).toEqual([["it does not read what it is told"], 1])
    sent.length = 0
    breaker.release("a test")
    expect(sent).toEqual([])
  })

  test("a port that is taken is told in words", async () => {
    const { port } = await bridge()
    await expect(startXState4Bridge({ port })).rejects.toMatchObject({ name: "PortUnavailable" })
  })
})
