/** Waits that grow, and what is slow: figures worked out by hand. */
import { describe, expect, test } from "vitest"
import { chance } from "../../machines/chance.ts"
import { answered, learns, ownLine, patienceOf, savedLine } from "../../machines/slowness.ts"
import { gradual } from "../../machines/strategies/gradual.ts"
import type { Signal } from "../../machines/vocabulary/signal.ts"
import { type Growing, waitAfter } from "../../machines/waiting.ts"
import { problemsOf, settingsOf } from "../support/charts.ts"

type Settings = Parameters<typeof patienceOf>[0]["settings"]
const settingsFor = (options?: unknown) => settingsOf(gradual, options) as Settings

describe("a wait", () => {
  const waits: Growing = { base: 100, step: 10, factor: 2, max: 5000, jitter: 0.5, memory: 0 }

  test("grows with each trip in a row by the step and by the factor, up to the longest, and chance only shortens it", () => {
    expect([1, 2, 3, 7].map((trips) => waitAfter(waits, trips, 0))).toEqual([100, 220, 480, 5000])
    expect([waitAfter(waits, 1, 1), waitAfter(waits, 3, 0.5), waitAfter(waits, 7, 1)]).toEqual([50, 360, 2500])
  })

  test("of very many trips is the longest, whatever it grows by", () => {
    expect(waitAfter(waits, 1e12, 0)).toBe(5000)
    expect(waitAfter({ ...waits, step: 0, factor: 1 }, 1e12, 0)).toBe(100)
    expect(waitAfter({ ...waits, max: 86_400_000, factor: 1 }, 1e12, 0)).toBe(10_000_100)
    expect(waitAfter({ ...waits, base: 1, step: 0, max: Number.MAX_VALUE }, 1e12, 0)).toBe(2 ** 60)
  })

  test("that is given as one duration neither grows nor is spread", () => {
    expect(settingsFor({ openFor: "3 seconds" }).openFor).toMatchObject({
      ...{ base: 3000, max: 3000, step: 0, factor: 1, jitter: 0, memory: 60_000, longestAsked: 300_000 },
    })
    expect(settingsFor().openFor).toMatchObject({ base: 410, step: 30, factor: 1, max: 3700, jitter: 0.1 })
  })

  test("is never longer at first than at the longest: what is given leads, and both are refused that contradict", () => {
    expect(settingsFor({ openFor: { base: "10 seconds" } }).openFor).toMatchObject({ base: 10_000, max: 10_000 })
    expect(settingsFor({ openFor: { max: "100 millis" } }).openFor).toMatchObject({ base: 100, max: 100 })
    expect(problemsOf(gradual, { openFor: { base: 200, max: 100 } })).toMatchObject([
      { path: "options.openFor.max", rule: "must not be shorter than base" },
    ])
    expect(problemsOf(gradual, { openFor: { base: 100, max: 100 } })).toEqual([])
  })

  test.each([
    ["base", "1 millis", "1 day", 0, "25 hours"],
    ["step", 0, "1 day", -1, "25 hours"],
    ["factor", 1, 10, 0.99, 10.1],
    ["max", "1 day", "1 day", 0, "25 hours"],
    ["jitter", 0, 1, -0.1, 1.1],
    ["memory", 0, "1 day", -1, "25 hours"],
    ["longestAsked", 0, "1 day", -1, "25 hours"],
  ])("has a %s from %s to %s", (name, least, most, less, more) => {
    const long = name === "base" ? { max: "1 day" } : {}
    for (const value of [least, most]) expect(problemsOf(gradual, { openFor: { ...long, [name]: value } })).toEqual([])
    for (const value of [less, more])
      expect(problemsOf(gradual, { openFor: { ...long, [name]: value } })).toHaveLength(1)
  })
})

test("chance is spread evenly over seeds and serials, and is the same each time", () => {
  const draws = Array.from({ length: 4000 }, (_, at) => chance(at % 40, Math.floor(at / 40)))
  const tenths = Array.from({ length: 10 }, (_, tenth) => draws.filter((one) => Math.floor(one * 10) === tenth).length)
  expect(tenths.reduce((sum, one) => sum + one, 0)).toBe(4000)
  for (const one of tenths) expect(Math.abs(one - 400)).toBeLessThan(80)
  expect(new Set(draws).size).toBe(4000)
  // A recording draws on where it was cut: these numbers are for good.
  expect([chance(1, 0), chance(1, 1), chance(2, 0), chance(0, 0)].map((one) => one.toFixed(9))).toEqual([
    ...["0.693846374", "0.054057230", "0.492952786", "0.070266898"],
  ])
})

describe("what is slow", () => {
  const learning = settingsFor()
  const set = settingsFor({ slowCalls: { after: "700 millis" } })
  const none = settingsFor({ slowCalls: false })

  test("is learned unless it was set, or nobody watches", () => {
    expect([learns(learning), learns(set), learns(none)]).toEqual([true, false, false])
    expect([ownLine(learning), ownLine(set), ownLine(none)]).toEqual([undefined, 700, undefined])
  })

  test("of a saved line is read back if it can be one: above nothing, and a day at most", () => {
    expect([0.5, 86_400_000].map((slowAfterMs) => savedLine({ slowAfterMs }))).toEqual([0.5, 86_400_000])
    for (const slowAfterMs of [0, -1, 86_400_001, "5", null]) expect(savedLine({ slowAfterMs })).toBeNaN()
    expect(savedLine({})).toBeUndefined()
  })

  const told = (slowAfterMs: number | undefined, answeredMs: number, tookMs: number, settings = learning) =>
    answered({ settings, slowAfterMs, answeredMs }, { type: "probe.answered", at: 0, tookMs } as Signal)

  test("is told by two late answers that took as long, within a tenth", () => {
    expect(told(100, 0, 400)).toEqual({ answeredMs: 400, slowAfterMs: 100 })
    expect(told(100, 400, 440)).toEqual({ answeredMs: 440, slowAfterMs: 924 })
    expect(told(100, 400, 360)).toEqual({ answeredMs: 360, slowAfterMs: 756 })
    expect([told(100, 400, 441), told(100, 400, 359)]).toEqual([
      { answeredMs: 441, slowAfterMs: 100 },
      { answeredMs: 359, slowAfterMs: 100 },
    ])
  })

  test("is not told by answers that are as quick as they were, nor by another service", () => {
    expect(told(100, 47, 47)).toEqual({ answeredMs: 47, slowAfterMs: 100 })
    expect(told(100, 48, 48)).toEqual({ answeredMs: 48, slowAfterMs: expect.closeTo(100.8, 9) })
    expect(told(100, 800, 800)).toEqual({ answeredMs: 800, slowAfterMs: 1680 })
    expect(told(100, 801, 801)).toEqual({ answeredMs: 801, slowAfterMs: 100 })
  })

  test("is not learned where it was set, or is not known yet", () => {
    expect([told(700, 800, 800, set), told(undefined, 800, 800), told(700, 800, 800, none)]).toEqual([{}, {}, {}])
  })
})

describe("a probe", () => {
  const settings = settingsFor({ openFor: { base: 100, max: 1000 }, probes: { lease: "5 seconds" } })
  const patience = (hung: number, waitMs: number, slowAfterMs: number | undefined = 100) =>
    patienceOf({ settings, slowAfterMs, answeredMs: 0, hung, waitMs })

  test("is waited for as long as a call that is not slow takes, and a quarter longer for each that hung", () => {
    expect([0, 1, 2, 4].map((hung) => patience(hung, 0))).toEqual([100, 125, 150, 200])
  })

  test("is waited for longer, by the square, while that is little beside the present wait", () => {
    expect([0, 2, 4, 20].map((hung) => patience(hung, 1000))).toEqual([100, 200, 500, 1000])
    expect([patience(4, 500), patience(4, 600)]).toEqual([250, 360])
  })

  test("is waited for no longer than its lease, and for its lease while nobody knows what is slow", () => {
    expect(patience(1000, 1000)).toBe(5000)
    expect(patienceOf({ settings, slowAfterMs: undefined, answeredMs: 0, hung: 9, waitMs: 9 })).toBeUndefined()
  })
})
