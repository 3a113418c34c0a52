/** Named paths as tests of node:test, in a user's project with the package as it is packed. In vitest they run throughout test/testing. */
import { spawnSync } from "node:child_process"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, inject, test } from "vitest"

const { project } = inject("packed")

interface Ran {
  readonly code: number | null
  /** Names, as the runner told them, in their order. */
  readonly passed: readonly string[]
  readonly failed: readonly string[]
  /** What the paths themselves say that they are called. */
  readonly paths: readonly string[]
  readonly output: string
}

/** What a name is in TAP. */
const plain = (name: string): string => name.replaceAll("\\#", "#").replaceAll("\\\\", "\\")

/** A file of tests that hands every path of this model to the runner, run by the runner itself. */
function runWithNode(file: string, config: string, options = "{}"): Ran {
  const code = `
    import assert from "node:assert/strict"
    import { test } from "node:test"
    import { testModel } from "recloser/testing"
    const model = await testModel(${config}, ${options})
    for (const path of model.paths) test(path.name, () => path.run())
    console.log("paths: " + JSON.stringify(model.paths.map(({ name }) => name)))
    assert.deepEqual(model.coverage.unlit, [])`
  writeFileSync(join(project, file), code)
  // A runner that finds itself inside another one reports to that.
  const { NODE_TEST_CONTEXT: _, NODE_OPTIONS: __, ...env } = process.env
  const flags = ["--test", "--test-reporter=tap", file]
  const { status, stdout, stderr } = spawnSync(process.execPath, flags, {
    cwd: project,
    env,
    encoding: "utf8",
    maxBuffer: 1e8,
  })
  const named = (verdict: string) =>
    [...stdout.matchAll(new RegExp(`^${verdict} \\d+ - (.*)$`, "gm"))].map(([, name = ""]) => plain(name))
  const [, paths = "[]"] = stdout.match(/^(?:# )?paths: (.*)$/m) ?? []
  const output = stdout + stderr
  return { code: status, passed: named("ok"), failed: named("not ok"), paths: JSON.parse(paths), output }
}

describe("node:test", () => {
  test("runs every path of a breaker with all nine components, each under its own name", () => {
    const { code, passed, failed, paths, output } = runWithNode(
      "allNine.test.js",
      `{
        strategy: "basic", timeout: true, priority: true, metrics: true, retry: true, prediction: true,
        rateLimit: { limit: 1000, interval: "1 second" },
        recovery: { features: { search: true, pay: { needs: ["search"] } } },
        health: { check: () => { throw new Error("a check of the user's was called") } },
        discovery: { provider: () => { throw new Error("a provider of the user's was called") } },
      }`,
    )
    expect({ code, failed }, output).toEqual({ code: 0, failed: [] })
    expect(passed.length).toBeGreaterThan(80)
    expect(passed).toEqual(paths)
    expect(output).toMatch(new RegExp(`^# pass ${paths.length}$`, "m"))
  })

  test("fails, by the name of the path, where an invariant of the user's does not hold", () => {
    const { code, passed, failed, paths, output } = runWithNode(
      "opens.test.js",
      '{ strategy: "basic", timeout: false, metrics: false, priority: false }',
      '{ invariants: { "it never opens": (breaker) => breaker.circuit !== "open" } }',
    )
    const opens = paths.filter((name) => name.includes("→ open"))
    expect(code).toBe(1)
    expect(failed).toEqual(opens)
    expect(failed.length).toBeGreaterThan(3)
    expect(passed).toEqual(paths.filter((name) => !name.includes("→ open")))
    expect(output).toContain('"it never opens" does not hold after "calls fail": it answers false')
  })
})
