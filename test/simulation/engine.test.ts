import { describe, expect, test } from "vitest"
import { runWorld, standardTurns } from "../../src/testing/simulation/engine.ts"
import { none } from "../../src/testing/simulation/policies/none.ts"
import { breakerOn, recloser } from "../../src/testing/simulation/policies/recloser.ts"
import { separately } from "../../src/testing/simulation/policies/separate.ts"
import type { PolicyMaker } from "../../src/testing/simulation/policy.ts"
import { stream } from "../../src/testing/simulation/random.ts"
import type { Recording } from "../../src/testing/simulation/record.ts"
import type { World } from "../../src/testing/simulation/world.ts"
import { EndpointsServer } from "../../src/testing/simulation/worlds/endpoints.ts"
import { PoissonLoad } from "../../src/testing/simulation/worlds/poisson.ts"
import { firstOrAgain, RepeatingLoad } from "../../src/testing/simulation/worlds/repeating.ts"
import { SteadyServer } from "../../src/testing/simulation/worlds/steady.ts"
import { WorkersLoad } from "../../src/testing/simulation/worlds/workers.ts"
import { onHostTime } from "./hostTime.ts"
import { families, shipped } from "./policies/catalogue.ts"
import { mollitia, mollitiaAtRandom } from "./policies/mollitia.ts"
import { PromisePolicy } from "./policies/promises.ts"

const fault = { from: 15_000, to: 25_000 }
const isDown = (now: number) => now >= fault.from && now < fault.to

/** Open loop: 50 rps, and a service that fails for ten seconds, at once or by hanging. */
const outage = (seed: number, downMs = 20): World => ({
  horizonMs: 50_000,
  faults: [fault],
  load: new PoissonLoad({ perSecond: 50, seed, clients: 4 }),
  server: new SteadyServer((now) =>
    isDown(now) ? { failing: 1, serviceMs: downMs } : { failing: 0.01, serviceMs: 20 },
  ),
  patienceMs: 3000,
})

/** Closed loop: ten workers. */
const workers = (seed: number): World => ({
  horizonMs: 30_000,
  faults: [fault],
  load: new WorkersLoad({ workers: 10, seed, keys: 10, pauseMs: 20 }),
  server: new EndpointsServer(seed, (now) => (isDown(now) ? 0.6 : 0.01)),
  patienceMs: Number.POSITIVE_INFINITY,
})

/** Open loop, whose callers come again twice when a call of theirs fails. */
const repeating = (seed: number, failing = 1): World => ({
  ...outage(seed),
  load: new RepeatingLoad({ perSecond: 50, seed, repeats: 2 }),
  server: new SteadyServer((now) => ({ failing: isDown(now) ? failing : 0, serviceMs: 20 })),
  groups: firstOrAgain,
})

const worlds: readonly [string, (seed: number) => World][] = [
  ["an outage", (seed) => outage(seed)],
  ["an outage that hangs", (seed) => outage(seed, 10_000)],
  ["workers", workers],
  ["callers who come again", (seed) => repeating(seed)],
]

const ends = (run: Recording) => ({
  offered: run.sum("offered"),
  refused: run.sum("refused"),
  success: run.sum("success"),
  failure: run.sum("failure"),
  timedOut: run.sum("timedOut"),
  running: run.running,
  undecided: run.undecided,
  wastedMs: run.wastedMs,
  // A timer of the world comes a nanosecond late; how many of them stand behind a move may differ.
  moves: run.moves.map(({ at, circuit }) => ({ at: Math.round(at * 100) / 100, circuit })),
})

const random = stream(9, "any settings")
const drawn = families.map((family) => family.atRandom(random, `${family.shipped.id}, drawn`))
const all = [...shipped({}), ...drawn, separately(recloser(), "client")]
const everywhere = worlds.flatMap(([name, world]) => all.map((maker) => [maker.id, name, maker, world] as const))

describe("a run", () => {
  test.each(everywhere)("of %s in %s loses no call, and repeats itself", async (_id, _name, maker, world) => {
    const once = ends(await runWorld(world(3), maker, 3))
    const { offered, refused, success, failure, timedOut, running, undecided } = once
    expect(offered).toBe(refused + success + failure + timedOut + running + undecided)
    expect(success).toBeGreaterThan(0)
    expect(ends(await runWorld(world(3), maker, 3))).toEqual(once)
  })

  test.each(all.filter(({ kind }) => kind === "package").map((maker) => [maker.id, maker] as const))(
    "gives the promises of %s turns enough: twice as many change nothing",
    async (_id, maker) => {
      const [once, twice] = [
        await runWorld(outage(4), maker, 4),
        await runWorld(outage(4), maker, 4, { turns: 2 * standardTurns }),
      ]
      expect(ends(twice)).toEqual(ends(once))
    },
  )

  test.each(worlds)(
    "of mollitia in %s is what it is when it checks and copies its own window",
    async (_name, world) => {
      const settings = stream(11, "settings of mollitia")
      for (let draw = 0; draw < 8; draw++) {
        const options = draw === 0 ? {} : mollitiaAtRandom(settings)
        const sooner = await runWorld(world(10), mollitia(options), 10)
        expect(sooner, JSON.stringify(options)).toEqual(
          await runWorld(
            world(10),
            mollitia(options, "mollitia", () => ({})),
            10,
          ),
        )
      }
    },
  )

  test("offers every policy the same calls", async () => {
    const arrivals = async (maker: PolicyMaker) => {
      const run = await runWorld(outage(5), maker, 5)
      return Array.from({ length: 500 }, (_, bin) => run.sum("offered", bin * 100, bin * 100 + 100))
    }
    const unprotected = await arrivals(none)
    for (const maker of all) expect(await arrivals(maker)).toEqual(unprotected)
  })

  test("offers a Poisson stream of the stated rate", async () => {
    const world: World = { ...outage(6), horizonMs: 1_000_000 }
    const run = await runWorld(world, none, 6)
    expect(Math.abs(run.sum("offered") - 50_000)).toBeLessThan(4 * Math.sqrt(50_000))
    const seconds = Array.from({ length: 1000 }, (_, second) => run.sum("offered", second * 1000, second * 1000 + 1000))
    const variance = seconds.reduce((sum, count) => sum + (count - 50) ** 2, 0) / 1000
    expect(Math.abs(variance / 50 - 1)).toBeLessThan(0.2)
  })

  test("repeats what failed as often as its callers do, and what was refused not at all", async () => {
    const run = await runWorld(repeating(8), none, 8)
    const [first, again] = run.groups
    const failed = first?.sum("failure") ?? 0
    expect(failed).toBe(first?.sum("offered", fault.from, fault.to))
    expect(Math.abs((again?.sum("offered") ?? 0) - 2 * failed)).toBeLessThanOrEqual(5)
    const guarded = await runWorld(repeating(8), recloser(), 8)
    const settled = guarded.sum("failure")
    expect(guarded.groups[0]?.sum("refused")).toBeGreaterThan(0)
    expect(guarded.groups[1]?.sum("offered")).toBeLessThanOrEqual(settled)
  })

  test("draws each call's latency around its endpoint's, whoever asks", async () => {
    const latencies = new Set<number>()
    const world = (later: number): World => {
      const inner = new EndpointsServer(9, () => 0, {
        usualMs: 132,
        spread: 0.5,
        later: (key) => (key === 3 ? later : 0),
      })
      const server = {
        take: (...[call, now]: Parameters<typeof inner.take>) => {
          inner.take(call, now)
          if (call.key === 3) latencies.add(call.workMs)
        },
      }
      return { ...workers(9), server }
    }
    const mean = (): number => [...latencies].reduce((sum, ms) => sum + ms, 0) / latencies.size
    await runWorld(world(0), none, 9)
    expect(latencies.size).toBeGreaterThan(100)
    expect(mean()).toBeCloseTo(132 * Math.exp(0.125), -2)
    latencies.clear()
    await runWorld(world(5000), none, 9)
    expect(Math.min(...latencies)).toBeGreaterThan(5000)
  })

  test("keeps charging the service for calls whose callers have gone", async () => {
    const run = await runWorld(outage(7, 10_000), none, 7)
    const inFault = run.sum("timedOut", fault.from, fault.to)
    expect(inFault).toBe(run.sum("offered", fault.from, fault.to))
    const noise = run.sum("failure")
    expect(run.wastedMs).toBe(inFault * 10_000 + noise * 20)
  })

  test("gives the process its own time and chance back, even when it fails", async () => {
    const before = ["Date", "setTimeout", "setInterval"].map((name) => Reflect.get(globalThis, name))
    const broken: PolicyMaker = {
      id: "broken",
      kind: "package",
      setup: "",
      around: onHostTime,
      make: () => {
        expect(Date.now()).toBe(1_700_000_000_000)
        throw new Error("it does not start")
      },
    }
    await expect(async () => runWorld(outage(1), broken, 1)).rejects.toThrow("it does not start")
    expect(["Date", "setTimeout", "setInterval"].map((name) => Reflect.get(globalThis, name))).toEqual(before)
    expect(Error.stackTraceLimit).toBeGreaterThan(0)
  })
})

describe("our breaker in a run", () => {
  /** The same breaker through the promise door, as a user calls it. */
  const byExecute: PolicyMaker = {
    ...recloser(),
    make: (port) => {
      const breaker = breakerOn(port, {})
      return new PromisePolicy(port, { execute: (run) => breaker.execute(run) })
    },
  }

  test.each([
    ["fails at once", 20],
    ["hangs", 10_000],
  ])("does by its receipts what `execute` does: a service that %s", async (_name, downMs) => {
    const receipts = ends(await runWorld(outage(8, downMs), recloser(), 8))
    const executed = ends(await runWorld(outage(8, downMs), byExecute, 8))
    expect(executed).toEqual(receipts)
    expect(receipts.refused).toBeGreaterThan(0)
  })
})
