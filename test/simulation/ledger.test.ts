import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { evaluate, distance as fromGoals } from "../../src/testing/simulation/evaluate.ts"
import { none } from "../../src/testing/simulation/policies/none.ts"
import { spreadOver } from "../../src/testing/simulation/policies/separate.ts"
import type { PolicyMaker } from "../../src/testing/simulation/policy.ts"
import type { Scenario, Variant } from "../../src/testing/simulation/scenario.ts"
import { scenarios } from "../../src/testing/simulation/scenarios/catalogue.ts"
import { shards } from "../../src/testing/simulation/scenarios/shards.ts"
import { stationary } from "../../src/testing/simulation/scenarios/stationary.ts"
import { stepOutage } from "../../src/testing/simulation/scenarios/stepOutage.ts"
import { disbelieved, type Entry, type Ledger, ledgerIn } from "./ledger.ts"
import { type Family, families } from "./policies/catalogue.ts"
import { mollitia } from "./policies/mollitia.ts"
import { printed, report } from "./report/report.ts"
import { type RunSettings, runScenario } from "./run.ts"
import { bestAtRandom, drawnOf, type Search } from "./search.ts"

let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ledger-"))
  file = join(folder, "best.json")
})
afterEach(() => rmSync(folder, { recursive: true }))

/** The tables of a short world of S1, and what had to be searched for them. */
async function made(settings: Partial<RunSettings>, scenario = stepOutage) {
  const searched: string[] = []
  const base: RunSettings = {
    config: {},
    seeds: [1, 2],
    heldOut: [],
    settings: 3,
    full: false,
    isWanted: () => true,
    isRun: ({ id }) => id === "2 rps, 5 s",
    progress: (what) => {
      if (what.includes("settings of")) searched.push(what)
    },
  }
  const run = await runScenario(scenario, { ...base, ...settings })
  const counted = settings.settings ?? base.settings
  const outcome = { ...run, seeds: "1-2", heldOutSeeds: "21-22", settings: counted, full: false }
  return { text: `${printed(outcome)}\n${report(outcome)}`, searched }
}

const entries = (): Entry[] => JSON.parse(readFileSync(file, "utf8"))
const alter = (how: (entry: Entry) => Entry) => writeFileSync(file, JSON.stringify(entries().map(how)))

describe("what was found", () => {
  test("makes the same tables, byte for byte, as searching for it does, without a search", async () => {
    const bare = await made({})
    const first = await made({ ledger: ledgerIn(file) })
    const again = await made({ ledger: ledgerIn(file) })
    expect(first).toEqual(bare)
    expect(first.searched).toHaveLength(families.length)
    expect(again).toEqual({ text: bare.text, searched: [] })
    expect(bare.text).toContain("opossum, best of 3")
  })

  test("is written as each package is decided, so that a run that is ended goes on where it was", async () => {
    const stopped = made({
      ledger: ledgerIn(file),
      progress: (what) => {
        if (what.includes("of mollitia")) throw new Error("ended")
      },
    })
    await expect(stopped).rejects.toThrow("ended")
    expect(entries().map(({ policy }) => policy)).toEqual(["cockatiel, best of 3", "opossum, best of 3"])
    const { searched, text } = await made({ ledger: ledgerIn(file) })
    expect(searched.map((what) => what.split("settings of ")[1])).toEqual(["mollitia, best of 3", "effect, best of 3"])
    expect(text).toBe((await made({})).text)
    expect(readdirSync(folder)).toEqual(["best.json"])
  })

  test("of another count of settings stands beside it and is not used for it", async () => {
    const only = { ledger: ledgerIn(file), isWanted: (id: string) => id === "cockatiel" }
    await made(only)
    const { searched, text } = await made({ ...only, settings: 2 })
    expect(searched).toEqual(["S1: 2 rps, 5 s: 2 settings of cockatiel, best of 2"])
    expect(text).toBe((await made({ ...only, ledger: undefined, settings: 2 })).text)
    expect(entries().map(({ policy }) => policy)).toEqual(["cockatiel, best of 2", "cockatiel, best of 3"])
  })

  test("is told apart by how a package is used", async () => {
    const only: Partial<RunSettings> = {
      settings: 1,
      seeds: [1],
      isWanted: (id) => id === "cockatiel",
      isRun: ({ id }) => id === "3 shards, 99 keys",
    }
    await made({ ...only, ledger: ledgerIn(file) }, shards)
    expect(entries().map(({ policy }) => policy)).toEqual(["cockatiel, best of 1", "cockatiel, best of 1, one a key"])
    expect((await made({ ...only, ledger: ledgerIn(file) }, shards)).searched).toEqual([])
  })

  const others: readonly [string, (entry: Entry) => Entry][] = [
    ["other settings were drawn", (entry) => ({ ...entry, drawn: "0123456789abcdef" })],
    ["another of the drawn settings is named", (entry) => ({ ...entry, winner: (entry.winner + 1) % 3 })],
    ["none of the drawn settings is named", (entry) => ({ ...entry, winner: 3 })],
    ["it does not come out as it did", (entry) => ({ ...entry, figures: "0123456789abcdef" })],
    ["it is not as far from the goals as it was", (entry) => ({ ...entry, distance: entry.distance + 1e-9 })],
  ]
  test.each(others)("is searched for again where %s", async (_why, how) => {
    const only = { ledger: ledgerIn(file), isWanted: (id: string) => id === "opossum" }
    const { text } = await made(only)
    const right = readFileSync(file, "utf8")
    alter(how)
    const again = await made(only)
    expect(again.searched).toHaveLength(1)
    expect(again.text).toBe(text)
    expect(readFileSync(file, "utf8")).toBe(right)
  })

  test("is searched for again when that is asked for, and what comes out is written", async () => {
    const isWanted = (id: string) => id === "opossum"
    await made({ ledger: ledgerIn(file), isWanted })
    const right = readFileSync(file, "utf8")
    alter((entry) => ({ ...entry, settings: "a lie" }))
    const { searched } = await made({ ledger: disbelieved(ledgerIn(file)), isWanted })
    expect(searched).toHaveLength(1)
    expect(readFileSync(file, "utf8")).toBe(right)
  })

  test("is not taken from a file that no search has written", () => {
    const asked = { scenario: "S1", world: "2 rps, 5 s", policy: "opossum, best of 3", drawn: "0123456789abcdef" }
    for (const [text, why] of [
      ["[", "best.json is no JSON"],
      ["{}", "best.json must be a list of entries"],
      ['[{"scenario":"S1"}]', "best.json: entry 0 is not one that a search has written"],
    ] as const) {
      writeFileSync(file, text)
      expect(() => ledgerIn(file).find(asked)).toThrow(why)
      expect(() => ledgerIn(file).find(asked)).toThrow("take it from version control again")
    }
  })

  test("keeps what another run has written meanwhile", () => {
    const entry = { drawn: "a", winner: 0, settings: "{}", distance: 1, figures: "b" }
    const [one, other] = [ledgerIn(file), ledgerIn(file)]
    one.keep({ scenario: "S12", world: "d", policy: "opossum, best of 3", ...entry })
    other.keep({ scenario: "S2", world: "d", policy: "opossum, best of 3", ...entry })
    one.keep({ scenario: "S12", world: "a", policy: "opossum, best of 3", ...entry })
    expect(entries().map(({ scenario, world }) => `${scenario} ${world}`)).toEqual(["S2 d", "S12 a", "S12 d"])
  })
})

describe("best.json", () => {
  const standing: Entry[] = JSON.parse(readFileSync(new URL("results/best.json", import.meta.url), "utf8"))

  /** In every way in which its scenario uses it. */
  const usesIn = ({ each, alsoEach }: Scenario) =>
    [each, alsoEach].flatMap((by) => families.map((family) => ({ family, spread: spreadOver(by) })))

  test("says of each entry what is drawn today: else delete it, and search again", () => {
    expect(standing.length).toBeGreaterThan(0)
    for (const { scenario: id, world, policy, drawn, winner, settings } of standing) {
      const scenario = scenarios.find((one) => one.id === id)
      expect(scenario?.variants.map((one) => one.id)).toContain(world)
      const uses = scenario === undefined ? [] : usesIn(scenario)
      const count = Number(policy.match(/best of (\d+)/)?.[1])
      const today = uses.map(({ family, spread }) => drawnOf(family, { settings: count, spread }))
      const own = today.find((one) => one.policy === policy)
      expect({ policy, drawn: own?.drawn, settings: own?.makers[winner]?.setup }).toEqual({ policy, drawn, settings })
    }
  })

  test("has one entry for each package, use and world", () => {
    const places = standing.map(({ scenario, world, policy }) => `${scenario}: ${world}: ${policy}`)
    expect(new Set(places).size).toBe(places.length)
  })
})

describe("a search", () => {
  const worldOf = ({ variants }: Scenario, id: string): Variant => {
    const variant = variants.find((one) => one.id === id)
    if (variant === undefined) throw new Error("there is no such world")
    return variant
  }

  /** Two hours of noise: whoever opens does harm. */
  const noise: Variant = {
    ...worldOf(stationary, "0.2 rps, 10 %"),
    world: (seed, full) => ({ ...worldOf(stationary, "0.2 rps, 10 %").world(seed, full), horizonMs: 7_200_000 }),
  }

  /** What it finds among so many of a family, and how often a setting was run. */
  async function foundIn(variant: Variant, family: Family, settings: number) {
    let runs = 0
    const drawn: PolicyMaker[] = []
    const counted: Family = {
      ...family,
      atRandom: (random, id) => {
        const maker = family.atRandom(random, id)
        drawn.push(maker)
        const make: PolicyMaker["make"] = (port) => {
          runs++
          return maker.make(port)
        }
        return { ...maker, make }
      },
    }
    let entry: Entry | undefined
    const ledger: Ledger = { find: () => undefined, keep: (one) => (entry = one) }
    const search: Search = {
      scenario: "S0",
      variant,
      settings,
      config: {},
      spread: (maker) => maker,
      ledger,
      progress: () => {},
    }
    const { maker, tried } = await bestAtRandom(counted, search)
    expect(tried).toBe(settings)
    return { maker, runs, entry, drawn }
  }

  /** The same by trying all of them. */
  async function bestOfAll(variant: Variant, drawn: readonly PolicyMaker[]): Promise<PolicyMaker | undefined> {
    const ranked = async (makers: readonly PolicyMaker[], seeds: readonly number[]) => {
      const reached = await evaluate(variant, makers, { seeds, full: false, config: {} })
      const far = new Map(reached.map((one) => [one.maker, fromGoals(variant.goals, one)]))
      // Sorting keeps the order of those that are as far.
      return [...makers].sort((a, b) => (far.get(a) ?? 0) - (far.get(b) ?? 0))
    }
    return (await ranked((await ranked(drawn, [1])).slice(0, 10), [1, 2, 3, 4, 5]))[0]
  }

  /** One that does nothing, or opens for ever at the first failure. */
  const either: Family = {
    shipped: none,
    atRandom: (random, id) => {
      const harmless = random.below(4) !== 0
      const setup = `${harmless ? "harmless" : "harmful"} ${random.next()}`
      const maker: PolicyMaker = harmless
        ? { ...none, id }
        : mollitia({ minimumNumberOfCalls: 1, failureRateThreshold: 1, openStateDelay: 1e9 }, id)
      return { ...maker, id, setup }
    },
  }

  test("ends when so many reach all that there is to reach that no later one could be better", async () => {
    const { maker, runs, entry, drawn } = await foundIn(noise, either, 40)
    expect(entry).toMatchObject({ distance: 0, settings: maker.setup })
    // Two lots of ten in the first heat, of which one in four is harmful, and the first of the ten in all seeds of the last.
    expect(runs).toBe(20 + 5)
    expect(maker.setup).toBe((await bestOfAll(noise, drawn))?.setup)
    expect(maker.setup).toContain("harmless")
  })

  test("runs all of them on one seed, and ten on five, where nothing reaches all", async () => {
    const [, cockatiel] = families
    if (cockatiel === undefined) throw new Error("there is no such family")
    const outage = worldOf(stepOutage, "2 rps, 5 s")
    const { runs, maker, drawn } = await foundIn(outage, cockatiel, 25)
    expect(runs).toBe(25 + 10 * 5)
    expect(maker.setup).toBe((await bestOfAll(outage, drawn))?.setup)
  })
})
