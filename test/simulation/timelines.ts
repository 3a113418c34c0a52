/**
 * `npm run timelines [-- S1 S2]`
 *
 * Draws the timelines in test/simulation/results anew, each with the seeds that are drawn in it: needed after whatever changes what a
 * breaker decides. The tables beside them are of twenty seeds, and of `npm run bench:worth`, which also draws.
 */
import { readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { none } from "../../src/testing/simulation/policies/none.ts"
import type { PolicyMaker } from "../../src/testing/simulation/policy.ts"
import { Recording } from "../../src/testing/simulation/record.ts"
import type { Scenario, Variant } from "../../src/testing/simulation/scenario.ts"
import { scenarios } from "../../src/testing/simulation/scenarios/catalogue.ts"
import { chart, type Drawn, drawnIn, type Panel } from "./report/chart.ts"
import { drawnPanel, standingIn } from "./run.ts"

const results = fileURLToPath(new URL("results/", import.meta.url))

export const timelineOf = ({ id }: Pick<Scenario, "id">): string => readFileSync(`${results}${id}.svg`, "utf8")

const titleOf = ({ id, title }: Scenario): string => `${id}: ${title.toLowerCase()}`

const policiesIn = (scenario: Scenario, variant: Variant): readonly PolicyMaker[] =>
  standingIn(scenario, variant, { config: {}, isWanted: () => true }).filter((maker) => maker !== none)

/**
 * The same with every policy run again; or only one breaker of ours, and the unprotected world, with the others as if nothing were known
 * of them: packages take minutes, and one breaker a key another.
 */
export async function redrawn(scenario: Scenario, timeline: string, all: boolean): Promise<string> {
  const seeds = new Map(drawnIn(timeline).map(({ world, seed }) => [world, seed]))
  const panels: Panel[] = []
  for (const variant of scenario.variants) {
    const makers = policiesIn(scenario, variant)
    const run = all ? makers : makers.slice(0, 1)
    const panel = await drawnPanel(variant, seeds.get(variant.id) ?? 1, run, false)
    const drawn = new Map(panel.runs.map((one) => [one.id, one]))
    const unknown = (id: string): Drawn => ({ id, recording: new Recording(0, []), hasStates: false })
    panels.push({ ...panel, runs: makers.map(({ id }) => drawn.get(id) ?? unknown(id)) })
  }
  return chart(titleOf(scenario), panels)
}

/** Of each line what our breaker, the world and the scenario decide: of the strips of others only whose they are. */
export function ownLines(scenario: Scenario, timeline: string): readonly string[] {
  const others = new Set<string>()
  for (const variant of scenario.variants) for (const { id } of policiesIn(scenario, variant).slice(1)) others.add(id)
  return timeline.split("\n").map((line) => {
    const [, label, id = ""] = /^(<text [^>]*>([^<]*)<\/text>)<rect /.exec(line) ?? []
    return label !== undefined && others.has(id) ? label : line
  })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const wanted = process.argv.slice(2).map((id) => id.toUpperCase())
  const unknown = wanted.filter((id) => scenarios.every((one) => one.id !== id))
  if (unknown.length > 0) throw new Error(`there is no scenario ${unknown.join(", ")}`)
  for (const scenario of scenarios.filter(({ id }) => wanted.length === 0 || wanted.includes(id))) {
    const before = timelineOf(scenario)
    const now = await redrawn(scenario, before, true)
    writeFileSync(`${results}${scenario.id}.svg`, now)
    console.log(`${scenario.id}.svg: ${now === before ? "as it was" : "drawn anew"}`)
  }
}
