/**
 * `npm run test:coverage`: runs the tests of both planes, counts lines and branches of machines/ and src/data-plane/, walks every chart, and
 * prints one summary. Ends with an error below 98 % of lines or branches, or below 100 % of the states or transitions of any chart.
 */
import { spawnSync } from "node:child_process"
import { mkdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import type { Walked } from "../chartWalk.ts"
import { root } from "../repository.ts"

interface Part {
  readonly total: number
  readonly covered: number
}

type Summary = { readonly [file: string]: { readonly lines: Part; readonly branches: Part } }

const least = 98
const vitest = join(root, "node_modules/vitest/vitest.mjs")
const flags = ["run", "--config", "test/support/coverage/covered.ts", "--reporter", "dot"]
const charts = join(root, "coverage/charts.json")
mkdirSync(join(root, "coverage"), { recursive: true })
const env = { ...process.env, WALKED: charts }
const { status } = spawnSync(process.execPath, [vitest, ...flags], {
  cwd: root,
  stdio: ["ignore", "ignore", "inherit"],
  env,
})

const percent = ({ covered, total }: Part): number => (total === 0 ? 100 : (100 * covered) / total)
const said = (part: Part): string => `${percent(part).toFixed(2)} %`.padStart(10)

const summary = JSON.parse(readFileSync(join(root, "coverage/lines/coverage-summary.json"), "utf8")) as Summary
const files = Object.entries(summary).map(([path, counts]) => ({ path: path.replace(`${root}/`, ""), ...counts }))

function sum(parts: readonly Part[]): Part {
  const add = (of: keyof Part) => parts.reduce((total, part) => total + part[of], 0)
  return { covered: add("covered"), total: add("total") }
}

let isShort = status !== 0
console.log(`${"".padEnd(44)}${"lines".padStart(10)}${"branches".padStart(10)}`)
for (const room of ["machines/", "src/data-plane/"]) {
  const within = files.filter(({ path }) => path.startsWith(room))
  const [lines, branches] = [sum(within.map(({ lines }) => lines)), sum(within.map(({ branches }) => branches))]
  console.log(`${room.padEnd(44)}${said(lines)}${said(branches)}`)
  if (percent(lines) < least || percent(branches) < least) isShort = true
  for (const { path, lines, branches } of within)
    if (percent(lines) < least || percent(branches) < least)
      console.log(`  ${path.padEnd(42)}${said(lines)}${said(branches)}`)
}

const walked = JSON.parse(readFileSync(charts, "utf8")) as {
  readonly [chart: string]: Walked
}
console.log(`\n${"chart".padEnd(44)}${"states".padStart(10)}${"transitions".padStart(12)}`)
for (const [chart, { states, transitions, missing }] of Object.entries(walked)) {
  const part = ({ covered, of }: Walked["states"]) => said({ covered, total: of })
  console.log(`${chart.padEnd(44)}${part(states)}${part(transitions).padStart(12)}`)
  for (const what of missing) console.log(`  ${what}`)
  if (missing.length > 0) isShort = true
}
console.log(isShort ? "\nnot enough, or a test has failed" : "\nenough")
process.exitCode = isShort ? 1 : 0
