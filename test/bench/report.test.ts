/** The report of the costs, on readings made up for it: what it says of a goal that was met, missed, or not run. */
import { describe, expect, test } from "vitest"
import type { CostCase, Table } from "./case.ts"
import { catalogue } from "./catalogue.ts"
import { report, verdicts } from "./report.ts"

const table: Table = {
  id: "T",
  title: "time per call",
  unit: "ns",
  rows: { ours: "`{}`", theirs: "defaults" },
  goals: [
    {
      text: "≤ 1.0 × theirs",
      compare: "ratio",
      pairs: [["ours", "theirs"]],
      max: 1,
      cause: "The clock is read twice.",
    },
    { text: "≤ 500 ns", compare: "value", pairs: [["ours", ""]], max: 500, cause: "It grew." },
    { text: "≤ 50 ns", compare: "value", pairs: [["ours", ""]], max: 50 },
  ],
}
const timers: Table = {
  id: "N",
  title: "timers alive",
  unit: "timers",
  rows: { ours: "`{}`" },
  goals: [{ text: "1 timer in all", compare: "value", pairs: [["ours", ""]], max: 1 }],
}
const one: CostCase = { id: "C0", title: "A call", tables: [table, timers], jobs: () => [], run: async () => ({}) }
const text = (ours: readonly number[], theirs: readonly number[], count: number) =>
  report([one], { T: { ours: [...ours], theirs: [...theirs] }, N: { ours: [count] } }, ["a machine"])
const causeLines = (written: string) => written.split("\n").filter((line) => line.startsWith("- **C0: "))

describe("the report of the costs", () => {
  test("prints the cause of every goal that was missed, and of no other", () => {
    expect(causeLines(text([200, 220], [100, 100], 1))).toEqual([
      "- **C0: ≤ 1.0 × theirs.** The clock is read twice.",
      "- **C0: ≤ 50 ns.** The cause is not known yet.",
    ])
    expect(text([40, 40], [100, 100], 1)).not.toContain("Why goals were missed")
  })

  test("says by how much a goal was missed, and that what was not run is not met", () => {
    const written = text([200, 220, 240], [100, 100, 100], 1)
    expect(written).toContain("| C0 | ≤ 1.0 × theirs | 2.2 × | 2 × to 2.4 × | **missed** by 120 % |")
    expect(verdicts([one], {}).map(({ met }) => met)).toEqual([false, false, false, false])
  })

  test("names the worst of several subjects, and what it stands beside where it is compared", () => {
    const rows = { one: "`{}`", two: "`{}`", floor: "none" }
    const value = { compare: "value", text: "≤ 5 ns", max: 5 } as const
    const ratio = { compare: "ratio", text: "≤ 2 ×", max: 2 } as const
    const both: Table = {
      ...{ id: "B", title: "time per call", unit: "ns", rows },
      goals: [
        { ...value, pairs: ["one", "two"].map((row) => [row, ""] as const) },
        { ...ratio, pairs: ["one", "two"].map((row) => [row, "floor"] as const) },
      ],
    }
    const written = report([{ ...one, tables: [both] }], { B: { one: [1], two: [4], floor: [2] } }, ["a machine"])
    expect(written).toContain("| C0 | ≤ 5 ns | 4.0 ns (worst: two) |")
    expect(written).toContain("(worst: two beside floor)")
  })

  test("counts one timer in the singular", () => {
    expect(text([1], [1], 1)).toContain("| C0 | 1 timer in all | 1 timer | 1 timer to 1 timer | met |")
    expect(text([1], [1], 2)).toContain(
      "| C0 | 1 timer in all | 2 timers | 2 timers to 2 timers | **missed** by 100 % |",
    )
  })
})

test("goals of the catalogue name rows that are measured", () => {
  for (const { tables } of catalogue) {
    for (const { rows, columns = [""], goals } of tables) {
      const known = Object.keys(rows).flatMap((row) =>
        columns.map((column) => (column === "" ? row : `${row}@${column}`)),
      )
      for (const { pairs } of goals) for (const name of pairs.flat()) expect(["", ...known]).toContain(name)
    }
  }
})
