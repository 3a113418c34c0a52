/**
 * `npm run simulate:nodes -- --days 100`: the same bad days on the Node of the repository and on the oldest that is supported, which npm
 * fetches. They must leave the same trace, or something else than the seed has a say in them. Ends with an error unless they do.
 */
import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"

const { values } = parseArgs({
  options: { days: { type: "string", default: "100" }, from: { type: "string", default: "1" } },
})
const nightly = fileURLToPath(new URL("nightly.ts", import.meta.url))
const played = [nightly, "--days", values.days, "--from", values.from]

const hosts = [
  ["this", process.execPath, []],
  ["22", "npx", ["-y", "-p", "node@22", "node", "--disable-warning=ExperimentalWarning"]],
] as const

function traceOn(command: string, before: readonly string[]): string | undefined {
  const { stdout, stderr } = spawnSync(command, [...before, ...played], { encoding: "utf8" })
  const trace = stdout.match(/trace of all: (\w+)/)?.[1]
  if (trace === undefined) console.error(`${stdout}${stderr}`)
  return trace
}

const traces = hosts.map(([name, command, before]) => {
  const version = spawnSync(command, [...before, "--version"], { encoding: "utf8" }).stdout.trim()
  const trace = traceOn(command, before)
  console.log(`Node ${version || name}: ${trace ?? "no trace"}`)
  return trace
})
const isSame = traces[0] !== undefined && traces.every((trace) => trace === traces[0])
console.log(isSame ? `${values.days} days leave the same trace` : "the traces differ")
process.exitCode = isSame ? 0 : 1
