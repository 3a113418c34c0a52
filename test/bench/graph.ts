/**
 * `npm run bench:graph [-- --quick]`
 *
 * Measures graphs of 10, 100 and 1 000 breakers that depend on each other, built from the sources, and writes GRAPH.md; `--quick` prints
 * one round, and writes nothing.
 */
import { writeFileSync } from "node:fs"
import { cpus } from "node:os"
import { parseArgs } from "node:util"
import { type Breaker, createBreaker } from "../../src/index.ts"
import { collectGarbage, median } from "./measure.ts"

const { values: flags } = parseArgs({ options: { quick: { type: "boolean", default: false } } })
const rounds = flags.quick ? 1 : 5
const sizes = [10, 100, 1000]

/** What each shape means: whom the breaker of a number depends on, among those before it. */
const shapes: Readonly<Record<string, { readonly says: string; parentsOf(at: number): readonly number[] }>> = {
  chain: { says: "each depends on the one before: as deep as it is large", parentsOf: (at) => [at - 1] },
  tree: { says: "three depend on each", parentsOf: (at) => [Math.floor((at - 1) / 3)] },
  star: { says: "all depend on one", parentsOf: () => [0] },
  hub: { says: "the last depends on all others, and they on the first", parentsOf: () => [0] },
  web: {
    says: "each depends on the ten before it: ten ways to each cause",
    parentsOf: (at) => Array.from({ length: Math.min(10, at) }, (_, back) => at - 1 - back),
  },
}

interface Round {
  readonly build: number
  readonly fail: number
  readonly recover: number
  readonly kilobytes: number
}

const elapsed = (run: () => void): number => {
  const startedAt = performance.now()
  run()
  return performance.now() - startedAt
}

function parentsIn(shape: string, at: number, size: number): readonly number[] {
  if (shape === "hub" && at === size - 1) return Array.from({ length: size - 1 }, (_, other) => other)
  return shapes[shape]?.parentsOf(at) ?? []
}

function link(shape: string, breakers: readonly Breaker[]): void {
  for (const [at, breaker] of breakers.entries()) {
    if (at === 0) continue
    for (const parent of parentsIn(shape, at, breakers.length)) {
      breaker.addDependency(breakers[parent] as Breaker, { type: "critical" })
    }
  }
}

/** Every descendant must name the root: a graph that does less would be quicker. */
function expectNamed(breakers: readonly Breaker[], reason: string | undefined): void {
  for (const breaker of breakers.slice(1)) {
    const told = breaker.wouldReject()?.reason
    if (told !== reason) throw new Error(`${breaker.name} says ${told}, not ${reason}`)
  }
}

async function measure(shape: string, size: number): Promise<Round> {
  const config = {
    strategy: { type: "dependency", own: "basic" },
    metrics: false,
    timeout: false,
    priority: false,
  } as const
  const breakers = Array.from({ length: size }, (_, at) => createBreaker(`b${at}`, config))
  const root = breakers[0] as Breaker
  collectGarbage()
  const before = process.memoryUsage().heapUsed
  const build = elapsed(() => link(shape, breakers))
  collectGarbage()
  const kilobytes = (process.memoryUsage().heapUsed - before) / 1000
  const fail = elapsed(() => root.forceOpen("measured"))
  expectNamed(breakers, "b0 is open")
  const recover = elapsed(() => root.bypass("measured"))
  expectNamed(breakers, undefined)
  for (const breaker of breakers) await breaker.stop({ grace: 0 })
  return { build, fail, recover, kilobytes }
}

const edgesOf = (shape: string, size: number): number =>
  Array.from({ length: size - 1 }, (_, at) => parentsIn(shape, at + 1, size).length).reduce(
    (sum, more) => sum + more,
    0,
  )

async function rowsOf(shape: string): Promise<readonly string[]> {
  const rows: string[] = []
  for (const size of sizes) {
    await measure(shape, size)
    const all: Round[] = []
    for (let round = 0; round < rounds; round++) all.push(await measure(shape, size))
    const edges = edgesOf(shape, size)
    const perEdge = (value: number) => ((value * 1000) / edges).toFixed(1)
    const each = (of: (round: Round) => number) =>
      `${perEdge(median(all.map(of)))} (${perEdge(Math.min(...all.map(of)))})`
    const ms = (of: (round: Round) => number) => median(all.map(of)).toFixed(2)
    const cells = [
      ...[shape, size, edges, each(({ build }) => build)],
      ...[ms(({ fail }) => fail), each(({ fail }) => fail)],
      ...[
        ms(({ recover }) => recover),
        each(({ recover }) => recover),
        perEdge(median(all.map(({ kilobytes }) => kilobytes / 1000))),
      ],
    ]
    rows.push(`| ${cells.join(" | ")} |`)
    process.stderr.write(`${rows.at(-1)}\n`)
  }
  return rows
}

const tables: string[] = []
for (const shape of Object.keys(shapes)) tables.push(...(await rowsOf(shape)))
const report = `# What a graph of dependencies costs

Written by \`npm run bench:graph\`. Breakers with the strategy \`dependency\` (own circuit \`basic\`, no component) in one process; the first is
forced open and bypassed again, and after each every other one is asked whether it names the first, or lets calls pass. Medians of ${rounds}
rounds, the quickest in brackets: a busy machine shows in the medians first. "Told" is from the operator's act until the last gate is in force. A cost that grows no faster than the dependencies shows as a
figure per dependency that stays where it is from row to row.

- Node ${process.versions.node}, ${process.platform} ${process.arch}, ${cpus().length} × ${cpus()[0]?.model ?? "?"}

${Object.entries(shapes)
  .map(([shape, { says }]) => `- ${shape}: ${says}`)
  .join("\n")}

| shape | breakers | dependencies | built, µs each | failure told, ms | µs each | recovery told, ms | µs each | memory, KB each |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
${tables.join("\n")}

## What this does not measure

- Calls: a breaker that is not held back by a dependency pays nothing for having some.
- The making of the breakers themselves, which is in COST.md (C6).
- Hubs without bound: each addition to one breaker copies the table of those that it has, of which there may be 1 000. A config
  that names them all brings them in one step.
- A busy process: each row is the only work, and the first round of each row is not counted.
`
if (flags.quick) console.log(report)
else writeFileSync(new URL("GRAPH.md", import.meta.url), report)
