/**
 * `npm run bench:loopback -- S1 S5 S7 S10 [--policy a,b] [--seeds 1] [--only TEXT]`
 *
 * The worlds of the simulation on real sockets, in real time: the same loads, the same services, in two processes with the fault
 * proxy between them. Without options it writes its table to test/bench/LOOPBACK.md.
 */
import { writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { judge } from "../../../src/testing/simulation/evaluate.ts"
import { heading, ruleOf, show } from "../../../src/testing/simulation/numbers.ts"
import type { PolicyMaker } from "../../../src/testing/simulation/policy.ts"
import type { Recording } from "../../../src/testing/simulation/record.ts"
import type { Goal, Scenario, Variant } from "../../../src/testing/simulation/scenario.ts"
import { markdown, plain, type Row } from "../../simulation/report/grid.ts"
import { protectors } from "./protectors.ts"
import { runLoopback } from "./run.ts"
import { scenarioOf } from "./variants.ts"

/** The worlds that are played unless `--only` says otherwise, and how long after the fault they go on. */
const played: Readonly<Record<string, { readonly worlds: readonly string[]; readonly afterMs?: number }>> = {
  S1: { worlds: ["100 rps, 30 s"], afterMs: 30_000 },
  S5: { worlds: ["9.95 s longer"], afterMs: 15_000 },
  S7: { worlds: ["70 % load", "85 % load"], afterMs: 30_000 },
  S10: { worlds: ["1.4 times", "3 times", "10 times", "3 times, one tenant calls everything critical"] },
}

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seeds: { type: "string", default: "1" },
    policy: { type: "string", default: "recloser,none,opossum,cockatiel" },
    only: { type: "string" },
  },
})
const asked = positionals.length > 0 ? positionals : Object.keys(played)
const seeds = flags.seeds.split(",").map(Number)
const policies = flags.policy.split(",")
const isStandard = positionals.length === 0 && process.argv.length === 2

const makerNamed = (id: string): PolicyMaker => ({
  id,
  setup: "",
  kind: "package",
  make: () => {
    throw new Error("this one runs on real sockets")
  },
})

interface Played {
  readonly policy: string
  readonly runs: readonly Recording[]
}

const variantsOf = (scenario: Scenario): readonly Variant[] =>
  scenario.variants.filter(({ id }) =>
    flags.only === undefined ? played[scenario.id]?.worlds.includes(id) : id.includes(flags.only),
  )

async function playAll(scenario: Scenario, variant: Variant): Promise<readonly Played[]> {
  const results: Played[] = []
  for (const policy of policies) {
    const make = protectors[policy]
    if (make === undefined) throw new Error(`no such policy: ${policy}; known: ${Object.keys(protectors).join(", ")}`)
    const runs: Recording[] = []
    for (const seed of seeds) {
      const fault = variant.world(seed, false).faults.at(-1)
      const { afterMs } = played[scenario.id] ?? {}
      const horizonMs = fault && afterMs !== undefined ? fault.to + afterMs : undefined
      console.error(`${scenario.id} ${variant.id}: ${policy}, seed ${seed}`)
      runs.push(await runLoopback({ scenario, variant, seed, make, horizonMs }))
    }
    results.push({ policy, runs })
  }
  return results
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

function tableOf(variant: Variant, results: readonly Played[]): { readonly head: Row; readonly rows: readonly Row[] } {
  const columns = variant.columns.filter(({ compares }) => compares !== true)
  return {
    head: ["policy", ...columns.map(heading)],
    rows: results.map(({ policy, runs }) => [
      policy,
      ...columns.map((column) => show(mean(runs.map((run) => column.of(run, run))))),
    ]),
  }
}

/** What our breaker reached of the goals that one run can tell of. */
function goalsOf(variant: Variant, results: readonly Played[]): readonly Row[] {
  const ours = results.find(({ policy }) => policy === "recloser")
  const goals = (variant.goals[0] ?? []).filter(
    ({ column, over }: Goal) => column.compares !== true && over === undefined,
  )
  if (ours === undefined) return []
  return goals.map((goal) => {
    const values = new Map([[goal.column, ours.runs.map((run) => goal.column.of(run, run))]])
    const { value, met } = judge(goal, { maker: makerNamed("recloser"), seeds, values })
    return [variant.id, `${heading(goal.column)} ${ruleOf(goal)}`, show(value), met ? "met" : "**missed**"]
  })
}

const sections: string[] = []
const goalHead = ["world", "goal", "reached", "verdict"]
for (const id of asked) {
  const scenario = scenarioOf(id)
  for (const variant of variantsOf(scenario)) {
    const results = await playAll(scenario, variant)
    const { head, rows } = tableOf(variant, results)
    const goals = goalsOf(variant, results)
    console.log(`\n${id}: ${variant.id}\n${plain(head, rows)}\n${goals.length > 0 ? plain(goalHead, goals) : ""}`)
    sections.push(
      `## ${id}: ${variant.id}`,
      markdown(head, rows),
      ...(goals.length > 0 ? [markdown(goalHead, goals)] : []),
    )
  }
}

const page = [
  "# Worlds of the simulation on real sockets",
  `Written by \`npm run bench:loopback\`: real time, HTTP over loopback, Poisson arrivals and services as in the simulation (what the columns mean stands there), seed ${flags.seeds}; the load and the breaker in one process, the service in another, the fault proxy of \`recloser/testing\` between them. In S1 the proxy makes the outage: connections are refused, and those that stand are reset. Ours is \`createBreaker(name)\`, opossum as it ships, cockatiel as in its documentation's first example.`,
  ...sections,
  "## What this does not measure",
  "- networks: loopback loses nothing and is never far\n- other machines: both processes share this one's processors with whatever else ran\n- more than these seeds: one run is one run; the simulation has the medians",
  "",
].join("\n\n")
if (isStandard) writeFileSync(fileURLToPath(new URL("../LOOPBACK.md", import.meta.url)), page)
