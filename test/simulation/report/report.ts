/** The report of a scenario as Markdown. Nothing in it depends on when or where it was made. */
import type { Reached } from "../../../src/testing/simulation/evaluate.ts"
import { full, heading, short } from "../../../src/testing/simulation/numbers.ts"
import { summarise } from "../../../src/testing/simulation/statistics.ts"
import { searchableCalls } from "../search.ts"
import { goalTable } from "./goals.ts"
import { markdown, plain } from "./grid.ts"
import type { Outcome, VariantOutcome } from "./outcome.ts"

const kinds = { none: "", ours: "", package: "real package", reimplemented: "written anew" } as const

const cells = (row: Reached, { variant }: VariantOutcome, show: typeof full): readonly string[] => [
  row.maker.id,
  ...variant.columns.map((column) => show(summarise(row.values.get(column) ?? [], column.better))),
  String(row.seeds.length),
]

const table = (outcome: VariantOutcome, show: typeof full) => {
  const head = ["policy", ...outcome.variant.columns.map(heading), "seeds"]
  return { head, rows: outcome.reached.map((row) => cells(row, outcome, show)) }
}

/** For the terminal: medians, with what one run in twenty is worse than in brackets. */
export function printed(outcome: Outcome): string {
  const parts = outcome.variants.map((one) => {
    const { head, rows } = table(one, short)
    return `${outcome.scenario.id}: ${one.variant.id}\n${plain(head, rows)}`
  })
  const goals = goalTable(outcome)
  const { shortened } = outcome.scenario
  if (shortened !== undefined && !outcome.full) parts.push(shortened)
  parts.push(...effort(outcome))
  return [...parts, ...(goals.rows.length > 0 ? [plain(goals.head, goals.rows)] : [])].join("\n\n")
}

const bullets = (lines: readonly string[]): string => lines.map((line) => `- ${line}`).join("\n")

const setups = ({ variants }: Outcome): string => {
  const makers = new Map(variants.flatMap(({ reached }) => reached.map(({ maker }) => [maker.id, maker] as const)))
  const shipped = [...makers.values()].filter(({ id }) => !id.includes("best of"))
  return markdown(
    ["policy", "what", "set up as"],
    shipped.map(({ id, kind, setup }) => [id, kinds[kind], setup]),
  )
}

const found = ({ variants }: Outcome): string =>
  markdown(
    ["world", "policy", "tried", "in", "settings"],
    variants.flatMap(({ variant, found }) =>
      found.map(({ maker, tried, world }) => [
        variant.id,
        maker.id,
        String(tried),
        world === variant.id ? "this world" : world,
        maker.setup,
      ]),
    ),
  )

/** For the terminal, where the table of settings is too wide: how much was tried. */
const effort = ({ variants }: Outcome): readonly string[] => {
  const lines = variants.flatMap(({ variant, found }) =>
    found
      .filter(({ world }) => world !== variant.id)
      .map(({ maker }) => `${variant.id}: ${maker.id}: not searched here, found in another world`),
  )
  const counts = new Set(variants.flatMap(({ found }) => found.map(({ tried }) => tried)))
  return counts.size === 0 ? [] : [`Settings tried for each "best of": ${[...counts].join(", ")}`, ...lines]
}

const meanings = ({ variants }: Outcome): string => {
  const columns = new Set(variants.flatMap(({ variant }) => variant.columns))
  return bullets([...columns].map(({ id, meaning }) => `**${id}**: ${meaning}.`))
}

const searched = (outcome: Outcome): readonly string[] =>
  outcome.settings === 0
    ? []
    : [
        "## Settings found at random",
        `For each package, and each way in which it is used here, the best of so many random settings as the table says: all on seed 1, the best ten on seeds 1 to 5; best is who comes nearest to the goals of the world. Where ten settings (on five seeds: one) reach all that there is to reach, no later one can be better, and none is run. Which of them was best is kept in [best.json](best.json), and believed while its runs on seeds 1 to 5 come out as they did. A world of more than ${searchableCalls} calls a run is searched only if none before it was; else it has the settings of the one that is named.`,
        found(outcome),
      ]

export function report(outcome: Outcome): string {
  const { scenario, variants, settings, seeds } = outcome
  const goals = goalTable(outcome)
  return [
    `# ${scenario.id}: ${scenario.title.toLowerCase()}`,
    `Written by \`npm run bench:worth -- ${scenario.id}\`: simulation in virtual time of the production code, seeds ${seeds}. ${scenario.about}`,
    ...(scenario.shortened !== undefined && !outcome.full ? [`**${scenario.shortened}**`] : []),
    "## Goals",
    "Our breaker runs with one default configuration in every world of every scenario. Verdicts are on medians over the seeds, unless the goal says otherwise.",
    markdown(goals.head, goals.rows),
    `![Goodput and state over time](${scenario.id}.svg)`,
    "## Results",
    `In each cell: the median over the seeds (with its 95 % interval); what one run in twenty is worse than (with its), so the 95th percentile where less is better and the 5th where more is. One value: all the same. Intervals by bootstrap over the seeds. Packages, whose promises are slow to simulate, run on the first so many seeds, as the last column says.${
      settings === 0 ? " Packages run as they ship only: give `--random 200` to search for their best settings." : ""
    }`,
    ...variants.flatMap((one) => {
      const { head, rows } = table(one, full)
      return [`### ${one.variant.id}`, markdown(head, rows)]
    }),
    "## Columns",
    meanings(outcome),
    "## Policies",
    setups(outcome),
    ...searched(outcome),
    "## What this does not measure",
    bullets([...scenario.notMeasured, ...notMeasuredAnywhere]),
    "",
  ].join("\n\n")
}

const notMeasuredAnywhere = [
  "real networks, real clocks, event loops that pause, processors that are busy: time is virtual and decisions take none",
  "other worlds than these: Poisson arrivals, independent failures, faults that begin and end at once",
]
