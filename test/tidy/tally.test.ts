import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { root } from "../support/repository.ts"

/** A run of its own, with this repository's reporter, over one file of tests. */
function run(tests: string, ...flags: readonly string[]): { readonly status: number | null; readonly last: string } {
  writeFileSync(join(folder, "a.test.js"), tests)
  const vitest = join(root, "node_modules/vitest/vitest.mjs")
  const { status, stdout } = spawnSync(process.execPath, [vitest, "run", ...flags], { cwd: folder, encoding: "utf8" })
  return { status, last: stdout.trim().split("\n").at(-1) ?? "" }
}

let folder = ""

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "recloser-tally-"))
  const reporter = JSON.stringify(join(root, "test/support/Tally.ts"))
  const config = `import { Tally } from ${reporter}\nexport default { test: { globals: true, reporters: [new Tally()] } }\n`
  writeFileSync(join(folder, "vitest.config.mjs"), config)
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

const passing = "test('a', () => {})\n"

describe("the closing line of a run", () => {
  test("counts what passed, and the run succeeds", () => {
    expect(run(passing)).toEqual({ status: 0, last: "1 passed, 0 failed" })
  })

  test.each(["test.skip('b', () => {})", "test.todo('b')", "test('b', ({ skip }) => skip())"])(
    "fails a run that skips: %s",
    (skipped) => {
      expect(run(passing + skipped)).toEqual({ status: 1, last: "1 passed, 0 failed, 1 skipped" })
    },
  )

  test.each([
    ["a failing test", "test('b', () => expect(1).toBe(2))", "1 passed, 1 failed"],
    ["a hook that throws", "afterAll(() => { throw new Error('hook') })", "1 passed, 1 failed"],
    ["a file that does not load", "throw new Error('load')", "0 passed, 1 failed"],
  ])("counts %s as a failure", (_, broken, last) => {
    expect(run(passing + broken)).toEqual({ status: 1, last })
  })

  test("lets a person narrow a run by name", () => {
    expect(run(`${passing}test('b', () => {})`, "-t", "a")).toEqual({ status: 0, last: "1 passed, 0 failed" })
  })
})
