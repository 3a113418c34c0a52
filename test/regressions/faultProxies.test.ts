/** Fault proxies: what did something else than its name says. */
import { once } from "node:events"
import { createServer, type Socket } from "node:net"
import { startFaultProxy } from "recloser/testing"
import { afterEach, describe, expect, test } from "vitest"
import { client, endAll, until, world } from "../support/faultWorld.ts"

afterEach(endAll)

describe("a fault proxy", () => {
  test("let more pass than its limit where more had passed before the limit was set", async () => {
    const { proxy } = await world({})
    const { socket, heard } = await client(proxy.port)
    socket.write("x".repeat(100))
    await until(() => heard.text.length === 100)
    await proxy.set({ limitData: 90 })
    socket.write("y".repeat(100))
    await until(() => heard.ended)
    expect(heard.text).toBe("x".repeat(100))
  })

  test("went on holding what stood in its pipe when good weather was set", async () => {
    const { proxy, clock } = await world({ latency: "1 hour" })
    const { socket, heard } = await client(proxy.port)
    socket.write("late")
    await until(() => clock.pending > 0)
    await proxy.set({})
    await until(() => heard.text === "late")
    socket.end("soon")
    await until(() => heard.ended)
    expect(heard.text).toBe("latesoon")
    expect(clock.pending).toBe(0)
  })

  test("went on keeping back the end of a connection when good weather was set", async () => {
    const { proxy } = await world({ slowClose: "1 hour" })
    const { socket, heard } = await client(proxy.port)
    socket.end("bye")
    await until(() => heard.text === "bye")
    await proxy.set({})
    await until(() => heard.ended)
  })

  test("went on as slowly as before when its bandwidth was set free", async () => {
    const { proxy } = await world({ bandwidth: 1 })
    const { socket, heard } = await client(proxy.port)
    socket.write("abcdef")
    await until(() => heard.text === "a")
    await proxy.set({})
    await until(() => heard.text === "abcdef")
  })

  test("let a reset of the service pass while nothing was to pass", async () => {
    const served: Socket[] = []
    const { proxy } = await world({}, (socket) => served.push(socket))
    const { heard } = await client(proxy.port)
    await until(() => served.length === 1)
    await proxy.set({ hang: true })
    served[0]?.resetAndDestroy()
    for (let trip = 0; trip < 3; trip++) await client(proxy.port)
    await until(() => served.length === 4)
    expect(heard.error).toBe(undefined)
    await proxy.set({})
    await until(() => heard.error === "ECONNRESET")
  })

  test("listened again when faults were set after it had been closed", async () => {
    const { proxy } = await world({})
    await proxy.close()
    await expect(proxy.set({})).rejects.toThrow("the fault proxy is closed")
    expect((await client(proxy.port)).heard.error).toBe("ECONNREFUSED")
  })

  test("could be neither set nor closed any more once its port had been taken while it was down", async () => {
    const { proxy } = await world({ down: true })
    const thief = createServer()
    thief.listen(proxy.port, "127.0.0.1")
    await once(thief, "listening")
    await expect(proxy.set({})).rejects.toMatchObject({ code: "EADDRINUSE" })
    await new Promise((resolve) => thief.close(resolve))
    await proxy.set({})
    const { socket, heard } = await client(proxy.port)
    socket.end("again")
    await until(() => heard.text === "again")
    await proxy.close()
  })

  test("kept a connection that it had cut, because its client had more to say than it read", async () => {
    const { proxy } = await world({ limitData: 0 })
    const { socket, heard } = await client(proxy.port)
    socket.write("?")
    await until(() => heard.ended)
    socket.end("x".repeat(4_000_000))
    await until(() => proxy.connections.open === 0)
  })

  test.each([
    [{ to: 80, latency: "1 s" }, "options.latency: is not an option here; known: to, port, clock, seed"],
    [{ to: 80, port: 70_000 }, "options.port: must be a port"],
    [{ to: 80, port: "8080" }, "options.port: must be a port"],
    [{ to: 80, clock: {} }, "options.clock: must be a Clock"],
    [{ to: 80, seed: Number.NaN }, "options.seed: must be a whole number"],
    [{ to: "http://127.0.0.1:0" }, "options.to: must be a port, or an address"],
    [{ to: "redis://127.0.0.1" }, "options.to: must be a port, or an address"],
    [null, "options: must be an object"],
  ])("took options that make no sense: %j", async (options, rule) => {
    const started = startFaultProxy(options as never)
    started.then(
      (proxy) => proxy.close(),
      () => {},
    )
    await expect(started).rejects.toThrow(rule)
  })
})
