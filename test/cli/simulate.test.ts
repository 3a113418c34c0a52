import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { createPage } from "../../src/cli/simulate/page.ts"
import { simulate } from "../../src/testing/index.ts"
import { ended, lineOf, run, start } from "./command.ts"

const folder = mkdtempSync(join(tmpdir(), "recloser-"))
afterAll(() => rmSync(folder, { recursive: true }))

function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

const eager = {
  strategy: { type: "basic", window: { type: "consecutive", failures: 5 }, openFor: "1 second" },
} as const
const WORLD = ["simulate", "S1", "--only", "100 rps, 5 s", "--seeds", "1-2"] as const

/** Everything that is printed of one world on paper so wide. */
async function printed(columns: number): Promise<string> {
  let text = ""
  const simulation = await simulate({ scenario: "S1", only: "100 rps, 30 s", seeds: "1-2", config: eager })
  const { title, about, notMeasured, seeds, worlds } = simulation
  const page = createPage({ columns, color: false, write: (more) => void (text += more), hint: () => {} })
  page.open({ scenario: "S1", title, about, notMeasured, seeds, notes: [], config: eager })
  for (const world of worlds) page.world(world)
  page.close({ worlds, asked: worlds.length, interrupted: false })
  return text
}

describe("recloser simulate", () => {
  it("lists the scenarios, one line each, when none is named", async () => {
    const { code, stdout, stderr } = await run("simulate")
    expect(
      stdout
        .trimEnd()
        .split("\n")
        .map((line) => line.trim().split(/ +/)[0]),
    ).toEqual([...["S1", "S2", "S3", "S4", "S5", "S6", "S7", "S8", "S9", "S10", "S11", "S12", "S13"]])
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
  })

  it("shows no breaker, the default and a config from a module side by side, over time, and concludes", async () => {
    const path = file("breaker.config.mjs", `export default ${JSON.stringify(eager)}`)
    const { code, stdout, stderr } = await run(...WORLD, "--config", path)
    expect(stdout).toMatch(/^ +no breaker +default +yours +goal$/m)
    expect(stdout).toMatch(/^W \(calls\) +\d+ .*≤ 18$/m)
    expect(stdout).toMatch(/^ {2}circuit +─+[▒█]+─*/m)
    expect(stdout).toMatch(/Your config, against no breaker: \d+ % fewer failed calls sent/)
    expect(stdout).toContain("- TTD: time to detect")
    expect(stdout).toMatch(/^Goals of the benchmark suite reached: default \d of 3; yours \d of 3\.$/m)
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
  })

  it("writes one JSON object a line, with what never happens in words", async () => {
    const { code, stdout } = await run(...WORLD, "--config", JSON.stringify(eager), "--json")
    const lines = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line))
    expect(lines.map(({ type }) => type)).toEqual(["start", "world", "summary"])
    expect(lines[0]).toMatchObject({ scenario: "S1", seeds: [1, 2], config: eager })
    const [none, , yours] = lines[1].policies
    expect(none.figures.TTD.median).toBe("never")
    expect(yours.figures.W.median).toBeLessThan(none.figures.W.median)
    expect(lines[2]).toMatchObject({ interrupted: false, worlds: 1, asked: 1 })
    expect(code).toBe(0)
  })

  it.each([
    [["simulate", "S99"], "there is no scenario S99; there are:\n  S1 "],
    [["simulate", "S1", "S2"], "too many arguments"],
    [["simulate", "--seeds", "1"], "--seeds needs a scenario, such as S1"],
    [["simulate", "S1", "--seeds", "9-1"], '--seeds must be seeds such as "1-20"'],
    [["simulate", "S1", "--only", "nowhere"], '--only must be part of the name of a world of S1: "2 rps, 5 s"'],
    [["simulate", "S1", "--config", "{"], "--config is no JSON"],
    [["simulate", "S1", "--config", "nowhere.js"], "there is no such file"],
    [["simulate", "S1", "--config", "src"], "--config src is a folder, not a file"],
    [["simulate", "S1", "--config", ""], "--config names no file"],
    [["simulate", "S1", "--config", '{"timeout":"soon"}'], "config.timeout: must be a duration"],
    [["simulate", "S1", "--config", '{"strateg":"basic"}'], "config.strateg: is not an option here"],
  ])("answers %j with what is wrong, and exit code 2", async (args, message) => {
    const { code, stdout, stderr } = await run(...args)
    expect(stderr).toContain(message)
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" })
  })

  it.each([
    ["empty.mjs", "", "exports no config: write export default"],
    ["broken.mjs", "throw new Error('out of order')", "could not be loaded: out of order"],
    ["broken.json", "{ timeout: 3 }", "is no JSON"],
    ["marked.json", '\ufeff{ "timeout": "soon" }', "config.timeout: must be a duration"],
  ])("says what is wrong with a config file: %s", async (name, text, message) => {
    const { code, stderr } = await run("simulate", "S1", "--config", file(name, text))
    expect(stderr).toContain(message)
    expect(code).toBe(2)
  })

  it("ends when all is told, whatever the module of the config keeps running", async () => {
    const path = file("busy.mjs", "setInterval(() => {}, 1000)\nexport default {}")
    const { code, stdout } = await run(...WORLD, "--config", path, "--json")
    expect(JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "")).toMatchObject({ type: "summary", worlds: 1 })
    expect(code).toBe(0)
  })

  it("stops at Ctrl-C within a world, and says how far it came", async () => {
    const child = start("simulate", "S1", "--seeds", "1-1000", "--json")
    const finished = ended(child)
    await lineOf(child, (line) => line.includes('"start"'))
    child.kill("SIGINT")
    const { code, stdout, stderr } = await finished
    const last = JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "")
    expect(last).toMatchObject({ type: "summary", interrupted: true, asked: 12 })
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
  })

  it.each([80, 120])("fits %i columns", async (columns) => {
    const lines = (await printed(columns)).split("\n")
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(columns)
    // Beside the goals, there is room for what is in brackets.
    expect(lines.some((line) => /^W \(calls\) .*\[.*≤ 40$/.test(line))).toBe(true)
  })
})
