/** The learned limit: bounds that hold whatever happens, and what it finds in services whose knee is known. */

import { describe, expect, test } from "vitest"
import type { OutcomeKind } from "../../machines/vocabulary/outcome.ts"
import { blindMs, Limit } from "../../src/data-plane/limiter/limit.ts"
import { LimitNews } from "../../src/data-plane/limiter/news.ts"
import { runWorld } from "../../src/testing/simulation/engine.ts"
import { recloser } from "../../src/testing/simulation/policies/recloser.ts"
import type { Scenario } from "../../src/testing/simulation/scenario.ts"
import { growing } from "../../src/testing/simulation/scenarios/growing.ts"
import { harmlessScenario } from "../../src/testing/simulation/scenarios/harmless.ts"
import { overload } from "../../src/testing/simulation/scenarios/overload.ts"
import fc from "../support/property.ts"

const outcome = fc.record({
  kind: fc.constantFrom<OutcomeKind>("success", "success", "success", "failure", "timedOut", "ignored"),
  ms: fc.oneof(fc.double({ min: 0, max: 30_000, noNaN: true }), fc.constantFrom(0, Number.NaN, 1e9)),
  afterMs: fc.double({ min: 0, max: 5000, noNaN: true }),
  inFlight: fc.nat(200),
  waits: fc.boolean(),
})

test("a limit stays between its bounds, and lets at least one call in, whatever the outcomes", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 50 }),
      fc.integer({ min: 0, max: 500 }),
      fc.array(outcome, { maxLength: 300 }),
      (least, more, outcomes) => {
        const limit = new Limit(least, least + more, least)
        let [now, area] = [0, 0]
        for (const { kind, ms, afterMs, inFlight, waits } of outcomes) {
          now += afterMs
          area += inFlight * afterMs
          if (waits) limit.wait()
          limit.giveWay(now)
          limit.settle(kind, ms, area, now)
          expect(limit.value).toBeGreaterThanOrEqual(least)
          expect(limit.value).toBeLessThanOrEqual(least + more)
          expect(limit.effective(now)).toBeGreaterThanOrEqual(1)
          expect(limit.effective(now)).toBeLessThanOrEqual(limit.value)
        }
      },
    ),
    { numRuns: 50 },
  )
})

describe("a limit", () => {
  test("that holds calls back and hears of none gives way: where calls never end nobody waits for ever", () => {
    const limit = new Limit(1, 1000, 20)
    const values = [1, 2, 3].map((turn) => {
      limit.wait()
      limit.giveWay(turn * blindMs)
      return limit.value
    })
    expect(values).toEqual([40, 80, 160])
  })

  test("does not bind calls that take longer than any queue: streams, or calls that wait for something to happen", () => {
    const limit = new Limit(1, 1000, 20)
    limit.settle("success", 60_000, 0, 60_000)
    expect(limit.value).toBe(1000)
  })

  test("keeps a part of the slots for calls that timed out, for as long as they may still run", () => {
    const limit = new Limit(1, 1000, 20)
    for (let call = 0; call < 4; call++) limit.settle("timedOut", 1000, 0, 1000)
    expect(limit.effective(1000)).toBe(16)
    expect(limit.effective(2000)).toBeGreaterThan(16)
    expect(limit.effective(10_000)).toBe(20)
  })

  test("takes a call that was given up after longer than calls take for one that still runs, and a quick one for none", () => {
    const limit = new Limit(1, 1000, 20)
    for (let call = 0; call < 5; call++) limit.settle("success", 100, 0, call)
    limit.settle("ignored", 120, 0, 10)
    expect(limit.effective(10)).toBe(20)
    limit.settle("ignored", 900, 0, 20)
    expect(limit.effective(20)).toBe(19)
  })

  test("tells where it stands when that is news, and once a second at most", () => {
    const limit = new Limit(1, 1000, 20)
    const news = new LimitNews(20)
    expect(news.take(limit, 0)).toBeUndefined()
    limit.giveWay(blindMs)
    expect(news.take(limit, blindMs)).toMatchObject({ type: "limit.moved", limit: 40, state: "following" })
    limit.giveWay(2 * blindMs)
    expect(news.take(limit, 2 * blindMs)).toBeUndefined()
    expect(news.take(limit, 3 * blindMs)?.limit).toBe(80)
  })
})

const config = { strategy: "basic", timeout: false, metrics: false, priority: true } as const

async function reached({ variants }: Scenario, id: string, column: string, seed: number): Promise<number> {
  const variant = variants.find((one) => one.id === id)
  const wanted = variant?.columns.find((one) => one.id === column)
  if (variant === undefined || wanted === undefined) throw new Error("there is no such world, or column")
  const run = await runWorld(variant.world(seed, false), recloser(config), seed)
  const beside = await runWorld(
    variant.world(seed, false),
    variant.beside?.(config) ?? recloser({ ...config, priority: false }),
    seed,
  )
  return wanted.of(run, beside)
}

describe("in simulated services", () => {
  test.each([
    ["quadratic", "of best", 80, growing],
    ["cubic", "of best", 80, growing],
    ["1.4 times", "used", 96, overload],
    ["3 times", "used", 96, overload],
    ["3 times", "critical", 99, overload],
    ["8 times slower, 100 rps", "kept in all", 99, harmlessScenario],
    ["8 times slower, 20 rps", "kept in all", 97, harmlessScenario],
    ["bursts of 7 times", "kept in all", 99, harmlessScenario],
  ] as const)(
    "%s: %s is at least %d %%",
    async (id, column, least, scenario) => {
      expect(await reached(scenario, id, column, 3)).toBeGreaterThanOrEqual(least)
    },
    60_000,
  )
})
