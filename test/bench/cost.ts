/**
 * `npm run bench:cost [-- --only C1,C4] [--quick] [--no-build]`
 *
 * Measures the built package beside its peers and writes COST.md. `--quick` and `--only` print, and write nothing.
 */
import { execFile, spawnSync } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { cpus } from "node:os"
import { parseArgs, promisify } from "node:util"
import type { CostCase, Job } from "./case.ts"
import type { Readings } from "./measure.ts"
import { goalTable, type Results, report, verdicts } from "./report.ts"

const root = new URL("../../", import.meta.url)
const run = promisify(execFile)
const { values: flags } = parseArgs({
  options: {
    only: { type: "string" },
    quick: { type: "boolean", default: false },
    build: { type: "boolean", default: true },
  },
  allowNegative: true,
})

const chosen = (catalogue: readonly CostCase[]): readonly CostCase[] => {
  const wanted = flags.only?.split(",").map((id) => id.trim().toUpperCase())
  const unknown = wanted?.filter((id) => catalogue.every((one) => one.id !== id)) ?? []
  if (unknown.length > 0) stop(`no case ${unknown.join(", ")}; there are ${catalogue.map((one) => one.id).join(", ")}`)
  return catalogue.filter((one) => wanted?.includes(one.id) ?? true)
}

const stop = (why: string): never => {
  console.error(`bench:cost: ${why}`)
  process.exit(1)
}

/** A stale dist would publish numbers of another program. */
const buildPackage = (): void => {
  const { status } = spawnSync("npm", ["run", "--silent", "build"], {
    cwd: root,
    stdio: ["ignore", "ignore", "inherit"],
  })
  if (status !== 0) stop("the build failed, so there is nothing to measure")
}

const measure = async (job: Job): Promise<Results> => {
  const worker = new URL("worker.ts", import.meta.url).pathname
  const { stdout } = await run(process.execPath, ["--expose-gc", worker, JSON.stringify(job)], { cwd: root })
  return JSON.parse(stdout.slice(stdout.lastIndexOf("\n")))
}

/** Processes of one case are spread over the run: all firsts, then all seconds, then all thirds. */
const measureAll = async (cases: readonly CostCase[]): Promise<Results> => {
  const jobs = cases.flatMap((one) => one.jobs(flags.quick)).sort((a, b) => a.turn - b.turn)
  const merged: Record<string, Readings> = {}
  for (const [done, job] of jobs.entries()) {
    process.stderr.write(`[${done + 1}/${jobs.length}] ${job.caseId} ${job.subject ?? ""}\n`)
    for (const [table, readings] of Object.entries(await measure(job))) append(merged, table, readings)
  }
  return merged
}

const append = (merged: Record<string, Readings>, table: string, readings: Readings): void => {
  const into = (merged[table] ??= {})
  for (const [subject, values] of Object.entries(readings)) into[subject] = [...(into[subject] ?? []), ...values]
}

const version = (name: string): string =>
  JSON.parse(readFileSync(new URL(`node_modules/${name}/package.json`, root), "utf8")).version

const environment = (): readonly string[] => [
  `Node ${process.versions.node}, V8 ${process.versions.v8}, ${process.platform} ${process.arch}`,
  `${cpus().length} × ${cpus()[0]?.model.trim() ?? "unknown CPU"}`,
  ["effect", "xstate", "opossum", "cockatiel", "mollitia"].map((name) => `${name} ${version(name)}`).join(", "),
]

if (flags.build) buildPackage()
// The cases import the package that has just been built: in a fresh clone there was none before.
const { catalogue } = await import("./catalogue.ts")
const cases = chosen(catalogue)
const results = await measureAll(cases)
const text = report(cases, results, environment())
console.log(text)
if (!flags.quick && flags.only === undefined) {
  writeFileSync(new URL("COST.md", import.meta.url), text)
  const all = verdicts(cases, results)
  console.log(
    `${goalTable(all.filter((one) => !one.met))}\n\n${all.filter((one) => one.met).length} of ${all.length} goals met; written to test/bench/COST.md`,
  )
}
