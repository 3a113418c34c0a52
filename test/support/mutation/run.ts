/**
 * `npm run mutation -- --mutate src/data-plane/credit.ts`: StrykerJS over these files, each held against the tests that come to it by the
 * fewest imports, and those mutants that live against more of them; without `--mutate` over all of both planes. `--shard 2/8` takes every
 * eighth file, from the second on. Of a file that has not changed only those that lived are tried again (`--fresh`: all). On a busy machine
 * `--wait 60` says that a mutant goes round for ever after so many seconds, not after four. What is found stands in results.json and
 * SCORE.md; `--write` only writes the page. `--durations` measures which tests are slow. Ends with an error below 95 % of the files named.
 */
import { parseArgs } from "node:util"
import { typescriptUnder } from "../repository.ts"
import { nearest } from "./nearest.ts"
import { digestOf, keep, type Result, results } from "./results.ts"
import { goal, scoreOf, verdictOn, writeScore } from "./score.ts"
import { measureSlow } from "./slow.ts"
import { type Mutant, type Survivor, survivorOf, tried } from "./stryker.ts"

const { values } = parseArgs({
  options: {
    mutate: { type: "string" },
    shard: { type: "string", default: "1/1" },
    tests: { type: "string", default: "10" },
    more: { type: "string", default: "20" },
    slow: { type: "string", default: "8" },
    together: { type: "string", default: "10" },
    minutes: { type: "string", default: "30" },
    wait: { type: "string", default: "4" },
    fresh: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
    durations: { type: "boolean", default: false },
  },
})

const limits = { minutes: Number(values.minutes), waitMs: 1000 * Number(values.wait) }
const [shard = 1, shards = 1] = values.shard.split("/").map(Number)
const planes = typescriptUnder("machines", "src/data-plane")
const files = (values.mutate?.split(",") ?? planes).filter((_, at) => at % shards === shard - 1)
for (const path of files)
  if (!planes.includes(path))
    throw new TypeError(`--mutate names ${path}, which is no file of machines/ or src/data-plane/`)

const isUnknown = (path: string): boolean => values.fresh || results()[path]?.digest !== digestOf(path)

const counts = (mutants: readonly Mutant[], ...statuses: readonly string[]): number =>
  mutants.filter(({ status }) => statuses.includes(status)).length

/** Of these files those that are still what they were when they were tried: what is known of another text is not kept. */
function unchanged(paths: readonly string[], digests: ReadonlyMap<string, string>): readonly string[] {
  return paths.filter((path) => {
    const isSame = digests.get(path) === digestOf(path)
    if (!isSame) console.log(`${path} was changed while it was tried, and is left out`)
    return isSame
  })
}

const digestsOf = (paths: readonly string[]): ReadonlyMap<string, string> =>
  new Map(paths.map((path) => [path, digestOf(path)]))

function resultOf(path: string, mutants: readonly Mutant[]): Result {
  return {
    digest: digestOf(path),
    killed: counts(mutants, "Killed"),
    timedOut: counts(mutants, "Timeout"),
    broken: counts(mutants, "RuntimeError", "CompileError"),
    survivors: mutants
      .filter(({ status }) => status === "Survived" || status === "NoCoverage")
      .map((mutant) => survivorOf(path, mutant)),
  }
}

/** All mutants of these files, against the few tests that are nearest. */
function first(paths: readonly string[]): void {
  const tests = nearest(paths, Number(values.tests))
  const digests = digestsOf(paths)
  const found = tried(paths, { tests, areSlow: false }, limits)
  // A file without code has no mutants, and no report.
  for (const path of unchanged(paths, digests)) keep(path, resultOf(path, found[path]?.mutants ?? []))
}

/** Those that lived and are not judged, against more tests. */
function again(paths: readonly string[], count: number, areSlow: boolean): void {
  const before = results()
  const openOf = (path: string): readonly Survivor[] =>
    (before[path]?.survivors ?? []).filter((one) => verdictOn(path, one) === undefined)
  const living = paths.filter((path) => openOf(path).length > 0)
  if (living.length === 0) return
  const digests = digestsOf(living)
  const patterns = living.flatMap((path) => openOf(path).map(({ at }) => `${path}:${at}`))
  const found = tried(patterns, { tests: nearest(living, count), areSlow }, limits)
  for (const path of unchanged(living, digests)) {
    const open = openOf(path)
    // Within the part that a mutant changes others were found, which have been killed.
    const isOpen = (mutant: Mutant): boolean => {
      const { at, to } = survivorOf(path, mutant)
      return open.some((one) => one.at === at && one.to === to)
    }
    const now = resultOf(path, (found[path]?.mutants ?? []).filter(isOpen))
    const seen = now.killed + now.timedOut + now.broken + now.survivors.length
    if (seen !== open.length) throw new Error(`${path}: of ${open.length} mutants that lived ${seen} were tried again`)
    const { killed = 0, timedOut = 0, broken = 0, survivors = [] } = before[path] ?? {}
    keep(path, {
      digest: now.digest,
      killed: killed + now.killed,
      timedOut: timedOut + now.timedOut,
      broken: broken + now.broken,
      survivors: [...survivors.filter((one) => !open.includes(one)), ...now.survivors],
    })
  }
}

function runAll(): void {
  const together = Number(values.together)
  for (let at = 0; at < files.length; at += together) {
    const began = Date.now()
    const paths = files.slice(at, at + together)
    const unknown = paths.filter(isUnknown)
    if (unknown.length > 0) first(unknown)
    const between = Date.now()
    if (values.more !== "0") again(paths, Number(values.more), false)
    if (values.slow !== "0") again(paths, Number(values.slow), true)
    writeScore()
    for (const path of paths) console.log(`${path}: ${scoreOf([path]).said}`)
    console.log(`  ${Math.round((between - began) / 1000)} s, then ${Math.round((Date.now() - between) / 1000)} s`)
  }
}

if (values.durations) console.log(`${measureSlow(nearest(planes, Number.POSITIVE_INFINITY))} tests are slow`)
else if (!values.write) runAll()
writeScore()
const { score, said } = scoreOf(files)
console.log(`score ${said}`)
process.exitCode = score < goal ? 1 : 0
