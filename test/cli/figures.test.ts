import { describe, expect, it } from "vitest"
import { script } from "../../src/cli/demo/incident.ts"
import { createLatencies } from "../../src/cli/demo/latencies.ts"
import { arrivalsOf } from "../../src/cli/demo/load.ts"
import { overload } from "../../src/cli/demo/overload.ts"
import { perSecondAt } from "../../src/cli/demo/play.ts"
import { seededRandom } from "../../src/cli/demo/random.ts"
import { settingsFor } from "../../src/cli/demo/settings.ts"
import { createSlots, type Place } from "../../src/cli/demo/slots.ts"
import { createTally } from "../../src/cli/demo/tally.ts"
import { createBreaker } from "../../src/index.ts"
import fc from "../support/property.ts"

describe("latencies", () => {
  it("tells percentiles within 2 % of the exact ones", () => {
    const times = fc.array(fc.double({ min: 0.2, max: 60_000, noNaN: true }), { minLength: 1, maxLength: 300 })
    fc.assert(
      fc.property(times, fc.double({ min: 0, max: 1, noNaN: true }), (ms, q) => {
        const latencies = createLatencies()
        for (const one of ms) latencies.add(one)
        const exact = ms.toSorted((a, b) => a - b)[Math.max(1, Math.ceil(q * ms.length)) - 1] ?? Number.NaN
        expect(Math.abs((latencies.quantile(q) ?? Number.NaN) / exact - 1)).toBeLessThan(0.021)
      }),
    )
  })

  it("has no percentile while empty, and none again after clear", () => {
    const latencies = createLatencies()
    expect(latencies.quantile(0.5)).toBeUndefined()
    latencies.add(5)
    latencies.clear()
    expect(latencies.quantile(0.5)).toBeUndefined()
  })
})

describe("a tally", () => {
  const tally = () => createTally({ bucketMs: 1000, buckets: 3 })

  it("forgets the past in its recent figures and keeps it in its totals", () => {
    const one = tally()
    one.record(100, { answer: "failed", rejected: true, ms: 5 })
    one.record(9_900, { answer: "full", rejected: false, ms: 10 })
    one.record(9_950, { answer: "fallback", rejected: true, ms: 1 })
    expect(one.recent(10_000, 1000)).toMatchObject({ requests: 2, full: 1, fallback: 1, failed: 0, rejected: 1 })
    expect(one.totals()).toMatchObject({ requests: 3, full: 1, fallback: 1, failed: 1, rejected: 2 })
    expect(one.recent(60_000, 1000)).toMatchObject({ requests: 0, p50Ms: undefined })
  })

  it("tells the rate of the time that has passed, not of the whole span", () => {
    const one = tally()
    for (let at = 0; at < 500; at += 50) one.record(at, { answer: "full", rejected: false, ms: 1 })
    expect(one.recent(500, 1000).perSecond).toBe(20)
  })

  it("keeps the share of full answers of the last buckets, with holes where nothing was asked", () => {
    const one = tally()
    one.record(10, { answer: "full", rejected: false, ms: 1 })
    one.record(2_010, { answer: "full", rejected: false, ms: 1 })
    one.record(2_020, { answer: "failed", rejected: false, ms: 1 })
    expect(one.trail(2_500)).toEqual([1, undefined, 0.5])
    expect(one.trail(3_500)).toEqual([undefined, 0.5, undefined])
  })
})

describe("the load", () => {
  const paths = [
    { path: "/a", share: 1 },
    { path: "/b", share: 3 },
  ]
  const first = (seed: number) => {
    const arrivals = arrivalsOf(seededRandom(seed), (atMs) => (atMs < 10_000 ? 100 : 200), paths)
    return Array.from({ length: 2000 }, () => arrivals.next())
  }

  it("is the same for the same seed, and another for another", () => {
    expect(first(7)).toEqual(first(7))
    expect(first(7)).not.toEqual(first(8))
  })

  it("arrives in order, at the rate asked for at the time, on every path by its share", () => {
    const arrivals = first(1)
    const times = arrivals.map((arrival) => arrival.atMs)
    expect(times).toEqual(times.toSorted((a, b) => a - b))
    const before = times.filter((atMs) => atMs < 10_000).length
    expect([before / 1000, (2000 - before) / (((times.at(-1) ?? 0) - 10_000) * 0.2)]).toEqual([
      expect.closeTo(1, 0.7),
      expect.closeTo(1, 0.7),
    ])
    expect(arrivals.filter(({ path }) => path === "/a").length / 2000).toBeCloseTo(0.25, 1)
  })
})

describe("worker slots", () => {
  it("never have more at work than workers, keep their order, and refuse what the line cannot hold", () => {
    const slots = createSlots(2, 2)
    const begun: number[] = []
    const places = [0, 1, 2, 3, 4].map((id) => slots.enter(() => begun.push(id)))
    expect(begun).toEqual([0, 1])
    expect(places[4]).toBeUndefined()
    places[2]?.leave() // from the line
    places[0]?.leave()
    expect(begun).toEqual([0, 1, 3])
    expect([slots.busy, slots.waiting]).toEqual([2, 0])
  })

  it("count every worker back once, whoever leaves when and how often", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(30), { maxLength: 60 }), (steps) => {
        const slots = createSlots(3, 4)
        const places: (Place | undefined)[] = []
        for (const step of steps) {
          if (step % 3 === 0) places.push(slots.enter(() => {}))
          else places[step % (places.length || 1)]?.leave()
          expect(slots.busy).toBeLessThanOrEqual(3)
          expect(slots.waiting === 0 || slots.busy === 3).toBe(true)
        }
        for (const place of places) place?.leave()
        expect([slots.busy, slots.waiting]).toEqual([0, 0])
      }),
    )
  })
})

describe("the overload", () => {
  it("asks for more than can be done in the middle of every run, and says what can be done", async () => {
    const durations = fc.integer({ min: 1, max: 3600 })
    const checked = fc.asyncProperty(durations, fc.integer({ min: 1, max: 500 }), async (duration, perSecond) => {
      const { phases, settings, lanes } = overload(duration * 1000, perSecond)
      const capacity = (1000 * settings.serviceWorkers) / (settings.workMs ?? 0)
      const asked = [0, 0.3, 0.6, 0.9].map((part) => perSecondAt(phases, part * duration * 1000) / capacity)
      expect(asked).toEqual([0.8, 1.4, 3, 0.8].map((load) => expect.closeTo(load, 6)))
      expect(10 * Number(settings.workMs)).toBeLessThanOrEqual(settings.timeoutMs + 1e-6)
      expect(Math.max(...settings.rules.map((rule) => rule.length))).toBeLessThanOrEqual(78)
      expect(new Set(lanes.map(({ facts }) => facts?.priority)).size).toBe(4)
      await createBreaker("made", settings.breaker).stop()
    })
    await fc.assert(checked, { numRuns: 30 })
  })
})

describe("the settings", () => {
  it("fit every duration: a breaker that can be made, and rules that fit a line of 79", async () => {
    const durations = fc.integer({ min: 1, max: 3600 })
    const checked = fc.asyncProperty(durations, async (duration) => {
      const settings = settingsFor(duration * 1000)
      expect(Math.max(...settings.rules.map((rule) => rule.length))).toBeLessThanOrEqual(78)
      expect(settings.slowMs).toBeLessThan(settings.timeoutMs)
      await createBreaker("made", settings.breaker).stop()
    })
    await fc.assert(checked, { numRuns: 30 })
  })
})

describe("the incident", () => {
  it("is one story at every length: well, every kind of fault, well again", () => {
    for (const durationMs of [1000, 5000, 20_000, 3_600_000]) {
      const phases = script(durationMs, 600, 90)
      const kinds = phases.map(({ faults }) => new Set(Object.values(faults).map((fault) => fault.kind)))
      expect(phases[0]?.atMs).toBe(0)
      expect([kinds[0], kinds.at(-1)]).toEqual([new Set(["none"]), new Set(["none"])])
      expect(new Set(kinds.flatMap((some) => [...some]))).toEqual(
        new Set(["none", "errors", "hang", "refused", "latency"]),
      )
      expect(phases.every(({ atMs }) => atMs < durationMs)).toBe(true)
    }
  })
})
