import { spawn } from "node:child_process"
import { truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { createBreaker } from "recloser"
import { startRecorder } from "recloser/inspect"
import { createVirtualClock } from "recloser/testing"
import { describe, expect, it } from "vitest"
import type { Circuit } from "../../machines/vocabulary/circuit.ts"
import { stepPicture, steps, stepTo } from "../../src/cli/replay/stepper.ts"
import { comparisonLines, momentLine, storyOf } from "../../src/cli/replay/words.ts"
import { readRecording } from "../../src/observability/recording/read.ts"
import { type Moment, play } from "../../src/testing/replay/play.ts"
import type { Dealt } from "../../src/testing/replay/whatIf.ts"
import { folder, incident } from "../support/incident.ts"
import { keyedIncident } from "../support/keyedIncident.ts"
import { run } from "./command.ts"

const { file, content } = await incident({ config: { strategy: "basic" } })

describe("recloser replay", () => {
  it("tells every decision of a recorded incident, and that they are the recorded ones", async () => {
    const { code, stdout, stderr } = await run("replay", file)
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
    expect(stdout).toMatch(/14:00:\d\d\.\d{3} {2}payments {2}closed → open: /)
    expect(stdout).toContain("open → half-open: ")
    expect(stdout).toContain("1000 of 1000 calls are decided as they were")
    expect(stdout).toMatch(/trace [0-9a-f]{64}\n$/)
  })

  it("tells of an outage once, however often it was looked into, also of two at the same time", () => {
    const common = { mode: "auto", share: 1, probes: 0, heldBy: [], actors: [], calls: {} as Moment["calls"] } as const
    let wall = Date.UTC(2026, 10, 29)
    const moved = (breaker: string, circuit: Circuit, words: string): Moment => {
      wall += 100
      return { ...common, kind: "moved", wall, breaker, circuit, words }
    }
    const rounds = (breaker: string, count: number) =>
      Array.from({ length: count }, () => [
        moved(breaker, "halfOpen", "open → halfOpen: waited 1 s"),
        moved(breaker, "open", "halfOpen → open: a probe failed; next probe in 1 s"),
      ]).flat()
    const opened = (breaker: string) => moved(breaker, "open", "closed → open: 6 calls in a row failed")
    const [a, b] = [
      [opened("a"), ...rounds("a", 3)],
      [opened("b"), ...rounds("b", 1)],
    ]
    const acted: Moment = { ...moved("a", "open", "operator: auto → forcedOpen: why"), kind: "operator" }
    const end = [moved("a", "halfOpen", "open → halfOpen: waited 1 s"), moved("a", "closed", "halfOpen → closed: well")]
    const mixed = [...a.slice(0, 3), ...b, ...a.slice(3), acted, ...end, opened("a"), ...rounds("a", 2)]
    expect(storyOf(mixed).map((moment) => momentLine(moment, 1).slice(14))).toEqual([
      "a  closed → open: 6 calls in a row failed",
      "b  closed → open: 6 calls in a row failed",
      "b  open → half-open: waited 1 s",
      "b  half-open → open: a probe failed; next probe in 1 s",
      "a  opened again, 3 times: a probe failed; next probe in 1 s",
      "a  operator: auto → forced-open: why",
      "a  open → half-open: waited 1 s",
      "a  half-open → closed: well",
      "a  closed → open: 6 calls in a row failed",
      "a  opened again, 2 times: a probe failed; next probe in 1 s",
    ])
  })

  it("lets no recorded name write lines of its own, or move the cursor", async () => {
    const clock = createVirtualClock({ start: 1000 })
    const path = join(folder(), "forged.ndjson")
    const name = "pay\u001b[2J\nledger closed"
    const recorder = startRecorder({ file: path, clock, breakers: (one) => one === name })
    const breaker = createBreaker(name, { strategy: "basic" }, { clock })
    for (let call = 0; call < 60; call++) await breaker.tryExecute(async () => Promise.reject(new Error("503")))
    breaker.forceOpen("the bank\u001b[1A asked")
    recorder.stop()
    await breaker.stop()
    for (const more of [[], ["--config", '{"strategy":"basic"}']]) {
      const { stdout } = await run("replay", path, ...more)
      expect(stdout).not.toContain("\u001b")
      expect(stdout).toContain("pay\\u001b[2J\\u000aledger closed")
      expect(stdout.split("\n").filter((line) => line.startsWith("ledger closed"))).toEqual([])
    }
  })

  it("says as JSON what it says in words", async () => {
    const { stdout } = await run("replay", file, "--json")
    const lines = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(lines.at(-1)).toMatchObject({ type: "summary", agreed: 1000, decisions: 1000 })
    expect(lines[0]).toMatchObject({ type: "moment", breaker: "payments", kind: "moved", circuit: "open" })
  })

  it("shows beside it what another config would have decided", async () => {
    const config = '{"strategy":{"type":"basic","window":{"type":"consecutive","failures":3},"openFor":"1 second"}}'
    const { code, stdout } = await run("replay", file, "--config", config)
    expect(code).toBe(0)
    expect(stdout).toContain("as recorded                       with the other config")
    expect(stdout).toMatch(/fewer calls would have failed/)
    expect(stdout.replace(/\n/g, " ")).toContain("is a guess, from the calls beside them")
  })

  it("tells of breakers by key, each by its mark, and of very many what would have changed most", async () => {
    const config = () => ({ strategy: { type: "basic", openFor: "2 seconds" }, timeout: "1 second" }) as const
    const { file: keyed, total } = await keyedIncident({ keys: 60, config })
    const { code, stdout } = await run("replay", keyed)
    expect(code).toBe(0)
    expect(stdout).toMatch(/ {2}#[0-9a-f]{12} {2}closed → open: /)
    expect(stdout).toContain(`${total} of ${total} calls are decided as they were`)
    const { stdout: other } = await run(
      "replay",
      keyed,
      "--config",
      '{"strategy":{"type":"basic","openFor":"9 seconds"}}',
    )
    expect(other).toMatch(
      /… and \d+ more breakers; --json tells of each. Of all \d+:\n {2}sent +\d+ as recorded, \d+ with/,
    )
    expect(other.split("with the other config\n").length).toBeLessThan(26)
  })

  it("plays what is whole of a recording that was cut off, when asked to", async () => {
    const { file: cut } = await incident({ seconds: 8 })
    truncateSync(cut, 3000)
    const refused = await run("replay", cut)
    expect(refused.code).toBe(2)
    expect(refused.stderr).toMatch(/incident\.ndjson:\d+: the recording is cut off here; --partial plays/)
    const { code, stdout } = await run("replay", cut, "--partial")
    expect(code).toBe(0)
    expect(stdout).toContain("cut off at its end")
  })

  it.each([
    [["./nowhere.ndjson"], "./nowhere.ndjson cannot be read: there is no such file or folder"],
    [["./package.json"], "./package.json:1: this is no recording of recloser"],
    [[file, "--config", '{"strategy":"magic"}'], "config.strategy"],
    [[], "missing required argument 'file'"],
  ])("answers %j with what is wrong, and exit code 2", async (args, message) => {
    const { code, stdout, stderr } = await run("replay", ...args)
    expect(stderr).toContain(message)
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" })
  })

  it("does not mind when nobody reads on", async () => {
    writeFileSync(file, content())
    const main = new URL("../../src/cli/main.ts", import.meta.url).pathname
    const shell = spawn("sh", ["-c", `"${process.execPath}" "${main}" replay "${file}" | head -1`])
    let errors = ""
    shell.stderr.on("data", (text) => {
      errors += String(text)
    })
    await new Promise((resolve) => shell.on("close", resolve))
    expect(errors).toBe("")
  })
})

describe("what if, side by side", () => {
  const dealt = (...moves: readonly (readonly [Circuit, Circuit])[]): Dealt => ({
    moves: moves.map(([from, to], index) => ({ afterMs: 1000 * (index + 1), from, to, reason: "" })),
    ...{ sent: 1, refused: 2, failed: 3, succeeded: 4, refusedWell: 5 },
  })

  it("counts rounds of probes that found no change, in place of a line for each", () => {
    const round = [
      ["open", "halfOpen"],
      ["halfOpen", "open"],
    ] as const
    const back = [
      ["open", "halfOpen"],
      ["halfOpen", "ramping"],
      ["ramping", "open"],
    ] as const
    const recorded = dealt(["closed", "open"], ...round, ...round, ...round, ...back, ...round)
    const other = dealt(["closed", "open"], ["open", "halfOpen"])
    const rest = { breaker: "payments", calls: 9, guessed: 0, sentOnGuess: 0, elsewhere: 0 }
    const lines = comparisonLines({ ...rest, recorded, other }).map((line) => line.trim().replace(/ {2,}/g, " | "))
    expect(lines.slice(2, 8)).toEqual([
      "1.00 s | closed → open | 1.00 s | closed → open",
      "7.00 s | 3 probes in vain | 2.00 s | open → half-open",
      "8.00 s | open → half-open",
      "9.00 s | half-open → ramping",
      "10.00 s | ramping → open",
      "12.00 s | a probe in vain",
    ])
  })
})

describe("stepping through an incident", () => {
  const played = play(readRecording(file, content()))
  const last = played.moments.length - 1

  it("leads forwards and backwards to the same pictures", () => {
    const pictures = played.moments.map((_, at) => stepPicture(played, at, 24, 80))
    let at = 0
    const seen = [pictures[0]]
    for (let step = 0; step < last; step++) seen.push(pictures[(at = stepTo(at, steps["right"] ?? 0, last))])
    const back = [pictures[at]]
    for (let step = 0; step < last; step++) back.push(pictures[(at = stepTo(at, steps["left"] ?? 0, last))])
    expect(back.reverse()).toEqual(seen)
    expect(new Set(pictures).size).toBe(pictures.length)
  })

  it("stays within the recording and within the terminal", () => {
    expect([
      stepTo(0, steps["left"] ?? 0, last),
      stepTo(3, steps["end"] ?? 0, last),
      stepTo(3, steps["home"] ?? 0, last),
    ]).toEqual([0, last, 0])
    for (const line of stepPicture(played, 2, 12, 40).split("\r\n")) expect(line.length).toBeLessThan(40)
    expect(stepPicture(played, last, 12, 40).split("\r\n").length).toBeLessThanOrEqual(12)
  })

  it("says how the breaker stands at each moment", () => {
    const opened = played.moments.findIndex(({ circuit }) => circuit === "open")
    expect(stepPicture(played, opened, 24, 100)).toContain(
      "circuit open, mode auto: 0 % of the calls may enter; held by basic",
    )
    const probing = played.moments.findIndex(({ circuit }) => circuit === "halfOpen")
    expect(stepPicture(played, probing, 24, 100)).toContain(
      "circuit half-open, mode auto: only probes may enter, 1 at once; held by basic",
    )
  })
})
