import type { SimulatedMeasure, SimulatedWorld } from "../../testing/simulate.ts"
import { render, type Span, span } from "../demo/paint.ts"
import { wrap } from "../wrap.ts"
import { stripLegend, strips } from "./strips.ts"
import { table } from "./table.ts"
import { type Ending, type Opening, reachedIn, type View } from "./view.ts"

export interface Paper {
  readonly columns: number
  readonly color: boolean
  write(text: string): void
  /** Tells what is being run, until something is written; nobody may be looking. */
  hint(text: string): void
}

/** Lines of text are hard to follow when they are longer. */
const LONGEST = 100

/** JSON that can be broken into lines at its spaces. */
const spaced = (config: object): string => JSON.stringify(config, null, 1).replace(/\n */g, " ")

const opened = ({ scenario, title, about, seeds, config, notes }: Opening): readonly string[] => {
  const yours =
    config === undefined
      ? "No --config was given, so there is nothing of yours to compare."
      : `Yours: ${spaced(config)}`
  return [
    `${scenario}: ${title.toLowerCase()}`,
    about,
    `Simulated in virtual time with the production code, seeds ${ranges(seeds)}.`,
    yours,
    ...notes,
  ]
}

/** As they were written: 1, 2, 3 are 1-3. */
function ranges(seeds: readonly number[]): string {
  const runs: [number, number][] = []
  for (const seed of seeds) {
    const last = runs.at(-1)
    if (last !== undefined && seed === last[1] + 1) last[1] = seed
    else runs.push([seed, seed])
  }
  return runs.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`)).join(", ")
}

function meanings(worlds: readonly SimulatedWorld[]): readonly string[] {
  const measures = new Map<string, SimulatedMeasure>(
    worlds.flatMap((world) => world.measures.map((one) => [one.id, one])),
  )
  return [...measures.values()].map(({ id, meaning, better }) => `${id}: ${meaning} (${better} is better).`)
}

function closing({ worlds, asked, interrupted }: Ending): readonly string[] {
  const scores = reachedIn(worlds).filter(({ of }) => of > 0)
  const goals = scores.map(({ name, met, of }) => `${name} ${met} of ${of}`).join("; ")
  return [
    ...(interrupted ? [`Stopped early: ${worlds.length} of ${asked} worlds were run.`] : []),
    ...(scores.length > 0 ? [`Goals of the benchmark suite reached: ${goals}.`] : []),
  ]
}

/** The text for people: a table, strips of time and a conclusion for each world, and what it all means at the end. */
export function createPage({ columns, color, write, hint }: Paper): View {
  const textWidth = Math.min(columns, LONGEST)
  const line = (spans: readonly Span[]) => write(`${render(spans, columns, color).trimEnd()}\n`)
  const text = (words: string) => write(`${wrap(words, textWidth).join("\n")}\n`)
  const item = (words: string) =>
    write(
      `${wrap(words, textWidth - 2)
        .map((part, at) => `${at === 0 ? "- " : "  "}${part}`)
        .join("\n")}\n`,
    )
  let notMeasured: readonly string[] = []
  return {
    open(opening) {
      notMeasured = opening.notMeasured
      const [title = "", ...rest] = opened(opening)
      line([span(title, "bold")])
      rest.forEach(text)
    },
    running: (name) => hint(`simulating ${name} …`),
    world(world) {
      write("\n")
      line([span(`── ${world.name} ${"─".repeat(Math.max(0, textWidth - world.name.length - 4))}`, "bold")])
      table(world, columns).forEach(line)
      write("\n")
      strips(world, columns).forEach(line)
      write("\n")
      text(world.conclusion)
    },
    close(ending) {
      hint("")
      if (ending.worlds.length > 0) {
        write("\n")
        line([span("What the figures mean", "bold")])
        text("Medians over the seeds; in brackets what one run in twenty is worse than.")
        text(stripLegend)
        meanings(ending.worlds).forEach(item)
        line([span("Not measured", "bold")])
        notMeasured.forEach(item)
      }
      write("\n")
      closing(ending).forEach(text)
    },
  }
}
