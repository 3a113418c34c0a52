/**
 * `npm run test:coverage`: runs the tests of both planes, counts lines and branches of machines/ and src/data-plane/, walks every chart, and
 * prints one summary. Ends with an error below 98 % of lines or branches, or below 100 % of the states or transitions of any chart.
 */
import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { registry } from "../../../machines/registry.ts"
import { root, typescriptUnder } from "../repository.ts"
import { type Details, figuresOf, type Summary } from "./figures.ts"

const vitest = join(root, "node_modules/vitest/vitest.mjs")
const flags = ["run", "--config", "test/support/coverage/covered.ts", "--reporter", "dot"]
const folder = join(root, "coverage")
const walks = join(folder, "charts.json")
// What an earlier run has counted must not pass for what this one did.
rmSync(folder, { recursive: true, force: true })
mkdirSync(folder)
// Dots would drown the summary; which tests have failed, and why, is told on the other stream.
const { status } = spawnSync(process.execPath, [vitest, ...flags], {
  cwd: root,
  stdio: ["ignore", "ignore", "inherit"],
  env: { ...process.env, WALKED: walks },
})

const read = <T>(path: string): T => (existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : {}) as T
const rooms = ["machines", "src/data-plane"].map((room) => [`${room}/`, typescriptUnder(room)] as const)
const plugs = [registry.strategies, registry.companions, registry.components]

const { lines, isEnough } = figuresOf({
  root,
  summary: read<Summary>(join(folder, "lines/coverage-summary.json")),
  details: read<Details>(join(folder, "lines/coverage-final.json")),
  rooms: Object.fromEntries(rooms),
  walks: read(walks),
  charts: [...plugs.flatMap((table) => Object.keys(table)), "breaker"],
})
for (const line of lines) console.log(line)
if (status !== 0) console.log("\na test has failed")
console.log(isEnough ? "\nenough" : "\nnot enough")
process.exitCode = isEnough && status === 0 ? 0 : 1
