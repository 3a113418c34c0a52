import { basic } from "recloser/machines"
import { createVirtualClock } from "recloser/testing"
import { describe, expect, test } from "vitest"
import type { AlarmRang } from "../../machines/vocabulary/signal.ts"
import {
  alarm,
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

const start = (options: unknown = {}, seed = 1) => startChart(basic, { options, seed })
const circuitOf = (chart: Chart) => findingOf(basic, chart).circuit
const waitOf = (chart: Chart) => (chart.advice().demand.retryAt ?? Number.NaN) - chart.clock.now()

async function probing(options: unknown = {}): Promise<Chart> {
  const chart = start(options)
  chart.send(alarm)
  await chart.clock.advance(waitOf(chart))
  expect(circuitOf(chart)).toBe("halfOpen")
  return chart
}

const steady = { base: 1000, factor: 2, max: 60_000, jitter: 0, memory: 10_000 }

describe("basic opens on evidence", () => {
  const rung = (rule: AlarmRang["rule"], statistics: AlarmRang["statistics"]) =>
    ({ type: "alarm.rang", epoch: 0, rule, statistics }) as const

  test("basic law 1: an alarm opens it exactly when its counts reach the configured line", () => {
    const counts = fc.record({ calls: fc.integer({ min: 1, max: 200 }), failures: fc.nat(200), slow: fc.nat(200) })
    const line = fc.record({
      failureRatio: fc.double({ min: 0.01, max: 1, noNaN: true }),
      minimumCalls: fc.integer({ min: 1, max: 100 }),
    })
    const slowRatio = fc.double({ min: 0.01, max: 1, noNaN: true })
    fc.assert(
      fc.property(counts, line, slowRatio, (statistics, { failureRatio, minimumCalls }, ratio) => {
        const chart = start({
          window: { type: "time", failureRatio, minimumCalls },
          slowCalls: { after: "1 second", ratio },
        })
        chart.send(rung("failureRatio", statistics))
        const { calls, failures, slow } = statistics
        const isReached = calls >= minimumCalls && (failures >= failureRatio * calls || slow >= ratio * calls)
        expect(circuitOf(chart)).toBe(isReached ? "open" : "closed")
      }),
    )
  })

  test("basic law 1: slow calls that nobody watches open nothing", () => {
    const chart = start({ slowCalls: false })
    chart.send(rung("slowRatio", { calls: 100, failures: 0, slow: 100 }))
    expect(circuitOf(chart)).toBe("closed")
  })

  test("basic law 1: in a consecutive window only the length of the row counts", () => {
    const options = { window: { type: "consecutive", failures: 5 } }
    const short = start(options)
    short.send(rung("row", { calls: 4, failures: 4, slow: 0 }))
    expect(circuitOf(short)).toBe("closed")
    const long = start(options)
    long.send(rung("row", { calls: 5, failures: 5, slow: 0 }))
    expect(findingOf(basic, long)).toMatchObject({ circuit: "open", reason: "5 calls in a row were bad" })
  })

  test("basic law 1: nothing but an alarm or the operator opens it, on any walk", () => {
    return fc.assert(
      fc.asyncProperty(fc.array(steps, { maxLength: 20 }), async (walk) => {
        const chart = start()
        for (const step of walk.filter(
          ({ type }) => !["alarm.rang", "operator.forcedOpen", "breaker.restored", "operator.released"].includes(type),
        )) {
          await take(chart, step)
          expect(circuitOf(chart)).toBe("closed")
        }
      }),
    )
  })
})

describe("basic heeds what the service asks for", () => {
  const asked = (retryAfterMs?: number) =>
    ({
      type: "alarm.rang",
      epoch: 0,
      rule: "asked",
      statistics: { calls: 1, failures: 1, slow: 0 },
      retryAfterMs,
    }) as Parameters<Chart["send"]>[0]

  test("basic law 1: one such failure opens it", () => {
    const chart = start()
    chart.send(asked())
    expect(findingOf(basic, chart)).toMatchObject({ circuit: "open", reason: "the service asked to be left alone" })
  })

  test.each([
    [30_000, 30_000],
    [3_600_000, 300_000],
    [1, 1000],
  ])("basic law 4: asked for %i ms it waits %i ms", (retryAfterMs, waitMs) => {
    const chart = start({ openFor: steady })
    chart.send(asked(retryAfterMs))
    expect(waitOf(chart)).toBe(waitMs)
  })

  test("basic law 4: a failed probe that asks for more lengthens the wait too", async () => {
    const chart = await probing({ openFor: steady })
    chart.send({ ...probe("failed"), retryAfterMs: 20_000 })
    expect(waitOf(chart)).toBe(20_000)
  })
})

describe("basic probes", () => {
  test.each([1, 2, 7])("basic law 2: it closes after exactly %i probes in a row", async (needed) => {
    const chart = await probing({ probes: { needed } })
    for (let sent = 0; sent < needed; sent++) {
      expect(circuitOf(chart)).toBe("halfOpen")
      chart.send(probe("succeeded"))
    }
    const reason = needed === 1 ? "a probe succeeded" : `${needed} probes succeeded`
    expect(findingOf(basic, chart)).toMatchObject({ circuit: "closed", reason })
  })

  test("basic law 2: an open circuit does not close, however many probes report success", async () => {
    const chart = start()
    chart.send(alarm)
    for (let sent = 0; sent < 10; sent++) chart.send(probe("succeeded"))
    expect(circuitOf(chart)).toBe("open")
  })

  test("basic law 2: successes of an earlier round do not count for the next", async () => {
    const chart = await probing({ probes: { needed: 2 } })
    chart.send(probe("succeeded"))
    chart.send(probe("failed"))
    await chart.clock.advance(waitOf(chart))
    chart.send(probe("succeeded"))
    expect(circuitOf(chart)).toBe("halfOpen")
    chart.send(probe("succeeded"))
    expect(circuitOf(chart)).toBe("closed")
  })

  test.each(["failed", "expired"] as const)("basic law 3: a probe that %s opens it for longer", async (end) => {
    const chart = start({ openFor: steady })
    chart.send(alarm)
    expect(waitOf(chart)).toBe(1000)
    await chart.clock.advance(1000)
    chart.send(probe(end))
    expect(circuitOf(chart)).toBe("open")
    expect(waitOf(chart)).toBe(2000)
    expect(findingOf(basic, chart)).toMatchObject({ rule: `probe.${end}` })
  })

  test("states its cap and its lease while it probes", async () => {
    const chart = await probing({ probes: { atOnce: 3, lease: "4 seconds" } })
    expect(chart.advice()).toMatchObject({ demand: { probes: 3 }, lines: { leaseMs: 4000 } })
  })
})

describe("basic waits", () => {
  test("basic law 4: waits grow by the factor with each trip in a row, up to the longest", async () => {
    const chart = start({ openFor: { ...steady, max: 6000 } })
    const waits: number[] = []
    chart.send(alarm)
    for (let round = 0; round < 5; round++) {
      waits.push(waitOf(chart))
      await chart.clock.advance(waitOf(chart))
      chart.send(probe("failed"))
    }
    expect(waits).toEqual([1000, 2000, 4000, 6000, 6000])
  })

  test.each([
    ["remembered just before the memory ends", 9_999, 2000],
    ["forgotten after it", 10_001, 1000],
  ])("basic law 4: a trip is %s", async (_when, quietMs, waitMs) => {
    const chart = start({ openFor: steady, probes: { needed: 1 } })
    chart.send(alarm)
    await chart.clock.advance(1000)
    chart.send(probe("succeeded"))
    await chart.clock.advance(quietMs)
    chart.send(alarm)
    expect(waitOf(chart)).toBe(waitMs)
  })

  test("basic law 4: jitter only shortens, differs between seeds and repeats for one", () => {
    const waitFor = (seed: number) => {
      const chart = start({ openFor: { ...steady, jitter: 0.5 } }, seed)
      chart.send(alarm)
      return waitOf(chart)
    }
    const waits = Array.from({ length: 200 }, (_, seed) => waitFor(seed))
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(500)
    expect(Math.max(...waits)).toBeLessThanOrEqual(1000)
    expect(new Set(waits).size).toBeGreaterThan(190)
    expect(Math.min(...waits)).toBeLessThan(550)
    expect(Math.max(...waits)).toBeGreaterThan(950)
    expect(waitFor(7)).toBe(waitFor(7))
  })

  test("basic law 4: a bare duration is a constant wait", async () => {
    const chart = start({ openFor: "3 seconds" })
    chart.send(alarm)
    for (let round = 0; round < 3; round++) {
      expect(waitOf(chart)).toBe(3000)
      await chart.clock.advance(3000)
      chart.send(probe("failed"))
    }
  })

  test("basic law 4: it probes at the end of its wait, not before", async () => {
    const chart = start({ openFor: steady })
    chart.send(alarm)
    await chart.clock.advance(999)
    expect(circuitOf(chart)).toBe("open")
    await chart.clock.advance(1)
    expect(findingOf(basic, chart)).toMatchObject({ circuit: "halfOpen", at: 1000, reason: "waited 1000 ms" })
  })
})

describe("basic obeys the operator and its own past", () => {
  test("basic law 5: forced open it waits for nobody but the operator", async () => {
    const chart = start()
    chart.send(forcedOpen)
    await chart.clock.advance("1 day")
    expect(circuitOf(chart)).toBe("open")
    expect(chart.advice().demand).toEqual({ share: 0 })
    chart.send(released)
    expect(findingOf(basic, chart)).toMatchObject({ circuit: "halfOpen", reason: "operator: done" })
  })

  test("basic law 5: forced open while it waits, its timer no longer moves it", async () => {
    const chart = start({ openFor: "1 second" })
    chart.send(alarm)
    chart.send(forcedOpen)
    await chart.clock.advance("1 minute")
    expect(circuitOf(chart)).toBe("open")
  })

  test("basic law 6: restored, it remembers its trips and its last close", async () => {
    const before = start({ openFor: steady, probes: { needed: 1 } })
    before.send(alarm)
    await before.clock.advance(1000)
    before.send(probe("succeeded"))
    const after = start({ openFor: steady })
    after.send(restored({ basic: saveOf(basic, before) }, 9_000))
    after.send(alarm)
    expect(waitOf(after)).toBe(2000)

    const late = start({ openFor: steady })
    late.send(restored({ basic: saveOf(basic, before) }, 10_001))
    late.send(alarm)
    expect(waitOf(late)).toBe(1000)
  })

  test("basic law 6: a saved wait longer than the longest of now is cut to it", () => {
    const chart = start({ openFor: { base: 100, max: 1000 } })
    chart.send(restored({ basic: { circuit: "open", remainingMs: 1e12, trips: 1, sinceCloseMs: 0 } }))
    expect(waitOf(chart)).toBe(1000)
  })

  test("basic law 6: a saved part with one bad number is left alone, whole", () => {
    const part = fc.record(
      {
        circuit: fc.constantFrom("open", "halfOpen", "closed", "degraded", "", 1, null),
        remainingMs: fc.oneof(fc.double(), fc.constantFrom("5", null, [])),
        trips: fc.oneof(fc.double(), fc.constantFrom("5", null, [])),
        sinceCloseMs: fc.oneof(fc.double(), fc.constantFrom("5", null, [])),
      },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(part, fc.nat(1e6), (saved, elapsed) => {
        const chart = startChart(basic, { clock: createVirtualClock({ start: 50_000 }) })
        chart.send(restored({ basic: saved }, elapsed))
        const numbers = [saved.remainingMs, saved.trips, saved.sinceCloseMs].filter((each) => each !== undefined)
        const isSound = numbers.every((each) => typeof each === "number" && Number.isFinite(each) && each >= 0)
        expect(chart.snapshot().status).toBe("active")
        expect(circuitOf(chart)).toBe(
          isSound && ["open", "halfOpen"].includes(String(saved.circuit)) ? saved.circuit : "closed",
        )
        if (circuitOf(chart) === "open") expect(waitOf(chart)).toBeLessThanOrEqual(60_000)
      }),
      { numRuns: 300 },
    )
  })
})

describe("basic learns new settings", () => {
  const changed = (options: unknown) =>
    ({ type: "settings.changed", settings: settingsOf(basic, options) }) as Parameters<Chart["send"]>[0]
  const entriesOf = (chart: Chart) => findingOf(basic, chart).entries

  test("basic law 7: closed, it goes on with its window, and with the settings of now", async () => {
    const chart = start({ openFor: steady })
    chart.send(changed({ openFor: { ...steady, base: 3000 }, probes: { needed: 1 } }))
    expect(findingOf(basic, chart)).toMatchObject({ circuit: "closed", entries: 1, rule: "start" })
    chart.send(alarm)
    expect(waitOf(chart)).toBe(3000)
    await chart.clock.advance(3000)
    chart.send(probe("succeeded"))
    expect(circuitOf(chart)).toBe("closed")
  })

  test.each([
    ["another window", { window: { type: "time", duration: "1 hour" } }],
    ["another slow line", { slowCalls: { after: "2 seconds" } }],
  ])("basic law 7: closed, it begins anew with %s, and says so", async (_, options) => {
    const chart = start()
    await chart.clock.advance(500)
    chart.send(changed(options))
    expect(findingOf(basic, chart)).toEqual({
      circuit: "closed",
      entries: 2,
      at: 500,
      reason: "reconfigured: another window",
      rule: "reconfigured",
      statistics: undefined,
    })
    const { lines } = chart.advice()
    expect(lines).toEqual(start(options).advice().lines)
  })

  test("basic law 7: open, it keeps its wait, whatever window there is; half-open, it lets in as many probes as it is to now", async () => {
    const chart = start({ openFor: steady })
    chart.send(alarm)
    await chart.clock.advance(400)
    chart.send(changed({ openFor: { ...steady, base: 9000 }, window: { type: "consecutive" }, probes: { atOnce: 3 } }))
    expect([circuitOf(chart), waitOf(chart), entriesOf(chart)]).toEqual(["open", 600, 2])
    await chart.clock.advance(600)
    expect([circuitOf(chart), entriesOf(chart), chart.advice().demand.probes]).toEqual(["halfOpen", 3, 3])
    chart.send(changed({ openFor: { ...steady, base: 9000 }, probes: { atOnce: 4 } }))
    expect([circuitOf(chart), entriesOf(chart), chart.advice().demand.probes]).toEqual(["halfOpen", 3, 4])
    chart.send(probe("failed"))
    expect([circuitOf(chart), waitOf(chart), entriesOf(chart)]).toEqual(["open", 18_000, 4])
  })
})

describe("basic says why it stands as it does", () => {
  test("basic law 5: the operator forced it open, and when", async () => {
    const chart = start()
    await chart.clock.advance(30)
    chart.send(forcedOpen)
    const why = { rule: "operator", statistics: undefined, at: 30 }
    expect(findingOf(basic, chart)).toEqual({ circuit: "open", entries: 2, reason: "operator: maintenance", ...why })
  })

  test.each([
    ["open", "open"],
    ["halfOpen", "halfOpen"],
    ["ramping", "halfOpen"],
    ["closed", "closed"],
    ["degraded", "closed"],
  ])("basic law 6: it was saved while %s, and is %s", (circuit, stands) => {
    const chart = start()
    chart.send(restored({ basic: { circuit, remainingMs: 700, trips: 1, sinceCloseMs: 0 } }))
    expect(findingOf(basic, chart)).toMatchObject({
      circuit: stands,
      rule: "restored",
      reason: "restored from a saved state",
    })
  })

  test.each([{}, { basic: undefined }, { basic: { circuit: "ajar" } }, { gradual: { circuit: "open" } }])(
    "basic law 6: nothing of it was saved, and it stands as it did: %j",
    (parts) => {
      const chart = start()
      chart.send(restored(parts))
      expect(findingOf(basic, chart)).toMatchObject({ circuit: "closed", rule: "start", entries: 1 })
    },
  )
})

test("basic refuses fractions of a probe", () => {
  expect(problemsOf(basic, { probes: { needed: 1.5 } })).toHaveLength(1)
  expect(problemsOf(basic, { probes: { atOnce: 1.5 } })).toHaveLength(1)
  expect(problemsOf(basic, { probes: { needed: 1000 } })).toEqual([])
})
