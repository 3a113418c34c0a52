/** `rateLimit` alone: what it learns from what a service says. */

import { rateLimit } from "recloser/machines"
import { describe, expect, test } from "vitest"
import type { AnyMachineSnapshot } from "xstate"
import type { ThrottleTold } from "../../machines/vocabulary/signal.ts"
import { type Chart, restored, saveOf, settingsOf, startChart } from "../support/charts.ts"
import fc from "../support/property.ts"
import { slices } from "../support/walks.ts"

type Told = Omit<ThrottleTold, "type" | "at" | "epoch">

const tell = (chart: Chart, told: Partial<Told>) =>
  chart.send({ type: "throttle.told", epoch: 0, overMs: 1000, answered: 0, exceeded: 0, ...told })

const start = (options?: unknown) => startChart(rateLimit, { options })

const latency = { samples: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 }
const slice = (chart: Chart, success: number, overMs = 1000) => {
  const startedAt = chart.clock.now() - overMs
  const counts = { startedAt, success, failure: 0, timedOut: 0, ignored: 0, slow: 0, late: 0, latency }
  chart.send({ type: "slice.closed", epoch: 0, slice: counts })
}
const second = async (chart: Chart, success: number) => {
  await chart.clock.advance(1000)
  slice(chart, success)
}
const stateOf = (chart: Chart) => String((chart.snapshot() as AnyMachineSnapshot).value)
const rateOf = (chart: Chart) => chart.advice().demand.rate

/** Tells it of 30 refusals beside 50 answers in a second: a service that takes 50 a second. */
const overrun = (chart: Chart) => tell(chart, { answered: 50, exceeded: 30 })

describe("what the service says", () => {
  test("rateLimit law 2: one refusal, or two, or few among many answers, cut nothing", () => {
    const chart = start()
    tell(chart, { answered: 50, exceeded: 1 })
    tell(chart, { answered: 50, exceeded: 1 })
    expect(stateOf(chart)).toBe("steady")
    const busy = start()
    tell(busy, { answered: 10_000, exceeded: 90 })
    expect(stateOf(busy)).toBe("steady")
  })

  test("rateLimit law 2: refusals enough are a rate: nine tenths of what it did answer", () => {
    const chart = start()
    overrun(chart)
    expect(stateOf(chart)).toBe("throttled")
    expect(chart.advice().demand).toEqual({ rate: 45, burst: 23.5 })
  })

  test("rateLimit law 2: refusals long ago are no evidence beside new ones, those without a pause are", async () => {
    const [rare, steady] = [start(), start()]
    for (let minute = 0; minute < 5; minute++) {
      await rare.clock.advance(60_000)
      tell(rare, { answered: 20, exceeded: 1 })
      await steady.clock.advance(60_000)
      tell(steady, { overMs: 60_000, answered: 0, exceeded: 1 })
    }
    expect([stateOf(rare), stateOf(steady)]).toEqual(["steady", "throttled"])
  })

  test("rateLimit law 2: calls that were under way at a cut do not cut again", async () => {
    const chart = start()
    overrun(chart)
    await chart.clock.advance(900)
    tell(chart, { overMs: 900, answered: 10, exceeded: 70 })
    expect(rateOf(chart)).toBe(45)
    await chart.clock.advance(2000)
    tell(chart, { answered: 40, exceeded: 10 })
    expect(rateOf(chart)).toBe(36)
  })

  test("rateLimit law 2: a service that refuses everything is asked less and less, and never nothing", async () => {
    const chart = start({ adaptive: { floor: 2 } })
    const rates: (number | undefined)[] = []
    for (const exceeded of [100, 25, 6, 3, 3]) {
      tell(chart, { exceeded })
      rates.push(rateOf(chart))
      await chart.clock.advance(2500)
    }
    expect(rates).toEqual([25, 6.25, 2, 2, 2])
  })

  test("rateLimit law 3: it comes back by a twentieth in a second that goes well and uses it, and not else", async () => {
    const chart = start()
    overrun(chart)
    // Of this second, part was before the cut.
    await second(chart, 45)
    expect(rateOf(chart)).toBe(45)
    await second(chart, 45)
    expect(rateOf(chart)).toBe(47.5)
    await second(chart, 20)
    expect(rateOf(chart)).toBe(47.5)
    await chart.clock.advance(1000)
    tell(chart, { answered: 48, exceeded: 1 })
    slice(chart, 47)
    expect(rateOf(chart)).toBe(47.5)
    await second(chart, 47)
    expect(rateOf(chart)).toBe(50)
  })

  test("rateLimit law 3: half as much again as the service answered, and it no longer holds", async () => {
    const chart = start()
    overrun(chart)
    for (let turn = 0; turn < 13 && stateOf(chart) === "throttled"; turn++) await second(chart, 80)
    expect([stateOf(chart), rateOf(chart)]).toEqual(["steady", undefined])
  })

  test("rateLimit law 3: after ten minutes it is forgotten, also without a call", async () => {
    const chart = start()
    overrun(chart)
    await chart.clock.advance("9 minutes")
    expect(stateOf(chart)).toBe("throttled")
    await chart.clock.advance("1 minute")
    expect([stateOf(chart), chart.advice().demand]).toEqual(["steady", {}])
  })

  test("rateLimit law 3: told what it likes it never demands less than the floor, nor a burst below one call", () => {
    const told = fc.record({
      overMs: fc.integer({ min: 0, max: 100_000 }),
      answered: fc.nat(1000),
      exceeded: fc.nat(1000),
      remaining: fc.option(fc.nat(100), { nil: undefined }),
      resetAfterMs: fc.option(fc.double({ min: 0, max: 1e15, noNaN: true }), { nil: undefined }),
    })
    return fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(told, slices, fc.nat(10_000)), { maxLength: 30 }), async (walk) => {
        const chart = start({ adaptive: { floor: 0.5 } })
        for (const [said, counts, ms] of walk) {
          await chart.clock.advance(ms)
          tell(chart, said)
          chart.send({ type: "slice.closed", epoch: 0, slice: counts })
          const { rate = 1, burst = 1 } = chart.advice().demand
          expect(rate).toBeGreaterThanOrEqual(0.5)
          expect(burst).toBeGreaterThanOrEqual(1)
        }
      }),
    )
  })

  test("rateLimit law 4: asked to wait it leaves the service alone for so long, and no longer", async () => {
    const chart = start()
    tell(chart, { exceeded: 1, waitMs: 7000 })
    expect(chart.advice().demand).toEqual({ share: 0, retryAt: 7000 })
    await chart.clock.advance(6999)
    expect(stateOf(chart)).toBe("held")
    await chart.clock.advance(1)
    expect([stateOf(chart), chart.advice().demand]).toEqual(["steady", {}])
  })

  test("rateLimit law 4: a hostile wait is cut to `longestAsked`", async () => {
    const chart = start({ adaptive: { longestAsked: "30 seconds" } })
    tell(chart, { exceeded: 1, waitMs: 99_999_999_000 })
    expect(chart.advice().demand.retryAt).toBe(30_000)
    await chart.clock.advance("30 seconds")
    expect(stateOf(chart)).toBe("steady")
  })

  test("rateLimit law 4: a longer wait counts, a shorter one does not; what was learned holds on after it", async () => {
    const chart = start()
    tell(chart, { exceeded: 1, waitMs: 5000 })
    await chart.clock.advance(1000)
    tell(chart, { answered: 20, exceeded: 20, waitMs: 1000 })
    expect(chart.advice().demand.retryAt).toBe(5000)
    tell(chart, { exceeded: 1, waitMs: 9000 })
    expect(chart.advice().demand.retryAt).toBe(10_000)
    tell(chart, { answered: 20, exceeded: 20 })
    expect(chart.advice().demand.rate).toBe(9)
    await chart.clock.advance(9000)
    expect(stateOf(chart)).toBe("throttled")
  })

  test("rateLimit law 5: what is left is spread until there is more, and then forgotten", async () => {
    const chart = start()
    tell(chart, { answered: 100, remaining: 30, resetAfterMs: 10_000 })
    expect(chart.advice().demand).toEqual({ rate: 3, burst: 2.5 })
    await chart.clock.advance(5000)
    tell(chart, { answered: 3, remaining: 0, resetAfterMs: 5000 })
    expect(chart.advice().demand).toEqual({ rate: 0.2, burst: 1.1 })
    await chart.clock.advance(5000)
    expect(stateOf(chart)).toBe("steady")
  })

  test("rateLimit law 5: a learned rate that outlasts it holds on", async () => {
    const chart = start()
    overrun(chart)
    tell(chart, { answered: 100, remaining: 30, resetAfterMs: 10_000 })
    expect(rateOf(chart)).toBe(3)
    await chart.clock.advance(10_000)
    expect([stateOf(chart), rateOf(chart)]).toEqual(["throttled", 45])
  })

  test("rateLimit law 1: nothing that it is told takes away a limit that was set", async () => {
    const chart = start({ limit: 10, interval: "1 second" })
    const lines = chart.advice().lines.rates
    expect(lines).toEqual([{ limit: 10, intervalMs: 1000, burst: 10 }])
    for (const say of [() => overrun(chart), () => tell(chart, { exceeded: 9, waitMs: 5000 })]) {
      say()
      expect(chart.advice().lines.rates).toBe(lines)
    }
  })

  test("rateLimit law 6: with `adaptive: false` it moves for nothing", () => {
    const chart = start({ limit: 10, adaptive: false })
    overrun(chart)
    tell(chart, { exceeded: 9, waitMs: 5000 })
    chart.send(restored({ rateLimit: { heldMs: 5000 } }))
    expect([stateOf(chart), chart.advice().demand]).toEqual(["fixed", {}])
  })
})

describe("a change of settings", () => {
  const change = (chart: Chart, options: unknown) =>
    chart.send({ type: "settings.changed", settings: settingsOf(rateLimit, options) })

  test("keeps what was learned, and the wait", async () => {
    const chart = start({ limit: 100 })
    overrun(chart)
    change(chart, { limit: 200 })
    expect([stateOf(chart), rateOf(chart)]).toEqual(["throttled", 45])
    tell(chart, { exceeded: 1, waitMs: 5000 })
    change(chart, { limit: 300 })
    expect([stateOf(chart), chart.advice().demand.retryAt]).toEqual(["held", 5000])
  })

  test("to `adaptive: false` forgets it, and back again learns afresh", () => {
    const chart = start({ limit: 100 })
    overrun(chart)
    change(chart, { limit: 100, adaptive: false })
    expect([stateOf(chart), chart.advice().demand]).toEqual(["fixed", {}])
    change(chart, { limit: 90, adaptive: false })
    expect(chart.advice().lines.rates?.[0]?.limit).toBe(90)
    change(chart, { limit: 100 })
    expect(stateOf(chart)).toBe("steady")
    overrun(chart)
    expect(rateOf(chart)).toBe(45)
  })
})

test("what it saved comes back shorter by the time that has passed", async () => {
  const chart = start()
  overrun(chart)
  tell(chart, { exceeded: 1, waitMs: 60_000 })
  await chart.clock.advance(10_000)
  const saved = saveOf(rateLimit, chart)
  expect(saved).toEqual({ heldMs: 50_000, cut: { rate: 45, from: 50, ms: 590_000 } })
  const later = start()
  later.send(restored({ rateLimit: saved }, 20_000))
  expect(later.advice().demand).toMatchObject({ share: 0, retryAt: 30_000, rate: 45 })
  const much = start()
  much.send(restored({ rateLimit: saved }, 3_600_000))
  expect([stateOf(much), much.advice().demand]).toEqual(["steady", {}])
})

describe("what is left without a word of until when", () => {
  test("rateLimit law 5: cannot be made to last: nothing is held back, and it is not called throttled", () => {
    const chart = start()
    for (const resetAfterMs of [undefined, 0]) tell(chart, { answered: 50, remaining: 0, resetAfterMs })
    expect(stateOf(chart)).toBe("steady")
    expect(chart.advice().demand).toEqual({})
    tell(chart, { answered: 50, remaining: 20, resetAfterMs: 10_000 })
    expect(stateOf(chart)).toBe("throttled")
    expect(rateOf(chart)).toBe(2)
  })
})

describe("what is left, saved and restored", () => {
  test("rateLimit law 5: it goes on lasting for what remains of its time, and not below the floor", async () => {
    const before = start()
    tell(before, { answered: 50, remaining: 20, resetAfterMs: 10_000 })
    expect(rateOf(before)).toBe(2)
    await before.clock.advance(4000)
    const saved: unknown = JSON.parse(JSON.stringify(saveOf(rateLimit, before)))
    expect(saved).toEqual({ pace: { rate: 2, ms: 6000 } })
    const [after, higher] = [start(), start({ adaptive: { floor: 3 } })]
    for (const chart of [after, higher]) chart.send(restored({ rateLimit: saved }, 1000))
    expect([rateOf(after), rateOf(higher)]).toEqual([2, 3])
    await after.clock.advance(4999)
    expect(stateOf(after)).toBe("throttled")
    await after.clock.advance(1)
    expect(stateOf(after)).toBe("steady")
  })

  test.each([
    ["a rate that is none", { pace: { rate: "2", ms: 6000 } }],
    ["a time that is none", { pace: { rate: 2, ms: Number.NaN } }],
    ["a time before now", { pace: { rate: 2, ms: -1 } }],
    ["no pace", { pace: null }],
  ])("is not taken up with %s", (_what, saved) => {
    expect(rateLimit.canRestore?.(saved, settingsOf(rateLimit) as never)).toBe(false)
  })
})

test("`adaptive: true` learns as it does where nothing is said", () => {
  expect(settingsOf(rateLimit, { limit: 10, adaptive: true })).toEqual(settingsOf(rateLimit, { limit: 10 }))
})

describe("what it says of itself", () => {
  const reportOf = (chart: Chart) => rateLimit.report?.(chart.snapshot(), chart.clock.now())
  const reasonOf = (chart: Chart) => rateLimit.reason?.(chart.snapshot())
  const watchedBy = (chart: Chart) => {
    const { rates, toldMs, sliceMs } = chart.advice().lines
    return { limits: rates?.map(({ limit }) => limit), toldMs, sliceMs }
  }

  test.each([
    [undefined, undefined],
    [{ limit: 9 }, [9]],
  ])("is which limits hold, and, only while it learns, that it is to be told of answers: %j", (options, limits) => {
    const chart = start(options)
    expect(watchedBy(chart)).toEqual({ limits, toldMs: 1000, sliceMs: undefined })
    overrun(chart)
    expect(watchedBy(chart)).toEqual({ limits, toldMs: 1000, sliceMs: 1000 })
    tell(chart, { exceeded: 1, waitMs: 5000 })
    expect(watchedBy(chart)).toEqual({ limits, toldMs: 1000, sliceMs: undefined })
    const fixed = start({ limit: 9, adaptive: false })
    expect(watchedBy(fixed)).toEqual({ limits: [9], toldMs: undefined, sliceMs: undefined })
  })

  test("is what holds calls back, in calls a second to three digits", async () => {
    const chart = start({ adaptive: { floor: 0.1 } })
    expect(reportOf(chart)).toStrictEqual({ state: "steady" })
    tell(chart, { overMs: 3000, answered: 10, exceeded: 10 })
    expect(reasonOf(chart)).toBe("the service takes 3 calls a second")
    expect(reportOf(chart)).toStrictEqual({ state: "throttled", rate: 3 })
    tell(chart, { answered: 1, remaining: 1, resetAfterMs: 3000 })
    expect(reasonOf(chart)).toBe("what the service still grants lasts at 0.333 calls a second")
    expect(reportOf(chart)).toStrictEqual({ state: "throttled", rate: 1 / 3 })
    tell(chart, { exceeded: 1, waitMs: 500 })
    expect(reasonOf(chart)).toBe("the service asks to be left alone")
    expect(reportOf(chart)).toStrictEqual({ state: "held", rate: 1 / 3 })
    await chart.clock.advance(3000)
    expect(reasonOf(chart)).toBe("the service takes 3 calls a second")
    expect(reportOf(start({ limit: 9, adaptive: false }))).toStrictEqual({ state: "fixed" })
    expect(rateLimit.layer).toBe("rateLimit")
    expect(rateLimit.canRestore?.({ heldMs: 5 }, undefined as never)).toBe(true)
  })
})

describe("while the service is left alone", () => {
  test("rateLimit law 2: refusals are evidence as they are at any time", () => {
    const chart = start()
    tell(chart, { answered: 9, exceeded: 1, waitMs: 5000 })
    tell(chart, { answered: 9, exceeded: 1 })
    expect(rateOf(chart)).toBe(undefined)
    tell(chart, { answered: 9, exceeded: 1 })
    expect([stateOf(chart), rateOf(chart)]).toEqual(["held", 8.1])
  })

  test("rateLimit law 4: asked for longer it waits for all of it, and a wait that is over before counts no more", async () => {
    const chart = start()
    tell(chart, { exceeded: 1, waitMs: 5000 })
    await chart.clock.advance(1000)
    tell(chart, { exceeded: 1, waitMs: 9000 })
    await chart.clock.advance(1000)
    tell(chart, { exceeded: 1, waitMs: 8000 })
    expect(chart.advice().demand.retryAt).toBe(10_000)
    await chart.clock.advance(7999)
    expect(stateOf(chart)).toBe("held")
    await chart.clock.advance(1)
    expect(stateOf(chart)).toBe("throttled")
    tell(chart, { exceeded: 1, waitMs: 5000 })
    expect(chart.advice().demand.retryAt).toBe(15_000)
  })

  test("rateLimit law 4: what was learned for longer than the wait ends at its own time, and what ended in it is gone", async () => {
    const [long, short] = [start(), start()]
    for (const [chart, resetAfterMs] of [
      [long, 20_000],
      [short, 4000],
    ] as const) {
      tell(chart, { answered: 50, remaining: 20, resetAfterMs })
      tell(chart, { exceeded: 1, waitMs: 5000 })
      await chart.clock.advance(4999)
      expect(stateOf(chart)).toBe("held")
      await chart.clock.advance(1)
    }
    expect([stateOf(long), stateOf(short)]).toEqual(["throttled", "steady"])
    await long.clock.advance(14_999)
    expect(stateOf(long)).toBe("throttled")
    await long.clock.advance(1)
    expect(stateOf(long)).toBe("steady")
  })
})

test("rateLimit law 6: with `adaptive: false` nothing is told or restored that it would keep, and other settings free it", () => {
  const chart = start({ limit: 10, adaptive: false })
  const context = () => chart.context<{ readonly settings: unknown }>()
  const before = context()
  overrun(chart)
  slice(chart, 5)
  chart.send(restored({ rateLimit: { heldMs: 5000 } }))
  expect(context()).toBe(before)
  for (const parts of [{}, { rateLimit: 5 }, { rateLimit: { heldMs: "5" } }]) {
    const learning = start()
    learning.send(restored(parts))
    expect([stateOf(learning), learning.advice().demand]).toEqual(["steady", {}])
  }
})

describe("what was learned, and when it ends", () => {
  test("rateLimit law 3: is forgotten ten minutes after the last cut, not after the first", async () => {
    const chart = start()
    overrun(chart)
    await chart.clock.advance("5 minutes")
    tell(chart, { answered: 40, exceeded: 10 })
    expect(rateOf(chart)).toBe(36)
    await chart.clock.advance(599_999)
    expect([stateOf(chart), rateOf(chart)]).toEqual(["throttled", 36])
    await chart.clock.advance(1)
    expect([stateOf(chart), rateOf(chart)]).toEqual(["steady", undefined])
  })

  test("rateLimit law 5: what is granted anew lasts anew, and what outlasts it ends after it, each at its own time", async () => {
    const chart = start()
    overrun(chart)
    tell(chart, { answered: 100, remaining: 30, resetAfterMs: 10_000 })
    await chart.clock.advance(6000)
    tell(chart, { answered: 100, remaining: 30, resetAfterMs: 10_000 })
    await chart.clock.advance(9999)
    expect(rateOf(chart)).toBe(3)
    await chart.clock.advance(1)
    expect([stateOf(chart), rateOf(chart)]).toEqual(["throttled", 45])
    await chart.clock.advance(600_000 - 16_000 - 1)
    expect(rateOf(chart)).toBe(45)
    await chart.clock.advance(1)
    expect([stateOf(chart), rateOf(chart)]).toEqual(["steady", undefined])
  })

  test("ends no later for a word that is none of its own, and gives way to what is restored", async () => {
    const chart = start()
    overrun(chart)
    await chart.clock.advance("9 minutes")
    for (const parts of [{}, { rateLimit: { heldMs: "5" } }]) chart.send(restored(parts))
    await chart.clock.advance("1 minute")
    expect(stateOf(chart)).toBe("steady")
    overrun(chart)
    chart.send(restored({ rateLimit: { heldMs: 5000 } }))
    expect(chart.advice().demand).toEqual({ share: 0, retryAt: chart.clock.now() + 5000 })
    await chart.clock.advance(5000)
    expect([stateOf(chart), rateOf(chart)]).toEqual(["steady", undefined])
  })
})
