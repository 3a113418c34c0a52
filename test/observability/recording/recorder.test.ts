import { existsSync, mkdirSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { createBreaker, createBreakers, InvalidConfig } from "recloser"
import { startRecorder } from "recloser/inspect"
import { createVirtualClock } from "recloser/testing"
import { describe, expect, test } from "vitest"
import { readRecording } from "../../../src/observability/recording/read.ts"
import { play } from "../../../src/testing/replay/play.ts"
import { folder, incident } from "../../support/incident.ts"

describe("a recorder", () => {
  test("writes a bounded number of bounded files, each of which can be played by itself", async () => {
    const { file } = await incident({ gapMs: 1, seconds: 20, recorder: { maxBytes: 2 ** 16, files: 3 } })
    expect([".1", ".2", ".3"].map((end) => existsSync(`${file}${end}`))).toEqual([true, true, false])
    for (const path of [file, `${file}.1`, `${file}.2`]) {
      expect(statSync(path).size).toBeLessThan(2 ** 16 + 300_000)
      const played = play(readRecording(path, readFileSync(path)))
      expect(played.decisions).toBeGreaterThan(100)
      expect(played.agreed / played.decisions).toBeGreaterThan(0.97)
    }
  })

  test("leaves what another recorder has to that one, and says so once", async () => {
    const clock = createVirtualClock()
    const [first, second] = [join(folder(), "first.ndjson"), join(folder(), "second.ndjson")]
    const breakers = createBreakers({ max: 10, config: () => ({}) }, { clock })
    const alone = createBreaker("alone", {}, { clock })
    const call = async () => {
      for (const breaker of [alone, breakers.get("k")]) await breaker.execute(async () => "up")
      await clock.advance(10)
    }
    const warned: string[] = []
    const hear = ({ message }: Error) => void warned.push(message)
    process.on("warning", hear)
    const one = startRecorder({ file: first, clock })
    await call()
    const other = startRecorder({ file: second, clock })
    await call()
    other.stop()
    await call()
    one.stop()
    await new Promise((turn) => setImmediate(turn))
    process.off("warning", hear)
    const decisionsIn = (file: string) => play(readRecording(file, readFileSync(file))).decisions
    expect([decisionsIn(first), decisionsIn(second)]).toEqual([6, 0])
    expect(warned).toEqual([`${second} lacks what another recorder records already`])
    for (const each of [alone, breakers]) await each.stop()
  })

  test("writes files that nobody else may read", async () => {
    const { file } = await incident({ seconds: 1 })
    expect(statSync(file).mode & 0o777).toBe(0o600)
  })

  test("hides a key by itself when whoever should cannot, and fails no call", async () => {
    const clock = createVirtualClock()
    const file = join(folder(), "hidden.ndjson")
    const redact = () => {
      throw new TypeError("no idea")
    }
    const recorder = startRecorder({ file, clock, redact, breakers: (name) => name.startsWith("hid") })
    const breaker = createBreaker("hid", {}, { clock })
    const many = createBreakers({}, { clock })
    expect(await breaker.execute(async () => 1, { key: "card-4111" })).toBe(1)
    expect(await many.get("hid card-4112").execute(async () => 2)).toBe(2)
    recorder.stop()
    const { lines } = readRecording(file, readFileSync(file))
    expect(readFileSync(file, "utf8")).not.toContain("card-")
    expect(lines).toContainEqual(
      expect.objectContaining({ t: "facts", facts: expect.objectContaining({ key: "(hidden)" }) }),
    )
    expect(lines).toContainEqual(expect.objectContaining({ t: "breaker", name: "(hidden)" }))
    await Promise.all([breaker.stop(), many.stop()])
  })

  test("keeps no key in clear that another breaker depends on, and plays what the dependency did", async () => {
    const clock = createVirtualClock()
    const file = join(folder(), "depending.ndjson")
    const named = ["shop", "alice@example.com", "vault of alice@example.com", "books"]
    const recorder = startRecorder({ file, clock, breakers: (name) => named.includes(name) })
    const strategy = { type: "dependency", own: "basic" } as const
    const dependencies = { books: { type: "critical" }, "attic of alice@example.com": { type: "optional" } } as const
    const customers = createBreakers({ config: () => ({ strategy: { ...strategy, dependencies } }) }, { clock })
    const vaults = createBreakers({ config: () => ({ strategy }) }, { clock })
    const books = createBreaker("books", {}, { clock })
    const shop = createBreaker("shop", { strategy }, { clock })
    const [alice, vault] = [customers.get("alice@example.com"), vaults.get("vault of alice@example.com")]
    shop.addDependency(alice, { type: "critical" })
    alice.addDependency(vault, { type: "critical" })
    const told: string[] = []
    for (const breaker of [shop, alice]) breaker.on("dependency", ({ to, reason }) => told.push(`${to}: ${reason}`))
    for (const at of [vault, books]) {
      await alice.tryExecute(async () => 1)
      at.forceOpen("maintenance")
      await clock.advance(1000)
      await shop.tryExecute(async () => 1)
      await alice.tryExecute(async () => 1)
      at.release("done")
      await clock.advance(60_000)
      await at.tryExecute(async () => 1)
      await at.tryExecute(async () => 1)
    }
    shop.removeDependency(alice)
    recorder.stop()
    expect(told).toContain("blocked: vault of alice@example.com is open")
    expect(told).toContain("blocked: books is open")
    expect(readFileSync(file, "utf8")).not.toContain("alice")
    const played = play(readRecording(file, readFileSync(file)))
    expect(played.firstDifference).toBeUndefined()
    const words = played.moments.map(({ breaker, words }) => `${breaker}: ${words}`)
    expect(words).toContain("shop: dependencies blocked: books is open")
    expect(words).toContainEqual(expect.stringMatching(/^shop: dependencies blocked: #[0-9a-f]{12} is open$/))
    expect(words).toContainEqual(expect.stringMatching(/^#[0-9a-f]{12}: dependencies blocked: #[0-9a-f]{12} is open$/))
    await Promise.all([shop.stop(), books.stop(), customers.stop(), vaults.stop()])
  })

  test("says of keys which place they share in a full table, so that a replay lets the same ones in", async () => {
    const clock = createVirtualClock({ seed: 7 })
    const file = join(folder(), "sharing.ndjson")
    const recorder = startRecorder({ file, clock, breakers: (name) => name === "sharing" })
    const limits = { strategy: "basic", rateLimit: { perKey: { limit: 2, interval: "1 hour", max: 20 } } } as const
    const breaker = createBreaker("sharing", limits, { clock })
    let refused = 0
    for (let call = 0; call < 300; call++) {
      await clock.advance(1000)
      refused += (await breaker.tryExecute(async () => 1, { key: `card ${call % 70}` })).ok ? 0 : 1
    }
    recorder.stop()
    expect(refused).toBeGreaterThan(100)
    const played = play(readRecording(file, readFileSync(file)))
    expect([played.agreed, played.firstDifference]).toEqual([played.decisions, undefined])
    await breaker.stop()
  })

  test("keeps no key in clear that a limit owes something to", async () => {
    const clock = createVirtualClock()
    const limits = { rateLimit: { limit: 5, perKey: { limit: 1, burst: 3 } } } as const
    const breaker = createBreaker("owing", limits, { clock })
    for (const key of ["card-1", "card-1", "card-2"]) await breaker.execute(async () => 1, { key })
    const file = join(folder(), "owing.ndjson")
    const recorder = startRecorder({ file, clock, breakers: (name) => name === "owing" })
    await breaker.execute(async () => 1, { key: "card-1" })
    recorder.stop()
    const { lines } = readRecording(file, readFileSync(file))
    expect(JSON.stringify(lines[0])).toContain('"keys":[["#')
    expect(readFileSync(file, "utf8")).not.toContain("card-")
    await breaker.stop()
  })

  test("tells of no more breakers than there is room for, and how many it left out", async () => {
    const clock = createVirtualClock()
    const file = join(folder(), "many.ndjson")
    const recorder = startRecorder({ file, clock, breakers: (name) => name.startsWith("one of ") })
    const many = createBreakers(
      { max: 20_000, config: () => ({ strategy: "basic", timeout: false, priority: false }) },
      { clock },
    )
    for (let key = 0; key < 10_003; key++) {
      const ticket = many.get(`one of ${key}`).acquire()
      if (ticket.admitted) ticket.settle("success")
    }
    recorder.stop()
    const { lines, isWhole } = readRecording(file, readFileSync(file))
    expect(isWhole).toBe(true)
    expect(lines.filter(({ t }) => t === "breaker")).toHaveLength(10_000)
    expect(lines.filter(({ t }) => t === "recipe")).toHaveLength(1)
    expect(lines.at(-1)).toMatchObject({ t: "end", omitted: 3 })
    await many.stop()
  })

  test("ends when the disk refuses, tells of it, and fails no call", async () => {
    const clock = createVirtualClock()
    const place = folder()
    const errors: unknown[] = []
    const file = join(place, "full.ndjson")
    const recorder = startRecorder({
      file,
      clock,
      maxBytes: 2 ** 16,
      files: 2,
      breakers: (name) => name === "full",
      failed: (error) => errors.push(error),
    })
    const breaker = createBreaker("full", {}, { clock })
    // The next file cannot be begun: a folder stands where the old one would go.
    mkdirSync(`${file}.1/in-the-way`, { recursive: true })
    for (let call = 0; call < 40_000; call++) expect(await breaker.execute(async () => call)).toBe(call)
    expect([recorder.isRecording, errors.length]).toEqual([false, 1])
    expect(await breaker.execute(async () => "still")).toBe("still")
    await breaker.stop()
  })

  test("holds no breaker that has stopped, and says that it has gone", async () => {
    const clock = createVirtualClock()
    const file = join(folder(), "short.ndjson")
    const recorder = startRecorder({ file, clock, breakers: (name) => name === "short" })
    const breaker = createBreaker("short", {}, { clock })
    await breaker.execute(async () => 1)
    await breaker.stop()
    recorder.stop()
    recorder.stop()
    const { lines } = readRecording(file, readFileSync(file))
    expect(lines.map(({ t }) => t)).toEqual(["breaker", "calls", "event", "event", "gone", "end"])
  })

  test("begun and stopped again leaves no timer and no mark on a breaker", async () => {
    const clock = createVirtualClock()
    const breaker = createBreaker("plain", { timeout: false, metrics: false }, { clock })
    const { pending } = clock
    const recorder = startRecorder({
      file: join(folder(), "plain.ndjson"),
      clock,
      breakers: (name) => name === "plain",
    })
    await breaker.execute(async () => 1)
    recorder.stop()
    const bytes = recorder.bytes
    await breaker.execute(async () => 1)
    expect([clock.pending, recorder.bytes]).toEqual([pending, bytes])
    await breaker.stop()
  })

  test.each([
    [{}, "options.file"],
    [{ file: "x", maxBytes: 10 }, "options.maxBytes"],
    [{ file: "x", files: 0 }, "options.files"],
    [{ file: "x", files: Number.NaN }, "options.files"],
    [{ file: "x", redact: "yes" }, "options.redact"],
    [{ file: "x", size: 3 }, "options.size"],
  ])("refuses %j before anything is written", (options, path) => {
    expect(() => startRecorder(options as never)).toThrow(InvalidConfig)
    expect(() => startRecorder(options as never)).toThrow(path)
  })
})
