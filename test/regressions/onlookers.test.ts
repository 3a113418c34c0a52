/** Who looks on, and what was left behind by them: each test is named after what went wrong. */
import { execFileSync } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs"
import { connect } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createMarks, readSavedState, redactedLog, startRecorder, startXState4Bridge } from "recloser/inspect"
import { afterEach, describe, expect, test, vi } from "vitest"
import { WebSocket } from "ws"
import { createActor, createMachine, type InspectionEvent } from "xstate"
import { Broadcast } from "../../src/observability/inspector/broadcast.ts"
import type { Client } from "../../src/observability/inspector/client.ts"
import { Episodes } from "../../src/observability/inspector/episodes.ts"
import { refusalOf } from "../../src/observability/inspector/guard.ts"
import type { Told, World } from "../../src/observability/inspector/inspected.ts"
import { Rows } from "../../src/observability/inspector/rows.ts"
import { ShownWorld } from "../../src/observability/inspector/shownWorld.ts"
import { Naming } from "../../src/observability/redaction/naming.ts"
import { Redaction } from "../../src/observability/redaction/redaction.ts"
import { Tool } from "../../src/observability/xstate4/tool.ts"
import { ended, lineOf, startCode } from "../cli/command.ts"

const ends: (() => unknown)[] = []
afterEach(async () => {
  vi.restoreAllMocks()
  for (const end of ends.splice(0).reverse()) await end()
})

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "recloser-onlookers-"))
  ends.push(() => rmSync(path, { recursive: true }))
  return path
}

function pipeIn(place: string): string {
  const path = join(place, "pipe")
  execFileSync("mkfifo", [path])
  return path
}

describe("what is no regular file is neither moved away nor waited for", () => {
  test("a folder that was named as the file of a recording was renamed, and a device would have been", () => {
    const place = folder()
    const mine = join(place, "mine")
    mkdirSync(mine)
    expect(() => startRecorder({ file: mine })).toThrow("mine is no regular file")
    expect(() => startRecorder({ file: pipeIn(place) })).toThrow("pipe is no regular file")
    expect(readdirSync(place).toSorted()).toEqual(["mine", "pipe"])
  })

  test("a folder that is called like an older recording was renamed with them", () => {
    const place = folder()
    mkdirSync(join(place, "calls.1"))
    expect(() => startRecorder({ file: join(place, "calls"), files: 3 })).toThrow("calls.1 is no regular file")
    expect(existsSync(join(place, "calls.2"))).toBe(false)
  })

  test("a saved state that is a pipe was waited for as long as nobody wrote into it", async () => {
    await expect(readSavedState(pipeIn(folder()))).rejects.toThrow("must be a regular file")
  })
})

describe("what a tool of XState 4 leaves behind", () => {
  test("each time that it asked to be told from the beginning, and when it left, its listeners stayed with the actors", async () => {
    const actor = createActor(createMachine({}))
    let living = 0
    actor.subscribe = () => {
      living++
      const unsubscribe = () => {
        living--
      }
      return { unsubscribe }
    }
    const event = { type: "@xstate.actor", rootId: "", actorRef: actor } as unknown as InspectionEvent
    const follow = (tell: (event: InspectionEvent) => void) => {
      tell(event)
      return () => {}
    }
    const tool = new Tool({ line: { unread: 0, send: () => {}, close: () => {} }, control: false, follow })
    tool.hear('{"type":"xstate.inspecting"}')
    expect(living).toBe(1)
    tool.hear('{"type":"xstate.inspecting"}')
    expect(living).toBe(1)
    tool.leave()
    expect(living).toBe(0)
  })

  test("whoever had connected and said nothing, or had been turned away and did not hang up, kept the bridge from stopping", async () => {
    const bridge = await startXState4Bridge()
    const silent = connect(bridge.port, "127.0.0.1")
    const refused = connect({ port: bridge.port, host: "127.0.0.1", allowHalfOpen: true })
    ends.push(() => [silent, refused].map((socket) => socket.destroy()))
    const answered = new Promise((resolve) => refused.once("data", resolve))
    refused.write("GET / HTTP/1.1\r\nHost: elsewhere\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
    for (const socket of [silent, refused]) socket.on("error", () => {})
    expect(String(await answered)).toMatch(/^HTTP\/1.1 421 /)
    await bridge.stop()
  })

  test("a tool that was connected kept the process alive", async () => {
    const code = `
      import { startXState4Bridge } from "./src/inspect.ts"
      const bridge = await startXState4Bridge()
      console.log(bridge.server)
      process.stdin.on("data", () => process.stdin.destroy())`
    const child = startCode(code)
    ends.push(() => child.kill("SIGKILL"))
    const end = ended(child)
    const tool = new WebSocket(`ws://${await lineOf(child, (line) => line.startsWith("127."))}`)
    tool.on("error", () => {})
    await new Promise((resolve) => tool.once("open", resolve))
    child.stdin.end("go on")
    expect((await end).code).toBe(0)
  })
})

describe("what nobody looks at is not kept for ever", () => {
  const gone = (name: string): Told => ({
    ...({
      type: "transition",
      breaker: name,
      at: 0,
      from: "closed",
      to: "open",
      rule: "consecutive",
      epoch: 1,
    } as const),
    ...{ reason: "", retryInMs: 1, statistics: undefined },
  })
  const emptyWorld = () => {
    let hear: Parameters<World["onTold"]>[0] = () => {}
    const onTold: World["onTold"] = (listener) => {
      hear = listener
      return () => {}
    }
    const world: World = { breakers: [], size: 0, find: () => undefined, onTold }
    return { world, tell: (key: string) => hear(`1/${key}`, gone(key), (at) => at) }
  }
  const pace = { now: () => 0, wallNow: () => 0, after: () => () => {} }

  test("of whom something was decided while no page was open was remembered until one was", () => {
    const { world, tell } = emptyWorld()
    const broadcast = new Broadcast(world, pace)
    const look = vi.spyOn(Rows.prototype, "look")
    for (let key = 0; key < 100; key++) tell(`key ${key}`)
    broadcast.join({ breaker: undefined, isReady: () => true, send: () => {}, end: () => {} } as unknown as Client)
    expect(look.mock.calls[0]?.[2].size).toBe(0)
    broadcast.end()
  })

  test("the trouble of a key that was forgotten while its circuit was open was remembered for ever", () => {
    const episodes = new Episodes()
    for (let key = 0; key <= 20_000; key++) episodes.take(`1/${key}`, gone(String(key)), 0)
    expect(episodes.of("1/0")).toBeUndefined()
    expect(episodes.of("1/20000")?.to).toBe("open")
  })

  test("what stands for keys that had gone was remembered by the page's world until a page was open", () => {
    const { world, tell } = emptyWorld()
    const redaction = new Redaction(
      (text) => `mark of ${text}`,
      () => false,
    )
    new ShownWorld(world, redaction).onTold(() => {})
    for (let key = 0; key < 10_000; key++) redaction.keys.of(`key ${key}`)
    tell("another")
    expect(redaction.keys.size).toBe(1)
  })

  test("what stands for keys was remembered by a redacted log for ever", () => {
    const of = vi.spyOn(Naming.prototype, "of")
    const shown = redactedLog("json", createMarks()).shown()
    shown(gone("the first"))
    const keys = of.mock.contexts[0] as Naming
    of.mockRestore()
    for (let key = 0; key < 20_000; key++) keys.of(`key ${key}`)
    shown(gone("another"))
    expect(keys.size).toBe(1)
  })
})

test("on port 80, which no browser says, the page was refused", () => {
  const asked = (host: string, origin?: string) =>
    refusalOf({ method: "GET", headers: { host, origin } } as unknown as Parameters<typeof refusalOf>[0], 80)
  expect(asked("127.0.0.1")).toBeUndefined()
  expect(asked("localhost", "http://localhost")).toBeUndefined()
  expect(asked("127.0.0.1:80")).toBeUndefined()
  expect(asked("example.com")?.status).toBe(421)
  expect(asked("localhost", "http://example.com")?.status).toBe(403)
})
