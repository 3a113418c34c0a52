/** SCORE.md: what results.json says, and what was found out about the mutants that lived. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { read, root, typescriptUnder } from "../repository.ts"
import { type Judged, judged } from "./judged.ts"
import { digestOf, type Result, type Results, results } from "./results.ts"
import type { Survivor } from "./stryker.ts"

export const goal = 95

const planes = (): readonly string[] => typescriptUnder("machines", "src/data-plane")

/** What was found out about a mutant that lives; `undefined` while nobody has. */
export const verdictOn = (path: string, { line, from, to }: Survivor): Judged | undefined =>
  judged.find(
    (one) =>
      one.path === path && one.line === line && one.mutants.some(([was, became]) => was === from && became === to),
  )

interface Figures {
  readonly files: number
  readonly mutants: number
  readonly killed: number
  readonly timedOut: number
  readonly survived: number
  readonly uncovered: number
  readonly equivalent: number
  readonly broken: number
}

function figuresOf(of: readonly (readonly [string, Result])[]): Figures {
  const sum = (one: (result: Result, path: string) => number): number =>
    of.reduce((total, [path, result]) => total + one(result, path), 0)
  const killed = sum((result) => result.killed)
  const timedOut = sum((result) => result.timedOut)
  const lived = sum(({ survivors }) => survivors.length)
  const uncovered = sum(({ survivors }) => survivors.filter(({ isUncovered }) => isUncovered).length)
  return {
    files: of.length,
    mutants: killed + timedOut + lived,
    killed,
    timedOut,
    survived: lived - uncovered,
    uncovered,
    equivalent: sum(({ survivors }, path) => survivors.filter((one) => verdictOn(path, one) !== undefined).length),
    broken: sum((result) => result.broken),
  }
}

const share = (part: number, of: number): number => (of === 0 ? 100 : (100 * part) / of)
const scoreIn = ({ killed, timedOut, mutants }: Figures): number => share(killed + timedOut, mutants)
const scoreBeside = ({ killed, timedOut, mutants, equivalent }: Figures): number =>
  share(killed + timedOut, mutants - equivalent)

/** What is known of these files, and in percent how many of their mutants were found. */
export function scoreOf(paths: readonly string[]): { readonly score: number; readonly said: string } {
  const figures = figuresOf(Object.entries(results()).filter(([path]) => paths.includes(path)))
  const score = scoreIn(figures)
  const { killed, timedOut, mutants, equivalent } = figures
  const beside =
    equivalent === 0 ? "" : `; ${scoreBeside(figures).toFixed(1)} % without ${equivalent} that change nothing`
  return {
    score,
    said: `${score.toFixed(1)} %: ${killed + timedOut} of ${mutants} mutants of ${figures.files} files${beside}`,
  }
}

const code = (text: string): string => {
  const short = text.length > 120 ? `${text.slice(0, 117)}...` : text
  return short === "" ? "nothing" : `\`\` ${short.replaceAll("|", "\\|")} \`\``
}

/** What is said of a file that is not any more what it was when it was tried. */
const changed = (path: string, { digest }: Result): string => {
  if (!planes().includes(path)) return " (is gone)"
  return digestOf(path) === digest ? "" : " (has changed since)"
}

const row = (name: string, of: Figures, note = ""): string =>
  `| ${name}${note} | ${of.mutants} | ${of.killed} | ${of.timedOut} | ${of.survived} | ${of.uncovered} | ${of.equivalent} | ${scoreIn(of).toFixed(1)} | ${scoreBeside(of).toFixed(1)} |`

function living(all: Results, isJudged: boolean): readonly string[] {
  return Object.entries(all).flatMap(([path, { survivors }]) => {
    const these = survivors.filter((one) => (verdictOn(path, one) !== undefined) === isJudged)
    if (these.length === 0) return []
    const lines = these.map((one) => {
      const why = verdictOn(path, one)?.why ?? (one.isUncovered ? "none of the tests runs it" : undefined)
      return `- ${one.at.split(":")[0]}: ${code(one.from)} became ${code(one.to)}${why === undefined ? "" : `: ${why}`}`
    })
    return [`### ${path}`, "", ...lines, ""]
  })
}

/** The page, from what is on record and the files as they are. */
export function page(): string {
  const all = results()
  const entries = Object.entries(all)
  const figures = figuresOf(entries)
  const paths = planes()
  const lines = (some: readonly string[]): number =>
    some.reduce((total, path) => total + read(path).split("\n").length - 1, 0)
  const tried = paths.filter((path) => all[path] !== undefined)
  return [
    "# Mutation score",
    "",
    "Written by `npm run mutation` from what it found (results.json) and what was found out about mutants that lived (judged.ts).",
    "Every mutator of StrykerJS is on. A mutant that no test noticed has lived; one that changes nothing that anybody could notice",
    "lives rightly, and says why. `score` counts all mutants; `judged` leaves those out that change nothing.",
    "",
    `**${scoreIn(figures).toFixed(1)} % (${scoreBeside(figures).toFixed(1)} % judged)** of ${figures.mutants} mutants, in ${tried.length} of ${paths.length} files:`,
    `${lines(tried)} of ${lines(paths)} lines, ${Math.round(share(lines(tried), lines(paths)))} %. The goal is ${goal} %.`,
    ...(figures.broken === 0
      ? []
      : [`${figures.broken} more ended in an error outside of any test, and count neither way.`]),
    "",
    "| file | mutants | killed | timed out | survived | not run | equivalent | score | judged |",
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ...entries.map(([path, result]) => row(path, figuresOf([[path, result]]), changed(path, result))),
    row("all", figures),
    "",
    "## Not tried yet",
    "",
    paths.filter((path) => all[path] === undefined).join(", ") || "None.",
    "",
    "## Lived, and change nothing",
    "",
    ...living(all, true),
    "## Lived, and are not judged",
    "",
    ...living(all, false),
  ]
    .join("\n")
    .trimEnd()
    .concat("\n")
}

export function writeScore(): void {
  writeFileSync(join(root, "test/support/mutation/SCORE.md"), page())
}
