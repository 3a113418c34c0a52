import { type BreakerConfig, InvalidConfig } from "recloser"
import { type SimulateOptions, simulate } from "recloser/testing"
import { describe, expect, test } from "vitest"
import { runWorld } from "../../../src/testing/simulation/engine.ts"
import { recloser } from "../../../src/testing/simulation/policies/recloser.ts"
import { scenarios } from "../../../src/testing/simulation/scenarios/catalogue.ts"
import { stepOutage } from "../../../src/testing/simulation/scenarios/stepOutage.ts"
import { runScenario } from "../../simulation/run.ts"

const world = "100 rps, 30 s, timeouts"
const asked: SimulateOptions = { scenario: "S1", only: world, seeds: [3, 5] }
const eager = {
  strategy: { type: "basic", window: { type: "consecutive", failures: 5 }, openFor: "1 second" },
} as const

const problemsOf = async (options: unknown): Promise<string> => {
  const error = await simulate(options as SimulateOptions).catch((reason: unknown) => reason)
  if (!(error instanceof InvalidConfig)) throw new Error(`this was not refused: ${JSON.stringify(options)}`)
  return error.message
}

describe("simulate", () => {
  test("gives the figures that bench:worth gives for the same world and seeds, for the default config and another", async () => {
    const { worlds } = await simulate({ ...asked, config: eager })
    const [, standard, yours] = worlds[0]?.policies ?? []
    for (const [config, policy] of [
      [{}, standard],
      [eager, yours],
    ] as const) {
      const { variants } = await runScenario(stepOutage, {
        config,
        seeds: [3, 5],
        heldOut: [],
        settings: 0,
        full: false,
        isWanted: (id) => id === "recloser",
        isRun: ({ id }) => id === world,
        progress: () => {},
      })
      const [reached] = variants[0]?.reached ?? []
      const columns = variants[0]?.variant.columns ?? []
      expect(columns.length).toBeGreaterThan(5)
      for (const column of columns) expect(policy?.figures[column.id]?.values).toEqual(reached?.values.get(column))
    }
    expect(yours?.figures.W?.median).not.toBe(standard?.figures.W?.median)
  })

  test("tells of the median seed's run: as many good answers a second as there were, and where the circuit went", async () => {
    const { worlds } = await simulate({ ...asked, seeds: "3", config: eager })
    const [told] = worlds
    const [none, standard, yours] = told?.policies ?? []
    const { fromS = 0, toS = 0, seed, faults = [] } = told?.history ?? {}
    expect(seed).toBe(3)
    const variant = stepOutage.variants.find(({ id }) => id === world)
    if (variant === undefined) throw new Error("the world is gone")
    const run = await runWorld(variant.world(3, false), recloser(), 3)
    const counts = standard?.successesPerSecond ?? []
    expect(counts).toHaveLength(toS - fromS)
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(run.sum("success", fromS * 1000, toS * 1000))
    expect(standard?.moves).toEqual(run.moves.map(({ at, circuit }) => ({ atS: at / 1000, circuit })))
    expect(faults).toEqual(run.faults.map(({ from, to }) => ({ fromS: from / 1000, toS: to / 1000 })))
    expect(none?.moves).toEqual([])
    expect(yours?.moves[0]?.circuit).toBe("open")
  })

  test("is the same each time, and without a config compares the default one with no breaker", async () => {
    const once = await simulate(asked)
    expect(once.worlds[0]?.policies.map(({ name }) => name)).toEqual(["no breaker", "default"])
    expect(await simulate(asked)).toEqual(once)
  })

  test("shows one breaker a key where callers see keys", async () => {
    const keyed = await simulate({ scenario: "S11", only: "3 shards, 99", seeds: [1] })
    const names = keyed.worlds[0]?.policies.map(({ name }) => name)
    expect(names).toEqual(["no breaker", "default", "default, one a key"])
  })

  test("gives every client a breaker of its own where the scenario says so", async () => {
    const fleet = await simulate({ scenario: "S12", only: "d:", seeds: [1] })
    expect(fleet.worlds[0]?.policies.map(({ setup }) => setup)).toEqual([
      "no breaker",
      "recloser {}; one for each client",
    ])
  }, 60_000)

  test("says so when a config does nothing, and when it does what the default does", async () => {
    const patient = {
      strategy: { type: "basic", window: { type: "consecutive", failures: 1000 } },
      timeout: false,
    } as const
    const conclusion = async (config: BreakerConfig) =>
      (await simulate({ ...asked, only: "2 rps, 30 % errors", config })).worlds[0]?.conclusion
    expect(await conclusion(patient)).toContain("Your config changed nothing here")
    expect(await conclusion({})).toContain("The default did exactly the same.")
  })

  test("knows every scenario of the catalogue and no other", async () => {
    const ids: readonly SimulateOptions["scenario"][] = [
      "S1",
      "S2",
      "S3",
      "S4",
      "S6",
      "S8",
      "S9",
      "S10",
      "S11",
      "S12",
      "S13",
    ]
    expect(scenarios.map(({ id }) => id)).toEqual(ids)
    expect(await problemsOf({ scenario: "S5" })).toBe(
      'scenario: must be one of S1, S2, S3, S4, S6, S8, S9, S10, S11, S12, S13 (got "S5")',
    )
  })

  test.each([
    [{ seeds: "5-1" }, "seeds: must be seeds"],
    [{ seeds: [] }, "seeds: must be seeds"],
    [{ seeds: [1.5] }, "seeds: must be seeds"],
    [{ seeds: "1-100000" }, "seeds: must be seeds"],
    [{ only: "nowhere" }, "only: must be part of the name of a world of S1"],
    [{ config: { timeout: "soon" } }, "config.timeout: must be a duration"],
    [{ config: 3 }, "config: "],
    [{ speed: 3 }, "options.speed: is not an option here"],
    [{ full: "yes" }, "full: must be true or false"],
    [{ signal: {} }, "signal: must be an AbortSignal"],
  ])("refuses %j before anything is run", async (wrong, message) => {
    expect(await problemsOf({ ...asked, ...wrong })).toContain(message)
  })

  test("ends when its signal is aborted, in the middle of a long run too", async () => {
    const stop = new AbortController()
    const running = simulate({ scenario: "S1", only: "1000 rps, 300 s", seeds: "1-1000", signal: stop.signal })
    setImmediate(() => setImmediate(() => stop.abort(new Error("enough"))))
    await expect(running).rejects.toThrow("enough")
  })
})

describe("the engine", () => {
  test("gives the same run when it pauses for the process", async () => {
    const variant = stepOutage.variants.find(({ id }) => id === "1000 rps, 5 s")
    if (variant === undefined) throw new Error("the world is gone")
    let pauses = 0
    const pause = async (): Promise<void> => {
      pauses++
      await new Promise((resolve) => setImmediate(resolve))
    }
    const [plain, paused] = [
      await runWorld(variant.world(2, false), recloser(eager), 2),
      await runWorld(variant.world(2, false), recloser(eager), 2, { pause }),
    ]
    expect(pauses).toBeGreaterThan(3)
    expect(paused).toEqual(plain)
    expect(plain.moves.length).toBeGreaterThan(0)
  })
})
