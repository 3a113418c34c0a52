/** The timelines of the scenarios show what breakers do now: each is played again, with the seeds that are drawn in it. */
import { describe, expect, test } from "vitest"
import { scenarios } from "../../src/testing/simulation/scenarios/catalogue.ts"
import { drawnIn } from "./report/chart.ts"
import { ownLines, redrawn, timelineOf } from "./timelines.ts"

describe("a timeline in test/simulation/results", () => {
  test.each(scenarios.map((scenario) => [scenario.id, scenario] as const))(
    "of %s shows what our breaker does now, and what becomes of the world without one",
    async (id, scenario) => {
      const kept = timelineOf(scenario)
      expect(drawnIn(kept).map(({ world }) => world)).toEqual(scenario.variants.map((variant) => variant.id))
      const now = ownLines(scenario, await redrawn(scenario, kept, false))
      const then = ownLines(scenario, kept)
      const differ = then.findIndex((line, at) => line !== now[at])
      const panel = drawnIn(then.slice(0, differ).join("\n")).at(-1)
      const where = differ < 0 ? "" : `${panel?.world ?? "the head"}, seed ${panel?.seed}`
      expect(
        where,
        `${id}.svg is stale, first where it shows the world "${where}": \`npm run timelines -- ${id}\` draws it anew, and ` +
          `\`npm run bench:worth -- ${id}\` the tables in ${id}.md, too, which are as old`,
      ).toBe("")
      expect(now).toEqual(then)
    },
    120_000,
  )
})
