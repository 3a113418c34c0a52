import { describe, expect, test } from "vitest"
import { evaluate, judge, verdicts } from "../../src/testing/simulation/evaluate.ts"
import { recloser } from "../../src/testing/simulation/policies/recloser.ts"
import type { Scenario } from "../../src/testing/simulation/scenario.ts"
import { scenarios } from "../../src/testing/simulation/scenarios/catalogue.ts"
import { fleet } from "../../src/testing/simulation/scenarios/fleet.ts"
import { shards } from "../../src/testing/simulation/scenarios/shards.ts"
import { stepOutage } from "../../src/testing/simulation/scenarios/stepOutage.ts"
import { chart } from "./report/chart.ts"
import type { Outcome } from "./report/outcome.ts"
import { printed, report } from "./report/report.ts"
import { panelOf, type RunSettings, runScenario } from "./run.ts"

const range = (from: number, to: number): readonly number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index)

const base: RunSettings = {
  config: {},
  seeds: [1, 2],
  heldOut: [],
  settings: 0,
  full: false,
  isWanted: () => true,
  isRun: ({ id }) => id === "2 rps, 5 s",
  progress: () => {},
}

async function outcomeOf(scenario: Scenario, settings: Partial<RunSettings>): Promise<Outcome> {
  const run = await runScenario(scenario, { ...base, ...settings })
  return { ...run, seeds: "1-2", heldOutSeeds: "21-22", settings: settings.settings ?? 0, full: false }
}

/** Everything that a run of the command prints and writes. */
async function written(scenario: Scenario, settings: Partial<RunSettings>): Promise<string> {
  const outcome = await outcomeOf(scenario, settings)
  const [only] = outcome.variants
  const panel = only && (await panelOf(only, false))
  return [printed(outcome), report(outcome), chart("S1", panel === undefined ? [] : [panel])].join("\n")
}

describe("a report", () => {
  test("is the same, byte for byte, each time it is made: random settings, intervals and chart included", async () => {
    const settings = { heldOut: [21, 22], settings: 3 }
    const once = await written(stepOutage, settings)
    expect(once).toContain("opossum, best of 3")
    expect(once).toContain("<polyline")
    expect(await written(stepOutage, settings)).toBe(once)
  })

  test("holds every policy and every column, and says what it does not measure", async () => {
    const text = report(await outcomeOf(stepOutage, {}))
    for (const policy of [
      "recloser",
      "none",
      "opossum",
      "cockatiel",
      "mollitia",
      "effect",
      "gobreaker",
      "AIMD limit",
    ]) {
      expect(text).toContain(`| ${policy} |`)
    }
    for (const column of ["G (%)", "TTD (s)", "W (calls)", "L (s)", "R (s)", "F (a day)", "wasted (s)"]) {
      expect(text).toContain(column)
    }
    expect(text).toContain("## What this does not measure")
  })
})

describe("the scenarios", () => {
  test("have names of their own, and so have their worlds", () => {
    const names = scenarios.flatMap(({ id, variants }) => [id, ...variants.map((variant) => `${id} ${variant.id}`)])
    expect(new Set(names).size).toBe(names.length)
    for (const { notMeasured } of scenarios) expect(notMeasured.length).toBeGreaterThan(0)
  })

  test("draw their worlds from the seed alone", () => {
    for (const variant of scenarios.flatMap((one) => one.variants)) {
      const [one, again] = [variant.world(7, false), variant.world(7, false)]
      expect(again.faults).toEqual(one.faults)
      expect(again.horizonMs).toBe(one.horizonMs)
      expect(one.faults.every(({ to }) => to <= one.horizonMs)).toBe(true)
    }
  })

  test("give every client a breaker of its own where they say so", async () => {
    const { variants } = await outcomeOf(fleet, {
      seeds: [1],
      isRun: ({ id }) => id.startsWith("d:"),
      isWanted: (id) => id === "recloser",
    })
    expect(variants[0]?.reached.map(({ maker }) => maker.id)).toEqual(["recloser, one a client"])
  })
})

describe("keys", () => {
  test("keep a dead shard's failures off everybody else, for about one call a key and one schedule of probes", async () => {
    const { variants } = await outcomeOf(shards, {
      seeds: [1, 2, 3, 21, 22],
      isWanted: (id) => id === "recloser",
      isRun: ({ id }) => id !== "64 shards, 1 000 keys by zipf 1.1, any dies",
    })
    for (const { variant, reached } of variants) {
      const [ours] = reached
      if (ours === undefined) throw new Error("nothing was run")
      expect(verdicts(variant.goals, ours).map(({ met }) => met)).not.toContain(false)
    }
  })

  test("change nothing where the service is gone as a whole", async () => {
    const variant = stepOutage.variants.find(({ id }) => id === "100 rps, 5 s")
    if (variant === undefined) throw new Error("there is no such world")
    const told = {
      ...variant,
      world: (seed: number, full: boolean) => ({ ...variant.world(seed, full), keysTold: true }),
    }
    const evaluation = { seeds: [1, 2], full: false, config: {} }
    const [[plain], [keyed]] = await Promise.all([
      evaluate(variant, [recloser()], evaluation),
      evaluate(told, [recloser()], evaluation),
    ])
    expect([...(keyed?.values ?? [])]).toEqual([...(plain?.values ?? [])])
  })
})

describe("seeds that nothing was tuned on", () => {
  test("lead to the same conclusions about an outage of 30 s", async () => {
    const { variants } = await outcomeOf(stepOutage, {
      seeds: range(1, 20),
      heldOut: range(21, 40),
      isWanted: (id) => id === "recloser",
      isRun: ({ id }) => id === "100 rps, 30 s",
    })
    const [outcome] = variants
    const [seen] = outcome?.reached ?? []
    const unseen = outcome?.heldOut
    if (outcome === undefined || seen === undefined || unseen === undefined) throw new Error("nothing was run")
    const conclusions = outcome.variant.goals.flat().map((goal) => [judge(goal, seen).met, judge(goal, unseen).met])
    for (const [one, other] of conclusions) expect(other).toBe(one)
  })
})

describe("goals", () => {
  test("of rare callers are not reached by doing nothing, which they once were", async () => {
    const { variants } = await outcomeOf(fleet, {
      seeds: [1, 2, 3],
      isRun: ({ id }) => id.startsWith("d:"),
      isWanted: (id) => id === "none",
    })
    const [outcome] = variants
    const idle = outcome?.reached.find(({ maker }) => maker.id === "none")
    if (outcome === undefined || idle === undefined) throw new Error("nothing was run")
    expect(verdicts(outcome.variant.goals, idle).map(({ met }) => met)).toEqual([true, false])
  })
})

describe("the search for settings", () => {
  test.each([
    ["S11", shards, "3 shards, 99 keys", ["cockatiel, best of 2", "cockatiel, best of 2, one a key"]],
    ["S12", fleet, "d: 1 000 clients, 0.1 rps each", ["cockatiel, best of 2, one a client"]],
  ] as const)("of %s tries them as they will be used, and tells how many", async (_id, scenario, world, ids) => {
    const outcome = await outcomeOf(scenario, {
      seeds: [1],
      settings: 2,
      isRun: ({ id }) => id === world,
      isWanted: (id) => id === "cockatiel",
    })
    const [found = []] = outcome.variants.map((one) => one.found)
    expect(found.map(({ maker, tried, world: where }) => [maker.id, tried, where])).toEqual(
      ids.map((id) => [id, 2, world]),
    )
    expect(report(outcome)).toContain(`| ${world} | ${ids[0]} | 2 | this world |`)
    expect(printed(outcome)).toContain('Settings tried for each "best of": 2')
  })

  test("says of a world too large to search where its settings come from", async () => {
    const outcome = await outcomeOf(stepOutage, {
      seeds: [1],
      settings: 1,
      isRun: ({ id }) => ["2 rps, 5 s", "1000 rps, 5 s"].includes(id),
      isWanted: (id) => id === "cockatiel",
    })
    expect(report(outcome)).toContain("| 1000 rps, 5 s | cockatiel, best of 1 | 1 | 2 rps, 5 s |")
    expect(printed(outcome)).toContain("1000 rps, 5 s: cockatiel, best of 1: not searched here, found in another world")
  })
})
