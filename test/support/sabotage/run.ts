/**
 * `npm run sabotage -- --seed N`: breaks five lines of machines/ and src/data-plane/, chosen by the seed, one at a time in a copy of the
 * repository, and prints which test catches each. The tests that are likeliest to see it run first.
 */
import { spawnSync } from "node:child_process"
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { stream } from "../../../src/testing/simulation/random.ts"
import { root, topLevel } from "../repository.ts"
import { type Breakage, broken, chosen } from "./breakages.ts"
import { likely } from "./likely.ts"

const { values } = parseArgs({
  options: { seed: { type: "string", default: "1" }, lines: { type: "string", default: "5" } },
})
const seed = Number(values.seed)
if (!Number.isInteger(seed)) throw new TypeError(`--seed must be a whole number, and is ${values.seed}`)

function copyOfRepository(): string {
  const folder = mkdtempSync(join(tmpdir(), "sabotage-"))
  for (const name of topLevel()) cpSync(join(root, name), join(folder, name), { recursive: true })
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"))
  return folder
}

interface Report {
  readonly testResults: readonly {
    readonly name: string
    readonly message: string
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[]
  }[]
}

/** The first test that fails among these files; undefined when all of them pass. */
function failing(folder: string, tests: readonly string[]): string | undefined {
  const output = join(folder, "report.json")
  rmSync(output, { force: true })
  const vitest = join(folder, "node_modules/vitest/vitest.mjs")
  const flags = [
    "run",
    "--project",
    "source",
    "--project",
    "pure",
    "--bail",
    "1",
    "--reporter",
    "json",
    "--outputFile",
    output,
    ...tests,
  ]
  const { status } = spawnSync(process.execPath, [vitest, ...flags], { cwd: folder, timeout: 600_000 })
  if (status === 0) return undefined
  // A line that makes a test go round for ever leaves no report.
  if (!existsSync(output)) return status === null ? "a test that does not end" : "a run that ends without a report"
  const { testResults } = JSON.parse(readFileSync(output, "utf8")) as Report
  for (const { name, message, assertionResults } of testResults) {
    const failed = assertionResults.find((one) => one.status === "failed")
    const file = name.replace(`${folder}/`, "").replace(/.*\/test\//, "test/")
    if (failed !== undefined) return `${file}: ${failed.fullName}`
    if (message !== "") return `${file}: ${message.split("\n")[0]}`
  }
  return "a run that fails"
}

/** So many test files at once: few at first, then more; never so many that a slow machine takes them for tests that do not end. */
const rounds = [4, 12, 30]
const most = 30

function caughtBy(folder: string, path: string): string | undefined {
  const tests = likely(path)
  for (let from = 0, round = 0; from < tests.length; round++) {
    const these = tests.slice(from, from + (rounds[round] ?? most))
    const found = failing(folder, these)
    if (found !== undefined) return found
    from += these.length
  }
  return undefined
}

function sabotage(folder: string, breakage: Breakage): boolean {
  const { path, line, from, to } = breakage
  const text = readFileSync(join(root, path), "utf8")
  writeFileSync(join(folder, path), broken(text, breakage))
  const caught = caughtBy(folder, path)
  writeFileSync(join(folder, path), text)
  console.log(`${path}:${line}: ${from} became ${to === "" ? "nothing" : to}`)
  console.log(caught === undefined ? "  NOT CAUGHT" : `  caught by ${caught}`)
  return caught !== undefined
}

const folder = copyOfRepository()
try {
  const breakages = chosen(stream(seed, "sabotage"), Number(values.lines))
  const caught = breakages.filter((breakage) => sabotage(folder, breakage)).length
  console.log(`seed ${seed}: ${caught} of ${breakages.length} caught`)
  process.exitCode = caught === breakages.length ? 0 : 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
