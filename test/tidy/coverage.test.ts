/** What `npm run test:coverage` makes of what was counted. */
import { globSync } from "node:fs"
import { describe, expect, test } from "vitest"
import covered from "../support/coverage/covered.ts"
import { type Counted, figuresOf } from "../support/coverage/figures.ts"
import { root } from "../support/repository.ts"

const part = (covered: number, total = 100) => ({ covered, total })
const counts = (lines: number, branches: number) => ({ lines: part(lines), branches: part(branches) })
const walked = (missing: readonly string[] = []) => ({
  states: { covered: 3, of: 3 },
  transitions: { covered: 5 - missing.length, of: 5 },
  missing,
})
const branch = (line: number) => ({ loc: { start: { line } }, locations: [{ start: { line } }, { start: {} }] })

const all: Counted = {
  root: "/here/",
  summary: { total: counts(0, 0), "/here/rooms/a.ts": counts(100, 99), "/here/rooms/b.ts": counts(98, 97) },
  details: {
    "/here/rooms/b.ts": {
      b: { 0: [1, 0], 1: [0, 1], 2: [2, 2] },
      branchMap: { 0: branch(9), 1: branch(3), 2: branch(1) },
    },
  },
  rooms: { "rooms/": ["rooms/a.ts", "rooms/b.ts"] },
  walks: { basic: walked() },
  charts: ["basic"],
}

describe("coverage", () => {
  test("is enough from 98 % of a room and all of each chart on; files below are named, with the lines of what was missed", () => {
    const { lines, isEnough } = figuresOf(all)
    expect(isEnough).toBe(true)
    expect(lines.map((line) => line.replace(/ +/g, " ").trim())).toEqual([
      "lines branches",
      "rooms/ 99.00 % 98.00 %",
      "rooms/b.ts 98.00 % 97.00 % branches missed in: 3, 9",
      "",
      "chart states transitions",
      "basic 100.00 % 100.00 %",
    ])
  })

  test.each<[string, Partial<Counted>, string]>([
    ["fewer branches", { summary: { ...all.summary, "/here/rooms/a.ts": counts(100, 98) } }, "97.50 %"],
    ["fewer lines", { summary: { ...all.summary, "/here/rooms/a.ts": counts(97, 99) } }, "97.50 %"],
    ["a file that nobody counted", { rooms: { "rooms/": ["rooms/a.ts", "rooms/c.ts"] } }, "rooms/c.ts was not counted"],
    ["no file at all", { rooms: { "rooms/": [] } }, "rooms/"],
    ["nothing that was counted", { summary: {} }, "rooms/a.ts was not counted"],
    ["a transition that nobody takes", { walks: { basic: walked(["basic on alarm.rang"]) } }, "basic on alarm.rang"],
    ["a chart that nobody walked", { charts: ["basic", "gradual"] }, "gradual was not walked"],
  ])("is not enough with %s, and says so", (_what, less, saying) => {
    const { lines, isEnough } = figuresOf({ ...all, ...less })
    expect(isEnough).toBe(false)
    expect(lines.join("\n")).toContain(saying)
  })
})

test("counts what tests run: it was left without any, and said that a test had failed", () => {
  const { include = [], exclude = [] } = (covered as { test: { include?: string[]; exclude?: string[] } }).test
  expect(include.map((kind) => globSync(kind, { cwd: root }).length > 1)).toEqual(include.map(() => true))
  expect(include.length).toBeGreaterThan(3)
  expect(exclude.filter((one) => globSync(one, { cwd: root }).length === 0)).toEqual([])
})
