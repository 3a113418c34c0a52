/** Generates the atlas: every chart of the registry, and the root, as Mermaid and SVG, with the layouts that are shipped. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import type { Chart } from "../src/observability/drawing/chart.ts"
import { allCharts } from "../src/observability/drawing/machines.ts"
import { mermaid } from "../src/observability/drawing/mermaid.ts"
import type { Picture } from "../src/observability/drawing/picture.ts"
import { svg } from "../src/observability/drawing/svg.ts"
import { layOut } from "./layout.ts"

const folder = fileURLToPath(new URL("./atlas/", import.meta.url))
const results = fileURLToPath(new URL("../test/simulation/results/", import.meta.url))

/** One picture a line, so that a change of one chart is a change of one line. */
const layoutsOf = (pictures: readonly Picture[]): string =>
  `{\n${pictures.map((picture) => `${JSON.stringify(picture.key)}: ${JSON.stringify(picture)}`).join(",\n")}\n}\n`

const section = ({ key }: Chart): string =>
  `## ${key}\n\n![the statechart of ${key}](${key}.svg)\n\nAs Mermaid: [${key}.mmd](${key}.mmd)\n`

function indexOf(charts: readonly Chart[]): string {
  const scenarios = readdirSync(results).filter((name) => name.endsWith(".svg"))
  const timelines = scenarios
    .sort((one, other) => Number(one.slice(1, -4)) - Number(other.slice(1, -4)))
    .map(
      (name) =>
        `- [${name.replace(".svg", "")}](../../test/simulation/results/${name}), and its [figures](../../test/simulation/results/${name.replace(".svg", ".md")})`,
    )
  return [
    "# Atlas",
    "",
    "Every statechart that a breaker can run, drawn from the charts themselves. `npm run atlas` makes this folder anew; a test fails",
    "when it is stale. `recloser diagram` prints any of them, and those of a config of yours.",
    "",
    ...charts.map(section),
    "## Timelines of the scenarios",
    "",
    "Successes a second and the state of every breaker over time, drawn by the benchmark suite (`npm run bench:worth`). A test plays our",
    "breaker in each world again, and fails when it is drawn otherwise; `npm run timelines` draws them anew:",
    "",
    ...timelines,
    "",
  ].join("\n")
}

/** The files of the atlas by name. */
export async function atlas(): Promise<ReadonlyMap<string, string>> {
  const charts = allCharts()
  const pictures: Picture[] = []
  for (const chart of charts) pictures.push(await layOut(chart))
  return new Map([
    ...pictures.map((picture) => [`${picture.key}.svg`, svg(picture)] as const),
    ...charts.map((chart) => [`${chart.key}.mmd`, mermaid(chart)] as const),
    ["layouts.json", layoutsOf(pictures)],
    ["README.md", indexOf(charts)],
  ])
}

/** The atlas as it is in the repository. */
export const written = (): ReadonlyMap<string, string> =>
  new Map(readdirSync(folder).map((name) => [name, readFileSync(`${folder}${name}`, "utf8")]))

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const files = await atlas()
  for (const [name, text] of files) writeFileSync(`${folder}${name}`, text)
  console.log(`${files.size} files in visualizations/atlas`)
}
