import { existsSync, mkdirSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { createBreaker, InvalidConfig } from "recloser"
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

  test("writes files that nobody else may read", async () => {
    const { file } = await incident({ seconds: 1 })
    expect(statSync(file).mode & 0o777).toBe(0o600)
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
