/**
 * `npm run mutation -- --mutate src/data-plane/credit.ts`: StrykerJS over these files, one after the other, each held against the tests that
 * come to it by the fewest imports; without `--mutate` over all of both planes. `--shard 2/8` takes every eighth file, from the second on.
 * What is known of a file and has not changed is not tried again (coverage/mutation). Ends with an error below 95 % of all.
 */
import { spawnSync } from "node:child_process"
import { mkdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { root, typescriptUnder } from "../repository.ts"
import { likely } from "../sabotage/likely.ts"

const { values } = parseArgs({
  options: {
    mutate: { type: "string" },
    shard: { type: "string", default: "1/1" },
    tests: { type: "string", default: "10" },
  },
})

const [shard = 1, shards = 1] = values.shard.split("/").map(Number)
const all = values.mutate?.split(",") ?? typescriptUnder("machines", "src/data-plane")
const files = all.filter((_, at) => at % shards === shard - 1)

/** These take minutes by themselves, and kill no mutant that the others do not. */
const isLong = /differential|reference|interleavings|timeoutWorlds|paths/

interface Mutant {
  readonly status: string
  readonly mutatorName: string
  readonly replacement?: string
  readonly location: { readonly start: { readonly line: number } }
}

const detected = ["Killed", "Timeout"]
const counted = [...detected, "Survived", "NoCoverage"]

function mutantsOf(path: string): readonly Mutant[] {
  const name = path.replaceAll("/", "_")
  const report = join(root, `coverage/mutation/${name}.json`)
  const tests = likely(path).filter((test) =>
    /^test\/(?:laws|machines|contracts|data-plane|doors|regressions)\//.test(test),
  )
  const env = {
    ...process.env,
    MUTANT_TESTS: tests
      .filter((test) => !isLong.test(test))
      .slice(0, Number(values.tests))
      .join(","),
    MUTANT_REPORT: report,
  }
  const incremental = ["--incremental", "--incrementalFile", `coverage/mutation/${name}.incremental.json`]
  const stryker = join(root, "node_modules/@stryker-mutator/core/bin/stryker.js")
  const flags = [stryker, "run", "test/support/mutation/strykerConfig.js", "--mutate", path, ...incremental]
  const { status } = spawnSync(process.execPath, flags, { cwd: root, stdio: ["ignore", "ignore", "inherit"], env })
  if (status !== 0) throw new Error(`StrykerJS ended with ${status} for ${path}`)
  const { files } = JSON.parse(readFileSync(report, "utf8")) as { files: { [path: string]: { mutants: Mutant[] } } }
  return files[path]?.mutants ?? []
}

mkdirSync(join(root, "coverage/mutation"), { recursive: true })
const total = { detected: 0, counted: 0 }
for (const path of files) {
  const mutants = mutantsOf(path).filter(({ status }) => counted.includes(status))
  const killed = mutants.filter(({ status }) => detected.includes(status))
  total.detected += killed.length
  total.counted += mutants.length
  console.log(`${path}: ${killed.length} of ${mutants.length}`)
  for (const { status, location, mutatorName, replacement } of mutants.filter((one) => !killed.includes(one)))
    console.log(`  ${location.start.line}: ${mutatorName} became ${replacement ?? "something else"} (${status})`)
}
const score = total.counted === 0 ? 100 : (100 * total.detected) / total.counted
console.log(`score ${score.toFixed(1)} %: ${total.detected} of ${total.counted} mutants of ${files.length} files`)
process.exitCode = score < 95 ? 1 : 0
