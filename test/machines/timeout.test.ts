import { timeout } from "recloser/machines"
import { describe, expect, test } from "vitest"
import { type AnyMachineSnapshot, type AnyStateMachine, createActor } from "xstate"
import {
  begun,
  counted,
  countedInTrial,
  freshSearch,
  goneOn,
  isCensored,
  isOver,
  mayExplore,
  nextTrialMs,
  raised,
  type Search,
  tried,
} from "../../machines/exploring.ts"
import { found, learned, nextTimeout, readTimeout, within } from "../../machines/timing.ts"
import type { Circuit } from "../../machines/vocabulary/circuit.ts"
import type { Slice } from "../../machines/vocabulary/signal.ts"
import { type Chart, restored, saveOf, settingsOf, startChart } from "../support/charts.ts"
import fc from "../support/property.ts"
import { adviserSteps, slices, take } from "../support/walks.ts"

const quick: Slice = {
  startedAt: 0,
  success: 1000,
  failure: 0,
  timedOut: 0,
  ignored: 0,
  slow: 0,
  late: 0,
  latency: { samples: 1000, p50: 20, p90: 40, p99: 80, p999: 100, max: 120 },
}

const bounds = { min: 50, max: 10_000 }
const timeoutOf = (chart: Chart) => chart.advice().demand.timeoutMs ?? Number.NaN
const learnedOf = (chart: Chart) => chart.context<{ readonly timeoutMs: number }>().timeoutMs
const hear = (chart: Chart, slice: Partial<Slice>, count = 1) => {
  for (let sent = 0; sent < count; sent++) chart.send({ type: "slice.closed", epoch: 0, slice: { ...quick, ...slice } })
}
const move = (chart: Chart, from: Circuit, to: Circuit) =>
  chart.send({
    type: "circuit.moved",
    breaker: "service",
    from,
    to,
    epoch: 0,
    reason: "",
    rule: "",
    statistics: undefined,
  })

/** A timeout that has settled at twice the 99.9th percentile of the quick service. */
function settled(): Chart {
  const chart = startChart(timeout, { options: bounds })
  hear(chart, {}, 60)
  expect(timeoutOf(chart)).toBe(200)
  return chart
}

describe("timeout", () => {
  test("timeout law 1: it stays within its bounds and moves by bounded steps, on every walk", () => {
    const limits = fc
      .tuple(fc.integer({ min: 1, max: 5000 }), fc.nat(60_000))
      .map(([min, more]) => ({ min, max: min + more }))
    return fc.assert(
      fc.asyncProperty(limits, fc.array(adviserSteps, { maxLength: 40 }), async (options, walk) => {
        const chart = startChart(timeout, { options })
        let before = learnedOf(chart)
        for (const step of walk) {
          await take(chart, step)
          const after = learnedOf(chart)
          expect(after).toBeGreaterThanOrEqual(options.min)
          expect(timeoutOf(chart)).toBeGreaterThanOrEqual(after)
          expect(timeoutOf(chart)).toBeLessThanOrEqual(options.max)
          if (step.type === "slice.closed") {
            expect(after).toBeLessThanOrEqual(before * 1.5 + 1e-9)
            expect(after).toBeGreaterThanOrEqual(before / 1.25 - 1e-9)
          }
          before = after
        }
      }),
    )
  })

  test("timeout law 1: without evidence it is as long as it may be", () => {
    const chart = startChart(timeout, { options: bounds })
    expect(timeoutOf(chart)).toBe(10_000)
    hear(chart, { latency: { ...quick.latency, samples: 99 } }, 10)
    expect(timeoutOf(chart)).toBe(10_000)
  })

  test("timeout law 1: it comes down to twice the 99.9th percentile, step by step", () => {
    const chart = startChart(timeout, { options: bounds })
    hear(chart, {})
    expect(timeoutOf(chart)).toBe(8000)
    hear(chart, {}, 60)
    expect(timeoutOf(chart)).toBe(200)
  })

  test("timeout law 1: a bare duration is fixed, whatever happens", () => {
    return fc.assert(
      fc.asyncProperty(fc.array(adviserSteps, { maxLength: 20 }), async (walk) => {
        const chart = startChart(timeout, { options: "2 seconds" })
        for (const step of walk) await take(chart, step)
        expect(chart.advice()).toEqual({ demand: { timeoutMs: 2000 }, lines: {} })
      }),
    )
  })

  test("timeout law 2: failures never shorten it", () => {
    fc.assert(
      fc.property(slices, fc.integer({ min: 50, max: 10_000 }), fc.nat(10_000), (slice, timeoutMs, failure) => {
        expect(nextTimeout(bounds, timeoutMs, { ...slice, failure })).toBe(nextTimeout(bounds, timeoutMs, slice))
      }),
    )
  })

  test("timeout law 2: a service that only fails, and fails fast, keeps its timeout", () => {
    const chart = settled()
    hear(chart, { success: 0, failure: 5000, latency: { ...quick.latency, samples: 0 } }, 50)
    expect(timeoutOf(chart)).toBe(200)
  })

  test("timeout law 3: calls that hang beside quick successes do not lengthen it", () => {
    const chart = settled()
    const trials = []
    for (let slice = 0; slice < 50; slice++) {
      hear(chart, { timedOut: 300, success: 700, latency: { ...quick.latency, p99: 40, p999: 100 } })
      expect(learnedOf(chart)).toBe(200)
      if (timeoutOf(chart) !== 200) trials.push(timeoutOf(chart))
    }
    expect(trials.length).toBeLessThanOrEqual(3)
  })

  test("timeout law 3: a service that has become slow is given more time, although its slowest calls are cut off", () => {
    const chart = settled()
    const cutOff = { samples: 1000, p50: 150, p90: 190, p99: 198, p999: 199, max: 200 }
    hear(chart, { timedOut: 200, success: 800, latency: cutOff })
    expect(timeoutOf(chart)).toBe(300)
  })

  test("timeout law 4: it learns nothing while the circuit is not closed", () => {
    const chart = settled()
    move(chart, "closed", "open")
    hear(chart, { latency: { ...quick.latency, p999: 5000 } }, 20)
    expect(timeoutOf(chart)).toBe(200)
    move(chart, "open", "halfOpen")
    move(chart, "halfOpen", "closed")
    hear(chart, { latency: { ...quick.latency, p999: 5000 } })
    expect(timeoutOf(chart)).toBe(300)
  })

  test("timeout law 4: each further probe round is given twice the time, up to the longest", () => {
    const chart = settled()
    move(chart, "closed", "open")
    const given: number[] = []
    for (let round = 0; round < 8; round++) {
      move(chart, "open", "halfOpen")
      given.push(timeoutOf(chart))
      move(chart, "halfOpen", "open")
    }
    expect(given).toEqual([200, 400, 800, 1600, 3200, 6400, 10_000, 10_000])
  })

  test("timeout law 4: rounds are counted anew after a close", () => {
    const chart = settled()
    for (const incident of [1, 2]) {
      move(chart, "closed", "open")
      move(chart, "open", "halfOpen")
      expect(timeoutOf(chart), `incident ${incident}`).toBe(200)
      move(chart, "halfOpen", "closed")
    }
  })

  test("timeout law 5: reading it has no side effect", () => {
    const chart = settled()
    const look = () => [
      timeoutOf(chart),
      timeout.report?.(chart.snapshot(), 0),
      saveOf(timeout, chart),
      chart.snapshot(),
    ]
    const first = look()
    for (let time = 0; time < 50; time++) expect(look()).toEqual(first)
  })

  /** A slice in which a twentieth times out, far above the successes. */
  const cut = { success: 95, timedOut: 5, latency: { ...quick.latency, p50: 20, p99: 80, p999: 100 } }
  const stateOf = (chart: Chart) => String((chart.snapshot() as AnyMachineSnapshot).value)

  test("timeout law 6: while too many calls time out, calls are given four times as long for a slice, and late ones are counted", () => {
    const chart = settled()
    hear(chart, cut)
    hear(chart, cut)
    expect(stateOf(chart)).toBe("exploring")
    expect(timeoutOf(chart)).toBe(800)
    expect(chart.advice().lines).toMatchObject({ lateAfterMs: 200 })
    hear(chart, cut)
    expect(stateOf(chart)).toBe("listening")
    expect(timeoutOf(chart)).toBe(200)
    expect(chart.advice().lines).toMatchObject({ lateAfterMs: 200 })
  })

  test.each(["exploring", "listening"])(
    "timeout law 6: late successes heard while %s lengthen it, step by step, to what they need",
    (when) => {
      const chart = settled()
      hear(chart, cut, when === "exploring" ? 2 : 3)
      expect(stateOf(chart)).toBe(when)
      hear(chart, { ...cut, late: 2, latency: { ...cut.latency, max: 320 } })
      expect(stateOf(chart)).toBe("tracking")
      const learned: number[] = []
      for (let slice = 0; slice < 4; slice++) {
        hear(chart, { ...cut, latency: { ...cut.latency, max: 320 } })
        learned.push(learnedOf(chart))
      }
      expect(learned).toEqual([300, 450, 640, 640])
    },
  )

  test("timeout law 6: a trial never lengthens it beyond the time that the trial gave", () => {
    const chart = settled()
    hear(chart, cut, 2)
    hear(chart, { ...cut, late: 1, latency: { ...cut.latency, max: 9000 } })
    let longest = 0
    for (let slice = 0; slice < 6; slice++) {
      hear(chart, { ...cut, timedOut: 0 })
      longest = Math.max(longest, learnedOf(chart))
    }
    expect(longest).toBe(800)
  })

  test("timeout law 6: a trial that finds nothing leaves the timeout as it was", async () => {
    const chart = settled()
    hear(chart, cut, 3)
    await chart.clock.advance(799)
    hear(chart, cut)
    expect(stateOf(chart)).toBe("listening")
    await chart.clock.advance(1)
    hear(chart, cut)
    expect(stateOf(chart)).toBe("tracking")
    expect(timeoutOf(chart)).toBe(200)
  })

  test("timeout law 6: where hardly any call times out, nothing is tried", () => {
    const chart = settled()
    hear(chart, { timedOut: 1 }, 200)
    expect(stateOf(chart)).toBe("tracking")
  })

  test("timeout law 7: each longer trial is made half as often as the one below it", async () => {
    const chart = settled()
    const tried = new Map<number, number>()
    for (let slice = 0; slice < 20_000; slice++) {
      const before = stateOf(chart)
      hear(chart, cut)
      if (stateOf(chart) === "exploring" && before !== "exploring") {
        tried.set(timeoutOf(chart), (tried.get(timeoutOf(chart)) ?? 0) + 1)
      }
      await chart.clock.advance(1000)
    }
    const trials = [800, 3200, 10_000].map((ms) => tried.get(ms) ?? 0)
    expect(trials[2]).toBeGreaterThan(10)
    expect([...tried.keys()].sort((one, other) => one - other)).toEqual([800, 3200, 10_000])
    const [short = 0, middle = 0, long = 0] = trials
    expect(Math.abs(short - middle - long)).toBeLessThanOrEqual(1)
    expect(Math.abs(middle - long)).toBeLessThanOrEqual(1)
  })

  test("timeout law 7: a trial that the circuit breaks off is over", () => {
    const chart = settled()
    hear(chart, cut, 2)
    move(chart, "closed", "open")
    expect(timeoutOf(chart)).toBe(200)
    move(chart, "open", "closed")
    expect(stateOf(chart)).toBe("tracking")
  })

  test("timeout law 7: nothing is tried when the same slice has taught it the longest", () => {
    const chart = startChart(timeout, { options: bounds })
    hear(chart, { success: 90, timedOut: 1, latency: { samples: 100, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 } })
    expect(learnedOf(chart)).toBe(8000)
    const slowest = { samples: 100, p50: 0, p90: 0, p99: 0, p999: 40_000, max: 40_000 }
    hear(chart, { success: 0, latency: slowest })
    expect(stateOf(chart)).toBe("tracking")
    expect(saveOf(timeout, chart)).toEqual({ timeoutMs: 10_000 })
  })

  test("timeout law 7: a trial that is restored ends with its first slice", () => {
    const chart = startChart(timeout, { options: bounds })
    chart.send(restored({ timeout: { timeoutMs: 200, trialMs: 800 } }))
    expect(timeoutOf(chart)).toBe(800)
    hear(chart, {})
    expect(timeoutOf(chart)).toBe(200)
  })

  test("timeout law 8: after it was lengthened it waits for latency that was measured with the longer time", () => {
    const chart = settled()
    const slow = { ...quick.latency, p50: 150, p90: 190, p99: 198, p999: 199, max: 200 }
    hear(chart, { timedOut: 200, success: 800, latency: slow })
    expect(learnedOf(chart)).toBe(300)
    const ordinary = { success: 400, latency: { ...quick.latency, samples: 1000 } }
    hear(chart, ordinary, 2)
    expect(learnedOf(chart)).toBe(300)
    hear(chart, ordinary)
    expect(learnedOf(chart)).toBe(240)
  })

  test("is restored to what it had learned, within its bounds; what was set, or not learned yet, is nothing to keep", () => {
    const chart = startChart(timeout, { options: bounds })
    chart.send(restored({ timeout: saveOf(timeout, settled()) }))
    expect(timeoutOf(chart)).toBe(200)
    for (const timeoutMs of [Number.NaN, -1, "200", null]) chart.send(restored({ timeout: { timeoutMs } }))
    expect(timeoutOf(chart)).toBe(200)
    chart.send(restored({ timeout: { timeoutMs: 10_001 } }))
    expect(timeoutOf(chart)).toBe(10_000)
    chart.send(restored({ timeout: { timeoutMs: 49 } }))
    expect(timeoutOf(chart)).toBe(50)
    expect(saveOf(timeout, startChart(timeout, { options: bounds }))).toBeUndefined()
    expect(saveOf(timeout, startChart(timeout, { options: 500 }))).toBeUndefined()
  })
})

describe("how a timeout stands", () => {
  const cut = { success: 95, timedOut: 5 }
  const stateOf = (chart: Chart) => String((chart.snapshot() as AnyMachineSnapshot).value)
  const reportOf = (chart: Chart) => timeout.report?.(chart.snapshot(), 0)
  const watched = (chart: Chart) => {
    const { sliceMs, lateAfterMs } = chart.advice().lines
    return [stateOf(chart), sliceMs, lateAfterMs]
  }

  test("timeout law 6: it asks for slices while it learns, and for late calls while a trial has calls under way", () => {
    const chart = startChart(timeout, { options: bounds })
    expect(watched(chart)).toEqual(["cold", 1000, undefined])
    hear(chart, {}, 60)
    expect(watched(chart)).toEqual(["tracking", 1000, undefined])
    hear(chart, cut, 2)
    expect(watched(chart)).toEqual(["exploring", 1000, 200])
    hear(chart, cut)
    expect(watched(chart)).toEqual(["listening", 1000, 200])
    move(chart, "closed", "open")
    expect(watched(chart)).toEqual(["frozen", undefined, undefined])
    expect(watched(startChart(timeout, { options: 500 }))).toEqual(["fixed", undefined, undefined])
    expect(timeout.layer).toBe("limit")
  })

  test("it says what is in force, and keeps that: of a trial both times", () => {
    const chart = startChart(timeout, { options: bounds })
    const says = () => [reportOf(chart), saveOf(timeout, chart)]
    expect(says()).toEqual([{ state: "cold", timeoutMs: 10_000 }, undefined])
    hear(chart, {}, 60)
    expect(says()).toEqual([{ state: "tracking", timeoutMs: 200 }, { timeoutMs: 200 }])
    hear(chart, cut, 2)
    expect(says()).toEqual([
      { state: "exploring", timeoutMs: 800 },
      { timeoutMs: 200, trialMs: 800 },
    ])
    hear(chart, cut)
    expect(says()).toEqual([{ state: "listening", timeoutMs: 200 }, { timeoutMs: 200 }])
    move(chart, "closed", "open")
    expect(says()).toEqual([{ state: "frozen", timeoutMs: 200 }, { timeoutMs: 200 }])
    const fixed = startChart(timeout, { options: 500 })
    expect([reportOf(fixed), saveOf(timeout, fixed)]).toEqual([{ state: "fixed", timeoutMs: 500 }, undefined])
    const settings = settingsOf(timeout, bounds) as never
    expect([{ timeoutMs: 5 }, { timeoutMs: 0 }].map((saved) => timeout.canRestore?.(saved, settings))).toEqual([
      ...[true, false],
    ])
  })

  test("a trial is restored as one, and what was learned without one as that, in any state but a fixed one", () => {
    const restore = (chart: Chart, saved: object) => {
      chart.send(restored({ timeout: saved }))
      return [stateOf(chart), timeoutOf(chart), learnedOf(chart)]
    }
    const chart = startChart(timeout, { options: bounds })
    expect(restore(chart, { timeoutMs: 200, trialMs: 800 })).toEqual(["exploring", 800, 200])
    expect(restore(chart, { timeoutMs: 300 })).toEqual(["tracking", 300, 300])
    expect(chart.context<{ search: Search }>().search.trialMs).toBe(0)
    expect(restore(chart, { timeoutMs: "300" })).toEqual(["tracking", 300, 300])
    const fixed = startChart(timeout, { options: 500 })
    expect(restore(fixed, { timeoutMs: 300 })).toEqual(["fixed", 500, 500])
    expect(restore(fixed, { timeoutMs: 300, trialMs: 400 })).toEqual(["fixed", 500, 500])
  })

  test.each([
    ["closed", "cold"],
    ["degraded", "cold"],
    ["open", "frozen"],
    ["halfOpen", "frozen"],
    ["ramping", "frozen"],
  ] as const)("timeout law 4: one that starts while the circuit is %s is %s until it has learned", (circuit, state) => {
    const begin = (options: unknown) => {
      const input = { settings: settingsOf(timeout, options), seed: 1, at: 0, circuit }
      return createActor(timeout.chart as AnyStateMachine, { input }).start()
    }
    const actor = begin(bounds)
    expect(actor.getSnapshot().value).toBe(state)
    actor.send({ type: "circuit.moved", at: 1, from: circuit, to: "closed" })
    actor.send({ type: "slice.closed", at: 1, slice: quick })
    expect([actor.getSnapshot().value, timeout.report?.(actor.getSnapshot(), 1)]).toEqual([
      ...["tracking", { state: "tracking", timeoutMs: 8000 }],
    ])
    expect(begin(500).getSnapshot().value).toBe("fixed")
  })

  test("timeout law 1: a slice with few successes teaches what it has, and the next is the first that is enough", () => {
    const chart = startChart(timeout, { options: bounds })
    hear(chart, { success: 90, latency: { ...quick.latency, samples: 99 } })
    expect([stateOf(chart), chart.context<{ search: Search }>().search.seen]).toEqual(["cold", 90])
    hear(chart, { latency: { ...quick.latency, samples: 100 } })
    expect([stateOf(chart), learnedOf(chart)]).toEqual(["tracking", 8000])
  })

  test("timeout law 4: a degraded circuit lets all calls enter: what it hears then it learns, and an outage ends there, too", () => {
    const chart = settled()
    move(chart, "closed", "degraded")
    expect(stateOf(chart)).toBe("tracking")
    hear(chart, { latency: { ...quick.latency, p999: 5000 } })
    expect(timeoutOf(chart)).toBe(300)
    move(chart, "degraded", "open")
    for (const to of ["open", "ramping", "halfOpen"] as const) {
      move(chart, "open", to)
      expect([stateOf(chart), timeoutOf(chart)]).toEqual(["frozen", 300])
    }
    move(chart, "halfOpen", "degraded")
    expect(stateOf(chart)).toBe("tracking")
  })

  test.each(["exploring", "listening"])("timeout law 4: one that is %s when the circuit leaves is over", (when) => {
    const chart = settled()
    hear(chart, cut, when === "exploring" ? 2 : 3)
    move(chart, "closed", "open")
    expect([stateOf(chart), timeoutOf(chart)]).toEqual(["frozen", 200])
    move(chart, "open", "halfOpen")
    move(chart, "halfOpen", "open")
    move(chart, "open", "halfOpen")
    expect(timeoutOf(chart)).toBe(400)
    move(chart, "halfOpen", "closed")
    expect([stateOf(chart), timeoutOf(chart)]).toEqual(["tracking", 400])
  })

  test("timeout law 7: a trial is paid for slice by slice, goes on until it has shown what it can, and all that it hears counts", async () => {
    const chart = settled()
    const context = () => chart.context<{ readonly timeoutMs: number; readonly search: Search }>()
    const step = async (slice: Partial<Slice>) => {
      await chart.clock.advance("1 second")
      const before = context()
      const whole = { ...quick, startedAt: chart.clock.now() - 1000, ...slice }
      hear(chart, whole)
      return { ...before, whole, at: chart.clock.now() }
    }
    let learning = await step(cut)
    while (stateOf(chart) === "tracking") learning = await step(cut)
    // The slice with which it begins teaches like every other.
    const taught = learned({ settings: bounds, ...learning }, learning.whole, learning.at)
    expect(context().search).toEqual(begun(taught.search, learning.whole, taught.timeoutMs, bounds.max))

    for (let few = 0; few < 5; few++) {
      const { search, timeoutMs, whole, at } = await step({ success: 3, timedOut: 0 })
      expect([stateOf(chart), timeoutOf(chart)]).toEqual(["exploring", 800])
      expect(context().search).toEqual(
        goneOn(countedInTrial(search, whole, at, timeoutMs, bounds.max), whole, timeoutMs, at),
      )
    }
    const { search, timeoutMs, whole, at } = await step(cut)
    expect([stateOf(chart), timeoutOf(chart)]).toEqual(["listening", 200])
    expect(context().search).toEqual(tried(countedInTrial(search, whole, at, timeoutMs, bounds.max), whole, at))
  })

  test("timeout law 2: while the calls of a trial are under way what the others teach is learned", async () => {
    const chart = settled()
    hear(chart, cut, 3)
    expect(stateOf(chart)).toBe("listening")
    hear(chart, { latency: { ...quick.latency, p999: 500 } })
    expect([stateOf(chart), learnedOf(chart)]).toEqual(["listening", 300])
    await chart.clock.advance("1 minute")
    hear(chart, { latency: { ...quick.latency, p999: 500 } })
    expect([stateOf(chart), learnedOf(chart)]).toEqual(["tracking", 450])
  })
})

describe("what one slice teaches, step by step", () => {
  const settings = { min: 100, max: 10_000 }
  const slice = (success: number, timedOut: number, quantiles: object = {}, samples = 1000): Slice =>
    ({
      ...{ startedAt: 0, success, failure: 0, timedOut, ignored: 0, slow: 0, late: 0, busyMs: 0 },
      latency: { samples, p50: 10, p90: 20, p99: 30, p999: 400, max: 500, ...quantiles },
    }) as unknown as Slice
  const search = (more: Partial<Search> = {}): Search => ({ ...freshSearch(0), seen: 1000, ...more })
  const next = (timeoutMs: number, one: Slice, of?: Search) => nextTimeout(settings, timeoutMs, one, of)

  test("is twice the highest quantile, by half more or a fifth less at a time, within the bounds", () => {
    expect([700, 800, 900, 1000, 1001].map((timeoutMs) => next(timeoutMs, slice(1000, 0)))).toEqual([
      ...[800, 800, 800, 800, 1001 / 1.25],
    ])
    expect([
      next(500, slice(1000, 0)),
      next(90, slice(1000, 0, { p999: 1 })),
      next(9000, slice(1000, 0, { p999: 9000 })),
    ]).toEqual([750, 100, 10_000])
  })

  test("is nothing where a hundred successes are not known, but what a trial has shown", () => {
    const few = (samples: number) => next(2000, slice(50, 0, {}, samples), search({ goalMs: 0 }))
    expect([few(99), few(100)]).toEqual([2000, 2000 / 1.25])
    const shown = (goalMs: number, timeoutMs = 2000) => next(timeoutMs, slice(50, 0, {}, 99), search({ goalMs }))
    expect([shown(1000), shown(2500), shown(5000), shown(50_000, 9000)]).toEqual([2000, 2500, 3000, 10_000])
    // With enough of them both count.
    expect(next(2000, slice(1000, 0), search({ goalMs: 2200 }))).toBe(2200)
  })

  test("goes up by half where more than one in a thousand is cut off and the tail lies within half of the timeout", () => {
    const cut = (timedOut: number, p99: number) => next(300, slice(1000 - timedOut, timedOut, { p99, p999: 100 }))
    expect([cut(1, 201), cut(2, 200), cut(2, 201)]).toEqual([240, 240, 450])
    expect(next(300, slice(4, 2, { p99: 201, p999: 100 }))).toBe(450)
  })

  test("comes down only where nine tenths of the latency were measured under the present timeout", () => {
    const down = (seen: number) => next(2000, slice(1000, 0), search({ seen }))
    expect([down(899), down(900), next(2000, slice(1000, 0))]).toEqual([2000, 1600, 1600])
  })

  test("begins to look anew where it has gone up for what was cut off or shown, and else goes on looking", () => {
    const lookedOn = (timeoutMs: number, one: Slice, of: Search) => {
      const { timeoutMs: now, search: then } = learned({ settings, timeoutMs, search: of }, one, 1000)
      return [now, then?.seen, then?.goalMs]
    }
    // Cut short: nothing that was seen counts any more.
    expect(lookedOn(300, slice(990, 10, { p99: 250 }), search())).toEqual([450, 0, 0])
    // Up because calls take longer, none of which was cut off.
    expect(lookedOn(700, slice(1000, 0), search())).toEqual([800, 2000, 0])
    // Towards what was shown: it is remembered until it is reached.
    expect(lookedOn(2000, slice(1000, 0), search({ goalMs: 5000 }))).toEqual([3000, 0, 5000])
    expect(lookedOn(2000, slice(1000, 0), search({ goalMs: 2500 }))).toEqual([2500, 0, 0])
    expect(lookedOn(2000, slice(1000, 0), search({ goalMs: 1500 }))).toEqual([1600, 2000, 0])
    // It goes up for its latency; what it is long enough for already is no reason to look anew.
    expect(lookedOn(700, slice(1000, 0), search({ goalMs: 700 }))).toEqual([800, 2000, 0])
    // As long as may be, and cut off still: it is no longer than it was.
    expect(lookedOn(10_000, slice(990, 10, { p99: 9000, p999: 9000 }), search())).toEqual([10_000, 1990, 0])
  })

  test("of a call that was longer than the timeout is twice as much, as far as the trial has shown", () => {
    const seen = (max: number) =>
      found({ settings, timeoutMs: 500, search: search({ trialMs: 2000 }) }, slice(1, 0, { max }))
    expect([seen(900).search?.goalMs, seen(1100).search?.goalMs, seen(900).search?.seen]).toEqual([1800, 2000, 0])
  })

  test("is saved as milliseconds, read only if it can be that, and taken up within the bounds of today", () => {
    for (const none of [null, undefined, 7, "500", {}, { timeoutMs: "500" }, { timeoutMs: 0 }, { timeoutMs: -1 }])
      expect(readTimeout(none)).toBeUndefined()
    for (const none of [Number.NaN, Number.POSITIVE_INFINITY, [500]])
      expect(readTimeout({ timeoutMs: none })).toBeUndefined()
    expect([readTimeout({ timeoutMs: 500 }), readTimeout({ timeoutMs: 500, trialMs: 900 })]).toEqual([
      { timeoutMs: 500 },
      { timeoutMs: 500, trialMs: 900 },
    ])
    expect([readTimeout({ timeoutMs: 500, trialMs: 0 }), readTimeout({ timeoutMs: 500, trialMs: "900" })]).toEqual([
      { timeoutMs: 500 },
      { timeoutMs: 500 },
    ])
    const bounded = (timeoutMs: number, trialMs?: number) =>
      within(settings, trialMs === undefined ? { timeoutMs } : { timeoutMs, trialMs })
    expect([within(settings, undefined), bounded(50), bounded(20_000), bounded(500)]).toEqual([
      ...[undefined, { timeoutMs: 100 }, { timeoutMs: 10_000 }, { timeoutMs: 500 }],
    ])
    expect([bounded(500, 900), bounded(500, 500), bounded(500, 20_000), bounded(20_000, 30_000)]).toEqual([
      { timeoutMs: 500, trialMs: 900 },
      { timeoutMs: 500 },
      { timeoutMs: 500, trialMs: 10_000 },
      { timeoutMs: 10_000 },
    ])
  })
})

describe("what a timeout finds out by trials, step by step", () => {
  const slice = (success: number, timedOut: number, startedAt = 0): Slice =>
    ({ startedAt, success, timedOut, latency: { p50: 10 } }) as unknown as Slice
  const tally = (calls: number, cut: number) => ({ calls, cut })
  const search = (more: Partial<Search> = {}): Search => ({ ...freshSearch(0), ...more })

  test("is paid from the time that calls take, and from that of one caller more; quiet times save up no more than the longest", () => {
    const one = counted(search({ seen: 7 }), slice(100, 10), 1000, 300, 100)
    expect(one).toEqual({
      ...search({ seen: 107, long: tally(110, 10), short: tally(110, 10) }),
      creditMs: 0.045 * (100 * 10 + 10 * 300 + 1000),
    })
    expect(counted(search({ creditMs: 5 }), slice(100, 0), 1000, 300, 1e6).creditMs).toBeCloseTo(5 + 0.045 * 2000, 9)
    expect(counted(search(), slice(100, 0), 1000, 300, 50).creditMs).toBe(50)
    expect(counted(search(), slice(100, 0, 2000), 1000, 300, 1e6).creditMs).toBeCloseTo(45, 9)
    expect(countedInTrial(search({ short: tally(3, 1) }), slice(100, 10), 1000, 300, 100)).toMatchObject({
      ...{ short: tally(3, 1), long: tally(110, 10) },
    })
  })

  test("knows the calls that were cut off, the older ones by half once there are more than may be remembered", () => {
    const once = counted(search({ long: tally(1000, 4), short: tally(50, 4) }), slice(1, 1), 0, 1, 1)
    expect([once.long, once.short]).toEqual([tally(1002, 5), tally(52, 5)])
    const more = counted(once, slice(1, 1), 0, 1, 1)
    expect([more.long, more.short]).toEqual([tally(503, 3.5), tally(28, 3.5)])
    const censored = (calls: number, cut: number) => isCensored(search({ long: tally(calls, cut) }))
    expect([censored(0, 0), censored(1000, 1), censored(999, 1)]).toEqual([false, false, true])
  })

  test("is four times as long, every second time sixteen times, every fourth 64 times, up to the longest", () => {
    expect([0, 1, 2, 3, 4, 5, 6, 7].map((trials) => nextTrialMs(search({ trials }), 10, 2000))).toEqual([
      ...[40, 160, 40, 640, 40, 160, 40, 2000],
    ])
  })

  test("is begun where calls are cut off, nothing longer is known to be needed, and two of them can be waited for", () => {
    const known = { long: tally(1000, 10), short: tally(50, 0) }
    const may = (more: Partial<Search>, one = slice(10, 0), timeoutMs = 100) =>
      mayExplore(search({ ...known, ...more }), one, timeoutMs, 10_000)
    expect([may({ creditMs: 600 }), may({ creditMs: 599 })]).toEqual([true, false])
    // Three in this slice alone, or as many as lately.
    expect([may({ creditMs: 899 }, slice(10, 3)), may({ creditMs: 900 }, slice(10, 3))]).toEqual([false, true])
    const lately = { short: tally(10, 5) }
    expect([may({ ...lately, creditMs: 2999 }), may({ ...lately, creditMs: 3000 })]).toEqual([false, true])
    expect([may({ creditMs: 1e9, goalMs: 101 }), may({ creditMs: 1e9, goalMs: 100 })]).toEqual([false, true])
    expect([may({ creditMs: 1e9 }, slice(10, 0), 10_000), may({ creditMs: 1e9, long: tally(1000, 1) })]).toEqual([
      ...[false, false],
    ])
    // Where all have been cut off nobody knows how many more would be.
    expect(may({ creditMs: 600, long: tally(9, 9), short: tally(9, 9) })).toBe(true)
  })

  test("is paid in advance, slice by slice, and is over when two were given the longer time, or it is paid for", () => {
    const known = { long: tally(1000, 500), short: tally(50, 0) }
    const one = begun(search({ ...known, creditMs: 5000, exposed: 9 }), slice(3, 0), 100, 10_000)
    expect(one).toMatchObject({ trials: 1, trialMs: 400, exposed: 0, creditMs: 5000 - 3 * 300 })
    const first = tried(one, slice(1, 0), 700)
    expect([first.exposed, first.endsAt, first.creditMs, isOver(first)]).toEqual([1, 1100, 4100, false])
    const next = goneOn(first, slice(1, 0), 100, 800)
    expect([next.exposed, next.endsAt, next.creditMs, isOver(next)]).toEqual([2, 1200, 3800, true])
    expect([isOver({ ...first, creditMs: 0 }), isOver({ ...first, creditMs: 0.1 })]).toEqual([true, false])
    expect(isOver({ ...first, long: tally(1000, 1) })).toBe(true)
    expect(raised({ ...next, seen: 9 }, 700)).toEqual(search({ creditMs: 3800, goalMs: 700 }))
  })
})
