import { describe, expect, test } from "vitest"
import type { GradualSettings } from "../../machines/ramping.ts"
import { gradual } from "../../machines/strategies/gradual.ts"
import { unrepeated } from "../../machines/vocabulary/gate.ts"
import type { AlarmRang } from "../../machines/vocabulary/signal.ts"
import {
  answeredAfter,
  type Chart,
  findingOf,
  forcedOpen,
  probe,
  problemsOf,
  released,
  restored,
  saveOf,
  settingsOf,
  startChart,
} from "../support/charts.ts"
import fc from "../support/property.ts"
import { steps, take } from "../support/walks.ts"

const start = (options?: unknown, seed = 1) => startChart(gradual, { options, seed })
const circuitOf = (chart: Chart) => findingOf(gradual, chart).circuit
const stateOf = (chart: Chart): unknown => (chart.snapshot() as unknown as { readonly value: unknown }).value
const waitOf = (chart: Chart) => (chart.advice().demand.retryAt ?? 0) - chart.clock.now()
const steady = { base: 1000, step: 100, max: 2000, jitter: 0 }

type Rung = Omit<AlarmRang, "at">
const rung = (rule: AlarmRang["rule"], calls: number, failures: number, more: Partial<Rung> = {}): Rung => ({
  type: "alarm.rang",
  epoch: 0,
  rule,
  statistics: { calls, failures, slow: 0 },
  ...more,
})
const late = (calls: number, slow: number): Rung => ({
  ...rung("cohort", calls, 0),
  statistics: { calls, failures: 0, slow },
})
const gone = rung("run", 6, 6)
const partial = rung("excursion", 30, 12)
const good = rung("cohort", 5, 0)

async function probing(options?: unknown): Promise<Chart> {
  const chart = start(options)
  chart.send(gone)
  await chart.clock.advance(waitOf(chart))
  expect(circuitOf(chart)).toBe("halfOpen")
  return chart
}

async function ramping(options?: unknown): Promise<Chart> {
  const chart = await probing(options)
  chart.send(probe("succeeded"))
  expect(circuitOf(chart)).toBe("ramping")
  return chart
}

const demandOf = (chart: Chart) => {
  const { share = 1, limit = Number.POSITIVE_INFINITY } = chart.advice().demand
  return { share, limit }
}

describe("gradual options", () => {
  test("a stated rate of false alarms becomes the threshold: e^19.4 calls are 30 days at 100 a second", () => {
    const lineOf = (options: unknown) => start(options).advice().lines.circuit
    expect(lineOf({})).toMatchObject({ kind: "sequential", threshold: 20 })
    expect(lineOf({ falseAlarms: true })).toMatchObject({ threshold: Math.log(30 * 86_400 * 100) })
    expect(lineOf({ falseAlarms: { every: "1 day", callsPerSecond: 1000 } })).toMatchObject({
      threshold: Math.log(86_400 * 1000),
    })
  })

  test("refuses a ramp that would be judged on fewer than five outcomes", () => {
    expect(problemsOf(gradual, { ramp: { outcomes: 4 } }).map(({ path }) => path)).toEqual(["options.ramp.outcomes"])
  })

  test("a bare duration is a constant wait", async () => {
    const chart = await probing({ openFor: "3 seconds" })
    chart.send(probe("failed"))
    expect(waitOf(chart)).toBe(3000)
  })

  test.each([
    [0.05, 1],
    [0.01, 2],
    [0.001, 3],
  ])("probes may wrongly decide in %d of cases: so many must succeed", async (wrong, needed) => {
    const chart = await probing({ probes: { wrong } })
    for (let sent = 0; sent < needed; sent++) {
      expect(circuitOf(chart)).toBe("halfOpen")
      chart.send(probe("succeeded"))
    }
    expect(circuitOf(chart)).toBe("ramping")
  })
})

describe("gradual trips", () => {
  test.each([
    ["a row of bad calls", gone],
    ["a cohort that is gone", rung("dead", 16, 14)],
    ["a recent past that is hopeless", rung("rate", 100, 90)],
    ["a service that asks for it", rung("asked", 1, 1)],
  ])("gradual law 1: %s opens it, and is what it states", (_what, alarm) => {
    const chart = start()
    chart.send(alarm)
    expect(findingOf(gradual, chart)).toMatchObject({
      circuit: "open",
      rule: alarm.rule,
      statistics: alarm.statistics,
    })
  })

  test("gradual law 1: nothing but an alarm, a probe or the operator opens it, on any walk", () => {
    const opens = ["alarm.rang", "operator.forcedOpen", "breaker.restored", "operator.released"]
    return fc.assert(
      fc.asyncProperty(fc.array(steps, { maxLength: 20 }), async (walk) => {
        const chart = start()
        for (const step of walk.filter(({ type }) => !opens.includes(type))) {
          await take(chart, step)
          expect(circuitOf(chart)).toBe("closed")
        }
      }),
    )
  })

  test("gradual law 2: an alarm that says less degrades it, at full share", () => {
    const chart = start()
    chart.send(partial)
    expect(findingOf(gradual, chart)).toMatchObject({ circuit: "degraded", rule: "excursion" })
    expect(chart.advice().demand).toEqual(unrepeated)
  })

  test("gradual law 2: it degrades in name only when the first calls are mixed and a trial does not help", () => {
    const chart = start()
    chart.send(partial)
    chart.send(rung("cohort", 16, 8, { seen: 1000 }))
    expect(stateOf(chart)).toEqual({ degraded: "trying" })
    expect(chart.advice().demand).toEqual({ cohortShare: 0.8, ...unrepeated })
    chart.send(rung("cohort", 20, 10))
    expect(stateOf(chart)).toEqual({ degraded: "named" })
    expect(chart.advice().demand).toEqual(unrepeated)
    chart.send(rung("relief", 400, 8))
    expect(circuitOf(chart)).toBe("closed")
  })

  test("gradual law 2: a trial is over with as many failures as say that it has not helped", () => {
    const chart = start()
    chart.send(partial)
    chart.send(rung("cohort", 16, 8, { seen: 1000 }))
    // Half of 50 %, less five points.
    expect(chart.advice().lines.circuit).toMatchObject({ cohort: 20, tells: "known", spoiltAt: 0.2 })
    chart.send(rung("cohort", 6, 4))
    expect(stateOf(chart)).toEqual({ degraded: "named" })
    expect(chart.advice().lines.circuit).not.toHaveProperty("spoiltAt")
  })

  test("gradual law 2: a trial that helps goes on as a ramp", () => {
    const chart = start()
    chart.send(partial)
    chart.send(rung("cohort", 16, 8, { seen: 1000 }))
    chart.send(rung("cohort", 20, 1))
    expect(circuitOf(chart)).toBe("ramping")
  })

  test("gradual law 8: a config without trials ends no trial, and none is shed for it any more", () => {
    const chart = start()
    chart.send(partial)
    chart.send(rung("cohort", 16, 8, { seen: 1000 }))
    expect(chart.advice().demand).toEqual({ cohortShare: 0.8, ...unrepeated })
    expect(chart.advice().lines.circuit).toMatchObject({ cohort: 20, tells: "known" })
    chart.send({ type: "settings.changed", settings: settingsOf(gradual, { trial: false }) })
    expect(stateOf(chart)).toEqual({ degraded: "trying" })
    expect(chart.advice().demand).toEqual({ cohortShare: 1, ...unrepeated })
    expect(chart.advice().lines.circuit).toMatchObject({ cohort: 16, tells: "known" })
    chart.send(rung("cohort", 16, 8))
    expect(stateOf(chart)).toEqual({ degraded: "named" })
    // Nor is there another.
    chart.send(rung("relief", 400, 8))
    chart.send(partial)
    chart.send(rung("cohort", 16, 8, { seen: 1e6 }))
    expect(stateOf(chart)).toEqual({ degraded: "named" })
  })

  test("gradual law 9: trials end when their budget is spent, and are paid from the calls that were judged", () => {
    const chart = start()
    const trial = (seen: number): boolean => {
      chart.send(partial)
      chart.send(rung("cohort", 16, 8, { seen }))
      const tried = JSON.stringify(stateOf(chart)).includes("trying")
      if (tried) chart.send(rung("cohort", 20, 10))
      chart.send(rung("relief", 400, 8))
      return tried
    }
    expect([trial(0), trial(0), trial(60_000), trial(80_000), trial(80_000)]).toEqual([true, false, false, true, false])
  })
})

describe("gradual comes back", () => {
  test("gradual law 10: rare callers never came back: a step that was not judged in a minute has two the next time", async () => {
    const chart = await ramping()
    const entries = () =>
      (chart.snapshot() as unknown as { readonly context: { readonly entries: number } }).context.entries
    const first = entries()
    await chart.clock.advance("60 seconds")
    expect(entries()).toBe(first + 1)
    await chart.clock.advance("119 seconds")
    expect(entries()).toBe(first + 1)
    await chart.clock.advance("1 second")
    expect(entries()).toBe(first + 2)
    chart.send(good)
    await chart.clock.advance("239 seconds")
    expect(entries()).toBe(first + 3)
    await chart.clock.advance("1 second")
    expect(entries()).toBe(first + 4)
  })

  test("gradual law 3: through steps that let in more each time, and never at once", async () => {
    const chart = await ramping()
    const seen: { readonly share: number; readonly limit: number }[] = []
    for (let step = 0; circuitOf(chart) === "ramping" && step < 20; step++) {
      seen.push(demandOf(chart))
      chart.send(good)
    }
    expect(circuitOf(chart)).toBe("closed")
    expect(seen.length).toBeGreaterThanOrEqual(3)
    for (const [index, { share, limit }] of seen.entries()) {
      expect(share).toBeLessThan(1)
      expect(share).toBeGreaterThan(seen[index - 1]?.share ?? 0)
      expect(limit).toBeGreaterThan(seen[index - 1]?.limit ?? 0)
    }
  })

  test("gradual law 3: it closes from no other state than the ramp, or a degraded one, on any walk", () => {
    return fc.assert(
      fc.asyncProperty(fc.array(steps, { maxLength: 25 }), async (walk) => {
        const chart = start()
        for (const step of walk.filter(({ type }) => type !== "breaker.restored")) {
          const before = circuitOf(chart)
          const entries = findingOf(gradual, chart).entries
          await take(chart, step)
          if (circuitOf(chart) === "closed" && findingOf(gradual, chart).entries === entries + 1) {
            expect(["ramping", "degraded"]).toContain(before)
          }
        }
      }),
    )
  })

  test("gradual law 4: a late call takes one step back, failures take two, and then it climbs again", async () => {
    const chart = await ramping()
    chart.send(good)
    const high = demandOf(chart)
    chart.send(late(3, 1))
    expect(demandOf(chart).share).toBeLessThan(high.share)
    const lower = demandOf(chart)
    chart.send(rung("cohort", 5, 4))
    expect(demandOf(chart).share).toBeLessThan(lower.share)
    const lowest = demandOf(chart)
    chart.send(good)
    expect(demandOf(chart).share).toBeGreaterThan(lowest.share)
  })

  test("gradual law 4: a ramp begins at its first step, wherever the last one had come to", async () => {
    const chart = await ramping()
    const first = demandOf(chart)
    for (let step = 0; step < 2; step++) chart.send(good)
    expect(demandOf(chart)).not.toEqual(first)
    chart.send(gone)
    await chart.clock.advance(waitOf(chart))
    chart.send(probe("succeeded"))
    expect(demandOf(chart)).toEqual(first)
  })

  test("gradual law 4: failures that less load does not cure leave it degraded, at full share", async () => {
    const chart = await ramping()
    chart.send(rung("cohort", 5, 3))
    chart.send(rung("cohort", 5, 3))
    expect(stateOf(chart)).toEqual({ degraded: "named" })
    expect(chart.advice().demand).toEqual(unrepeated)
  })

  test("gradual law 4: a service that is late again and again on the lowest step is slower, and no longer late", async () => {
    const chart = start({ openFor: steady })
    const latency = { samples: 5000, p50: 80, p90: 90, p99: 100, p999: 110, max: 120 }
    const slice = { startedAt: 0, success: 9, failure: 0, timedOut: 0, ignored: 0, slow: 0, latency }
    chart.send({ type: "slice.closed", epoch: 0, slice } as Parameters<Chart["send"]>[0])
    expect(chart.advice().lines.slowAfterMs).toBeCloseTo(210)
    for (let round = 0; round < 3; round++) {
      chart.send(gone)
      await chart.clock.advance(waitOf(chart))
      chart.send(probe("succeeded"))
      expect(chart.advice().lines.slowAfterMs).toBeCloseTo(210)
      for (let step = 0; step < 5 && circuitOf(chart) === "ramping"; step++) chart.send(late(5, 5))
      expect(circuitOf(chart)).toBe("open")
    }
    await chart.clock.advance(waitOf(chart))
    chart.send(probe("succeeded"))
    expect(chart.advice().lines.slowAfterMs).toBeUndefined()
  })

  describe("gradual law 12: a probe that succeeds when nobody waits for it", () => {
    const learnt = async (options?: unknown) => {
      const chart = start({ openFor: steady, ...(options as object) })
      const latency = { samples: 5000, p50: 80, p90: 90, p99: 100, p999: 110, max: 120 }
      const slice = { startedAt: 0, success: 9, failure: 0, timedOut: 0, ignored: 0, slow: 0, latency }
      chart.send({ type: "slice.closed", epoch: 0, slice } as Parameters<Chart["send"]>[0])
      chart.send(gone)
      await chart.clock.advance(waitOf(chart))
      return chart
    }
    const slowLineOf = (chart: Chart) => {
      chart.send(probe("succeeded"))
      return chart.advice().lines.slowAfterMs
    }

    test("closes nothing, and one alone tells nothing", async () => {
      const chart = await learnt()
      chart.send(answeredAfter(800))
      expect(circuitOf(chart)).toBe("halfOpen")
      expect(slowLineOf(chart)).toBeCloseTo(210)
    })

    test.each([
      ["as long as the one before it tells what is slow", [800, 780], 1638],
      ["a tenth less than the one before it does not: a queue is worked off", [800, 700], 210],
      ["eight times what is slow, and more, is not waited for", [2000, 2000], 210],
      ["less than what is slow changes nothing", [90, 90], 210],
    ] as const)("and takes %s", async (_what, took, line) => {
      const chart = await learnt()
      for (const ms of took) chart.send(answeredAfter(ms))
      expect(slowLineOf(chart)).toBeCloseTo(line)
    })

    test("changes nothing where the user has said what is slow", async () => {
      const chart = await learnt({ slowCalls: { after: 500 } })
      for (const ms of [800, 800]) chart.send(answeredAfter(ms))
      expect(slowLineOf(chart)).toBe(500)
    })
  })

  test("a ramp whose calls never end begins its step anew", async () => {
    const chart = await ramping({ probes: { lease: "5 seconds" } })
    const { entries } = findingOf(gradual, chart)
    await chart.clock.advance("5 seconds")
    expect(findingOf(gradual, chart)).toMatchObject({ circuit: "ramping", entries: entries + 1 })
  })

  test.each(["failed", "expired"] as const)("a probe that %s opens it again", async (end) => {
    const chart = await probing({ openFor: steady })
    chart.send(probe(end))
    expect(circuitOf(chart)).toBe("open")
    expect(waitOf(chart)).toBe(1100)
  })
})

describe("gradual waits", () => {
  test("gradual law 5: waits grow step by step up to the longest; what comes back soon waits half as long as it did", async () => {
    const chart = start({ openFor: steady })
    const waits: number[] = []
    chart.send(gone)
    for (let round = 0; round < 12; round++) {
      waits.push(waitOf(chart))
      await chart.clock.advance(waitOf(chart))
      if (round < 11) chart.send(probe("failed"))
    }
    expect(waits).toEqual([1000, 1100, 1200, 1300, 1400, 1500, 1600, 1700, 1800, 1900, 2000, 2000])
    chart.send(probe("succeeded"))
    chart.send(gone)
    expect(waitOf(chart)).toBe(1600)
  })

  test("gradual law 5: a ramp is no close: trips are remembered for as long as it takes", async () => {
    const chart = await ramping({ openFor: { ...steady, memory: 10_000 } })
    chart.send(gone)
    await chart.clock.advance(waitOf(chart))
    chart.send(probe("failed"))
    await chart.clock.advance(waitOf(chart))
    chart.send(probe("succeeded"))
    expect(circuitOf(chart)).toBe("ramping")
    await chart.clock.advance(10_001)
    chart.send(gone)
    expect(waitOf(chart)).toBe(1100)
  })

  /** It has tripped three times when a probe succeeds. */
  async function rampingAfterThree(): Promise<Chart> {
    const chart = await probing({ openFor: { ...steady, memory: 10_000 } })
    for (let trip = 2; trip <= 3; trip++) {
      chart.send(probe("failed"))
      await chart.clock.advance(waitOf(chart))
    }
    chart.send(probe("succeeded"))
    expect(circuitOf(chart)).toBe("ramping")
    return chart
  }

  const endings = {
    "a close": (chart: Chart) => {
      while (circuitOf(chart) === "ramping") chart.send(good)
      expect(circuitOf(chart)).toBe("closed")
    },
    "a ramp that ended in a degraded circuit": (chart: Chart) => {
      for (let step = 0; step < 2; step++) chart.send(rung("cohort", 5, 3))
      expect(circuitOf(chart)).toBe("degraded")
    },
  }
  describe.each(Object.entries(endings))("gradual law 5: after %s trips are", (_end, end) => {
    test.each([
      ["remembered just before the memory ends", 9_999, 1100],
      ["forgotten after it", 10_001, 1000],
    ])("%s", async (_when, quietMs, waitMs) => {
      const chart = await rampingAfterThree()
      end(chart)
      await chart.clock.advance(quietMs)
      chart.send(gone)
      expect(waitOf(chart)).toBe(waitMs)
    })
  })

  test.each([
    ["lengthens the wait", 30_000, 30_000],
    ["is heeded only so far", 3_600_000, 300_000],
    ["shortens nothing", 10, 1000],
  ])("gradual law 5: what the service asks for %s", (_what, retryAfterMs, waitMs) => {
    const chart = start({ openFor: steady })
    chart.send(rung("asked", 1, 1, { retryAfterMs }))
    expect(waitOf(chart)).toBe(waitMs)
  })
})

describe("gradual takes new settings", () => {
  const change = (chart: Chart, options: unknown) =>
    chart.send({ type: "settings.changed", settings: settingsOf(gradual, options) } as Parameters<Chart["send"]>[0])

  test("gradual law 8: a wait goes on as it was, the next follows the new settings", async () => {
    const chart = start({ openFor: steady })
    chart.send(gone)
    const { entries } = findingOf(gradual, chart)
    change(chart, { openFor: "7 seconds" })
    expect(findingOf(gradual, chart)).toMatchObject({ circuit: "open", entries })
    expect(waitOf(chart)).toBe(1000)
    await chart.clock.advance(1000)
    chart.send(probe("failed"))
    expect(waitOf(chart)).toBe(7000)
  })

  test("gradual law 7: where the user has set what is slow that stands, whatever was learned before", () => {
    const saved = { circuit: "closed", remainingMs: 0, trips: 0, sinceCloseMs: 0, slowAfterMs: 700 }
    const [learning, set, none] = [start(), start({ slowCalls: { after: "3 seconds" } }), start({ slowCalls: false })]
    for (const chart of [learning, set, none]) chart.send(restored({ gradual: saved }))
    expect([learning, set, none].map((chart) => chart.advice().lines.slowAfterMs)).toEqual([700, 3000, undefined])
  })

  test("gradual law 8: a slow line that is set stands at once; evidence goes on", () => {
    const chart = start()
    const { entries } = findingOf(gradual, chart)
    change(chart, { slowCalls: { after: "3 seconds" }, falseAlarms: true })
    expect(chart.advice().lines).toMatchObject({ slowAfterMs: 3000, sliceMs: undefined })
    expect(chart.advice().lines.circuit).toMatchObject({ threshold: Math.log(30 * 86_400 * 100) })
    expect(findingOf(gradual, chart).entries).toBe(entries)
  })
})

describe("gradual obeys the operator and its own past", () => {
  test("gradual law 6: forced open it waits for nobody but the operator, and is then half-open", async () => {
    const chart = start()
    chart.send(forcedOpen)
    await chart.clock.advance("1 day")
    expect(circuitOf(chart)).toBe("open")
    expect(chart.advice().demand).toEqual({ share: 0 })
    chart.send(released)
    expect(circuitOf(chart)).toBe("halfOpen")
  })

  test("gradual law 7: restored from a ramp it probes, from a degraded time it is degraded", async () => {
    const before = await ramping()
    const after = start()
    after.send(restored({ gradual: saveOf(gradual, before) }))
    expect(circuitOf(after)).toBe("halfOpen")
    const degraded = start()
    degraded.send(partial)
    const again = start()
    again.send(restored({ gradual: saveOf(gradual, degraded) }))
    expect(stateOf(again)).toEqual({ degraded: "named" })
  })

  test("gradual law 7: a wait longer than the longest of now is cut to it", () => {
    const chart = start({ openFor: steady })
    chart.send(restored({ gradual: { circuit: "open", remainingMs: 1e12, trips: 1, sinceCloseMs: 0 } }))
    expect(waitOf(chart)).toBe((settingsOf(gradual, { openFor: steady }) as GradualSettings).openFor.max)
  })
})

describe("parts of the service", () => {
  test("gradual law 11: one part that is gone is not the service, in whatever state it is heard of", async () => {
    const one = { ...gone, within: "oneCell" } as const
    const closed = start()
    closed.send(one)
    expect(circuitOf(closed)).toBe("degraded")
    closed.send({ ...rung("run", 24, 24), within: "oneCell" })
    expect(circuitOf(closed)).toBe("degraded")
    closed.send({ ...rung("run", 24, 24), within: "cells" })
    expect(circuitOf(closed)).toBe("open")
    const ramp = await ramping()
    ramp.send(one)
    expect(circuitOf(ramp)).toBe("ramping")
  })

  test("gradual law 11: a service that asks to be left alone is heeded, whichever part asks", () => {
    const chart = start()
    chart.send({ ...rung("asked", 1, 1), within: "oneCell" })
    expect(circuitOf(chart)).toBe("open")
  })

  test("gradual law 11: failures that sit in parts are not tried by shedding; others are", () => {
    for (const [within, share] of [
      ["cells", 1],
      ["oneCell", 1],
      [undefined, 0.8],
    ] as const) {
      const chart = start()
      chart.send(partial)
      chart.send({ ...rung("cohort", 16, 8), within })
      expect([circuitOf(chart), chart.advice().demand.cohortShare ?? 1]).toEqual(["degraded", share])
    }
  })

  test("cells are watched where calls enter on their own merit, and forgotten where the service as a whole is to blame", async () => {
    const watched = (chart: Chart) => chart.advice().lines.cells
    const chart = await probing({ openFor: steady, cells: { max: 128 } })
    expect(watched(chart)).toBeUndefined()
    chart.send(probe("succeeded"))
    expect([circuitOf(chart), watched(chart)]).toEqual([
      "ramping",
      {
        max: 128,
        threshold: 20,
        waitMs: 1000,
        stepMs: 100,
        factor: 1,
        maxMs: 2000,
        leaseMs: 60_000,
        longestAskedMs: 300_000,
      },
    ])
    chart.send(gone)
    expect([circuitOf(chart), watched(chart)]).toEqual(["open", undefined])
    expect(watched(start({ cells: false }))).toBeUndefined()
    expect(watched(start())).toMatchObject({ max: 4096, waitMs: 410 })
  })
})
