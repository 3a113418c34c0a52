/** One config beside another: what counts as worse, and that prediction does no harm where less load would not help. */
import { expect, test } from "vitest"
import type { Column } from "../../src/testing/simulation/columns.ts"
import { scenarios } from "../../src/testing/simulation/scenarios/catalogue.ts"
import { compare, difference, predictionReport } from "./compare.ts"

const never = Number.POSITIVE_INFINITY
const column = (better: Column["better"]): Column => ({ id: "x", unit: "", meaning: "", better, of: () => 0 })
const seeds = [1, 2, 3, 4, 5, 6, 7, 8]

test.each([
  ["the same in every seed", [0, 0, 0, 0, 0, 0, 0, 0], "less", "the same"],
  ["more in every seed, where less is better", [1, 2, 1, 2, 1, 2, 1, 2], "less", "worse"],
  ["more in every seed, where more is better", [1, 2, 1, 2, 1, 2, 1, 2], "more", "better"],
  ["less in every seed, where more is better", [-1, -1, -2, -1, -1, -1, -2, -1], "more", "worse"],
  ["now more, now less", [1, -1, 2, -2, 1, -1, 2, -2], "less", "no difference beyond noise"],
  ["much more in one seed alone", [0, 0, 0, 0, 0, 0, 0, 50], "less", "no difference beyond noise"],
] as const)("what is %s is told so, with the worst seed", (_what, by, better, conclusion) => {
  const after = seeds.map((value, index) => value + (by[index] ?? 0))
  const found = difference(column(better), seeds, after)
  expect(found.conclusion).toBe(conclusion)
  expect(found.worst).toBe(better === "less" ? Math.max(...by) : Math.min(...by))
})

test("what never happens under either config is no difference, and what one alone never reaches is", () => {
  const time = column("less")
  expect(
    difference(
      time,
      seeds.map(() => never),
      seeds.map(() => never),
    ).conclusion,
  ).toBe("the same")
  expect(difference(time, [1, 1, 1], [never, never, never])).toMatchObject({ conclusion: "worse", after: never })
})

test("prediction did harm where errors crept up whatever the load: it let a third of the calls in no more", async () => {
  const scenario = scenarios.find(({ id }) => id === "S3")
  const variant = scenario?.variants.find(({ id }) => id === "1 to 5 %")
  if (scenario === undefined || variant === undefined) throw new Error("there is no such world")
  const compared = await compare(scenario, variant, [{}, { prediction: true }], [1])
  const refused = compared.differences.find(({ column }) => column.id === "refused")
  expect(refused?.after).toBeLessThanOrEqual(0.05)
  expect(predictionReport([compared], "1")).toContain("| 1 to 5 % |")
}, 120_000)
