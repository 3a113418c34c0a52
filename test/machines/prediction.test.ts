import type { BreakerMetrics } from "recloser"
import { prediction } from "recloser/machines"
import { createVirtualClock } from "recloser/testing"
import { describe, expect, test } from "vitest"
import { type AnyStateMachine, createActor } from "xstate"
import { freshOutlook, type Outlook, seen } from "../../machines/predicting.ts"
import {
  restoredOutlook,
  resumedOutlook,
  type SavedPrediction,
  savedPrediction,
} from "../../machines/predictionMemory.ts"
import type { ForecastFinding } from "../../machines/vocabulary/forecast.ts"
import { type Demand, unrepeated } from "../../machines/vocabulary/gate.ts"
import { type Chart, restored, saveOf, settingsOf, startChart } from "../support/charts.ts"
import { heapLimit, leaking, quiet, type SliceFacts, sliceAt, wobble } from "../support/foretold.ts"
import fc from "../support/property.ts"

type Report = NonNullable<BreakerMetrics["components"]["prediction"]>

const reportOf = (chart: Chart) => prediction.report?.(chart.snapshot(), chart.clock.now()) as Report
const findingOf = (chart: Chart) => prediction.finding?.(chart.snapshot()) as ForecastFinding
const demandOf = (chart: Chart): Demand => chart.advice().demand
const stateOf = (chart: Chart) => reportOf(chart).state

const start = (options: object = heapLimit) => startChart(prediction, { options, clock: createVirtualClock() })

/** Plays seconds from the present one on, until it warns or they are over; answers whether it warned. */
async function play(chart: Chart, seconds: number, facts: (second: number) => SliceFacts, until = "warned") {
  for (let played = 0; played < seconds; played++) {
    await chart.clock.advance(1000)
    chart.send(sliceAt(chart.clock.now() / 1000, facts(chart.clock.now() / 1000)))
    if (stateOf(chart) === until) return true
  }
  return false
}

const moved = (from: "closed" | "open" | "ramping", to: "closed" | "open" | "degraded" | "halfOpen") =>
  ({
    type: "circuit.moved",
    breaker: "service",
    from,
    to,
    epoch: 1,
    reason: "",
    rule: "",
    statistics: undefined,
  }) as const

/** One that has learned, and warns of the leak. */
async function warning(options: object = heapLimit) {
  const chart = start(options)
  expect(await play(chart, 400, leaking)).toBe(true)
  return chart
}

describe("prediction", () => {
  test("prediction law 1: it only tightens, and only while it warns", async () => {
    const chart = start()
    await play(chart, 260, leaking)
    expect(demandOf(chart)).toEqual({})
    await play(chart, 140, leaking)
    expect(stateOf(chart)).toBe("warned")
    const { probability } = findingOf(chart)
    expect(probability).toBeGreaterThan(0.6)
    expect(probability).toBeLessThanOrEqual(0.9)
    // Five were in flight.
    expect(demandOf(chart)).toEqual({ ...unrepeated, limit: Math.max(1, Math.floor(5 * (1 - probability))) })
  })

  test("prediction law 1: it refuses every call only if it was told to trip, and says until when", async () => {
    const chart = await warning({ ...heapLimit, trips: true })
    expect(demandOf(chart)).toEqual({ share: 0, retryAt: chart.clock.now() + 60_000 })
  })

  test("prediction law 1: where nobody counts the calls in flight there is nothing to limit", async () => {
    const chart = start()
    expect(await play(chart, 400, (second) => ({ ...leaking(second), running: undefined }))).toBe(true)
    expect(demandOf(chart)).toEqual(unrepeated)
  })

  test("prediction law 2: a warning expires after its horizon without any traffic, and a new one needs a new slice", async () => {
    const chart = await warning({ ...heapLimit, horizon: "30 seconds" })
    await chart.clock.advance("29 seconds")
    expect(stateOf(chart)).toBe("warned")
    await chart.clock.advance("1 second")
    expect(stateOf(chart)).toBe("calm")
    await chart.clock.advance("1 day")
    expect(demandOf(chart)).toEqual({})
    expect(stateOf(chart)).toBe("calm")
  })

  test("prediction law 2: slices that go on warning do not prolong a warning", async () => {
    const chart = await warning()
    const { warnings } = reportOf(chart)
    expect(await play(chart, 60, leaking, "calm")).toBe(false)
    expect(reportOf(chart).warnings).toBe(warnings + 1)
  })

  test("prediction law 3: nothing is foretold from fewer than 210 slices, however steep the trend", async () => {
    const chart = start()
    expect(await play(chart, 209, (second) => ({ gauges: { heapUsed: 0.1 + second * 0.004 } }))).toBe(false)
    expect(stateOf(chart)).toBe("cold")
  })

  test("prediction law 3: neither noise nor a jump is a trend, however large the jump", async () => {
    for (const factor of [1.5, 3, 20]) {
      const chart = start()
      const jumping = (second: number) => ({
        ...quiet(second),
        latencyMs: 50 * (second < 300 ? 1 : factor) * (1 + 0.05 * wobble(second)),
      })
      expect(await play(chart, 600, jumping)).toBe(false)
      expect(reportOf(chart)).toMatchObject({ state: "calm", warnings: 0 })
    }
  })

  test("prediction law 4: an improvement is no danger: latency and error rate that fall, a limit from which a gauge moves away", async () => {
    const chart = start()
    const improving = (second: number): SliceFacts => {
      const along = Math.max(0, second - 260) / 120
      return {
        calls: 100,
        bad: second % 10 === 0 ? Math.round(3 * Math.max(0, 1 - along)) : 0,
        latencyMs: 50 * Math.max(0.1, 1 - along) * (1 + 0.05 * wobble(second)),
        gauges: { heapUsed: Math.max(0, 0.4 - 0.3 * along) + 0.004 * wobble(second) },
      }
    }
    expect(await play(chart, 400, improving)).toBe(false)
    expect(reportOf(chart).warnings).toBe(0)
  })

  test("prediction law 5: while the circuit is not closed it learns nothing and demands nothing", async () => {
    const chart = await warning()
    const { samples } = reportOf(chart)
    chart.send(moved("closed", "open"))
    expect(stateOf(chart)).toBe("frozen")
    expect(demandOf(chart)).toEqual({})
    await play(chart, 50, leaking)
    expect(reportOf(chart).samples).toBe(samples)
    chart.send(moved("ramping", "closed"))
    expect(stateOf(chart)).toBe("calm")
  })

  test("prediction law 5: what rose before the circuit opened is no trend of the first slices after it has closed", async () => {
    const rising = (second: number) => ({
      latencyMs: 50 * (1 + 0.05 * wobble(second)) * (1 + 0.02 * Math.max(0, second - 400)),
    })
    const chart = start({})
    expect(await play(chart, 460, rising)).toBe(true)
    await play(chart, 460 - chart.clock.now() / 1000, rising, "never")
    chart.send(moved("closed", "open"))
    await chart.clock.advance(300_000)
    chart.send(moved("open", "closed"))
    const level = (second: number) => ({ latencyMs: 110 * (1 + 0.05 * wobble(second)) })
    expect(await play(chart, 120, level)).toBe(false)
    // It has not forgotten how to warn.
    expect(await play(chart, 120, (second) => ({ latencyMs: 110 * (1 + 0.03 * (second - 880)) }))).toBe(true)
  })

  test("prediction law 5: what it knows after that is what one knows that was saved and restored", () => {
    const settings = { horizonMs: 60_000, trips: false, gauges: {} }
    let outlook = freshOutlook
    for (let second = 1; second <= 360; second++) outlook = seen(outlook, sliceAt(second, leaking(second)), settings)
    const measuresOf = ({ load, followed }: Outlook) => [
      ["load", load],
      ...[...followed].map(([name, { measure }]) => [name, measure]),
    ]
    const saved = { type: "breaker.restored", elapsedMs: 0, parts: { prediction: savedPrediction(outlook) } } as const
    const restored = restoredOutlook(freshOutlook, settings, { ...saved, at: 500_000 })
    expect(measuresOf(resumedOutlook(outlook, 500_000))).toEqual(measuresOf(restored))
  })

  test("prediction law 5: while features are held back it learns nothing, and not before the circuit is closed either", async () => {
    const chart = await warning()
    const { samples } = reportOf(chart)
    const features = (state: "full" | "partial" | "outage") => chart.send({ type: "features.changed", state })
    features("partial")
    expect(stateOf(chart)).toBe("frozen")
    expect(demandOf(chart)).toEqual({})
    await play(chart, 50, leaking)
    expect(reportOf(chart)).toMatchObject({ samples, warnings: 1, confirmed: 1, refuted: 0 })
    chart.send(moved("closed", "open"))
    features("outage")
    chart.send(moved("ramping", "closed"))
    features("partial")
    expect(stateOf(chart)).toBe("frozen")
    features("full")
    expect(stateOf(chart)).toBe("calm")
  })

  test("prediction law 5: while the service fails it warns of nothing: whoever comes late claims no lead", async () => {
    const chart = start()
    await play(chart, 260, quiet)
    const failing = (second: number): SliceFacts => ({ ...leaking(second), bad: 50 })
    expect(await play(chart, 140, failing)).toBe(false)
    expect(reportOf(chart)).toMatchObject({ warnings: 0, failures: 1, confirmed: 0, recall: 0 })
  })

  test("prediction law 6: it follows 16 gauges and no more, and what is no finite number teaches nothing", async () => {
    const chart = start()
    const many = Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`gauge ${at}`, at]))
    await play(chart, 5, () => ({ gauges: { ...many, broken: Number.NaN } }))
    const { outlook } = chart.context<{ outlook: { followed: Map<string, unknown> } }>()
    expect([...outlook.followed.keys()]).toHaveLength(3 + 16)
    expect(outlook.followed.has("broken")).toBe(false)
  })

  test("prediction law 6: no slice breaks it, whatever its numbers are", () => {
    const number = fc.double()
    const slices = fc.array(
      fc.record({
        calls: fc.nat(1000),
        latencyMs: number,
        running: number,
        gauges: fc.dictionary(fc.string(), number),
      }),
      { maxLength: 30 },
    )
    fc.assert(
      fc.property(slices, fc.nat(300), (wild, from) => {
        const chart = start()
        for (let second = 1; second <= from; second++) chart.send(sliceAt(second, quiet(second)))
        for (const [at, facts] of wild.entries())
          chart.send(sliceAt(from + at + 1, { ...facts, bad: facts.calls >> 1 }))
        expect(chart.snapshot().status).toBe("active")
        for (const value of Object.values(demandOf(chart))) expect(value).toBeGreaterThanOrEqual(0)
        expect(findingOf(chart).probability).toBeGreaterThanOrEqual(0)
      }),
      { numRuns: 30 },
    )
  })

  test("prediction law 7: a warning is confirmed by a failure within its horizon, with the time it was ahead", async () => {
    const chart = await warning()
    await chart.clock.advance("20 seconds")
    chart.send(moved("closed", "open"))
    expect(reportOf(chart)).toMatchObject({
      ...{ warnings: 1, confirmed: 1, refuted: 0, failures: 1, precision: 1, recall: 1, meanLeadMs: 20_000 },
    })
  })

  test("prediction law 7: one that nothing came of is refuted, and a failure that none came before is missed", async () => {
    const chart = await warning({ ...heapLimit, horizon: "30 seconds" })
    await chart.clock.advance("30 seconds")
    expect(reportOf(chart)).toMatchObject({
      warnings: 1,
      confirmed: 0,
      refuted: 1,
      failures: 0,
      precision: 0,
      recall: null,
    })
    await chart.clock.advance("5 minutes")
    chart.send(moved("closed", "degraded"))
    expect(reportOf(chart)).toMatchObject({ refuted: 1, failures: 1, recall: 0, meanLeadMs: null })
  })

  test("prediction law 7: an operator who moves the circuit confirms nothing", async () => {
    const chart = await warning()
    chart.send(moved("closed", "halfOpen"))
    expect(reportOf(chart)).toMatchObject({ confirmed: 0, refuted: 1, failures: 0 })
  })

  test("prediction law 9: a rising error rate alone bounds no calls in flight, until latency rises with it", async () => {
    const chart = start({})
    const creeping = (second: number): SliceFacts => {
      const bad = Math.round(10 + 4 * wobble(second) + Math.max(0, second - 260) * 0.4)
      return { ...quiet(second), calls: 1000, bad, running: 50, gauges: undefined }
    }
    expect(await play(chart, 400, creeping)).toBe(true)
    expect(findingOf(chart).reasons.map((reason) => reason.split(" ")[0])).toEqual(["errorRate"])
    expect(demandOf(chart)).toEqual(unrepeated)
    const since = chart.clock.now() / 1000
    let limit: number | undefined
    for (let second = since + 1; limit === undefined && second < since + 59; second++) {
      await chart.clock.advance(1000)
      chart.send(sliceAt(second, { ...creeping(second), latencyMs: 50 * 1.06 ** (second - since) }))
      limit = demandOf(chart).limit
    }
    expect(limit).toBeLessThan(25)
    expect(findingOf(chart)).toMatchObject({
      state: "warned",
      reasons: [/^errorRate/, /^latency/].map((text) => expect.stringMatching(text)),
    })
  })

  test("tells what points to failure, and by when", async () => {
    const [reason = ""] = findingOf(await warning()).reasons
    expect(reason).toMatch(/^heapUsed is 0\.\d+, on its way to 1, and is there in \d+ s if it goes on so$/)
  })

  test("tells measures that look unusual, which is no warning", async () => {
    const chart = start()
    await play(chart, 300, (second) => ({ ...quiet(second), latencyMs: second < 300 ? 50 + wobble(second) : 400 }))
    expect(findingOf(chart)).toMatchObject({ state: "calm", probability: 0, unusual: ["latency"] })
  })

  test("a grown load does not make more calls in flight a danger", async () => {
    const chart = start()
    const busier = (second: number): SliceFacts => {
      const calls = Math.round(100 * (1 + Math.max(0, second - 260) / 60))
      return { ...quiet(second), calls, running: Math.round(calls / 20) }
    }
    expect(await play(chart, 400, busier)).toBe(false)
  })

  describe("prediction law 8: restored, it knows what is usual as it did, and follows no trend of before", () => {
    const savedAfter = async (seconds: number, facts = quiet, options: object = heapLimit) => {
      const chart = start(options)
      await play(chart, seconds, facts)
      return JSON.parse(JSON.stringify(saveOf(prediction, chart))) as SavedPrediction
    }
    const later = (facts: (second: number) => SliceFacts, by: number) => (second: number) => facts(second + by)

    test("it warns without learning anew, where one that begins is still cold", async () => {
      const saved = await savedAfter(260)
      const [warm, cold] = [start(), start()]
      warm.send(restored({ prediction: saved }, 60_000))
      expect([stateOf(warm), stateOf(cold)]).toEqual(["calm", "cold"])
      // The leak begins as soon as it runs again.
      const leak = later(leaking, 260)
      expect(await play(warm, 120, leak)).toBe(true)
      expect(await play(cold, 120, leak)).toBe(false)
    })

    test("whatever rose when it was saved, it does not warn of what has ended since", async () => {
      const saved = await savedAfter(330, leaking)
      const chart = start()
      chart.send(restored({ prediction: saved }))
      const held = (second: number) => ({ ...quiet(second), gauges: { heapUsed: 0.75 + 0.004 * wobble(second) } })
      expect(await play(chart, 300, held)).toBe(false)
    })

    test("one that had not learned enough goes on where it was", async () => {
      const chart = start()
      chart.send(restored({ prediction: await savedAfter(150) }))
      expect(stateOf(chart)).toBe("cold")
      expect(reportOf(chart).samples).toBe(150)
      await play(chart, 61, quiet)
      expect(stateOf(chart)).toBe("calm")
    })

    test("what was followed in another unit begins anew, the rest does not", async () => {
      const saved = await savedAfter(260, quiet, {})
      const chart = start()
      chart.send(restored({ prediction: saved }))
      const again = saveOf(prediction, chart) as SavedPrediction
      expect(again.followed["latency"]).toEqual(saved.followed["latency"])
      expect(again.followed["heapUsed"]?.slice(0, 6)).toEqual([0, 0, 1, 0, 0, 0])
    })

    test("it is plain JSON, and bounded whatever is observed", async () => {
      const gauges = (second: number) =>
        Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`gauge ${index}`, 1e7 * Math.sin(second * index)]))
      const chart = start({})
      await play(chart, 300, (second) => ({ ...quiet(second), gauges: gauges(second) }))
      const text = JSON.stringify(saveOf(prediction, chart))
      expect(text).not.toContain("null")
      expect(Object.keys((JSON.parse(text) as SavedPrediction).followed)).toHaveLength(19)
      expect(text.length).toBeLessThan(4500)
    })

    test("what cannot be its state is refused, and it begins afresh", async () => {
      const saved = await savedAfter(260)
      const measure = saved.followed["latency"] ?? []
      const withLatency = (one: unknown) => ({ ...saved, followed: { latency: one } })
      const nonsense: readonly unknown[] = [
        ...[
          null,
          7,
          "calm",
          [],
          {},
          { ...saved, version: 2 },
          { ...saved, samples: -1 },
          { ...saved, samples: "many" },
        ],
        ...[
          { ...saved, load: [] },
          { ...saved, load: measure.map(() => null) },
          { ...saved, followed: [measure, 7] },
        ],
        ...[withLatency([]), withLatency(measure.slice(1)), withLatency([...measure, 1]), withLatency("0123456789")],
        ...[withLatency(measure.map(() => 1e301)), withLatency(measure.map((one) => -Math.abs(one) - 1))],
        { ...saved, followed: { "": measure } },
        { ...saved, followed: Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`g${index}`, measure])) },
      ]
      const settings = settingsOf(prediction, heapLimit) as never
      expect(prediction.canRestore?.(saved, settings)).toBe(true)
      for (const one of nonsense) {
        expect([one, prediction.canRestore?.(one, settings)]).toEqual([one, false])
        const chart = start()
        chart.send(restored({ prediction: one }))
        expect([stateOf(chart), reportOf(chart).samples]).toEqual(["cold", 0])
      }
    })
  })
})

describe("how prediction stands", () => {
  const says = (chart: Chart) => [
    stateOf(chart),
    findingOf(chart).state,
    chart.advice().lines.sliceMs,
    prediction.tells?.(chart.snapshot(), 7),
  ]
  const saying = (state: string, sliceMs: number | undefined = 1000) => [
    ...[state, state, sliceMs, [{ type: "forecast.changed", at: 7, state }]],
  ]

  test("is told in each state, with what it watches: nothing while what is measured is measured of another load", async () => {
    const chart = start()
    expect(says(chart)).toEqual(saying("cold"))
    await play(chart, 210, quiet)
    expect(says(chart)).toEqual(saying("calm"))
    await play(chart, 190, leaking)
    expect(says(chart)).toEqual(saying("warned"))
    chart.send(moved("closed", "open"))
    expect(says(chart)).toEqual(["frozen", "frozen", undefined, [{ type: "forecast.changed", at: 7, state: "frozen" }]])
    expect(findingOf(chart)).toEqual({
      ...{ state: "frozen", probability: 0, horizonMs: 60_000, reasons: [], unusual: [] },
    })
    expect(prediction.retracts?.(7)).toEqual([{ type: "forecast.changed", at: 7, state: "cold" }])
    expect(prediction.layer).toBe("prediction")
  })

  test("is reported whole", async () => {
    const none = { warnings: 0, confirmed: 0, refuted: 0, failures: 0, precision: null, recall: null, meanLeadMs: null }
    const chart = start()
    expect(reportOf(chart)).toEqual({ state: "cold", probability: 0, reasons: [], samples: 0, ...none })
    await play(chart, 400, leaking)
    const { probability, reasons } = findingOf(chart)
    expect(reasons).toHaveLength(1)
    expect(reportOf(chart)).toMatchObject({ ...none, state: "warned", probability, reasons, warnings: 1 })
    expect(prediction.reason?.(chart.snapshot())).toBe(reasons[0])
  })

  test("prediction law 7: is reported in parts: of the warnings those that came true, of the failures those that were foretold", async () => {
    const chart = await warning({ ...heapLimit, horizon: "30 seconds" })
    await chart.clock.advance("30 seconds")
    expect(await play(chart, 40, leaking)).toBe(true)
    await chart.clock.advance("5 seconds")
    chart.send(moved("closed", "open"))
    const account = { warnings: 2, confirmed: 1, refuted: 1, precision: 0.5, meanLeadMs: 5000 }
    expect(reportOf(chart)).toMatchObject({ ...account, failures: 1, recall: 1 })
    chart.send({ ...moved("closed", "open"), to: "closed" })
    await chart.clock.advance("5 minutes")
    chart.send(moved("closed", "open"))
    expect(reportOf(chart)).toMatchObject({ ...account, failures: 2, recall: 0.5 })
  })

  test("is why calls are refused, each measure by itself", async () => {
    const both = (second: number): SliceFacts => ({
      ...leaking(second),
      gauges: { ...leaking(second).gauges, pool: leaking(second).gauges?.["heapUsed"] ?? 0 },
    })
    const chart = start({ gauges: { heapUsed: { limit: 1 }, pool: { limit: 1 } } })
    expect(await play(chart, 400, both)).toBe(true)
    expect(prediction.reason?.(chart.snapshot())).toMatch(/^heapUsed is .* goes on so; pool is .* goes on so$/)
  })

  test.each([
    ["closed", "cold"],
    ["degraded", "frozen"],
    ["open", "frozen"],
    ["halfOpen", "frozen"],
    ["ramping", "frozen"],
  ] as const)("prediction law 5: one that starts while the circuit is %s is %s", (circuit, state) => {
    const input = { settings: settingsOf(prediction, heapLimit), seed: 1, at: 0, circuit }
    const actor = createActor(prediction.chart as AnyStateMachine, { input }).start()
    expect(actor.getSnapshot().value).toBe(state)
    actor.send({ ...moved("ramping", "open"), at: 1, to: "closed" })
    expect(actor.getSnapshot().value).toBe("cold")
    expect(prediction.finding?.(actor.getSnapshot())).toMatchObject({ state: "cold" })
    actor.send(sliceAt(2, quiet(2)))
    expect(prediction.report?.(actor.getSnapshot(), 2)).toMatchObject({ samples: 1 })
  })

  test("prediction law 5: what is over is no end of it: a circuit that stays closed, features that are whole", async () => {
    const chart = await warning()
    const before = findingOf(chart)
    chart.send({ ...moved("closed", "open"), to: "closed" })
    chart.send({ type: "features.changed", state: "full" })
    expect([stateOf(chart), findingOf(chart)]).toEqual(["warned", before])
    chart.send({ type: "features.changed", state: "outage" })
    chart.send({ ...moved("closed", "open"), to: "ramping" })
    chart.send({ type: "features.changed", state: "full" })
    expect(stateOf(chart)).toBe("frozen")
    chart.send({ ...moved("closed", "open"), to: "closed" })
    expect(stateOf(chart)).toBe("calm")
  })

  test("prediction law 7: features that are held back confirm a warning, and a circuit that only probes or ramps refutes it", async () => {
    const held = await warning()
    await held.clock.advance("5 seconds")
    held.send({ type: "features.changed", state: "partial" })
    expect(reportOf(held)).toMatchObject({ confirmed: 1, refuted: 0, failures: 1, meanLeadMs: 5000 })
    for (const to of ["halfOpen", "ramping"] as const) {
      const chart = await warning()
      chart.send({ ...moved("closed", "open"), to })
      expect(reportOf(chart)).toMatchObject({ confirmed: 0, refuted: 1, failures: 0 })
    }
    const opened = await warning()
    opened.send(moved("closed", "degraded"))
    expect(reportOf(opened)).toMatchObject({ confirmed: 1, refuted: 0, failures: 1 })
  })

  test("prediction law 7: calls that fail within the horizon confirm a warning, and it goes on until it expires", async () => {
    const chart = await warning()
    await play(chart, 1, (second) => ({ ...quiet(second), bad: 50 }), "never")
    expect(reportOf(chart)).toMatchObject({ state: "warned", confirmed: 1, failures: 1, meanLeadMs: 1000 })
    await chart.clock.advance("59 seconds")
    expect(reportOf(chart)).toMatchObject({ state: "calm", confirmed: 1, refuted: 0 })
  })

  test("prediction law 1: a warning that grows surer tightens further, and what it has tightened it does not loosen", async () => {
    const chart = start({ horizon: "5 minutes" })
    const slowing = (second: number): SliceFacts => ({
      latencyMs: 50 * (1 + Math.max(0, second - 260) / 300 + 0.3 * wobble(second)),
      running: 1000,
    })
    const quick = (): SliceFacts => ({ latencyMs: 50, running: 1000 })
    const seen: number[] = []
    const note = () => {
      const { probability, reasons } = findingOf(chart)
      expect(demandOf(chart)).toEqual({ ...unrepeated, limit: Math.floor(1000 * (1 - probability)) })
      seen.push(probability)
      return reasons
    }
    expect(await play(chart, 500, slowing)).toBe(true)
    const reasons = note()
    for (let second = 0; second < 40; second++) {
      await play(chart, 1, slowing, "never")
      note()
    }
    expect(seen.at(-1)).toBeGreaterThan((seen[0] as number) + 0.1)
    for (const [at, probability] of seen.slice(1).entries()) {
      const more = probability - (seen[at] as number)
      expect(more === 0 || more > 0.05, `${seen}`).toBe(true)
    }
    expect(note()).not.toEqual(reasons)
    for (let second = 0; second < 200; second++) await play(chart, 1, quick, "never")
    note()
    expect([stateOf(chart), seen.at(-1)]).toEqual(["warned", seen.at(-2)])
  })

  test("prediction law 9: what only a rising error rate makes surer is told, and bounds no calls in flight", async () => {
    const chart = start({ horizon: "5 minutes" })
    const creeping = (second: number): SliceFacts => {
      const bad = Math.round(5 + 2 * wobble(second) + Math.max(0, second - 260) * 0.1)
      return { ...quiet(second), calls: 1000, bad, running: 50, gauges: undefined }
    }
    expect(await play(chart, 700, creeping)).toBe(true)
    const first = findingOf(chart)
    expect(first.probability).toBeLessThan(0.8)
    await play(chart, 10, creeping, "never")
    expect(findingOf(chart).probability).toBe(0.9)
    expect(findingOf(chart).reasons).not.toEqual(first.reasons)
    expect(demandOf(chart)).toEqual(unrepeated)
  })

  test("prediction law 1: one call at least may be in flight", async () => {
    const chart = start()
    expect(await play(chart, 400, (second) => ({ ...leaking(second), running: 1 }))).toBe(true)
    expect(demandOf(chart)).toEqual({ ...unrepeated, limit: 1 })
  })

  test("what looks unusual is told when it begins to, in any state, and is not forgotten by what is usual", async () => {
    const chart = start()
    await play(chart, 300, (second) => ({ ...quiet(second), latencyMs: second < 300 ? 50 + wobble(second) : 400 }))
    const told = findingOf(chart)
    expect(told.unusual).toEqual(["latency"])
    await play(chart, 1, (second) => ({ ...quiet(second), latencyMs: 400 }))
    expect(findingOf(chart)).toBe(told)
  })
})

describe("a gauge whose limit lies below what is usual", () => {
  const pool = { gauges: { poolFree: { limit: 0 } } } as const
  const free = (perSecond: number) => (second: number) => ({
    ...quiet(second),
    gauges: { poolFree: Math.max(0, 50 + Math.max(0, second - 260) * perSecond + 0.5 * wobble(second)) },
  })

  test("prediction law 3: one that falls towards it is foretold, with what it is on its way to", async () => {
    const chart = start(pool)
    expect(await play(chart, 400, free(-0.5))).toBe(true)
    expect(findingOf(chart).reasons.join()).toMatch(/^poolFree is [\d.]+, on its way to 0, and is there/)
  })

  test("prediction law 4: one that rises away from it is no danger", async () => {
    const chart = start(pool)
    expect(await play(chart, 400, free(0.5))).toBe(false)
  })
})
