/** What was counted and walked, as lines to print, and whether it is enough. */
import { relative } from "node:path"
import type { Walked } from "../chartWalk.ts"

interface Part {
  readonly total: number
  readonly covered: number
}

/** The summary that vitest writes: by the whole path of each file, and `total`. */
export interface Summary {
  readonly [path: string]: { readonly lines: Part; readonly branches: Part }
}

/** The details that vitest writes, as far as they say which branches no test has taken. */
export interface Details {
  readonly [path: string]: {
    readonly b: { readonly [branch: string]: readonly number[] }
    readonly branchMap: {
      readonly [branch: string]: {
        readonly loc: { readonly start: { readonly line: number } }
        readonly locations: readonly { readonly start: { readonly line?: number | undefined } }[]
      }
    }
  }
}

export interface Counted {
  readonly root: string
  readonly summary: Summary
  readonly details: Details
  /** Files that must be counted, from the root, by the folder to whose figure they belong. */
  readonly rooms: { readonly [room: string]: readonly string[] }
  readonly walks: { readonly [chart: string]: Walked }
  /** Charts that must be walked. */
  readonly charts: readonly string[]
}

/** Percent of lines, and of branches, of each room. */
export const least = 98

const none: Part = { total: 0, covered: 0 }
const percent = ({ covered, total }: Part): number => (total === 0 ? 100 : (100 * covered) / total)
const said = (part: Part): string => `${percent(part).toFixed(2)} %`.padStart(10)
const isShort = (...parts: readonly Part[]): boolean => parts.some((part) => percent(part) < least)
const row = (name: string, lines: Part, branches: Part): string => `${name.padEnd(44)}${said(lines)}${said(branches)}`

const sum = (parts: readonly Part[]): Part =>
  parts.reduce((one, other) => ({ total: one.total + other.total, covered: one.covered + other.covered }), none)

/** The lines in which branches lie that no test has taken. */
function missedIn({ b, branchMap }: Details[string]): readonly number[] {
  const lines = Object.entries(branchMap).flatMap(([branch, { loc, locations }]) =>
    locations.flatMap(({ start }, at) => (b[branch]?.[at] === 0 ? [start.line ?? loc.start.line] : [])),
  )
  return [...new Set(lines)].sort((one, other) => one - other)
}

/** A file that nobody counted, or a chart that nobody walked, is not enough, however good the rest is. */
export function figuresOf({ root, summary, details, rooms, walks, charts }: Counted) {
  const lines = [`${"".padEnd(44)}${"lines".padStart(10)}${"branches".padStart(10)}`]
  const counted = new Map(Object.entries(summary).map(([path, counts]) => [relative(root, path), counts]))
  const missed = new Map(Object.entries(details).map(([path, one]) => [relative(root, path), missedIn(one)]))
  let isEnough = true
  for (const [room, paths] of Object.entries(rooms)) {
    const files = paths.map((path) => ({ path, counts: counted.get(path) }))
    const of = (what: "lines" | "branches") => sum(files.map(({ counts }) => counts?.[what] ?? none))
    lines.push(row(room, of("lines"), of("branches")))
    if (files.length === 0 || isShort(of("lines"), of("branches"))) isEnough = false
    for (const { path, counts } of files) {
      if (counts === undefined) {
        isEnough = false
        lines.push(`  ${path} was not counted`)
      } else if (isShort(counts.lines, counts.branches)) {
        const where = (missed.get(path) ?? []).join(", ")
        lines.push(`${row(`  ${path}`, counts.lines, counts.branches)}  branches missed in: ${where}`)
      }
    }
  }
  lines.push("", `${"chart".padEnd(44)}${"states".padStart(10)}${"transitions".padStart(12)}`)
  for (const chart of charts) {
    const walked = walks[chart]
    if (walked === undefined || walked.missing.length > 0) isEnough = false
    if (walked === undefined) lines.push(`  ${chart} was not walked`)
    else {
      const part = ({ covered, of }: Walked["states"]) => said({ covered, total: of })
      lines.push(`${chart.padEnd(44)}${part(walked.states)}${part(walked.transitions).padStart(12)}`)
      for (const what of walked.missing) lines.push(`  ${what}`)
    }
  }
  return { lines, isEnough }
}
