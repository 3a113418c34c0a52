/** Which tests are slow: a survivor costs the time of every test that runs it, and one test in twenty takes four fifths of it. */
import { spawnSync } from "node:child_process"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { root } from "../repository.ts"

interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly ancestorTitles: readonly string[]
      readonly title: string
      readonly duration?: number | null
    }[]
  }[]
}

/** From how many milliseconds on. */
const slowFromMs = 100

/** Runs these tests once, one after the other, and keeps the names of the slow ones, as Vitest matches them, in slow.json. */
export function measureSlow(tests: readonly string[]): number {
  mkdirSync(join(root, "coverage/mutation"), { recursive: true })
  const report = join(root, "coverage/mutation/durations.json")
  const vitest = join(root, "node_modules/vitest/vitest.mjs")
  const flags = ["run", "--config", "test/support/mutation/mutants.ts", "--maxWorkers", "1", "--reporter", "json"]
  const env = { ...process.env, MUTANT_TESTS: tests.join(","), MUTANT_SLOW: "1" }
  const { status } = spawnSync(process.execPath, [vitest, ...flags, "--outputFile", report], {
    cwd: root,
    stdio: "inherit",
    env,
  })
  if (status !== 0) throw new Error(`Vitest ended with ${status}: what does not pass cannot hold a mutant`)
  const { testResults } = JSON.parse(readFileSync(report, "utf8")) as Report
  const slow = testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ duration }) => (duration ?? 0) >= slowFromMs)
    .map(({ ancestorTitles, title }) => [...ancestorTitles, title].join(" > "))
  writeFileSync(
    join(root, "test/support/mutation/slow.json"),
    `${JSON.stringify([...new Set(slow)].sort(), undefined, 2)}\n`,
  )
  return slow.length
}
