/**
 * `npm run bench:worth -- S1 S2 [options]`
 *
 * Simulates scenarios and prints their tables. With standard seeds, policies and config it also writes the report and its
 * chart to test/simulation/results; `--out FOLDER` writes them elsewhere, whatever the options.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { knownSamples } from "../../machines/forecasting.ts"
import type { BreakerConfig } from "../../src/index.ts"
import type { Scenario } from "../../src/testing/simulation/scenario.ts"
import { scenarios } from "../../src/testing/simulation/scenarios/catalogue.ts"
import { type Compared, compare, predictionReport } from "./compare.ts"
import { disbelieved, ledgerIn } from "./ledger.ts"
import { alsoIn, shipped } from "./policies/catalogue.ts"
import { chart, type Panel } from "./report/chart.ts"
import type { Outcome } from "./report/outcome.ts"
import { printed, report } from "./report/report.ts"
import { panelOf, type RunSettings, runScenario } from "./run.ts"

const standardSeeds = "1-20"
const heldOutSeeds = "21-40"
const comparedSeeds = "1-8"

const usage = `npm run bench:worth -- SCENARIO… [options]
  scenarios:      ${scenarios.map(({ id, title }) => `${id} ${title.toLowerCase()}`).join(", ")}; none: all
  --seeds 1-20    the seeds to run; without it also ${heldOutSeeds} for recloser
  --policy a,b    only policies with these ids (recloser, none, opossum, …)
  --only TEXT     only worlds whose name contains this
  --config FILE   JSON: the config of recloser, instead of {}
  --random N      also the best of N random settings of each package and world: those in results/best.json, others are looked
                  for (slow) and written there one by one, so that a run that is ended goes on where it was (not with --config)
  --search-again  look for those in results/best.json as well
  --prediction    recloser with prediction on beside off, in the worlds that are long enough for it (seeds ${comparedSeeds})
  --full          every policy on all seeds, and worlds at their full length where the standard one is shortened
  --out FOLDER    write reports and charts there`

function stop(why: string): never {
  console.error(`bench:worth: ${why}\n\n${usage}`)
  process.exit(1)
}

function readCommandLine() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        seeds: { type: "string" },
        policy: { type: "string" },
        only: { type: "string" },
        config: { type: "string" },
        random: { type: "string", default: "0" },
        "search-again": { type: "boolean", default: false },
        full: { type: "boolean", default: false },
        prediction: { type: "boolean", default: false },
        out: { type: "string" },
        help: { type: "boolean", default: false },
      },
    })
  } catch (error) {
    return stop(error instanceof Error ? error.message : String(error))
  }
}

const { values: flags, positionals } = readCommandLine()

function chosen(): readonly Scenario[] {
  const wanted = positionals.map((id) => id.toUpperCase())
  const unknown = wanted.filter((id) => scenarios.every((one) => one.id.toUpperCase() !== id))
  if (unknown.length > 0) stop(`there is no scenario ${unknown.join(", ")}`)
  return wanted.length === 0 ? scenarios : scenarios.filter(({ id }) => wanted.includes(id.toUpperCase()))
}

/** `1-20`, `3`, or several of these with commas. */
function readSeeds(text: string): readonly number[] {
  const parts = text.split(",").map((part) => part.match(/^(\d+)(?:-(\d+))?$/))
  return parts.flatMap((part) => {
    const [first, last] = [Number(part?.[1]), Number(part?.[2] ?? part?.[1])]
    if (part === null || last < first) stop(`"${text}" names no seeds: say 1-20 or 3,5,8`)
    return Array.from({ length: last - first + 1 }, (_, index) => first + index)
  })
}

const policies = flags.policy?.split(",")
const known = [...shipped({}), ...Object.values(alsoIn).flat()].map(({ id }) => id)
const strange = policies?.filter((name) => !known.includes(name)) ?? []
if (strange.length > 0) stop(`there is no policy ${strange.join(", ")}; there are ${[...new Set(known)].join("; ")}`)
const config: BreakerConfig = flags.config === undefined ? {} : JSON.parse(readFileSync(flags.config, "utf8"))
const settingsCount = Number(flags.random)
if (!Number.isInteger(settingsCount) || settingsCount < 0) stop("--random takes a whole number")

const results = fileURLToPath(new URL("results", import.meta.url))
const ledger = ledgerIn(join(results, "best.json"))

const settings: RunSettings = {
  config,
  seeds: readSeeds(flags.seeds ?? standardSeeds),
  heldOut: flags.seeds === undefined ? readSeeds(heldOutSeeds) : [],
  settings: settingsCount,
  // Some goals are relative to our own breaker: what is best beside another config of it is nobody else's business.
  ledger: flags.config !== undefined ? undefined : flags["search-again"] ? disbelieved(ledger) : ledger,
  full: flags.full,
  isWanted: (id) => policies?.some((name) => id === name || id.startsWith(`${name},`)) ?? true,
  isRun: ({ id }) => flags.only === undefined || id.includes(flags.only),
  progress: (what) => process.stderr.write(`${what}\n`),
}

const isStandard = [flags.seeds, flags.policy, flags.only, flags.config].every((flag) => flag === undefined)
const folder = flags.out ?? (isStandard ? results : undefined)

async function panels({ variants, full }: Outcome): Promise<readonly Panel[]> {
  const all: Panel[] = []
  for (const variant of variants) {
    const panel = await panelOf(variant, full)
    if (panel !== undefined) all.push(panel)
  }
  return all
}

async function write(outcome: Outcome, into: string): Promise<void> {
  const { id, title } = outcome.scenario
  mkdirSync(into, { recursive: true })
  writeFileSync(join(into, `${id}.md`), report(outcome))
  writeFileSync(join(into, `${id}.svg`), chart(`${id}: ${title.toLowerCase()}`, await panels(outcome)))
  process.stderr.write(`written: ${id}.md, ${id}.svg\n`)
}

/** Scenarios that have a world in which prediction knows enough to say anything. */
const longEnough = ({ variants }: Scenario): boolean =>
  variants.some(({ world }) => world(1, false).horizonMs > 1000 * knownSamples)

async function comparePrediction(): Promise<void> {
  const all: Compared[] = []
  const seeds = flags.seeds ?? comparedSeeds
  for (const scenario of positionals.length > 0 ? chosen() : scenarios.filter(longEnough)) {
    for (const variant of scenario.variants.filter(settings.isRun)) {
      settings.progress(`${scenario.id}: ${variant.id}`)
      all.push(await compare(scenario, variant, [config, { ...config, prediction: true }], readSeeds(seeds)))
    }
  }
  const text = predictionReport(all, seeds)
  const isWhole = isStandard && positionals.length === 0
  if (!isWhole && flags.out === undefined) return console.log(text)
  mkdirSync(folder as string, { recursive: true })
  writeFileSync(join(folder as string, "PREDICTION.md"), text)
  process.stderr.write("written: PREDICTION.md\n")
}

if (flags.help) {
  console.log(usage)
} else if (flags.prediction) {
  await comparePrediction()
} else {
  for (const scenario of chosen()) {
    const run = await runScenario(scenario, settings)
    const seeds = flags.seeds ?? standardSeeds
    const outcome: Outcome = { ...run, seeds, heldOutSeeds, settings: settingsCount, full: flags.full }
    console.log(printed(outcome))
    if (folder !== undefined) await write(outcome, folder)
  }
}
