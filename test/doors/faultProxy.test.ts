/** The fault proxy over real sockets: what a client sees, with delays on a virtual clock. */
import { type Faults, startFaultProxy } from "recloser/testing"
import { afterEach, describe, expect, test } from "vitest"
import { client, endAll, quiet, until, world } from "../support/faultWorld.ts"

afterEach(endAll)

describe("in good weather", () => {
  test("everything passes both ways, and ends pass, too", async () => {
    const { proxy } = await world()
    const { socket, heard } = await client(proxy.port)
    const long = "0123456789".repeat(100_000)
    socket.end(long)
    await until(() => heard.ended)
    expect(heard.text).toBe(long)
    expect(proxy.connections.made).toBe(1)
    await until(() => proxy.connections.open === 0)
  })
})

describe("latency", () => {
  test("delays answers by what it says, and keeps their order", async () => {
    const { clock, proxy } = await world({ latency: "100 millis", jitter: "100 millis" })
    const { socket, heard } = await client(proxy.port)
    for (const word of ["a", "b", "c", "d"]) {
      socket.write(word)
      await quiet()
    }
    await clock.advance("200 millis")
    await until(() => heard.text === "abcd")
  })

  test("lets nothing pass before its time", async () => {
    const { clock, proxy } = await world({ latency: "100 millis" })
    const { socket, heard } = await client(proxy.port)
    socket.write("early?")
    await until(() => clock.pending > 0)
    await clock.advance("99 millis")
    await quiet()
    expect(heard.text).toBe("")
    await clock.advance("1 millis")
    await until(() => heard.text === "early?")
  })
})

describe("bandwidth", () => {
  test("lets so many bytes pass a second", async () => {
    const { clock, proxy } = await world({ bandwidth: 1000 })
    const { socket, heard } = await client(proxy.port)
    socket.end("x".repeat(1000))
    await until(() => heard.text.length === 50)
    await clock.advance("500 millis")
    await until(() => heard.text.length === 550)
    await quiet()
    expect(heard.text.length).toBe(550)
    await clock.advance("500 millis")
    await until(() => heard.ended)
    expect(heard.text.length).toBe(1000)
  })

  test("a service that says more than passes is not read without end", async () => {
    let written = 0
    const { clock, proxy } = await world({ bandwidth: 1 }, (socket) => {
      const chunk = Buffer.alloc(64 * 1024)
      const more = () => {
        while (written < 64 * 1024 * 1024 && socket.write(chunk)) written += chunk.length
      }
      socket.on("drain", more)
      more()
    })
    await client(proxy.port)
    await until(() => clock.pending > 0)
    let before = -1
    while (written > before) {
      before = written
      for (let turn = 0; turn < 5; turn++) await quiet()
    }
    expect(written).toBeLessThan(32 * 1024 * 1024)
  })
})

describe("a hang", () => {
  test("keeps the connection and holds everything until it is over", async () => {
    const { clock, proxy } = await world({ hang: true })
    const { socket, heard } = await client(proxy.port)
    socket.end("hello")
    await quiet()
    await clock.advance("1 hour")
    expect(heard).toEqual({ text: "", ended: false, error: undefined })
    expect(proxy.connections.open).toBe(1)
    await proxy.set({})
    await until(() => heard.ended)
    expect(heard.text).toBe("hello")
  })
})

describe("down", () => {
  test("refuses new connections, resets those that stood, and comes back at the same port", async () => {
    const { proxy } = await world()
    const { port } = proxy
    const before = await client(port)
    await until(() => proxy.connections.open === 1)
    await proxy.set({ down: true })
    await until(() => before.heard.error === "ECONNRESET")
    expect((await client(port)).heard.error).toBe("ECONNREFUSED")
    await proxy.set({})
    const after = await client(port)
    after.socket.end("again")
    await until(() => after.heard.text === "again")
  })
})

describe("a reset", () => {
  test("comes at the age it says, for connections that stand, too", async () => {
    const { clock, proxy } = await world()
    const { socket, heard } = await client(proxy.port)
    await until(() => proxy.connections.open === 1)
    await clock.advance("1 second")
    await proxy.set({ reset: "3 seconds" })
    await clock.advance("1999 millis")
    socket.write("still here")
    await until(() => heard.text === "still here")
    await clock.advance("1 millis")
    await until(() => heard.error === "ECONNRESET")
    await until(() => proxy.connections.open === 0)
    expect(clock.pending).toBe(0)
  })
})

describe("limited data", () => {
  test.each([0, 1, 4, 6])("an answer ends after %i bytes, as if it were complete", async (bytes) => {
    const { proxy } = await world({ limitData: bytes })
    const { socket, heard } = await client(proxy.port)
    socket.write("abcdef")
    await until(() => heard.ended)
    expect(heard).toEqual({ text: "abcdef".slice(0, bytes), ended: true, error: undefined })
  })
})

describe("a slow close", () => {
  test("tells the client later that the service has ended", async () => {
    const { clock, proxy } = await world({ slowClose: "2 seconds" })
    const { socket, heard } = await client(proxy.port)
    socket.end("bye")
    await until(() => heard.text === "bye")
    await clock.advance("1999 millis")
    await quiet()
    expect(heard.ended).toBe(false)
    await clock.advance("1 millis")
    await until(() => heard.ended)
  })
})

describe("a part of the connections", () => {
  test("is faulty, the same part for the same seed; the others are well", async () => {
    const { proxy } = await world({ limitData: 0, part: 0.5 })
    const fates: boolean[] = []
    for (let call = 0; call < 40; call++) {
      const { socket, heard } = await client(proxy.port)
      socket.end("?")
      await until(() => heard.ended)
      fates.push(heard.text === "?")
    }
    const good = fates.filter(Boolean).length
    expect(good).toBeGreaterThan(8)
    expect(good).toBeLessThan(32)
  })
})

describe("bad days", () => {
  test("a service that is not there resets its clients", async () => {
    const { proxy, server } = await world()
    await new Promise((resolve) => server.close(resolve))
    const { heard } = await client(proxy.port)
    await until(() => heard.error === "ECONNRESET" || heard.ended)
    await until(() => proxy.connections.open === 0)
  })

  test("a service that crashes in the middle resets its clients", async () => {
    const { proxy } = await world({}, (socket) => socket.once("data", () => socket.resetAndDestroy()))
    const { socket, heard } = await client(proxy.port)
    socket.write("?")
    await until(() => heard.error === "ECONNRESET")
  })

  test("closing it resets what stands and leaves nothing", async () => {
    const { clock, proxy } = await world({ latency: "1 hour", reset: "2 hours" })
    const { socket, heard } = await client(proxy.port)
    socket.write("?")
    await until(() => clock.pending > 1)
    await Promise.all([proxy.close(), proxy.close()])
    await until(() => heard.error === "ECONNRESET")
    await until(() => proxy.connections.open === 0)
    expect(clock.pending).toBe(0)
  })

  test("closing it ends a connection that was cut, too, though its client keeps its half open", async () => {
    const { proxy } = await world({ limitData: 0 })
    const { socket, heard } = await client(proxy.port)
    socket.write("?")
    await until(() => heard.ended)
    expect(proxy.connections.open).toBe(1)
    await proxy.close()
    await until(() => proxy.connections.open === 0)
  })

  test.each([
    [{ latency: -1 }, "faults.latency: must be a duration"],
    [{ latency: "10 millis", jitter: "11 millis" }, "faults.jitter: must not be more than latency"],
    [{ bandwidth: 0 }, "faults.bandwidth: must be a number from 1"],
    [{ bandwidth: Number.NaN }, "faults.bandwidth"],
    [{ limitData: 1.5 }, "faults.limitData: must be a whole number from 0"],
    [{ part: 2 }, "faults.part: must be a number from 0 to 1"],
    [{ hang: "yes" }, "faults.hang: must be true or false"],
    [{ lag: 5 }, "faults.lag: is not an option here; known: latency"],
    [null, "faults: must be a plain object"],
  ])("faults that make no sense are refused: %j", async (faults, rule) => {
    const { proxy } = await world()
    expect(() => proxy.set(faults as Faults)).toThrow(rule)
  })

  test.each([0, 70_000, 1.5, "nowhere", "", undefined, null])("a target that is none is refused: %j", async (to) => {
    await expect(startFaultProxy({ to: to as number })).rejects.toThrow("options.to: must be a port, or an address")
  })

  test("a port that is taken is an error, and nothing is left behind", async () => {
    const { proxy } = await world()
    await expect(startFaultProxy({ to: 80, port: proxy.port })).rejects.toMatchObject({ code: "EADDRINUSE" })
  })
})
