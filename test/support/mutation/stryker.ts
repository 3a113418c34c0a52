/** One run of StrykerJS: some files, or some mutants of them, against some tests. */
import { spawnSync } from "node:child_process"
import { mkdirSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { read, root } from "../repository.ts"

interface Place {
  readonly line: number
  readonly column: number
}

export interface Mutant {
  readonly status: string
  readonly mutatorName: string
  readonly replacement?: string
  readonly location: { readonly start: Place; readonly end: Place }
}

/** A mutant that lived, as a reader finds it again: the line it is in, what stands there, and what was put in its place. */
export interface Survivor {
  /** From where to where, as StrykerJS takes it: `12:3-12:20`, columns from 0. */
  readonly at: string
  readonly line: string
  readonly from: string
  readonly to: string
  /** By no test at all was it run. */
  readonly isUncovered: boolean
}

export function survivorOf(path: string, { location: { start, end }, replacement = "", status }: Mutant): Survivor {
  const lines = read(path).split("\n")
  const part = lines.slice(start.line - 1, end.line)
  part[part.length - 1] = part.at(-1)?.slice(0, end.column - 1) ?? ""
  part[0] = part[0]?.slice(start.column - 1) ?? ""
  const oneLine = (text: string): string => text.replace(/\s+/g, " ").trim()
  return {
    at: `${start.line}:${start.column - 1}-${end.line}:${end.column - 1}`,
    line: oneLine(lines[start.line - 1] ?? ""),
    from: oneLine(part.join("\n")),
    to: oneLine(replacement),
    isUncovered: status === "NoCoverage",
  }
}

const folder = join(root, "coverage/mutation")

/** What became of each mutant, by file. Throws when StrykerJS ends otherwise than well, or takes longer than `minutes`. */
export function tried(
  patterns: readonly string[],
  { tests, areSlow }: { readonly tests: readonly string[]; readonly areSlow: boolean },
  { minutes, waitMs }: { readonly minutes: number; readonly waitMs: number },
): { readonly [path: string]: { readonly mutants: readonly Mutant[] } } {
  mkdirSync(folder, { recursive: true })
  const report = join(folder, "report.json")
  rmSync(report, { force: true })
  const env = {
    ...process.env,
    MUTANT_TESTS: tests.join(","),
    MUTANT_REPORT: report,
    MUTANT_WAIT_MS: String(waitMs),
    ...(areSlow && { MUTANT_SLOW: "1" }),
  }
  const stryker = join(root, "node_modules/@stryker-mutator/core/bin/stryker.js")
  const flags = ["run", "test/support/mutation/strykerConfig.js", "--mutate", patterns.join(",")]
  const { status } = spawnSync(process.execPath, [stryker, ...flags], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
    timeout: minutes * 60_000,
    env,
  })
  if (status !== 0) throw new Error(`StrykerJS ended with ${status} for ${patterns.join(", ")}`)
  return JSON.parse(readFileSync(report, "utf8")).files
}
