import { createServer } from "node:http"
import { createBreaker, createBreakers } from "recloser"
import { type Inspector, startInspector } from "recloser/inspect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { listen, shut } from "../../src/cli/demo/listen.ts"
import { run } from "./command.ts"

const payments = createBreaker("operated payments")
const perHost = createBreakers({})
const others = createBreakers({})
let inspector: Inspector
let watching: Inspector

beforeAll(async () => {
  for (const breakers of [perHost, others]) breakers.get("api.example")
  perHost.get("only.example")
  inspector = await startInspector({ control: true, breakers: (name) => name.startsWith("operated") })
  watching = await startInspector({ title: "shop", breakers: () => false })
})
afterAll(async () => {
  await Promise.all([payments.stop(), perHost.stop(), others.stop(), inspector.stop(), watching.stop()])
})

const operate = (...args: readonly string[]) => run("operate", ...args, "--inspector", inspector.url)

describe("recloser operate", () => {
  it("forces open and releases a breaker of a running program, with a reason", async () => {
    const told: string[] = []
    const leave = payments.on("mode", ({ from, to, why }) => told.push(`${from} → ${to}: ${why}`))
    const forced = await operate("force-open", "operated payments", "--why", "the bank asked us to")
    expect(forced).toEqual({ code: 0, stdout: "operated payments: force-open, done\n", stderr: "" })
    expect(payments.mode).toBe("forcedOpen")
    await operate("release", "operated payments", "--why", "they are back")
    leave()
    expect(told).toEqual(["auto → forcedOpen: the bank asked us to", "forcedOpen → auto: they are back"])
  })

  it("reaches a breaker by key, and asks which one where several have its name", async () => {
    expect(await operate("shadow", "only.example", "--why", "a look")).toMatchObject({ code: 0 })
    expect(perHost.get("only.example").mode).toBe("shadow")
    const { code, stderr } = await operate("bypass", "api.example", "--why", "a look")
    expect(code).toBe(2)
    const id = /name one of (\d+\/api\.example), \d+\/api\.example/.exec(stderr)?.[1] ?? ""
    expect(await operate("bypass", id, "--why", "this one")).toMatchObject({ code: 0 })
    expect([perHost.get("api.example").mode, others.get("api.example").mode].sort()).toEqual(["auto", "bypassed"])
  })

  it.each([
    [
      ["close", "operated payments", "--why", "x"],
      "close is no act: it must be one of force-open, bypass, shadow, release",
    ],
    [["release", "nobody", "--why", "x"], "there is no breaker nobody; there are operated payments, "],
    [["release", "operated payments", "--why", " "], "why must be a reason of 1 to 300 characters"],
    [["release", "operated payments"], "required option '--why <reason>' not specified"],
  ])("answers %j with what is wrong, and exit code 2", async (args, message) => {
    const { code, stdout, stderr } = await operate(...args)
    expect(stderr).toContain(message)
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" })
    expect(payments.mode).toBe("auto")
  })

  it.each([
    ["http://127.0.0.1:1/", "must be the whole address that the program printed"],
    [`http://evil.example/#${"x".repeat(32)}`, "must be the whole address that the program printed"],
    [`http://127.0.0.1:1/#${"x".repeat(32)}`, "nobody answers at 127.0.0.1:1"],
  ])("hands its token to nobody else: %s", async (address, message) => {
    const { code, stderr } = await run("operate", "release", "operated payments", "--why", "x", "--inspector", address)
    expect(stderr).toContain(message)
    expect(code).toBe(2)
  })

  it("acts only where the program allows it, and for whoever knows the token", async () => {
    const ask = (address: string) => run("operate", "bypass", "x", "--why", "x", "--inspector", address)
    expect((await ask(watching.url)).stderr).toContain(
      "shop lets nobody act: its inspector must be started with control",
    )
    const { stderr } = await ask(`${new URL("/", inspector.url).href}#${"x".repeat(32)}`)
    expect(stderr).toContain("the token is missing or wrong")
  })

  it("does not mind what somebody else answers at that port", async () => {
    const server = createServer((_request, response) => response.writeHead(500).end("what?"))
    const port = await listen(server, 0)
    const address = `http://127.0.0.1:${port}/#${"x".repeat(32)}`
    const { code, stderr } = await run("operate", "bypass", "x", "--why", "x", "--inspector", address)
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining("answered with status 500") })
    await shut(server)
  })
})
